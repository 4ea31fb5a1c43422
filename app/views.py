"""What templates are given: small frozen objects, with every question already answered."""

import html
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote
from uuid import UUID


class Html(str):
    """HTML that one of our templates or `formatting` made; it is not escaped again."""

    __slots__ = ()

    def __html__(self) -> str:
        return self


MEMBERS_SHOWN_MAX = 500
"""How many people of a room its page lists."""

HUES = 12
"""How many portrait colours there are (`.hue-0` … in css/portrait.css)."""


class Portrayed:
    """Somebody with an id, a name and perhaps a picture, as their portrait shows them."""

    __slots__ = ()
    id: int
    name: str
    avatar: str | None

    @property
    def initial(self) -> str:
        return initial(self.name)

    @property
    def hue(self) -> int:
        return hue(self.id)


@dataclass(frozen=True, slots=True)
class Person(Portrayed):
    id: int
    name: str
    is_admin: bool = False
    session: int = 0  # the login session that asks; 0 where it does not matter
    avatar: str | None = None


PREVIEW_PIXELS = (1600, 640)
"""How long the longer side of a picture's large and small preview is at most."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file as a message shows it."""

    id: UUID
    kind: str  # image | audio | video | file
    name: str
    size: int  # bytes
    width: int | None = None  # pixels, of an image
    height: int | None = None

    @property
    def path(self) -> Html:
        return Html(f"/files/{self.id}/{quote(self.name, safe='')}")

    @property
    def preview_widths(self) -> tuple[int, int]:
        """Of the small preview and the large one, in pixels."""
        large, small = (round((self.width or 1) * min(1, side / self._longer_side)) for side in PREVIEW_PIXELS)
        return small, large

    @property
    def _longer_side(self) -> int:
        return max(self.width or 1, self.height or 1)

    @property
    def size_in_words(self) -> str:
        """Such as 312 kB or 1.4 MB, with 1,000 bytes to the kB."""
        if self.size < 1_000_000:
            return f"{max(1, round(self.size / 1000))} kB"
        return f"{self.size / 1_000_000:.1f} MB"


@dataclass(frozen=True, slots=True)
class FilePlace:
    """A file behind its door: what it is, and whose message carries it."""

    id: UUID
    kind: str
    name: str
    media_type: str
    size: int


@dataclass(frozen=True, slots=True)
class Quote:
    """The line that a reply has of its original; no text is left of a deleted one."""

    id: UUID
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
    return Quote(row["quoted"], row["quoted_name"], "" if deleted else _quoted_text(row), deleted)


def _quoted_text(row: Mapping[str, Any]) -> str:
    """The first words; of a message without any, the name of its first file."""
    return beginning(row["quoted_html"]) or row["quoted_file"] or ""


def _reactions(row: Mapping[str, Any]) -> Sequence[Reaction]:
    if row["reactions"] is None:
        return ()
    return [Reaction(*of_emoji) for of_emoji in json.loads(row["reactions"])]


def _files(row: Mapping[str, Any]) -> Sequence[Attachment]:
    if row["files"] is None:
        return ()
    return [Attachment(UUID(id_), *rest) for id_, *rest in json.loads(row["files"])]


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
class Face(Portrayed):
    """Somebody, as a list or a message shows them."""

    id: int
    name: str
    avatar: str | None


@dataclass(frozen=True, slots=True)
class Mark(Portrayed):
    """How far one person has read a room: `last_read_seq` for their own counts, `seen_seq` for the others."""

    id: int
    name: str
    avatar: str | None
    last_read_seq: int
    seen_seq: int
    mentions: int  # of them that are unread


@dataclass(frozen=True, slots=True)
class Receipts:
    """Who has read how far. In a large room only `readers` of its newest message are shown."""

    people: int
    last_seq: int
    readers: int  # of the newest message, besides its author
    marks: Sequence[Mark]

    @property
    def is_large(self) -> bool:
        return self.people > RECEIPTS_PEOPLE_MAX


RECEIPTS_PEOPLE_MAX = 100
"""In a room of more people there are no portraits under messages."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a room stands, in numbers that are others as soon as its page would show its people something else."""

    version: int
    faces: int  # of the whole house: it grows with each change of a name, a picture or a role
    last_seq: int
    people: int
    readers: int  # of the newest message, besides its author
    seen: int  # the sum of how far each has read


@dataclass(frozen=True, slots=True)
class RoomNews:
    """What was posted in a room since it was told last: author → their newest seq, (person, seq) of mentions, and
    who wrote something (of what just happened there are authors, but no writers)."""

    room: int
    last_seq: int
    authors: Mapping[int, int]
    mentioned: Sequence[tuple[int, int]]
    writers: Sequence[int]


@dataclass(frozen=True, slots=True)
class RoomMarks:
    """One person's counts in one room."""

    room: int
    last_seq: int
    last_read_seq: int
    mentions: int


@dataclass(frozen=True, slots=True)
class Crowd:
    """A slice of all people of the server by name; `after` is where the next slice starts, if there is one."""

    people: Sequence[Face]
    after: int | None = None


