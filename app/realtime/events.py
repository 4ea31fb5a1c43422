"""What can happen, as it travels between workers.

A `RoomChanged` is numbered: it takes a room from version `since` to version `version`, and whoever stands at
`since` may deliver `html`; whoever stands elsewhere asks PostgreSQL. The others are not numbered; a worker
that missed one learns the same from PostgreSQL in its next sweep.
"""

from collections.abc import Iterable, Iterator
from typing import Annotated

import msgspec

from app.views import ArticleKey, Html, Mark, MessageLine, RoomAbout


class RoomChanged(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """Messages were posted or changed; `html` is the stream fragment that shows it, without the version."""

    room: int
    since: int
    version: int
    html: str
    authors: tuple[int, ...] = ()  # who posted, where it brings new messages and nothing else: they type no longer
    ended: tuple[int, ...] = ()  # who left the room, or was removed, with this change: they get nothing from it on
    places: tuple[tuple[ArticleKey, int, int], ...] = ()  # of the articles in `html`: first character and end

    @property
    def has_posts_alone(self) -> bool:
        return bool(self.authors)

    @property
    def articles(self) -> Iterator[tuple[ArticleKey, str]]:
        """What `html` brings, for those who show it again."""
        for key, start, end in self.places:
            yield key, self.html[start:end]


class RoomActive(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """Something was posted after `since`, for all people of the room, whichever one they look at: its newest seq,
    (author, their newest seq), and (person, seq) of each mention. Told to the sockets gathered, not one by one."""

    room: int
    since: int
    last_seq: int
    authors: tuple[tuple[int, int], ...] = ()
    mentioned: tuple[tuple[int, int], ...] = ()
    writers: tuple[int, ...] = ()  # the authors of what was written, and did not just happen


class RoomDescribed(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """A room has another name, topic or visibility, for the lists of all its people and the pages that show it."""

    about: RoomAbout

    @property
    def room(self) -> int:
        return self.about.id


class MarksMoved(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """People have read on in a room, or set their mark back; `people` are in it, and `readers` of them, besides
    its author, have read its newest message."""

    room: int
    people: int
    last_seq: int
    readers: int
    marks: tuple[Mark, ...]
    set_back: bool = False


class Typing(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """A person presses keys in a room."""

    room: int
    person: int
    name: str


class TypingStopped(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """A person who was typing has left the page."""

    room: int
    person: int


class MembershipBegan(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """A person is in a room from now on: their sockets, wherever they sit, follow it."""

    person: int
    room: int


class MembershipEnded(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """A person left the room, or was removed: their sockets there close."""

    person: int
    room: int


class RoleChanged(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """A person became an admin of a room, or a member again."""

    person: int
    room: int


class NotifyChosen(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """A person wants to be told of everything in a room, of mentions only, or of nothing."""

    person: int
    room: int
    notify: str


class SessionEnded(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """A login session was signed out: its sockets close."""

    session: int


class PersonBanned(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """An account was banned: all its sockets close."""

    person: int


class PresenceChanged(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """A worker's `number`th change of its own people: (person, status, rooms) each, "offline" for those gone.

    Whoever knows the state before (`number - 1`) may apply it; whoever does not reads the worker's people afresh.
    """

    worker: str
    number: int
    people: tuple[tuple[int, str, tuple[int, ...]], ...] = ()


class ProfileChanged(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """A person has another name or picture, which is read where it is shown."""

    person: int


Event = (
    RoomChanged
    | RoomActive
    | RoomDescribed
    | MarksMoved
    | Typing
    | TypingStopped
    | MembershipBegan
    | MembershipEnded
    | RoleChanged
    | NotifyChosen
    | SessionEnded
    | PersonBanned
    | PresenceChanged
    | ProfileChanged
)

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[Event] = msgspec.msgpack.Decoder(Annotated[Event, msgspec.Meta()])


def encode(event: Event) -> bytes:
    return _encoder.encode(event)


def decode(data: bytes) -> Event:
    """Raises msgspec.ValidationError (or DecodeError) for anything that is not one of ours."""
    return _decoder.decode(data)


def places(html: str, told: Iterable[tuple[MessageLine, Html]]) -> tuple[tuple[ArticleKey, int, int], ...]:
    """Where in `html` the articles of these messages stand, one after the other."""
    found = []
    end = 0
    for line, article in told:
        start = html.index(article, end)
        end = start + len(article)
        found.append((line.article_key, start, end))
    return tuple(found)


def topic_of_room(room: int) -> str:
    """The Redis channel of one room's changes; a worker listens to those of the rooms it serves."""
    return f"teahouse:room:{room}"


def topic_of_activity(room: int) -> str:
    """The Redis channel of what followers of a room hear; a worker listens to those of all its people's rooms."""
    return f"teahouse:activity:{room}"


TOPIC_OF_ACCESS = "teahouse:access"
"""The Redis channel of what every worker must hear: memberships that began or ended, sessions that ended, bans,
and what concerns a person's own pages wherever they are."""

TOPIC_OF_PRESENCE = "teahouse:presence"
"""The Redis channel on which every worker hears of the others' people."""


def topic(event: Event) -> str:
    match event:
        case (
            MembershipBegan()
            | MembershipEnded()
            | SessionEnded()
            | PersonBanned()
            | ProfileChanged()
            | NotifyChosen()
        ):
            return TOPIC_OF_ACCESS
        case PresenceChanged():
            return TOPIC_OF_PRESENCE
        case RoomActive(room=room) | RoomDescribed(room=room) | MarksMoved(room=room):
            return topic_of_activity(room)
        case _:
            return topic_of_room(event.room)
