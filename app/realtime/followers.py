"""Who is told of a room's activity: the sockets of all its people, whichever room they sit in."""

import asyncio
from collections.abc import Callable, Collection, Sequence

from app.realtime.activity import Activity
from app.realtime.bus import Bus
from app.realtime.events import RoomActive, topic_of_activity
from app.realtime.frames import Frame
from app.realtime.seat import Seat
from app.realtime.source import Source
from app.realtime.supervision import Spawn
from app.rendering.streams import activity
from app.views import RoomMarks, RoomNews


class Followers:
    def __init__(
        self,
        bus: Bus,
        source: Source,
        spawn: Spawn,
        carry: Callable[[int, str], None],
    ) -> None:
        """`carry` brings a room's activity to those who sit level in that room, with what else they are told."""
        self._bus = bus
        self._seats: dict[int, set[Seat]] = {}
        self._carry = carry
        self._activity = Activity(self._tell, source.last_seqs, source.activity, spawn)

    def of(self, room: int) -> Collection[Seat]:
        return self._seats.get(room, ())

    async def add(self, seat: Seat, room: int) -> None:
        """From now on the seat hears of this room's activity."""
        if seat.gone:
            return
        is_new = room not in self._seats
        seat.follows.add(room)
        self._seats.setdefault(room, set()).add(seat)
        if is_new:
            await self._bus.subscribe(topic_of_activity(room))

    def remove(self, seat: Seat, room: int) -> None:
        seat.follows.discard(room)
        self._seats.get(room, set()).discard(seat)

    def leave(self, seat: Seat) -> None:
        for room in seat.follows:
            self._seats[room].discard(seat)

    def take(self, event: RoomActive) -> None:
        if self._seats.get(event.room):
            self._activity.take(event)

    def know(self, mark: RoomMarks) -> None:
        """Followers were told of this much, or are told of it now; what comes later is news."""
        self._activity.know(mark.room, mark.last_seq)

    def _tell(self, news: RoomNews) -> None:
        """A seat that is level in the room is carried its news, and everybody else is told after the room itself."""
        html = activity([news])
        self._carry(news.room, html)
        others = [seat for seat in self.of(news.room) if seat.level is None or seat.room != news.room]
        if others:
            asyncio.get_running_loop().call_soon(self._tell_others, news.room, others, Frame(html))

    def _tell_others(self, room: int, seats: Sequence[Seat], frame: Frame) -> None:
        for seat in seats:
            if seat in self.of(room):  # it may have gone meanwhile
                seat.listener.write(frame)

    def write(self, room: int, frame: Frame) -> None:
        for seat in list(self.of(room)):
            seat.listener.write(frame)

    async def look(self) -> None:
        """Ask PostgreSQL for activity that no event told. Raises Unavailable."""
        if self._seats:
            await self._activity.look(list(self._seats))

    async def forget_left_rooms(self) -> None:
        """Stop listening to rooms that nobody here follows any more."""
        for room in [room for room, seats in self._seats.items() if not seats]:
            if self._seats[room]:
                continue  # somebody came while we said goodbye to another one
            del self._seats[room]
            self._activity.forget([room])
            await self._bus.unsubscribe(topic_of_activity(room))
            if room in self._seats:  # somebody came while we said goodbye
                await self._bus.subscribe(topic_of_activity(room))

    def close(self) -> None:
        self._activity.close()