@dataclass(frozen=True, slots=True)
class Profile(Portrayed):
    """What a person's card says, as one other person finds it."""

    id: int
    name: str
    avatar: str | None
    seen_at: datetime | None
    banned: bool
    rooms: Sequence["RoomCard"] = ()  # groups that both are in
    status: str = ""  # online | away | offline, where it is known

    @property
    def seen_timestamp(self) -> str:
        return timestamp(self.seen_at) if self.seen_at else ""

    @property
    def seen_in_words(self) -> str:
        return time_in_words(self.seen_at) if self.seen_at else ""


@dataclass(frozen=True, slots=True)
class Found:
    """A message that a search found, and the name of its room as the person knows it."""

    line: MessageLine
    room_name: str


@dataclass(frozen=True, slots=True)
class SearchPage:
    """Results, newest first, and the cursor of those after them; empty at the end."""

    results: Sequence[Found] = ()
    next_page: str = ""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A way to go on with a search: what is added, in words, and the whole search with it."""

    text: str
    meaning: str
    query: str


@dataclass(frozen=True, slots=True)
class RoomCard:
    """A room in a list."""

    id: int
    name: str
    visibility: str
    people: int = 0
    joined: bool = True
    kind: str = "group"
    others: Sequence[Face] = ()  # of a direct room, which is named after them
    notify: str = "everything"  # everything | mentions | nothing
    last_seq: int = 0
    last_read_seq: int = 0
    mentions: int = 0

    @property
    def unread(self) -> int:
        return max(0, self.last_seq - self.last_read_seq)

    @property
    def closed(self) -> bool:
        return self.visibility == "closed"

    @property
    def is_direct(self) -> bool:
        return self.kind == "direct"

    @property
    def title(self) -> str:
        return ", ".join(other.name for other in self.others) if self.is_direct else self.name


@dataclass(frozen=True, slots=True)
class Room:
    """A room as one person finds it: a direct one is named after the others; `role` is None outside it."""

    id: int
    name: str
    kind: str  # group | direct
    topic: str
    visibility: str
    invite_code: str
    people: int
    last_seq: int
    role: str | None
    notify: str | None
    last_read_seq: int | None
    seen_seq: int | None

    @property
    def is_direct(self) -> bool:
        return self.kind == "direct"

    @property
    def closed(self) -> bool:
        return self.visibility == "closed"

    @property
    def is_admin(self) -> bool:
        return self.role == "admin"


@dataclass(frozen=True, slots=True)
class Member(Portrayed):
    id: int
    name: str
    role: str
    avatar: str | None = None
    status: str = "offline"  # online | away | offline


@dataclass(frozen=True, slots=True)
class Mentionable(Portrayed):
    """A name that may stand after an @; without an id it is the one for everybody."""

    name: str
    id: int = 0
    avatar: str | None = None


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


@dataclass(frozen=True, slots=True)
class Device:
    """A login session, as its owner sees it."""

    id: int
    user_agent: str
    created_at: datetime
    is_current: bool

    @property
    def name(self) -> str:
        """Browser and system, as far as the browser tells."""
        browser = next((name for mark, name in BROWSERS if mark in self.user_agent), "Unknown browser")
        system = next((name for mark, name in SYSTEMS if mark in self.user_agent), "")
        return f"{browser} on {system}" if system else browser

    @property
    def timestamp(self) -> str:
        return timestamp(self.created_at)

    @property
    def time_in_words(self) -> str:
        return time_in_words(self.created_at)


# The first mark that is found counts: browsers name their relatives as well.
BROWSERS = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("CriOS", "Chrome"),
    ("Safari", "Safari"),
)
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)


@dataclass(frozen=True, slots=True)
class Account(Portrayed):
    """A person of this server, as its administrators see them."""

    id: int
    name: str
    email: str
    avatar: str | None
    is_admin: bool
    banned: bool


@dataclass(frozen=True, slots=True)
class AuditLine:
    """Who did what, to whom, and where; names are empty for what is gone."""

    id: int
    actor: str | None
    act: str
    subject: str | None
    room: int | None
    room_name: str | None
    detail: str
    created_at: datetime

    @property
    def timestamp(self) -> str:
        return timestamp(self.created_at)

    @property
    def time_in_words(self) -> str:
        return time_in_words(self.created_at)


@dataclass(frozen=True, slots=True)
class Form:
    """A form as it comes back: what was typed, and what is wrong beside which field."""

    values: Mapping[str, str] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)

    def typed(self, name: str) -> str:
        return self.values.get(name, "")

    def problem(self, name: str) -> str:
        return self.problems.get(name, "")


@dataclass(frozen=True, slots=True)
class Frame:
    """What every full page stands in: who looks, their rooms, and which one is open."""

    me: Person | None = None
    rooms: Sequence[RoomCard] = ()
    room: int | None = None
    theme: str = ""
    path: str = "/"  # of this page, to come back to


def initial(name: str) -> str:
    """What a portrait shows of a name: its first letter, or the first character of a Chinese one."""
    return name.strip()[:1].upper() or "?"


def hue(person: int) -> int:
    return person * 5 % HUES


def timestamp(moment: datetime) -> str:
    """For `<time datetime>`: UTC to the second."""
    return f"{moment.isoformat()[:19]}Z"  # strftime takes twice as long, and a page has many


def time_in_words(moment: datetime) -> str:
    """For a page without JavaScript; a small script puts the reader's own time in its place."""
    return f"{moment.isoformat(' ')[:16]} UTC"
