"""The order of things, whatever the bus does: events lost, doubled, late, while sockets come and go."""

import asyncio
import random
import re
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import hypothesis
import msgspec
import pytest
import uvloop
from hypothesis import strategies

from app.errors import Unavailable
from app.realtime import live_room, next_frame
from app.realtime.bus import Bus, connect
from app.realtime.events import RoomChanged
from app.realtime.frames import Frame
from app.realtime.hub import Hub
from app.realtime.listener import Outlet
from app.realtime.source import Changes, Claim, Source
from app.views import Receipts, RoomMarks

ROOM = 1
VERSION = re.compile(r'id="room-version" value="(\d+)"')


class Room:
    """A room's truth: the versions it has reached. Every frame spells out the versions it carries."""

    def __init__(self, chance: random.Random) -> None:
        self.version = 0
        self.chance = chance

    def post(self, count: int) -> RoomChanged:
        since, self.version = self.version, self.version + count
        authors = (1,) if self.chance.random() < 0.7 else ()  # of posts; a change to a message has none
        return RoomChanged(ROOM, since, self.version, spell(since, self.version), authors=authors)

    async def changes(self, room: int, since: int) -> Changes:
        """Read like PostgreSQL: at one moment, answered at a later one, and sometimes away."""
        await asyncio.sleep(0)
        if self.chance.random() < 0.1:
            raise Unavailable
        version = min(self.version, since + self.chance.randint(1, 5))
        html = spell(since, version)
        for _ in range(self.chance.randint(0, 3)):
            await asyncio.sleep(0)
        return Changes(max(since, version), html)

    async def versions(self, rooms: Sequence[int]) -> dict[int, int]:
        return {ROOM: self.version}

    async def lost_access(self, seats: object) -> set[tuple[int, int, int]]:
        return set()


async def nothing_read(rooms: object) -> dict[int, int]:
    return {}


async def no_activity(room: int, since: int) -> None:
    return None


async def nobody_read(room: int) -> Receipts:
    return Receipts(0, 0, 0, ())


async def admitted(claims: Sequence[Claim]) -> dict[Claim, Sequence[int] | None]:
    return {claim: [] for claim in claims}


async def no_marks(people: Sequence[int]) -> dict[int, Sequence[RoomMarks]]:
    return {person: [] for person in people}


NOBODY = (nothing_read, no_activity, no_marks, nobody_read)


def spell(since: int, version: int) -> str:
    return "".join(f" {number}" for number in range(since + 1, version + 1))


class Socket:
    def __init__(self) -> None:
        self.person = self.session = 1
        self.received: list[int] = []
        self.told = ""
        self.frames = 0
        self.closed_with = 0
        self.outlet = Outlet("html", self.take)

    def write(self, frame: Frame) -> None:
        self.take(frame.html)

    def take(self, html: str) -> None:
        self.told += html
        if brought := [int(number) for number in html.partition("<")[0].split()]:
            self.frames += 1
            self.received.extend(brought)
            assert VERSION.findall(html) == [str(brought[-1])]  # once, after all that leads to it

    def close(self, code: int) -> None:
        self.closed_with = code

    def end(self) -> None: ...


steps = strategies.lists(
    strategies.one_of(
        strategies.tuples(strategies.just("post"), strategies.integers(1, 4)),
        strategies.tuples(strategies.just("join"), strategies.integers(0, 100)),
        strategies.tuples(strategies.just("leave"), strategies.integers(0, 100)),
        strategies.tuples(strategies.just("breathe"), strategies.integers(1, 5)),
    ),
    max_size=40,
)


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
@hypothesis.given(steps=steps, seed=strategies.integers(0, 2**32))
@hypothesis.settings(max_examples=400, deadline=None)
def test_every_seat_gets_every_change_once_and_in_order(
    run: Callable[[Coroutine[Any, Any, None]], None], steps: list[tuple[str, int]], seed: int
) -> None:
    run(_play(steps, random.Random(seed)))


