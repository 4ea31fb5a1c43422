"""One room on this worker: its seats, and the order in which they are told.

A room's changes are numbered by its version. The room keeps the version it has delivered, each seat the one
that its socket has. An event that starts where the room stands is written at once. One that starts later shows
a gap: it is held for a moment, since workers overtake each other on the bus, and then PostgreSQL is asked. A
seat that stands elsewhere than the room, because its page is older or it has just read further in PostgreSQL,
catches up by itself until both stand at the same number; only then is it level, and written to directly. So every
socket gets every change once, in order, whatever the bus lost or doubled.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

from app.errors import Unavailable
from app.realtime.events import RoomChanged
from app.realtime.frames import Frame
from app.realtime.listener import CLOSE_RESTART, CLOSE_TRY_LATER
from app.realtime.next_frame import NextFrame
from app.realtime.receipts import ToldReceipts
from app.realtime.recent import RecentFrames
from app.realtime.seat import Level, Seat
from app.realtime.source import Changes, Source
from app.realtime.supervision import Spawn
from app.realtime.together import Together
from app.realtime.typing import Typists
from app.rendering.streams import leading_to, room_version, typing

HEARTBEAT_SECONDS = 20.0
HELD_SECONDS = 0.05
HELD_EVENTS_MAX = 200
RETRY_SECONDS = 0.5

CloseLost = Callable[[Sequence[Seat]], Awaitable[None]]
SeatCall = Callable[[Seat], None]


class LiveRoom:
    """A room that somebody here listens to. `version` is what has been delivered; None until it is known."""

    def __init__(
        self, room_id: int, source: Source, spawn: Spawn, close_lost: CloseLost, send_out: SeatCall, leveled: SeatCall
    ) -> None:
        """`close_lost` closes those of some seats that may listen no longer, `send_out` closes one for certain."""
        self.id = room_id
        self.seats: set[Seat] = set()
        self._level: Level | None = None  # where the room stands; None until it is known
        self._ahead: set[Seat] = set()  # they have just read further in PostgreSQL than what has been delivered
        self.quiet_sweeps = 0
        self._source = source
        self._spawn = spawn
        self._close_lost = close_lost
        self._send_out = send_out
        self._leveled = leveled  # told of each seat that has caught up: it may have missed what is only told
        self._held: dict[int, RoomChanged] = {}  # by `since`
        self._recent = RecentFrames()
        self._resumes = Together(self._read_resumes)
        self._next = NextFrame(self._deliver)
        self._filling = False
        self._next_heartbeat = 0.0
        self.typists = Typists(self._tell_who_types)
        self.receipts = ToldReceipts(self.write_to_level_seats)

    def begin(self, seat: Seat, greet: Callable[[Seat], Awaitable[None]]) -> None:
        """From now on the seat gets every change after its version, the first ones from PostgreSQL; then `greet`."""
        seat.catching_up = True
        self._spawn(self._begin(seat, greet))

    @property
    def version(self) -> int | None:
        """What has been delivered."""
        return self._level.version if self._level else None

    def leave(self, seat: Seat) -> None:
        self.seats.discard(seat)
        self._ahead.discard(seat)
        if self._level:
            self._level.discard(seat)

    def close(self) -> None:
        self.typists.close()
        self.receipts.close()
        self._next.close()

    def take(self, event: RoomChanged) -> None:
        """Deliver an event, or hold it until what lies before it has come; safe to repeat."""
        reached = self._reached
        if reached is not None and event.version <= reached:
            return  # delivered already, or about to be
        if event.since != reached:
            if len(self._held) < HELD_EVENTS_MAX:
                self._held[event.since] = event
            self._spawn(self._fill_after_a_moment())
            return
        self._next.add(event)
        self._take_held(event.version)

    def carry(self, html: str) -> None:
        """Tell the level seats this with the next frame, which saves a write to each of them."""
        self._next.carry(html)

    @property
    def _reached(self) -> int | None:
        """The version that the next frame will lead to."""
        return self.version if self._next.version is None else self._next.version

    def is_behind(self, version: int) -> bool:
        return self._reached is not None and self._reached < version

    def fill_soon(self) -> None:
        """Ask PostgreSQL for what no event told."""
        if not self._filling and self.version is not None:
            self._filling = True
            self._spawn(self._fill())

    def start_over(self) -> None:
        """The database was set back: nobody here stands where the room stands. Pages that come again from a version
        which is yet to come are given the newest timeline."""
        self._next.close()
        self._next = NextFrame(self._deliver)
        self._level = None
        self._ahead.clear()
        self._held.clear()
        self._recent.clear()
        for seat in list(self.seats):
            seat.listener.close(CLOSE_RESTART)

    def beat(self, now: float) -> None:
        """A sign of life on a quiet socket lets a browser notice a connection that died without a word."""
        if self.version is None or now < self._next_heartbeat:
            return
        self._next_heartbeat = now + HEARTBEAT_SECONDS
        self._recent.clear()
        self.write_to_level_seats(room_version(self.version))

    def _tell_who_types(self, people: Mapping[int, str]) -> None:
        if self.version is not None:
            self.write_to_level_seats(typing(people, self.version))

    def write_to_level_seats(self, html: str) -> None:
        """Write what is worth something only now: a seat that catches up does without."""
        if self._level:
            self._level.write(Frame(html))

    def write_to(self, seats: Sequence[Seat], html: str) -> None:
        """The same for some of its seats."""
        frame = Frame(html)
        for seat in seats:
            if self._level and seat.level is self._level:
                seat.listener.write(frame)

    # -- the order of the room

    def _take_held(self, version: int) -> None:
        """Deliver what was held for this version, and forget what has been overtaken."""
        while follower := self._held.pop(version, None):
            self._next.add(follower)
            version = follower.version
        self._held = {since: event for since, event in self._held.items() if event.version > version}

    def _deliver(self, changes: Sequence[RoomChanged], carried: str) -> None:
        """Write one frame that starts where the room stands to every seat that stands there too."""
        if not changes:
            self.write_to_level_seats(carried)
            return
        if not self._level:
            return
        since, version = changes[0].since, changes[-1].version
        self._next_heartbeat = asyncio.get_running_loop().time() + HEARTBEAT_SECONDS
        html = leading_to(version, "".join(change.html for change in changes))
        frame = Frame(html)
        if not changes[0].has_posts_alone:
            self._recent.clear()  # what was edited or deleted is told nobody any more as it was
        self._recent.add(since, version, frame)
        ended = {person for change in changes for person in change.ended}
        for seat in [seat for seat in self.seats if seat.listener.person in ended] if ended else ():
            if seat.version < version:
                self._send_out(seat)
        self._level.write(Frame(html + carried) if carried else frame, version)
        for seat in [seat for seat in self._ahead if seat.version <= version]:
            self._ahead.discard(seat)
            if seat.version == version:
                self._level.add(seat)
            else:
                self._catch_up_soon(seat)  # it read half of this frame in PostgreSQL
        for change in changes:
            for author in change.authors:
                self.typists.stopped(author)

    async def _fill_after_a_moment(self) -> None:
        await asyncio.sleep(HELD_SECONDS)
        if self._held:
            self.fill_soon()

    async def _fill(self) -> None:
        """Bring the room to PostgreSQL's version, in order with what the bus brings meanwhile."""
        try:
            while self.seats and (since := self._reached) is not None:
                changes = await self._read(since)
                if self._reached != since:
                    continue  # an event came first; what was read starts too early now
                if changes.version <= since:
                    break
                await self._close_those_sent_out(list(self.seats))
                if self.version != since:
                    continue
                self.take(RoomChanged(self.id, since, changes.version, changes.html))
        finally:
            self._filling = False

    # -- the order of one seat

    async def _begin(self, seat: Seat, greet: Callable[[Seat], Awaitable[None]]) -> None:
        await self._catch_up(seat)
        await greet(seat)

    def _catch_up_soon(self, seat: Seat) -> None:
        seat.catching_up = True
        self._spawn(self._catch_up(seat))

    async def _catch_up(self, seat: Seat) -> None:
        """Bring one seat to where the room stands, or beyond; then it takes part in what is delivered."""
        try:
            await self._bring_level(seat)
        except Exception:
            seat.listener.close(CLOSE_TRY_LATER)  # the browser comes again, from where its page stands
            raise

    async def _bring_level(self, seat: Seat) -> None:
        while not seat.gone:
            self._write_recent(seat)
            if seat.version == self.version:
                self._has_leveled(seat)
                return
            version, frame = await self._resume(seat.version)
            if frame:
                await self._close_those_sent_out([seat])
            if seat.gone:
                return
            if frame:
                seat.listener.write(frame)
            seat.own_version = version
            if self._level is None:
                self._level = Level(version)
                self._take_held(version)
            if seat.version >= self._level.version:
                self._has_leveled(seat)
                return

    def _write_recent(self, seat: Seat) -> None:
        """What those beside it were told a moment ago, and may be told as well: its access was seen to since."""
        while later := self._recent.after(seat.version):
            seat.own_version, frame = later
            seat.listener.write(frame)

    def _has_leveled(self, seat: Seat) -> None:
        seat.catching_up = False
        if self._level and seat.version == self._level.version:
            self._level.add(seat)
        else:
            self._ahead.add(seat)
        if people := self.typists.now:
            seat.listener.write(Frame(typing(people, seat.version)))
        self._leveled(seat)

    async def _close_those_sent_out(self, seats: Sequence[Seat]) -> None:
        """What was read in PostgreSQL may stand after the end of a membership: asked after the reading, it knows."""
        while True:
            try:
                return await self._close_lost(seats)
            except Unavailable:
                await asyncio.sleep(RETRY_SECONDS)

    async def _read(self, since: int) -> Changes:
        """Ask PostgreSQL, and ask again while it is away."""
        while True:
            try:
                return await self._source.changes(self.id, since)
            except Unavailable:
                await asyncio.sleep(RETRY_SECONDS)

    async def _resume(self, since: int) -> tuple[int, Frame | None]:
        """The same for one seat, in one frame; seats that stand at the same version share it."""
        while True:
            try:
                return await self._resumes.ask(since)
            except Unavailable:
                await asyncio.sleep(RETRY_SECONDS)

    async def _read_resumes(self, sinces: Sequence[int]) -> Mapping[int, tuple[int, Frame | None]]:
        answers = await asyncio.gather(*(self._source.resume(self.id, since) for since in sinces))
        return {
            since: (changes.version, Frame(leading_to(changes.version, changes.html)) if changes.html else None)
            for since, changes in zip(sinces, answers, strict=True)
        }
