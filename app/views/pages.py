"""What every full page stands in, and forms that come back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from app.views.people import Person
from app.views.rooms import RoomCard


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
