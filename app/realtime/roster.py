"""Rooms are told how present their people are: gathered, at most once a second a room, in one shared frame.

Who sits in the room gets the person's whole line of `#people`; whoever is in a direct room of two, but sits
elsewhere, gets the dot beside its name. A socket that has just caught up gets the list as it is now, since its page
may be older.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from app import rendering
from app.errors import Unavailable
from app.realtime.live_room import LiveRoom
from app.realtime.seat import Seat
from app.realtime.source import Source
from app.realtime.supervision import Spawn
from app.views import MEMBERS_SHOWN_MAX, Member

TOLD_EVERY_SECONDS = 1.0


@dataclass(slots=True)
class Gathered:
    """What one room will be told next."""

    people: set[int] = field(default_factory=set)
    list_changed: bool = False  # somebody joined or left: all get the whole list
    newcomers: set[Seat] = field(default_factory=set)


class Rosters:
    def __init__(
        self,
        rooms: Mapping[int, LiveRoom],
        followers: Callable[[int], Iterable[Seat]],
        write: Callable[[Sequence[Seat], str], None],
        status_of: Callable[[int], str],
        source: Source,
        spawn: Spawn,
    ) -> None:
        self._rooms = rooms
        self._followers = followers
        self._write = write
        self._status_of = status_of
        self._source = source
        self._spawn = spawn
        self._gathered: dict[int, Gathered] = {}
        self._told_at: dict[int, float] = {}
        self._timers: dict[int, asyncio.TimerHandle] = {}
        self._is_direct: dict[int, bool] = {}  # a room's kind never changes

    def person_changed(self, person: int, rooms: Iterable[int]) -> None:
        for room in rooms:
            if self._followers(room) or self._has_seats(room):
                self._soon(room).people.add(person)

    def list_changed(self, room: int) -> None:
        """Somebody joined or left."""
        if self._has_seats(room):
            self._soon(room).list_changed = True

    def tell_newcomer(self, seat: Seat) -> None:
        self._soon(seat.room).newcomers.add(seat)

    def close(self) -> None:
        for timer in self._timers.values():
            timer.cancel()

    def _has_seats(self, room: int) -> bool:
        return bool((live := self._rooms.get(room)) and live.seats)

    def _soon(self, room: int) -> Gathered:
        """What this room will be told when its second is over."""
        if room not in self._timers:
            loop = asyncio.get_running_loop()
            self._told_at = {r: at for r, at in self._told_at.items() if at + TOLD_EVERY_SECONDS > loop.time()}
            at = self._told_at.get(room, float("-inf")) + TOLD_EVERY_SECONDS
            self._timers[room] = loop.call_at(max(at, loop.time()), self._now, room)
        return self._gathered.setdefault(room, Gathered())

    def _now(self, room: int) -> None:
        del self._timers[room]
        self._told_at[room] = asyncio.get_running_loop().time()
        self._spawn(self._tell(room, self._gathered.pop(room)))

    async def _tell(self, room_id: int, gathered: Gathered) -> None:
        try:
            await self._tell_room(room_id, gathered)
            await self._tell_dots(room_id, gathered)
        except Unavailable:  # later, with what has been gathered since
            again = self._soon(room_id)
            again.people |= gathered.people
            again.list_changed |= gathered.list_changed
            again.newcomers |= gathered.newcomers

    async def _tell_room(self, room_id: int, gathered: Gathered) -> None:
        to_all = gathered.list_changed
        if self._has_seats(room_id) and (to_all or gathered.newcomers):
            members = self._with_status(await self._source.people(room_id, None))
            if members and (live := self._rooms.get(room_id)) and live.version is not None:
                html = rendering.streams.people_list(members, _count(members), live.version)
                live.write_to(list(live.seats if to_all else gathered.newcomers), html)
        if self._has_seats(room_id) and gathered.people and not to_all:
            members = self._with_status(await self._source.people(room_id, sorted(gathered.people)))
            if members and (live := self._rooms.get(room_id)) and live.version is not None:
                live.write_to_level_seats(rendering.streams.people_changed(members, live.version))

    def _with_status(self, members: Sequence[Member]) -> Sequence[Member]:
        return [replace(member, status=self._status_of(member.id)) for member in members]

    # -- the dots beside the names of direct rooms

    async def _tell_dots(self, room_id: int, gathered: Gathered) -> None:
        newcomers = [seat for seat in gathered.newcomers if not seat.gone]
        if newcomers:
            partners = await self._source.partners(list({seat.listener.person for seat in newcomers}))
            for seat in newcomers:
                if of_theirs := partners.get(seat.listener.person):
                    self._write_dots([seat], of_theirs)
        if gathered.people and await self._direct(room_id):
            elsewhere = [seat for seat in self._followers(room_id) if seat.room != room_id]
            self._write_dots(elsewhere, sorted(gathered.people))

    async def _direct(self, room_id: int) -> bool:
        if room_id not in self._is_direct:
            self._is_direct[room_id] = bool(await self._source.direct([room_id]))
        return self._is_direct[room_id]

    def _write_dots(self, seats: Sequence[Seat], people: Sequence[int]) -> None:
        self._write(seats, rendering.streams.dots({person: self._status_of(person) for person in people}))


def _count(members: Sequence[Member]) -> int | None:
    """How many people the room has; a list that is full may not be all of them."""
    return len(members) if len(members) < MEMBERS_SHOWN_MAX else None
