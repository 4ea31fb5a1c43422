"""Rooms, as lists and their own pages show them."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.views.people import Face


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
class RoomAbout:
    """What a room's admins say of it, the same for everybody."""

    id: int
    name: str
    topic: str
    visibility: str  # open | closed


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

    @property
    def is_direct(self) -> bool:
        return self.kind == "direct"

    @property
    def closed(self) -> bool:
        return self.visibility == "closed"

    @property
    def is_admin(self) -> bool:
        return self.role == "admin"
