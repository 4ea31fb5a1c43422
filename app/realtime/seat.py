"""One socket in one room."""

from dataclasses import dataclass, field

from app.realtime.listener import Listener
from app.realtime.source import Claim


@dataclass(slots=True, eq=False)
class Seat:
    """`version` is the one that its page has, `faces` the number of the last change of a name or a picture on it."""

    listener: Listener
    room: int
    version: int
    faces: int
    catching_up: bool = True  # nothing is written to it directly until it is level
    gone: bool = False
    idle: bool = False  # nobody has touched this page for a while, or it is hidden
    follows: set[int] = field(default_factory=set)  # the rooms whose activity it is told: all its person is in

    @property
    def claim(self) -> Claim:
        return self.listener.session, self.listener.person, self.room
