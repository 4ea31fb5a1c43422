"""One room on this worker: its seats, and the order in which they are told.

A room's changes are numbered by its version. The room keeps the version it has delivered, each seat the one
that its socket has. An event that starts where the room stands is written at once. One that starts later shows
a gap: it is held for a moment, since workers overtake each other on the bus, and then PostgreSQL is asked. A
seat that stands elsewhere than the room, because its page is older or it has just read further in PostgreSQL,
catches up by itself until both stand at the same number; only then is it written to directly. So every socket
gets every change once, in order, whatever the bus lost or doubled.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from app.errors import Unavailable
from app.realtime.activity import ReadActivity, ReadLastSeqs
from app.realtime.events import RoomChanged
from app.realtime.frames import Frame
from app.realtime.listener import CLOSE_TRY_LATER, Listener
from app.realtime.receipts import ToldReceipts
from app.realtime.typing import Typists
from app.rendering import room_version, typing
from app.views import Receipts, RoomMarks

HEARTBEAT_SECONDS = 20.0
HELD_SECONDS = 0.05
HELD_EVENTS_MAX = 200
RETRY_SECONDS = 0.5
CATCH_UP_CHANGES_MAX = 300
"""A page further behind than this is given the newest timeline instead."""


class Changes(NamedTuple):
    """What takes a room from one version to `version`; `html` is empty when nothing does."""

    version: int
    html: str


ReadChanges = Callable[[int, int], Awaitable[Changes]]
ReadVersions = Callable[[Sequence[int]], Awaitable[Mapping[int, int]]]
ReadRooms = Callable[[int], Awaitable[Sequence[int]]]
ReadLost = Callable[[Sequence[tuple[int, int, int]]], Awaitable[set[tuple[int, int, int]]]]
ReadMarks = Callable[[int], Awaitable[Sequence[RoomMarks]]]
ReadReceipts = Callable[[int], Awaitable[Receipts]]
Spawn = Callable[[Coroutine[Any, Any, None]], None]


class Source(NamedTuple):
    """What is asked of PostgreSQL; `main` fills it in."""

    changes: ReadChanges  # (room, since) → changes, in pieces when there are many: for a room that lags
    resume: ReadChanges  # the same, or the whole timeline when too many: for one socket
    versions: ReadVersions  # rooms → their versions
    lost_access: ReadLost  # (session, person, room) … → those that may listen no longer
    rooms_of: ReadRooms  # person → the rooms they are in
    last_seqs: ReadLastSeqs  # rooms → the seq of their newest message
    activity: ReadActivity  # (room, since) → what was posted after that seq
    marks_of: ReadMarks  # person → their counts in all their rooms
    receipts_of: ReadReceipts  # room → how far everybody has read


@dataclass(slots=True, eq=False)
class Seat:
    """One socket in one room, and the version that its page has."""

    listener: Listener
    room: int
    version: int
    catching_up: bool = True  # nothing is written to it directly until it is level
    gone: bool = False
    follows: set[int] = field(default_factory=set)  # the rooms whose activity it is told: all its person is in

    @property
    def claim(self) -> tuple[int, int, int]:
        """The (session, person, room) that lets it listen."""
        return self.listener.session, self.listener.person, self.room


class LiveRoom:
    """A room that somebody here listens to. `version` is what has been delivered; None until it is known."""

    def __init__(self, room_id: int, source: Source, spawn: Spawn) -> None:
        self.id = room_id
        self.version: int | None = None
        self.seats: set[Seat] = set()
        self.quiet_sweeps = 0
        self._source = source
        self._spawn = spawn
        self._held: dict[int, RoomChanged] = {}  # by `since`
        self._filling = False
        self._next_heartbeat = 0.0
        self.typists = Typists(self._tell_who_types)
        self.receipts = ToldReceipts(self._write_to_level_seats)

    def begin(self, seat: Seat, greet: Callable[[Seat], Awaitable[None]]) -> None:
        """From now on the seat gets every change after its version, the first ones from PostgreSQL; then `greet`."""
        seat.catching_up = True
        self._spawn(self._begin(seat, greet))

    def close(self) -> None:
        self.typists.close()
        self.receipts.close()

    def take(self, event: RoomChanged) -> None:
        """Deliver an event, or hold it until what lies before it has come; safe to repeat."""
        if self.version is not None and event.version <= self.version:
            return  # delivered already
        if event.since != self.version:
            if len(self._held) < HELD_EVENTS_MAX:
                self._held[event.since] = event
            self._spawn(self._fill_after_a_moment())
            return
        self._deliver(event)
        self._take_held(event.version)

    def is_behind(self, version: int) -> bool:
        return self.version is not None and self.version < version

    def fill_soon(self) -> None:
        """Ask PostgreSQL for what no event told."""
        if not self._filling and self.version is not None:
            self._filling = True
            self._spawn(self._fill())

    def beat(self, now: float) -> None:
        """A sign of life on a quiet socket lets a browser notice a connection that died without a word."""
        if self.version is None or now < self._next_heartbeat:
            return
        self._next_heartbeat = now + HEARTBEAT_SECONDS
        self._write_to_level_seats(room_version(self.version))

    def _tell_who_types(self, people: Mapping[int, str]) -> None:
        if self.version is not None:
            self._write_to_level_seats(typing(people, self.version))

    def _write_to_level_seats(self, html: str) -> None:
        """Write what is worth something only now: a seat that catches up does without."""
        frame = Frame(html)
        for seat in list(self.seats):
            if seat.version == self.version and not seat.catching_up:
                seat.listener.write(frame)

    # -- the order of the room

    def _take_held(self, version: int) -> None:
        """Deliver what was held for this version, and forget what has been overtaken."""
        while follower := self._held.pop(version, None):
            self._deliver(follower)
            version = follower.version
        self._held = {since: event for since, event in self._held.items() if event.version > version}

    def _deliver(self, event: RoomChanged) -> None:
        """Write a frame that starts where the room stands to every seat that stands there too."""
        since, version = event.since, event.version
        self.version = version
        self._next_heartbeat = asyncio.get_running_loop().time() + HEARTBEAT_SECONDS
        frame = Frame(event.html)
        for seat in list(self.seats):
            if seat.catching_up:
                continue
            if seat.version == since:
                seat.version = version
                seat.listener.write(frame)
            elif seat.version < version:
                self._catch_up_soon(seat)  # it read half of this frame in PostgreSQL
        for author in event.authors:
            self.typists.stopped(author)

    async def _fill_after_a_moment(self) -> None:
        await asyncio.sleep(HELD_SECONDS)
        if self._held:
            self.fill_soon()

    async def _fill(self) -> None:
        """Bring the room to PostgreSQL's version, in order with what the bus brings meanwhile."""
        try:
            while self.seats and self.version is not None:
                since = self.version
                changes = await self._read(self._source.changes, since)
                if self.version != since:
                    continue  # an event came first; what was read starts too early now
                if changes.version <= since:
                    break
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
            await self._level(seat)
        except Exception:
            seat.listener.close(CLOSE_TRY_LATER)  # the browser comes again, from where its page stands
            raise

    async def _level(self, seat: Seat) -> None:
        while not seat.gone:
            changes = await self._read(self._source.resume, seat.version)
            if seat.gone:
                return
            if changes.html:
                seat.listener.write(Frame(changes.html))
            seat.version = changes.version
            if self.version is None:
                self.version = seat.version
                self._take_held(seat.version)
            if seat.version >= self.version:
                seat.catching_up = False
                if people := self.typists.now:
                    seat.listener.write(Frame(typing(people, seat.version)))
                return

    async def _read(self, source: ReadChanges, since: int) -> Changes:
        """Ask PostgreSQL, and ask again while it is away."""
        while True:
            try:
                return await source(self.id, since)
            except Unavailable:
                await asyncio.sleep(RETRY_SECONDS)
