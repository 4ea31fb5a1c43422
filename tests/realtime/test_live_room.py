"""The order of things, whatever the bus does: events lost, doubled, late, while sockets come and go."""

import asyncio
import random
from collections.abc import Callable, Coroutine
from typing import Any

import hypothesis
import pytest
import uvloop
from hypothesis import strategies

from app.realtime import live_room, next_frame
from app.realtime.bus import Bus, connect
from app.realtime.events import RoomChanged
from app.realtime.hub import Hub
from app.realtime.source import Changes
from tests.realtime.fakes import ROOM, Room, Socket, changed, posted, settle, source_of, spell

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
@hypothesis.settings(max_examples=200, deadline=None)
def test_every_seat_gets_every_change_once_and_in_order(
    run: Callable[[Coroutine[Any, Any, None]], None], steps: list[tuple[str, int]], seed: int
) -> None:
    run(_play(steps, random.Random(seed)))


async def _play(steps: list[tuple[str, int]], chance: random.Random) -> None:
    live_room.HELD_SECONDS = live_room.RETRY_SECONDS = 0.0
    next_frame.FRAME_SECONDS_MIN = chance.choice([0.0, 0.0005])
    redis = connect("redis://127.0.0.1:1")
    room = Room(chance)
    hub = Hub(Bus(redis), source_of(room))
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

    hub = Hub(Bus(redis), source_of(room, changes=two_at_a_time, resume=two_at_a_time))
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
    hub = Hub(Bus(redis), source_of(room))
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


async def test_who_comes_a_little_late_is_given_what_was_told_without_a_question(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(next_frame, "FRAME_SECONDS_MIN", 0.0)
    redis = connect("redis://127.0.0.1:1")
    room = Room(random.Random(0))
    asked: list[int] = []

    async def resume(_: int, since: int) -> Changes:
        asked.append(since)
        return Changes(max(since, room.version), spell(since, room.version))

    hub = Hub(Bus(redis), source_of(room, resume=resume))
    first, later, level = Socket(), Socket(), Socket()
    await hub.join(first, ROOM, 0)
    await settle()
    for _ in range(3):
        hub.deliver(posted(room))
    await hub.join(later, ROOM, 1)
    await hub.join(level, ROOM, 3)
    await settle()
    assert (first.received, later.received, level.received, asked) == ([1, 2, 3], [2, 3], [], [0])
    hub.deliver(changed(room))
    assert first.received[3:] == later.received[2:] == level.received == [4]
    latest = Socket()
    await hub.join(latest, ROOM, 2)
    await settle()
    assert (latest.received, asked) == ([3, 4], [0, 2])  # what was changed is read as it is now
    hub.close()
    await redis.aclose()
