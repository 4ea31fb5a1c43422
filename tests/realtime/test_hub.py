"""Who listens: sent out on the way in, gone from another room, come while rooms are given up."""

import asyncio
import random
from collections.abc import Sequence

import pytest

from app.realtime.bus import Bus, connect
from app.realtime.events import MarksMoved, MembershipBegan, MembershipEnded, RoomActive, RoomDescribed
from app.realtime.frames import Frame
from app.realtime.hub import Hub
from app.realtime.listener import CLOSE_NO_ACCESS
from app.realtime.source import Claim
from app.views import Mark, RoomAbout, RoomMarks
from tests.realtime.fakes import ROOM, Room, Socket, settle, source_of


async def test_somebody_sent_out_between_the_door_and_the_seat_gets_nothing() -> None:
    redis = connect("redis://127.0.0.1:1")
    room = Room(random.Random(0))
    room.post(3)
    socket = Socket()

    async def sent_out(claims: Sequence[Claim]) -> dict[Claim, Sequence[int] | None]:
        return dict.fromkeys(claims)

    hub = Hub(Bus(redis), source_of(room, admitted=sent_out))
    await hub.join(socket, ROOM, 0)
    hub.deliver(room.post(1))
    await settle()
    assert (socket.received, socket.closed_with) == ([], CLOSE_NO_ACCESS)
    assert hub.sockets_of(socket.person) == 0
    await redis.aclose()


OTHER = 2


class Listening(Socket):
    """A socket that keeps what it is told of another room."""

    def __init__(self) -> None:
        super().__init__()
        self.of_other: list[str] = []

    def write(self, frame: Frame) -> None:
        if f'data-room="{OTHER}"' in frame.html or f"data-room='{OTHER}'" in frame.html:
            self.of_other.append(frame.html)


def tell_of_other(hub: Hub) -> None:
    hub.deliver(RoomActive(OTHER, 0, 1, ((7, 1),), (), (7,)))
    hub.deliver(MarksMoved(OTHER, 2, 1, 0, (Mark(1, "Ana", None, 0, 0, 0),)))


@pytest.mark.parametrize("ends", ["not", "while it is seated", "while its counts are read", "before it began"])
async def test_whoever_left_another_room_at_the_worst_moment_hears_nothing_more_of_it(ends: str) -> None:
    redis = connect("redis://127.0.0.1:1")
    room = Room(random.Random(0))
    ended = MembershipEnded(1, OTHER)

    async def in_both(claims: Sequence[Claim]) -> dict[Claim, Sequence[int] | None]:
        if ends == "while it is seated":
            hub.deliver(ended)
        rooms = [ROOM] if ends == "before it began" else [ROOM, OTHER]
        return dict.fromkeys(claims, rooms)

    async def counts(people: Sequence[int]) -> dict[int, Sequence[RoomMarks]]:
        if ends == "while its counts are read":
            hub.deliver(ended)
        return {person: [RoomMarks(each, 0, 0, 0) for each in (ROOM, OTHER)] for person in people}

    async def lost(claims: Sequence[Claim]) -> set[Claim]:
        return set() if ends == "not" else {claim for claim in claims if claim[2] == OTHER}

    hub = Hub(Bus(redis), source_of(room, lost_access=lost, admitted=in_both, marks_of=counts))
    socket = Listening()
    await hub.join(socket, ROOM, 0)
    await settle()
    if ends == "before it began":  # the two overtook each other on the bus
        hub.deliver(ended)
        hub.deliver(MembershipBegan(1, OTHER))
        await settle()
    tell_of_other(hub)
    await settle()
    assert len(socket.of_other) == (3 if ends == "not" else 0)  # its counts when it came, a post, its own mark
    hub.close()
    await redis.aclose()


class HesitantBus(Bus):
    """Stops in the middle of a goodbye until it is told to go on."""

    def __init__(self) -> None:
        super().__init__(connect("redis://127.0.0.1:1"))
        self.hesitates, self.goes_on = asyncio.Event(), asyncio.Event()

    async def unsubscribe(self, topic: str) -> None:
        self.hesitates.set()
        await self.goes_on.wait()
        await super().unsubscribe(topic)


async def test_who_comes_while_other_rooms_are_given_up_follows_theirs() -> None:
    room = Room(random.Random(0))

    async def in_three_rooms(claims: Sequence[Claim]) -> dict[Claim, Sequence[int] | None]:
        return {claim: [ROOM, 2, 3] for claim in claims}

    bus = HesitantBus()
    hub = Hub(bus, source_of(room, admitted=in_three_rooms))
    first, second = Socket(), Socket()
    hub.leave(await hub.join(first, ROOM, 0))
    sweep = asyncio.create_task(hub.sweep.once())  # says goodbye to the activity of one room after the other
    await bus.hesitates.wait()
    seat = await hub.join(second, ROOM, 0)
    bus.goes_on.set()
    await sweep
    hub.deliver(RoomDescribed(RoomAbout(3, "99", "", "open")))
    assert "99" in second.told
    hub.leave(seat)
    hub.close()
