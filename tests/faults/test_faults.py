"""The promise, under load and faults: what was acknowledged is stored, and every socket has it once, in order."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from uuid import uuid4

import asyncpg
import httpx
import pytest
import websockets

from app import embedded
from tests.conftest import OpenHouse, Servers
from tests.house import House, Reader, Visitor, articles, serve

WRITERS = 8
MESSAGES = 2_000
ROOMS = 3
READERS = 20
WORKERS = 4

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
                while page.version < len(script.acknowledged[room]):
                    page.reader.news.clear()
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(page.reader.news.wait(), 1)
        for room, page in pages:
            assert [article.seq for article in page.articles] == list(range(1, len(script.acknowledged[room]) + 1))
            assert {article.id for article in page.articles} == set(script.acknowledged[room])
    connection = await asyncpg.connect(database_url)
    for room in script.rooms:
        rows = await connection.fetch("SELECT id, seq FROM message WHERE room = $1 ORDER BY seq", room)
        assert [row["seq"] for row in rows] == list(range(1, len(rows) + 1))
        assert {str(row["id"]) for row in rows} == set(script.acknowledged[room])
    assert await connection.fetchval("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()") == 0
    await connection.close()


class OwnRedis:
    """A Redis that the test may stop and start."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.running: contextlib.ExitStack | None = None

    def start(self) -> str:
        self.running = contextlib.ExitStack()
        return self.running.enter_context(embedded.redis(self.folder, self.folder)).url

    def stop(self) -> None:
        if self.running:
            self.running.close()
            self.running = None


@pytest.fixture
def own_redis(tmp_path: Path):
    with embedded.socket_folder(tmp_path) as folder:
        redis = OwnRedis(folder)
        yield redis
        redis.stop()


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


async def test_a_message_that_was_stored_but_never_published_arrives_within_three_seconds(
    ana: Visitor, servers: Servers
) -> None:
    """A worker that dies between its commit and its publishing leaves exactly this behind."""
    room = await ana.make_room()
    async with ana.listening(room) as reader:
        await ana.say(room, "first")
        await reader.until(lambda r: r.articles)
        connection = await asyncpg.connect(servers.database_url)
        async with connection.transaction():
            await connection.execute("UPDATE room SET version = 2, last_seq = 2 WHERE id = $1", room)
            await connection.execute(
                "INSERT INTO message (id, room, seq, version, posted_version, author, body) "
                "VALUES ($1, $2, 2, 2, 2, $3, 'never published')",
                uuid4(),
                room,
                ana.id,
            )
        await connection.close()
        await reader.until(lambda r: len(r.articles) == 2, seconds=3)
        assert reader.seqs == [1, 2]
        await ana.say(room, "third")
        await reader.until(lambda r: len(r.articles) == 3)
        assert reader.seqs == [1, 2, 3]


async def test_without_redis_two_houses_still_hear_each_other(open_house: OpenHouse, own_redis: OwnRedis) -> None:
    url = own_redis.start()
    first, second = await open_house(REDIS_URL=url), await open_house(REDIS_URL=url)
    ana, bo = await Visitor.at(first.url).sign_up(), await Visitor.at(second.url).sign_up()
    room = await ana.make_room()
    await bo.join(room)
    await asyncio.to_thread(own_redis.stop)
    async with ana.listening(room) as reader:
        for n in range(3):
            await bo.say(room, f"message {n}")
        await reader.until(lambda r: len(r.articles) == 3, seconds=4)
        assert reader.seqs == [1, 2, 3]
        await bo.http.post(f"/rooms/{room}/leave")
    async with bo.listening(room) as outside:
        await outside.until(lambda r: r.closed_with)


