"""One socket in one room or outside of them all, and those of them that stand where the room stands."""

from dataclasses import dataclass, field
from typing import Optional

from app.realtime.frames import Frame
from app.realtime.listener import Listener, Outlet
from app.realtime.source import OUTSIDE, Claim


@dataclass(slots=True, eq=False)
class Seat:
    """`room` may be OUTSIDE, and is no room then. `own_version` is the one that its page has, unless it is level
    with others; `faces` the number of the last change of a name or a picture on it."""

    listener: Listener
    room: int
    own_version: int
    faces: int
    level: Optional["Level"] = None
    catching_up: bool = True  # nothing is written to it directly until it is level
    gone: bool = False
    idle: bool = False  # nobody has touched this page for a while, or it is hidden
    follows: set[int] = field(default_factory=set)  # the rooms whose activity it is told: all its person is in

    @property
    def version(self) -> int:
        """The version that its page has."""
        return self.own_version if self.level is None else self.level.version

    @property
    def is_outside(self) -> bool:
        return self.room == OUTSIDE

    @property
    def claim(self) -> Claim:
        return self.listener.session, self.listener.person, self.room


class Level:
    """The seats of a room whose pages have the room's `version`: one write reaches them all, and takes them on.

    This is the loop that runs for every message and socket. So it asks nothing of a seat: what a socket takes, and
    whether it takes anything, its outlet knows.
    """

    def __init__(self, version: int) -> None:
        self.version = version
        self._outlets: dict[str, dict[Seat, Outlet]] = {}  # by the form of a frame that they take

    def add(self, seat: Seat) -> None:
        seat.level = self
        self._outlets.setdefault(seat.listener.outlet.form, {})[seat] = seat.listener.outlet

    def discard(self, seat: Seat) -> None:
        if seat.level is self:
            del self._outlets[seat.listener.outlet.form][seat]
            seat.level, seat.own_version = None, self.version

    def write(self, frame: Frame, version: int | None = None) -> None:
        """Write to all; with a frame that leads to another version, all have that one."""
        for form, outlets in self._outlets.items():
            if outlets:
                content = getattr(frame, form)
                for outlet in list(outlets.values()):
                    outlet.write(content)
        if version is not None:
            self.version = version
