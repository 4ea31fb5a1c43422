"""People, as portraits, cards and lists show them."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.views.text import first_visible

MEMBERS_SHOWN_MAX = 500
"""How many people of a room its page lists."""


HUES = 12
"""How many portrait colours there are (`.hue-0` … in css/people.css)."""


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


@dataclass(frozen=True, slots=True)
class Face(Portrayed):
    """Somebody, as a list or a message shows them."""

    id: int
    name: str
    avatar: str | None


@dataclass(frozen=True, slots=True)
class Crowd:
    """A slice of all people of the server by name; `after` is where the next slice starts, if there is one."""

    people: Sequence[Face]
    after: int | None = None


@dataclass(frozen=True, slots=True)
class Member(Portrayed):
    id: int
    name: str
    role: str
    avatar: str | None = None
    status: str = "offline"  # online | away | offline
    banned: bool = False


@dataclass(frozen=True, slots=True)
class Mentionable(Portrayed):
    """A name that may stand after an @; without an id it is the one for everybody."""

    name: str
    id: int = 0
    avatar: str | None = None


def initial(name: str) -> str:
    """What a portrait shows of a name: its first letter, or the first character of a Chinese one."""
    return first_visible(name).upper()[:1] or "?"


def hue(person: int) -> int:
    return person * 5 % HUES
