"""Every two seconds, PostgreSQL is asked for what no event told: rooms that moved on, access that ended,
people who look otherwise.

It is asked for some sockets at a time, so that nobody waits for a sweep of thousands.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from app.errors import Unavailable
from app.realtime.bus import Bus
from app.realtime.events import Event, MembershipBegan, MembershipEnded, topic_of_room
from app.realtime.faces import Faces
from app.realtime.followers import Followers
from app.realtime.live_room import LiveRoom
from app.realtime.outside import Outside
from app.realtime.seat import Seat
from app.realtime.source import Claim, Source

logger = logging.getLogger("teahouse")

SWEEP_SECONDS = 2.0
EMPTY_ROOM_SWEEPS = 5
SWEEPS_PER_LOOK_AT_MEMBERSHIPS = 3
SEATS_AT_ONCE_MAX = 250


class Sweep:
    """`close_lost` closes those of some seats that may listen no longer; `tell` delivers what no event told here."""

    def __init__(
        self,
        rooms: dict[int, LiveRoom],
        outside: Outside,
        followers: Followers,
        faces: Faces,
        bus: Bus,
        source: Source,
        close_lost: Callable[[Sequence[Seat]], Awaitable[None]],
        tell: Callable[[Event], None],
    ) -> None:
        self._rooms = rooms
        self._outside = outside
        self._followers = followers
        self._faces = faces
        self._bus = bus
        self._source = source
        self._close_lost = close_lost
        self._tell = tell
        self._sweeps = 0

    async def for_ever(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            try:
                await self.once()
            except Unavailable:
                logger.warning("PostgreSQL is away; the next sweep tries again")

    async def once(self) -> None:
        now = asyncio.get_running_loop().time()
        for room in self._rooms.values():
            room.beat(now)
        self._outside.beat(now)
        await self._forget_empty_rooms()
        await self._followers.forget_left_rooms()
        if not self._rooms and not self._outside.seats:
            return
        delivered = {room: room.version or 0 for room in self._rooms.values()}
        versions = await self._source.versions([room.id for room in delivered])
        for room in self._rooms.values():
            version = versions.get(room.id, 0)
            if version < delivered.get(room, 0):
                room.start_over()
            elif room.is_behind(version):
                room.fill_soon()
        self._sweeps += 1
        seats = [*self._outside.seats, *(seat for room in self._rooms.values() for seat in room.seats)]
        for start in range(0, len(seats), SEATS_AT_ONCE_MAX):
            some = seats[start : start + SEATS_AT_ONCE_MAX]
            await self._close_lost(some)
            if self._sweeps % SWEEPS_PER_LOOK_AT_MEMBERSHIPS == 0:
                await self._look_at_memberships(some)
        await self._followers.look()
        await self._faces.look()

    async def _forget_empty_rooms(self) -> None:
        """Stop listening to rooms that nobody came back to (a change of page leaves one for a moment)."""
        for room in [room for room in self._rooms.values() if not room.seats]:
            room.quiet_sweeps += 1
            if room.quiet_sweeps > EMPTY_ROOM_SWEEPS and not room.seats:
                del self._rooms[room.id]
                room.close()
                await self._bus.unsubscribe(topic_of_room(room.id))
                if room.id in self._rooms:  # somebody came while we said goodbye
                    await self._bus.subscribe(topic_of_room(room.id))

    async def _look_at_memberships(self, seats: Sequence[Seat]) -> None:
        """All rooms that these seats' people are in, beside those whose activity the seats are told."""
        followed = {seat: frozenset(seat.follows) for seat in seats if not seat.catching_up}
        admitted = await self._source.admitted([seat.claim for seat in followed])
        began: set[tuple[int, int]] = set()
        ended: set[Claim] = set()
        for seat, rooms in followed.items():
            now = admitted.get(seat.claim)
            if now is not None and not seat.gone:
                session, person, _ = seat.claim
                began |= {(person, room) for room in now if room not in seat.follows}
                ended |= {(session, person, room) for room in rooms.difference(now)}
        for person, room in began:
            self._tell(MembershipBegan(person, room))
        if ended:  # or begun again since
            for _, person, room in await self._source.lost_access(list(ended)):
                self._tell(MembershipEnded(person, room))
