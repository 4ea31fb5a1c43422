"""How far people have read, and what a page is told of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.views.people import Portrayed


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
    """One person's counts in one room: as they are, or after the mark moved "on", which a page may know already, or
    was set "back"."""

    room: int
    last_seq: int
    last_read_seq: int
    mentions: int
    moved: str = ""
