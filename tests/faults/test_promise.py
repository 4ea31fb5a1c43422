"""The promise, under load and faults: what was acknowledged is stored, and every socket has it once, in order."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import uuid4

import asyncpg
import httpx

from tests.conftest import OpenHouse, Servers
from tests.faults.conftest import OwnRedis
from tests.house import House, Reader, Visitor

WRITERS = 8
MESSAGES = 2_000
ROOMS = 3
READERS = 20
WORKERS = 4
JOINS = WRITERS - 1  # each has a system message in each room, before anything is written

Fault = Callable[["Script"], Awaitable[None]]


class Script:
    """Several rooms, writers that post until each message is acknowledged, readers that come back when cut off."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.acknowledged: dict[int, list[str]] = {}
        self.progress = asyncio.Condition()

    async def prepare(self) -> None:
        self.writers = [await Visitor.at(self.house.url).sign_up() for _ in range(WRITERS)]
        self.rooms = [await self.writers[0].make_room() for _ in range(ROOMS)]
        self.acknowledged = {room: [] for room in self.rooms}
        for writer in self.writers[1:]:
            for room in self.rooms:
                await writer.join(room)

    async def write(self, writer: Visitor, place: int) -> None:
        for n in range(MESSAGES // WRITERS):
            room = self.rooms[(place + n) % ROOMS]
            message_id = str(uuid4())
            await self._post_until_acknowledged(writer, room, message_id, f"{place} says {n}")
            self.acknowledged[room].append(message_id)
            async with self.progress:
                self.progress.notify_all()

    async def reaches(self, share: float) -> None:
        """Wait until this share of all messages is acknowledged."""
        async with asyncio.timeout(120), self.progress:
            await self.progress.wait_for(lambda: sum(map(len, self.acknowledged.values())) >= share * MESSAGES)

    @staticmethod
    async def _post_until_acknowledged(writer: Visitor, room: int, message_id: str, body: str) -> None:
        """As a browser does: the same id again, until there is an answer."""
        async with asyncio.timeout(60):
            while True:
                with contextlib.suppress(httpx.TransportError):
                    answer = await writer.post(room, body, id=message_id)
                    if answer.status_code == 200:
                        return
                    assert answer.status_code == 503, answer.text


@contextlib.asynccontextmanager
async def reading(script: Script) -> AsyncIterator[list[tuple[int, "Page"]]]:
    pages = [(script.rooms[n % ROOMS], Page(script.writers[n % WRITERS])) for n in range(READERS)]
    tasks = [asyncio.create_task(page.stay(room)) for room, page in pages]
    try:
        yield pages
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Page:
    """A page that stays in a room: cut off, it comes back and resumes from the version it has."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor
        self.ended: list[Reader] = []
        self.reader: Reader | None = None

    async def stay(self, room: int) -> None:
        while True:
            with contextlib.suppress(OSError):
                async with self.visitor.listening(room, self.version) as reader:
                    self.reader = reader
                    await reader.until(lambda r: r.closed_with is not None, seconds=600)
                    self.ended.append(reader)

    @property
    def version(self) -> int:
        return max((reader.version for reader in self.readers), default=0)

    @property
    def readers(self) -> list[Reader]:
        current = [self.reader] if self.reader and self.reader not in self.ended else []
        return self.ended + current

    @property
    def articles(self):
        return [article for reader in self.readers for article in reader.articles]

    @property
    def events(self):
        return [event for reader in self.readers for event in reader.events]


async def play(house: House, database_url: str, fault: Fault | None = None) -> None:
    script = Script(house)
    await script.prepare()
    async with reading(script) as pages:
        writing = [asyncio.create_task(script.write(writer, n)) for n, writer in enumerate(script.writers)]
        if fault:
            await script.reaches(0.5)
            await fault(script)
        await asyncio.gather(*writing)
        async with asyncio.timeout(30):
            for room, page in pages:
                while page.version < JOINS + len(script.acknowledged[room]):
                    page.reader.news.clear()
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(page.reader.news.wait(), 1)
        for room, page in pages:
            last = JOINS + len(script.acknowledged[room])
            assert sorted(article.seq for article in page.events) == list(range(1, JOINS + 1))
            assert [article.seq for article in page.articles] == list(range(JOINS + 1, last + 1))
            assert {article.id for article in page.articles} == set(script.acknowledged[room])
    connection = await asyncpg.connect(database_url)
    for room in script.rooms:
        rows = await connection.fetch("SELECT id, seq, kind FROM message WHERE room = $1 ORDER BY seq", room)
        assert [row["seq"] for row in rows] == list(range(1, len(rows) + 1))
        assert {str(row["id"]) for row in rows if row["kind"] == "text"} == set(script.acknowledged[room])
    assert await connection.fetchval("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()") == 0
    await connection.close()


async def test_eight_writers_and_twenty_readers_over_four_workers(servers: Servers, open_house: OpenHouse) -> None:
    await play(await open_house(WORKERS=str(WORKERS)), servers.database_url)


async def test_the_same_while_redis_is_stopped_and_started_half_way(
    servers: Servers, open_house: OpenHouse, own_redis: OwnRedis
) -> None:
    house = await open_house(WORKERS=str(WORKERS), REDIS_URL=own_redis.start())

    async def fault(script: Script) -> None:
        await asyncio.to_thread(own_redis.stop)
        await script.reaches(0.75)
        await asyncio.to_thread(own_redis.start)

    await play(house, servers.database_url, fault)


async def test_the_same_while_a_worker_is_killed_half_way(servers: Servers, open_house: OpenHouse) -> None:
    house = await open_house(WORKERS=str(WORKERS))

    async def fault(_: Script) -> None:
        os.kill(house.workers()[0], signal.SIGKILL)

    await play(house, servers.database_url, fault)