async def _play(steps: list[tuple[str, int]], chance: random.Random) -> None:
    live_room.HELD_SECONDS = live_room.RETRY_SECONDS = 0.0
    next_frame.FRAME_SECONDS_MIN = chance.choice([0.0, 0.0005])
    redis = connect("redis://127.0.0.1:1")
    room = Room(chance)
    hub = Hub(Bus(redis), Source(room.changes, room.changes, room.versions, room.lost_access, admitted, *NOBODY))
    seated: list[tuple[Socket, int, object]] = []
    late: list[RoomChanged] = []
    for action, number in steps:
        if action == "post":
            event = room.post(number)
            for _ in range(chance.choice([0, 1, 1, 1, 2])):  # lost, delivered, doubled
                late.append(event)
            if chance.random() < 0.3:
                chance.shuffle(late)
            while late and chance.random() < 0.5:
                hub.deliver(late.pop(0))
        elif action == "join":
            socket, since = Socket(), min(number, room.version)
            seated.append((socket, since, await hub.join(socket, ROOM, since)))
        elif action == "leave" and seated:
            hub.leave(seated.pop(number % len(seated))[2])
        else:
            for _ in range(number):
                await asyncio.sleep(0)
    for event in late:
        hub.deliver(event)
    async with asyncio.timeout(5):
        while any(socket.received[-1:] != [room.version] and since < room.version for socket, since, _ in seated):
            await asyncio.sleep(0)
            await hub.sweep.once()
    for socket, since, _ in seated:
        assert socket.received == list(range(since + 1, room.version + 1))
    hub.close()
    await redis.aclose()


async def test_a_seat_that_read_half_of_a_frame_is_not_given_that_half_again() -> None:
    """A page at version 1 has read two more from PostgreSQL when the frame that carries four arrives."""
    redis = connect("redis://127.0.0.1:1")
    room = Room(random.Random(0))

    async def two_at_a_time(_: int, since: int) -> Changes:
        version = max(since, min(room.version, since + 2))
        return Changes(version, spell(since, version))

    hub = Hub(Bus(redis), Source(two_at_a_time, two_at_a_time, room.versions, room.lost_access, admitted, *NOBODY))
    level, ahead = Socket(), Socket()
    await hub.join(level, ROOM, 0)
    await settle()
    event = room.post(4)
    await hub.join(ahead, ROOM, 1)
    await settle()
    assert ahead.received == [2, 3]
    hub.deliver(event)
    async with asyncio.timeout(5):
        while 4 not in ahead.received:
            await asyncio.sleep(0)
    await settle()
    assert (level.received, ahead.received) == ([1, 2, 3, 4], [2, 3, 4])
    hub.deliver(room.post(1))
    async with asyncio.timeout(5):
        while level.received != [1, 2, 3, 4, 5] or ahead.received != [2, 3, 4, 5]:
            await asyncio.sleep(0)
    hub.close()
    await redis.aclose()


async def test_a_quiet_room_is_told_at_once_and_a_busy_one_in_shared_frames() -> None:
    redis = connect("redis://127.0.0.1:1")
    room = Room(random.Random(0))
    hub = Hub(Bus(redis), Source(room.changes, room.changes, room.versions, room.lost_access, admitted, *NOBODY))
    socket = Socket()
    await hub.join(socket, ROOM, 0)
    await settle()
    next_frame.FRAME_SECONDS_MIN = 0.05
    hub.deliver(posted(room))
    assert socket.received == [1]
    for _ in range(5):
        hub.deliver(posted(room))
    assert socket.received == [1]
    async with asyncio.timeout(5):
        while len(socket.received) < 6:
            await asyncio.sleep(0)
    assert (socket.received, socket.frames) == ([1, 2, 3, 4, 5, 6], 2)
    hub.deliver(posted(room))
    hub.deliver(changed(room))  # perhaps this one
    assert (socket.received, socket.frames) == ([1, 2, 3, 4, 5, 6, 7, 8], 4)
    hub.close()
    await redis.aclose()


def posted(room: Room) -> RoomChanged:
    return msgspec.structs.replace(room.post(1), authors=(1,))


def changed(room: Room) -> RoomChanged:
    """A message was changed: goes at once, in a frame of its own."""
    return msgspec.structs.replace(room.post(1), authors=())


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_who_comes_a_little_late_is_given_what_was_told_without_a_question() -> None:
    redis = connect("redis://127.0.0.1:1")
    room = Room(random.Random(0))
    asked: list[int] = []

    async def resume(_: int, since: int) -> Changes:
        asked.append(since)
        return Changes(max(since, room.version), spell(since, room.version))

    hub = Hub(Bus(redis), Source(room.changes, resume, room.versions, room.lost_access, admitted, *NOBODY))
    first, later, level = Socket(), Socket(), Socket()
    await hub.join(first, ROOM, 0)
    await settle()
    for _ in range(3):
        hub.deliver(changed(room))
    await hub.join(later, ROOM, 1)
    await hub.join(level, ROOM, 3)
    await settle()
    assert (first.received, later.received, level.received, asked) == ([1, 2, 3], [2, 3], [], [0])
    hub.deliver(changed(room))
    assert first.received[3:] == later.received[2:] == level.received == [4]
    hub.close()
    await redis.aclose()
