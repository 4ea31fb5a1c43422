"""What is carried along with a room's next frame: the news that its own sockets hear of it."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field

import msgspec
import pytest
import uvloop

from app.realtime import live_room, next_frame
from app.realtime.bus import Bus, connect
from app.realtime.events import MembershipEnded, RoomActive
from app.realtime.frames import Frame
from app.realtime.hub import Hub
from app.realtime.listener import Outlet
from app.realtime.next_frame import NextFrame
from app.realtime.source import Claim
from app.rendering.streams import leading_to
from tests.realtime.fakes import ROOM, Room, posted, settle, source_of

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

    async def finished(self) -> None: ...

    def end(self) -> None: ...


async def in_the_room(claims: Sequence[Claim]) -> dict[Claim, Sequence[int] | None]:
    return {claim: [ROOM] for claim in claims}


@pytest.fixture
async def room(monkeypatch: pytest.MonkeyPatch) -> Room:
    monkeypatch.setattr(next_frame, "FRAME_SECONDS_MIN", 0.02)
    monkeypatch.setattr(live_room, "RETRY_SECONDS", 0.0)
    return Room(random.Random(0))


@pytest.fixture
async def hub(room: Room) -> AsyncIterator[Hub]:
    redis = connect("redis://127.0.0.1:1")
    hub = Hub(Bus(redis), source_of(room, admitted=in_the_room))
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


async def quiet() -> None:
    """Long enough for whatever is carried to have come, also what should not."""
    await asyncio.sleep(2 * next_frame.CARRIED_SECONDS_MAX)


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
    await settle()
    assert len(elsewhere) == 1
    assert elsewhere[0].count(ACTIVITY) == 1


async def test_news_without_a_post_go_alone_a_moment_later(hub: Hub, room: Room) -> None:
    here = await seated(hub)
    hub.deliver(active(room))
    assert here == []
    async with asyncio.timeout(5):
        while not here:
            await asyncio.sleep(0)
    await quiet()
    assert len(here) == 1
    assert here[0].count(ACTIVITY) == 1


async def test_posts_do_not_wait_for_what_is_carried(hub: Hub, room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(next_frame, "CARRIED_SECONDS_MAX", 60.0)
    here = await seated(hub)
    hub.deliver(posted(room))
    hub.deliver(active(room))
    hub.deliver(posted(room))
    async with asyncio.timeout(5):
        while len(here) < 2:
            await asyncio.sleep(0)
    assert here[1].startswith(" 2<")
    assert here[1].count(ACTIVITY) == 1


async def test_whoever_leaves_with_a_message_is_told_neither_it_nor_the_news(hub: Hub, room: Room) -> None:
    here, elsewhere = await seated(hub), await seated(hub, room=2)
    hub.deliver(active(room))
    hub.deliver(MembershipEnded(1, ROOM))
    hub.deliver(msgspec.structs.replace(posted(room), ended=(1,)))
    await quiet()
    assert here == []
    assert ACTIVITY not in "".join(elsewhere)


async def test_who_comes_late_is_given_the_post_without_old_news(hub: Hub, room: Room) -> None:
    await seated(hub)
    hub.deliver(active(room))
    hub.deliver(posted(room))
    late = Listening()
    await hub.join(late, ROOM, 0)
    await settle()
    assert late.writes[0] == leading_to(1, " 1")
    assert ACTIVITY not in "".join(late.writes)


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
def test_whatever_comes_within_a_millisecond_goes_out_once(run: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    """The loop of the server counts in milliseconds, and has no timer for less."""
    monkeypatch.setattr(next_frame, "FRAME_SECONDS_MIN", 0.0004)
    room, frames = Room(random.Random(0)), []

    async def play() -> None:
        following = NextFrame(lambda changes, carried: frames.append((len(changes), carried)))
        for _ in range(20):
            following.add(posted(room))
            following.carry("n")
            following.add(posted(room))
            await asyncio.sleep(0.001)  # the tick of that loop
        await quiet()
        following.close()

    run(play())
    assert sum(changes for changes, _ in frames) == 40
    assert "".join(carried for _, carried in frames) == "n" * 20
