"""What is carried along with a room's next frame: the news that its own sockets hear of it."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import msgspec
import pytest

from app.realtime import next_frame
from app.realtime.bus import Bus, connect
from app.realtime.events import RoomActive, RoomChanged
from app.realtime.frames import Frame
from app.realtime.hub import Hub
from app.realtime.listener import Outlet
from app.realtime.source import Claim, Source
from tests.realtime.test_live_room import NOBODY, ROOM, Room, settle

ACTIVITY = f'data-room="{ROOM}"'


@dataclass
class Listening:
    """A socket that keeps each thing written to it, apart."""

    writes: list[str] = field(default_factory=list)
    person: int = 1
    session: int = 1

    def __post_init__(self) -> None:
        self.outlet = Outlet("html", self.writes.append)

    def write(self, frame: Frame) -> None:
        self.writes.append(frame.html)

    def close(self, code: int) -> None: ...

    def end(self) -> None: ...


async def in_the_room(claims: Sequence[Claim]) -> dict[Claim, Sequence[int] | None]:
    return {claim: [ROOM] for claim in claims}


@pytest.fixture
async def room() -> Room:
    next_frame.FRAME_SECONDS_MIN = 0.02
    return Room(random.Random(0))


@pytest.fixture
async def hub(room: Room) -> AsyncIterator[Hub]:
    redis = connect("redis://127.0.0.1:1")
    hub = Hub(Bus(redis), Source(room.changes, room.changes, room.versions, room.lost_access, in_the_room, *NOBODY))
    yield hub
    hub.close()
    await redis.aclose()


async def seated(hub: Hub, room: int = ROOM, since: int = 0) -> list[str]:
    """What a new socket is written from now on."""
    socket = Listening()
    await hub.join(socket, room, since)
    await settle()
    socket.writes.clear()
    return socket.writes


def posted(room: Room) -> RoomChanged:
    return msgspec.structs.replace(room.post(1), authors=(1,))


def active(room: Room) -> RoomActive:
    return RoomActive(ROOM, room.version, room.version + 1, ((7, room.version + 1),), (), (7,))


async def test_a_post_and_its_news_are_one_write_to_who_sits_there(hub: Hub, room: Room) -> None:
    here, elsewhere = await seated(hub), await seated(hub, room=2)
    hub.deliver(active(room))
    assert here == []
    hub.deliver(posted(room))
    assert len(here) == 1
    assert here[0].startswith(" 1<")
    assert here[0].count(ACTIVITY) == 1
    assert len(elsewhere) == 1
    assert elsewhere[0].count(ACTIVITY) == 1


async def test_news_without_a_post_go_alone_a_moment_later(hub: Hub, room: Room) -> None:
    here = await seated(hub)
    hub.deliver(active(room))
    async with asyncio.timeout(5):
        while not here:
            await asyncio.sleep(0)
    await asyncio.sleep(2 * next_frame.CARRIED_SECONDS_MAX)
    assert len(here) == 1
    assert here[0].count(ACTIVITY) == 1


async def test_posts_that_wait_for_news_wait_no_longer(hub: Hub, room: Room) -> None:
    """The news set a later end to the wait; a frame that was to go out before goes out before."""
    here = await seated(hub)
    hub.deliver(posted(room))
    hub.deliver(active(room))
    next_frame.CARRIED_SECONDS_MAX, usual = 60.0, next_frame.CARRIED_SECONDS_MAX
    try:
        hub.deliver(posted(room))
        async with asyncio.timeout(5):
            while len(here) < 2:
                await asyncio.sleep(0)
    finally:
        next_frame.CARRIED_SECONDS_MAX = usual
    assert here[1].count(ACTIVITY) == 1


async def test_who_comes_late_is_given_the_post_without_old_news(hub: Hub, room: Room) -> None:
    await seated(hub)
    hub.deliver(active(room))
    hub.deliver(posted(room))
    late = Listening()
    await hub.join(late, ROOM, 0)
    await settle()
    assert late.writes[0] == " 1"
    assert ACTIVITY not in "".join(late.writes)
