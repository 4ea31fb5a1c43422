"""Who listens on this worker, and the order in which they are told.

A room's changes are numbered by its version. The hub keeps one number a room (what it has delivered) and one
a seat (what that socket has). An event that starts where the room stands is written at once. One that starts
later shows a gap: it is held for a moment, since workers overtake each other on the bus, and then PostgreSQL
is asked. A seat that stands elsewhere than the room, because its page is older or it has just read further in
PostgreSQL, catches up by itself until both stand at the same number; only then is it written to directly.
So every socket gets every change once, in order, whatever the bus lost or doubled.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from app.errors import Unavailable
from app.realtime.bus import Bus
from app.realtime.events import Event, MembershipEnded, RoomChanged, SessionEnded, topic_of_room
from app.realtime.frames import Frame
from app.realtime.listener import CLOSE_NO_ACCESS, CLOSE_SIGNED_OUT, Listener
from app.rendering import room_version

logger = logging.getLogger("teahouse")

SWEEP_SECONDS = 2.0
HEARTBEAT_SECONDS = 20.0
EMPTY_ROOM_SWEEPS = 5
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
ReadLost = Callable[[Sequence[tuple[int, int, int]]], Awaitable[set[tuple[int, int, int]]]]


class Source(NamedTuple):
    """What the hub asks of PostgreSQL; `main` fills it in."""

    changes: ReadChanges  # (room, since) → changes, in pieces when there are many: for a room that lags
    resume: ReadChanges  # the same, or the whole timeline when too many: for one socket
    versions: ReadVersions  # rooms → their versions
    lost_access: ReadLost  # (session, person, room) … → those that may listen no longer


@dataclass(slots=True, eq=False)
class Seat:
    """One socket in one room, and the version that its page has."""

    listener: Listener
    room: int
    version: int
    catching_up: bool = False
    gone: bool = False


@dataclass(slots=True, eq=False)
class LiveRoom:
    """A room that somebody here listens to. `version` is what has been delivered; None until it is known."""

    id: int
    version: int | None = None
    seats: set[Seat] = field(default_factory=set)
    held: dict[int, RoomChanged] = field(default_factory=dict)  # by `since`
    filling: bool = False
    quiet_sweeps: int = 0
    next_heartbeat: float = 0.0


class Hub:
    def __init__(self, bus: Bus, source: Source) -> None:
        self._bus = bus
        self._source = source
        self._rooms: dict[int, LiveRoom] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._sockets_of: Counter[int] = Counter()
        self._doubt_access = False

    # -- for sockets

    async def join(self, listener: Listener, room_id: int, since: int) -> Seat:
        """Seat a socket: it gets every change after `since`, the first ones from PostgreSQL."""
        room = self._rooms.get(room_id)
        if room is None:
            room = self._rooms[room_id] = LiveRoom(room_id)
            await self._bus.subscribe(topic_of_room(room_id))
        seat = Seat(listener, room_id, since)
        room.seats.add(seat)
        self._sockets_of[listener.person] += 1
        room.quiet_sweeps = 0
        self._catch_up_soon(room, seat)
        return seat

    def leave(self, seat: Seat) -> None:
        if seat.gone:
            return
        seat.gone = True
        self._sockets_of[seat.listener.person] -= 1
        if not self._sockets_of[seat.listener.person]:
            del self._sockets_of[seat.listener.person]
        if room := self._rooms.get(seat.room):
            room.seats.discard(seat)

    def sockets_of(self, person: int) -> int:
        """How many sockets this person holds on this worker."""
        return self._sockets_of[person]

    # -- for actions and the bus

    def publish(self, event: Event) -> None:
        """Tell the listeners here at once, and the other workers. Call it after the commit."""
        self.deliver(event)
        self._bus.publish(event)

    def deliver(self, event: Event) -> None:
        """Tell the listeners on this worker; safe to repeat."""
        match event:
            case RoomChanged():
                if room := self._rooms.get(event.room):
                    self._take(room, event)
            case MembershipEnded(person=person, room=room_id):
                self._close_where(CLOSE_NO_ACCESS, lambda s: s.listener.person == person and s.room == room_id)
            case SessionEnded(session=session):
                self._close_where(CLOSE_SIGNED_OUT, lambda s: s.listener.session == session)

    def on_gap(self) -> None:
        """The bus was away: anything may have happened meanwhile."""
        self._doubt_access = True
        for room in self._rooms.values():
            self._fill_soon(room)

    # -- background work

    async def sweep_for_ever(self) -> None:
        """Every two seconds, ask PostgreSQL for what no event told."""
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            try:
                await self._sweep()
            except Unavailable:
                logger.warning("PostgreSQL is away; the next sweep tries again")

    def close(self) -> None:
        for task in self._tasks:
            task.cancel()

    async def _sweep(self) -> None:
        self._send_heartbeats()
        await self._forget_empty_rooms()
        if not self._rooms:
            return
        versions = await self._source.versions(list(self._rooms))
        for room_id, version in versions.items():
            room = self._rooms.get(room_id)
            if room and room.version is not None and room.version < version:
                self._fill_soon(room)
        if self._doubt_access or not self._bus.connected:
            self._doubt_access = not self._bus.connected
            await self._close_those_without_access()

    async def _forget_empty_rooms(self) -> None:
        """Stop listening to rooms that nobody came back to (a change of page leaves one for a moment)."""
        for room in [room for room in self._rooms.values() if not room.seats]:
            room.quiet_sweeps += 1
            if room.quiet_sweeps > EMPTY_ROOM_SWEEPS:
                del self._rooms[room.id]
                await self._bus.unsubscribe(topic_of_room(room.id))
                if room.id in self._rooms:  # somebody came while we said goodbye
                    await self._bus.subscribe(topic_of_room(room.id))

    def _send_heartbeats(self) -> None:
        """A sign of life lets a browser notice a connection that died without a word."""
        now = asyncio.get_running_loop().time()
        for room in self._rooms.values():
            if room.version is not None and now >= room.next_heartbeat:
                room.next_heartbeat = now + HEARTBEAT_SECONDS
                frame = Frame(room_version(room.version))
                for seat in list(room.seats):
                    if seat.version == room.version and not seat.catching_up:
                        seat.listener.write(frame)

    async def _close_those_without_access(self) -> None:
        seats = [seat for room in self._rooms.values() for seat in room.seats]
        lost = await self._source.lost_access(
            [(seat.listener.session, seat.listener.person, seat.room) for seat in seats]
        )
        self._close_where(CLOSE_NO_ACCESS, lambda s: (s.listener.session, s.listener.person, s.room) in lost)

    def _close_where(self, code: int, chosen: Callable[[Seat], bool]) -> None:
        for room in self._rooms.values():
            for seat in [seat for seat in room.seats if chosen(seat)]:
                self.leave(seat)
                seat.listener.close(code)

    # -- the order of one room

    def _take(self, room: LiveRoom, event: RoomChanged) -> None:
        """Deliver an event, or hold it until what lies before it has come."""
        if room.version is not None and event.version <= room.version:
            return  # delivered already
        if event.since != room.version:
            if len(room.held) < HELD_EVENTS_MAX:
                room.held[event.since] = event
            self._spawn(self._fill_after_a_moment(room))
            return
        self._deliver(room, event.since, event.version, event.html)
        self._take_held(room, event.version)

    def _take_held(self, room: LiveRoom, version: int) -> None:
        """Deliver what was held for this version, and forget what has been overtaken."""
        while follower := room.held.pop(version, None):
            self._deliver(room, version, follower.version, follower.html)
            version = follower.version
        room.held = {since: event for since, event in room.held.items() if event.version > version}

    def _deliver(self, room: LiveRoom, since: int, version: int, html: str) -> None:
        """Write a frame that starts where the room stands to every seat that stands there too."""
        room.version = version
        room.next_heartbeat = asyncio.get_running_loop().time() + HEARTBEAT_SECONDS
        frame = Frame(html)
        for seat in list(room.seats):
            if seat.catching_up:
                continue
            if seat.version == since:
                seat.version = version
                seat.listener.write(frame)
            elif seat.version < version:
                self._catch_up_soon(room, seat)

    async def _fill_after_a_moment(self, room: LiveRoom) -> None:
        await asyncio.sleep(HELD_SECONDS)
        if room.held:
            self._fill_soon(room)

    def _fill_soon(self, room: LiveRoom) -> None:
        if not room.filling and room.version is not None:
            room.filling = True
            self._spawn(self._fill(room))

    async def _fill(self, room: LiveRoom) -> None:
        """Bring the room to PostgreSQL's version, in order with what the bus brings meanwhile."""
        try:
            while room.seats and room.version is not None:
                since = room.version
                changes = await self._read(self._source.changes, room, since)
                if room.version != since:
                    continue  # an event came first; what was read starts too early now
                if changes.version <= since:
                    break
                self._take(room, RoomChanged(room.id, since, changes.version, changes.html))
        finally:
            room.filling = False

    # -- the order of one seat

    def _catch_up_soon(self, room: LiveRoom, seat: Seat) -> None:
        seat.catching_up = True
        self._spawn(self._catch_up(room, seat))

    async def _catch_up(self, room: LiveRoom, seat: Seat) -> None:
        """Bring one seat to where the room stands, or beyond; then it takes part in what is delivered."""
        while not seat.gone:
            changes = await self._read(self._source.resume, room, seat.version)
            if seat.gone:
                return
            if changes.html:
                seat.listener.write(Frame(changes.html))
            seat.version = changes.version
            if room.version is None:
                room.version = seat.version
                self._take_held(room, seat.version)
            if seat.version >= room.version:
                seat.catching_up = False
                return

    async def _read(self, source: ReadChanges, room: LiveRoom, since: int) -> Changes:
        """Ask PostgreSQL, and ask again while it is away."""
        while True:
            try:
                return await source(room.id, since)
            except Unavailable:
                await asyncio.sleep(RETRY_SECONDS)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            logger.error("catching up failed", exc_info=error)