async def test_access_that_ended_while_redis_was_away_ends_the_socket_too(
    open_house: OpenHouse, own_redis: OwnRedis
) -> None:
    url = own_redis.start()
    first, second = await open_house(REDIS_URL=url), await open_house(REDIS_URL=url)
    ana = await Visitor.at(first.url).sign_up()
    room = await ana.make_room()
    elsewhere = Visitor(ana.http, second.url)
    async with elsewhere.listening(room) as reader:
        await ana.say(room, "hello")
        await reader.until(lambda r: r.articles)
        await asyncio.to_thread(own_redis.stop)
        await ana.http.post(f"/rooms/{room}/leave")
        await reader.until(lambda r: r.closed_with, seconds=6)


async def test_access_that_ended_without_any_event_ends_the_socket_too(ana: Visitor, servers: Servers) -> None:
    """A worker that dies between its commit and its publishing leaves exactly this behind."""
    room = await ana.make_room()
    async with ana.listening(room) as reader:
        await ana.say(room, "hello")
        await reader.until(lambda r: r.articles)
        connection = await asyncpg.connect(servers.database_url)
        await connection.execute("DELETE FROM membership WHERE person = $1 AND room = $2", ana.id, room)
        await connection.close()
        await reader.until(lambda r: r.closed_with, seconds=4)


async def test_while_postgresql_is_away_posts_are_refused_with_a_sentence_and_then_taken_again(
    open_house: OpenHouse, tmp_path: Path
) -> None:
    data = tmp_path / "own"
    data.mkdir()
    with embedded.socket_folder(data) as sockets:
        with embedded.postgres(data, sockets) as own:
            house = await open_house(DATABASE_URL=own.url)
            ana = await Visitor.at(house.url).sign_up()
            room = await ana.make_room()
            await ana.say(room, "before")
        message_id = str(uuid4())
        async with asyncio.timeout(30):
            answer = await ana.post(room, "while it is away", id=message_id)
            assert answer.status_code == 503
            assert "Nothing is lost; please try again in a moment." in answer.text
            page = await ana.post(room, "while it is away", id=message_id, htmx=False)
            assert page.status_code == 503
            assert ">\nwhile it is away</textarea>" in page.text
            assert f'value="{message_id}"' in page.text
            assert (await ana.http.get(f"/rooms/{room}")).status_code == 503
            assert (await ana.http.get("/readyz")).status_code == 503
            assert (await ana.http.get("/healthz")).status_code == 200
        with embedded.postgres(data, sockets):
            async with asyncio.timeout(30):
                while (await ana.post(room, "while it is away", id=message_id)).status_code != 200:
                    pass
            page = await ana.http.get(f"/rooms/{room}")
            assert [article.seq for article in articles(page.text) if article.seq] == [1, 2]
            await house.close()


async def test_a_reader_that_stops_reading_is_cut_off_and_others_are_not_held_up(
    open_house: OpenHouse,
) -> None:
    house = await open_house()
    ana = await Visitor.at(house.url).sign_up()
    room = await ana.make_room()
    stuck = await websockets.connect(
        ana.socket_url(room), additional_headers=ana.socket_headers(), max_queue=1, ping_interval=None
    )
    stuck.transport.pause_reading()
    async with ana.listening(room) as reader:
        for _ in range(60):
            await asyncio.gather(*[ana.post(room, "🍵" * 8000) for _ in range(8)])
        await reader.until(lambda r: len(r.articles) == 480)
        assert reader.seqs == list(range(1, 481))
    stuck.transport.resume_reading()
    with contextlib.suppress(Exception):
        while True:
            await asyncio.wait_for(stuck.recv(), 10)
    assert stuck.close_code in (1013, 1006)


@pytest.mark.parametrize("missing", ["DATABASE_URL", "REDIS_URL"])
async def test_a_server_that_is_missing_at_the_start_is_named_in_one_line(
    servers: Servers, tmp_path: Path, missing: str
) -> None:
    nowhere = {"DATABASE_URL": "postgresql://x@127.0.0.1:1/x", "REDIS_URL": "redis://127.0.0.1:1"}
    environment = servers.environment() | {missing: nowhere[missing], "DATA_DIR": str(tmp_path), "PORT": "0"}
    done = await asyncio.to_thread(serve, **environment)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert f"at {missing} does not answer" in done.stderr
