"""The sockets of pages that show no room: the list of rooms, search, people, a person's own page.

They are told what concerns their person wherever they are. There is nothing to catch up with, and no version.
"""

from collections.abc import Callable, Coroutine
from typing import Any

from app.realtime.frames import Frame
from app.realtime.live_room import HEARTBEAT_SECONDS, SeatCall
from app.realtime.seat import Seat
from app.realtime.supervision import Spawn
from app.rendering.streams import marks


class Outside:
    """In place of a `LiveRoom`, for the seats that are in none. `leveled` is told of each, as there."""

    def __init__(self, spawn: Spawn, leveled: SeatCall) -> None:
        self.seats: set[Seat] = set()
        self._spawn = spawn
        self._leveled = leveled
        self._next_heartbeat = 0.0

    def begin(self, seat: Seat, greet: Callable[[Seat], Coroutine[Any, Any, None]]) -> None:
        seat.catching_up = False
        self._leveled(seat)
        self._spawn(greet(seat))

    def leave(self, seat: Seat) -> None:
        self.seats.discard(seat)

    def beat(self, now: float) -> None:
        """A sign of life, as in rooms: here it is news of no room at all."""
        if now < self._next_heartbeat:
            return
        self._next_heartbeat = now + HEARTBEAT_SECONDS
        frame = Frame(marks([]))
        for seat in list(self.seats):
            seat.listener.write(frame)
