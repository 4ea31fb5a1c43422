"""Presence between workers: each a Presence with its lease, on a real Redis."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import pytest
from redis.asyncio import Redis

from app import embedded
from app.realtime import lease as leases
from app.realtime import presence as presences
from app.realtime.bus import connect
from app.realtime.events import TOPIC_OF_PRESENCE, PresenceChanged, decode
from app.realtime.lease import Lease, key_of
from app.realtime.presence import Presence
from app.realtime.seat import Seat
from tests.conftest import Servers

ROOM = 1
ANA, BO = 1, 2


class Socket:
    session = 1

    def __init__(self, person: int) -> None:
        self.person = person

    def write(self, frame: object) -> None: ...

    def close(self, code: int) -> None: ...

    def end(self) -> None: ...


def seat_of(person: int, *rooms: int) -> Seat:
    return Seat(Socket(person), ROOM, 0, 0, follows=set(rooms or (ROOM,)))


class Worker:
    """What a worker knows and does of presence; `deaf` loses every event."""

    def __init__(self, url: str) -> None:
        self.redis: Redis = connect(url)
        self.heard = asyncio.Event()
        self.changes: list[tuple[int, set[int]]] = []
        self.seen: list[int] = []
        self.presence = Presence(self.note)
        self.lease = Lease(self.redis, self.presence, self.write_seen)
        self.deaf = False
        self.tasks = [asyncio.create_task(self.keep()), asyncio.create_task(self.listen())]

    def note(self, person: int, rooms: object) -> None:
        self.changes.append((person, set(rooms)))
        self.heard.set()

    async def write_seen(self, people: Sequence[int]) -> None:
        self.seen.extend(people)
        self.heard.set()

    async def keep(self) -> None:
        while True:
            await self.lease.keep()

    async def listen(self) -> None:
        async with self.redis.pubsub() as pubsub:
            await pubsub.subscribe(TOPIC_OF_PRESENCE)
            async for item in pubsub.listen():
                if item["type"] == "message" and not self.deaf:
                    event = decode(item["data"])
                    assert isinstance(event, PresenceChanged)
                    self.presence.take(event)

    async def until(self, condition: Callable[[], bool], seconds: float = 10) -> None:
        async with asyncio.timeout(seconds):
            while not condition():
                self.heard.clear()
                await self.heard.wait()

    async def sees(self, person: int, status: str) -> None:
        await self.until(lambda: self.presence.status_of(person) == status)

    async def die(self) -> None:
        """Like kill -9: nothing is said."""
        self.presence.close()
        for task in self.tasks:
            task.cancel()
        while (await asyncio.wait(self.tasks, timeout=1))[1]:  # redis-py may swallow one that comes at a bad moment
            for task in self.tasks:
                task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await self.redis.aclose()


@pytest.fixture
async def start(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Callable[[], Worker]]:
    """A function that starts a worker; time goes faster here than in a house."""
    monkeypatch.setattr(presences, "GRACE_SECONDS", 0.2)
    monkeypatch.setattr(leases, "LEASE_SECONDS", 2)
    monkeypatch.setattr(leases, "RENEWED_EVERY_SECONDS", 0.3)
    workers: list[Worker] = []
    url = f"{servers.redis_url}{'&' if '?' in servers.redis_url else '?'}db=9"  # houses of other tests are in 0
    async with connect(url) as redis:
        await redis.flushdb()

    def one(at: str = url) -> Worker:
        workers.append(Worker(at))
        return workers[-1]

    yield one
    for worker in workers:
        await worker.die()


async def test_the_most_present_of_a_persons_seats_counts(start: Callable[[], Worker]) -> None:
    one, other = start(), start()
    tab, second_tab = seat_of(ANA), seat_of(ANA)
    for seat in (tab, second_tab):
        one.presence.came(seat)
    await other.sees(ANA, "online")
    tab.idle = True
    one.presence.refresh(ANA)
    assert one.presence.status_of(ANA) == "online"
    second_tab.idle = True
    one.presence.refresh(ANA)
    await other.sees(ANA, "away")
    phone = seat_of(ANA)
    other.presence.came(phone)
    await one.sees(ANA, "online")
    other.presence.left(phone)
    await one.sees(ANA, "away")


async def test_a_change_concerns_the_rooms_of_the_person_and_no_others(start: Callable[[], Worker]) -> None:
    one, other = start(), start()
    one.presence.came(seat_of(ANA, 1, 3))
    await other.sees(ANA, "online")
    assert other.changes == [(ANA, {1, 3})]


async def test_somebody_who_comes_back_within_the_grace_was_never_away(start: Callable[[], Worker]) -> None:
    one = start()
    seat = seat_of(ANA)
    one.presence.came(seat)
    one.presence.left(seat)
    assert one.presence.status_of(ANA) == "online"
    one.presence.came(seat_of(ANA))
    one.presence.came(bo := seat_of(BO))
    one.presence.left(bo)
    await one.sees(BO, "offline")
    assert one.presence.status_of(ANA) == "online"
    assert [person for person, _ in one.changes] == [ANA, BO, BO]


async def test_what_events_did_not_tell_is_found_out_with_the_next_look(start: Callable[[], Worker]) -> None:
    one, deaf = start(), start()
    deaf.deaf = True
    one.presence.came(seat := seat_of(ANA))
    await deaf.sees(ANA, "online")
    one.presence.left(seat)
    await deaf.sees(ANA, "offline")


async def test_a_worker_that_starts_later_knows_who_is_here(start: Callable[[], Worker]) -> None:
    one = start()
    one.presence.came(seat_of(ANA))
    await one.sees(ANA, "online")
    late = start()
    await late.sees(ANA, "online")


async def test_the_people_of_a_killed_worker_go_offline_unless_they_are_elsewhere(
    start: Callable[[], Worker],
) -> None:
    killed, left = start(), start()
    killed.presence.came(seat_of(ANA))
    killed.presence.came(seat_of(BO))
    left.presence.came(seat_of(BO))
    await left.sees(ANA, "online")
    left.seen.clear()
    await killed.die()
    await left.sees(ANA, "offline")
    assert left.presence.status_of(BO) == "online"
    await left.until(lambda: ANA in left.seen)
    assert BO not in left.seen


async def test_when_redis_forgot_everything_nobody_seems_to_have_left(start: Callable[[], Worker]) -> None:
    one, other = start(), start()
    one.presence.came(seat_of(ANA))
    other.presence.came(seat_of(BO))
    await other.sees(ANA, "online")
    await one.sees(BO, "online")
    await one.redis.delete(leases.WORKERS, key_of(one.presence.worker), key_of(other.presence.worker))
    one.changes.clear()
    other.changes.clear()
    one.presence.came(seat_of(3))
    await other.sees(3, "online")
    other.presence.came(seat_of(4))
    await one.sees(4, "online")
    assert [person for person, _ in one.changes + other.changes] == [3, 4, 3, 4]
    assert await one.redis.exists(key_of(one.presence.worker), key_of(other.presence.worker)) == 2
    late = start()
    for person in (ANA, BO, 3, 4):
        await late.sees(person, "online")


@pytest.mark.parametrize("people", [1, 500])
async def test_what_the_lease_costs_does_not_depend_on_the_people(
    start: Callable[..., Worker], tmp_path: Path, people: int
) -> None:
    """Three renewals, counted by a Redis of its own: a renewal is three commands, and nothing is written."""
    with embedded.socket_folder(tmp_path) as folder, embedded.redis(folder, folder) as own:
        one = start(own.url)
        for person in range(people):
            one.presence.came(seat_of(person))
        before = await _commands(one, expires=3)
        after = await _commands(one, expires=before["expire"] + 3)
        renewals = after["expire"] - before["expire"]
        assert after["sadd"] - before["sadd"] <= renewals + 1
        assert after["smembers"] - before["smembers"] <= renewals + 1
        assert (after["hset"], after["publish"]) == (before["hset"], before["publish"])
        await one.die()


async def _commands(worker: Worker, expires: int) -> dict[str, int]:
    """How often Redis was asked for what, as soon as it has seen so many renewals."""
    async with asyncio.timeout(20):
        while True:
            stats = await worker.redis.info("commandstats")
            counts = {name.removeprefix("cmdstat_"): stat["calls"] for name, stat in stats.items()}
            if counts.get("expire", 0) >= expires:
                return counts
