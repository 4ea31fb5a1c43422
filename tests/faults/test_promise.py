"""The promise, under load and faults: what was acknowledged is stored, every page is brought it once, in order, and
in the end shows it as it is."""

import asyncio
import contextlib
import os
import re
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from uuid import uuid4

import asyncpg
import httpx

from tests.conftest import OpenHouse, Servers
from tests.faults.conftest import OwnRedis
from tests.house import Article, House, Reader, Visitor, all_articles

WRITERS = 8
MESSAGES = 1_200
ROOMS = 3
READERS = 20
WORKERS = 4
EDITED_EVERY = 10
PLACED = re.compile(r'<hx-(?:upsert|partial) hx-target="(#[\w-]+)"[^>]*>(.*?)</hx-(?:upsert|partial)>', re.DOTALL)

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
            await self._until_acknowledged(partial(writer.post, room, f"{place} says {n}", id=message_id))
            self.acknowledged[room].append(message_id)
            if n % EDITED_EVERY == 0:
                await self._until_acknowledged(
                    partial(writer.act, f"/messages/{message_id}", body=f"{place} said {n}")
                )
            async with self.progress:
                self.progress.notify_all()

    async def reaches(self, share: float) -> None:
        """Wait until this share of all messages is acknowledged."""
        async with asyncio.timeout(120), self.progress:
            await self.progress.wait_for(lambda: sum(map(len, self.acknowledged.values())) >= share * MESSAGES)

    @staticmethod
    async def _until_acknowledged(send: Callable[[], Awaitable[httpx.Response]]) -> None:
        """As a browser does: the same again, until there is an answer."""
        async with asyncio.timeout(60):
            while True:
                with contextlib.suppress(httpx.TransportError):
                    answer = await send()
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

    def show(self) -> None:
        """What a browser makes of all that came: `shown` are versions by message, `new` what was put in, in order."""
        self.shown: dict[str, int] = {}
        self.new: list[Article] = []
        for frame in [frame for reader in self.readers for frame in reader.frames]:
            for place, elements in PLACED.findall(frame):
                for article in all_articles(elements):
                    if place == "#messages":
                        self.new.append(article)
                    if place == "#messages" or article.id in self.shown:
                        self.shown[article.id] = article.version


async def play(house: House, database_url: str, fault: Fault | None = None) -> None:
    script = Script(house)
    await script.prepare()
    async with reading(script) as pages:
        writing = [asyncio.create_task(script.write(writer, n)) for n, writer in enumerate(script.writers)]
        if fault:
            await script.reaches(0.5)
            await fault(script)
        await asyncio.gather(*writing)
        stored = {room: await messages_of(room, database_url) for room in script.rooms}
        async with asyncio.timeout(30):
            for room, page in pages:
                while page.version < max(message["version"] for message in stored[room]):
                    page.reader.news.clear()
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(page.reader.news.wait(), 1)
        for room, page in pages:
            page.show()
            assert [article.seq for article in page.new] == list(range(1, len(stored[room]) + 1))
            assert page.shown == {str(message["id"]): message["version"] for message in stored[room]}
    for room, messages in stored.items():
        assert [message["seq"] for message in messages] == list(range(1, len(messages) + 1))
        assert {str(message["id"]) for message in messages if message["kind"] == "text"} == set(
            script.acknowledged[room]
        )
    connection = await asyncpg.connect(database_url)
    assert await connection.fetchval("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()") == 0
    await connection.close()


async def messages_of(room: int, database_url: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(database_url)
    try:
        return await connection.fetch("SELECT id, seq, version, kind FROM message WHERE room = $1 ORDER BY seq", room)
    finally:
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
