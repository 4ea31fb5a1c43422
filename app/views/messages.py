"""Messages: their lines, what belongs to them, and slices of a room."""

import html
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from app.views.files import Attachment
from app.views.people import hue, initial
from app.views.text import Html, time_in_words, timestamp

BODY_LENGTH_MAX = 8_000
"""Characters of a message, as its author wrote it."""


@dataclass(frozen=True, slots=True)
class Quote:
    """The line that a reply has of its original; no text is left of a deleted one."""

    id: UUID
    author: int
    author_name: str
    text: str
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Reaction:
    """One emoji on a message: how many gave it, and who first did."""

    emoji: str
    count: int
    people: Sequence[int]


@dataclass(frozen=True, slots=True)
class ReactedBy:
    """Who gave one emoji; `more` did, besides those named."""

    emoji: str
    names: Sequence[str]
    more: int


@dataclass(frozen=True, slots=True)
class Wording:
    """How a message read until it was edited."""

    html: Html
    written_at: datetime

    @property
    def timestamp(self) -> str:
        return timestamp(self.written_at)

    @property
    def time_in_words(self) -> str:
        return time_in_words(self.written_at)


class ArticleKey(NamedTuple):
    """What a stored message's article is known by: its version takes in all that it shows, but how people are called
    and look now, which has numbers of its own."""

    message: UUID
    version: int
    author_name: str
    author_avatar: str | None
    quoted_name: str | None


@dataclass(frozen=True, slots=True)
class MessageLine:
    """One message, for everybody: nothing in it depends on who looks."""

    id: UUID
    room: int
    seq: int
    version: int
    posted_version: int
    author: int
    author_name: str
    author_avatar: str | None
    kind: str  # text | system
    body: str
    html: Html
    follows: bool
    created_at: datetime
    edited_at: datetime | None = None
    deleted_at: datetime | None = None
    quote: Quote | None = None
    reactions: Sequence[Reaction] = ()
    files: Sequence[Attachment] = ()

    @property
    def article_key(self) -> ArticleKey:
        quoted_name = self.quote.author_name if self.quote else None
        return ArticleKey(self.id, self.version, self.author_name, self.author_avatar, quoted_name)

    @property
    def element_id(self) -> str:
        return f"m-{self.id}"

    @property
    def event(self) -> str:
        """Of a system message: what happened (joined, left, renamed …)."""
        return self.body.partition("\n")[0]

    @property
    def detail(self) -> str:
        """Of a system message: what or whom it was about, or nothing."""
        return self.body.partition("\n")[2]

    @property
    def initial(self) -> str:
        return initial(self.author_name)

    @property
    def hue(self) -> int:
        return hue(self.author)

    @property
    def timestamp(self) -> str:
        return timestamp(self.created_at)

    @property
    def time_in_words(self) -> str:
        return time_in_words(self.created_at)


def message_line(row: Mapping[str, Any]) -> MessageLine:
    """A MessageLine of a row with the columns that `lines` names."""
    return MessageLine(
        id=row["id"],
        room=row["room"],
        seq=row["seq"],
        version=row["version"],
        posted_version=row["posted_version"],
        author=row["author"],
        author_name=row["author_name"],
        author_avatar=row["author_avatar"],
        kind=row["kind"],
        body=row["body"],
        html=Html(row["html"]),
        follows=row["follows"],
        created_at=row["created_at"],
        edited_at=row["edited_at"],
        deleted_at=row["deleted_at"],
        quote=_quote(row),
        reactions=_reactions(row),
        files=_files(row),
    )


def _quote(row: Mapping[str, Any]) -> Quote | None:
    if row["quoted"] is None or row["deleted_at"]:
        return None
    deleted = row["quoted_deleted_at"] is not None
    return Quote(
        row["quoted"], row["quoted_author"], row["quoted_name"], "" if deleted else _quoted_text(row), deleted
    )


def _quoted_text(row: Mapping[str, Any]) -> str:
    """The first words; of a message without any, the name of its first file."""
    return beginning(row["quoted_html"]) or row["quoted_file"] or ""


def _reactions(row: Mapping[str, Any]) -> Sequence[Reaction]:
    if row["reactions"] is None:
        return ()
    return tuple(Reaction(emoji, count, tuple(people)) for emoji, count, people in json.loads(row["reactions"]))


def _files(row: Mapping[str, Any]) -> Sequence[Attachment]:
    if row["files"] is None:
        return ()
    return tuple(Attachment(UUID(id_), *rest) for id_, *rest in json.loads(row["files"]))


QUOTE_LENGTH = 120


_BREAK = re.compile(r"<(?:br|/(?:p|li|pre|blockquote|div|tr|td|th|h\d))\b[^>]*(?:>|$)")


_TAG = re.compile(r"<[^>]*(?:>|$)")


def beginning(of: str) -> str:
    """The first words of a message's HTML, as plain text on one line."""
    text = " ".join(html.unescape(_TAG.sub("", _BREAK.sub(" ", of))).split())
    return text if len(text) <= QUOTE_LENGTH else f"{text[:QUOTE_LENGTH].rstrip()}…"


@dataclass(frozen=True, slots=True)
class Timeline:
    """A slice of a room's messages, oldest first, and the room's version at the same moment."""

    room: int
    version: int
    messages: Sequence[MessageLine]
    has_older: bool = False
    has_newer: bool = False

    @property
    def oldest_seq(self) -> int:
        return self.messages[0].seq if self.messages else 0

    @property
    def newest_seq(self) -> int:
        return self.messages[-1].seq if self.messages else 0


@dataclass(frozen=True, slots=True)
class MessagePlace:
    """A message as a door opens to it: where it stands, and what the person may do with it."""

    id: UUID
    room: int
    seq: int
    author: int
    kind: str
    deleted: bool
    is_mine: bool
    is_admin: bool  # of the room
    edited: bool = False
    has_files: bool = False

    @property
    def is_open(self) -> bool:
        """Whether it can be answered and reacted to."""
        return self.kind != "system" and not self.deleted

    @property
    def is_editable(self) -> bool:
        return self.is_open and self.is_mine

    @property
    def has_wordings(self) -> bool:
        """Whether there are earlier wordings that the person may see."""
        return self.edited and self.is_admin and not self.deleted

    @property
    def is_deletable(self) -> bool:
        return self.kind != "system" and not self.deleted and (self.is_mine or self.is_admin)
