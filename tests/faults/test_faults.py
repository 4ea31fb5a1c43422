"""One thing breaks: a worker between two steps, Redis, PostgreSQL, a reader; the others go on, and it comes back."""

import asyncio
import contextlib
import re
import sys
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
import websockets

from app import embedded
from app.queries.changes import CATCH_UP_CHANGES_MAX, PIECE_MESSAGES
from tests.bench.stage import free_port, running
from tests.conftest import OpenHouse, Servers
from tests.faults.conftest import OwnRedis
from tests.house import House, Reader, Visitor, articles, clean_environment, serve, version

UPSERT = re.compile(r"<hx-upsert .*?</hx-upsert>", re.DOTALL)  # what is new, which a page puts in


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


async def test_a_room_that_lags_far_is_brought_what_was_posted_and_changed_meanwhile(
    ana: Visitor, servers: Servers
) -> None:
    """In pieces; and after each of them its pages have all that was posted up to the version they have then."""
    room = await ana.make_room()
    last = 3 * PIECE_MESSAGES
    async with ana.listening(room) as reader:
        await ana.say(room, "first")
        await reader.until(lambda r: r.articles)
        connection = await asyncpg.connect(servers.database_url)
        async with connection.transaction():
            await connection.execute(
                "INSERT INTO message (id, room, seq, version, posted_version, author, body) "
                "SELECT gen_random_uuid(), $1, n, n, n, $2, 'never published' FROM generate_series(2, $3::int) AS n",
                room,
                ana.id,
                last,
            )
            await connection.execute("UPDATE message SET version = $2 WHERE room = $1 AND seq = 5", room, last + 1)
            await connection.execute("UPDATE room SET version = $2 + 1, last_seq = $2 WHERE id = $1", room, last)
        await connection.close()
        await reader.until(lambda r: r.version == last + 1, seconds=5)
    had: set[int] = set()
    for frame in [frame for frame in reader.frames if 'id="room-version"' in frame]:
        had |= {article.seq for new in UPSERT.findall(frame) for article in articles(new)}
        assert had >= set(range(1, min(version(frame), last) + 1))
    assert any('hx-target="#m-' in frame for frame in reader.frames)  # the change to the fifth, where it was before


async def test_a_database_that_was_set_back_is_followed_back(ana: Visitor, servers: Servers) -> None:
    """As a standby that lacks the last moments is, once it takes over."""
    room = await ana.make_room()
    async with ana.listening(room) as reader, ana.listening(await ana.make_room()) as elsewhere:
        await elsewhere.brings("#marks", f'data-room="{room}"')
        for n in range(5):
            await ana.say(room, f"message {n}")
        await reader.until(lambda r: r.version == 5)
        await elsewhere.brings("#activity", f'data-room="{room}" data-last-seq="5"')
        connection = await asyncpg.connect(servers.database_url)
        async with connection.transaction():
            await connection.execute("DELETE FROM message WHERE room = $1 AND seq > 3", room)
            await connection.execute("UPDATE room SET version = 3, last_seq = 3 WHERE id = $1", room)
        await connection.close()
        await reader.until(lambda r: r.closed_with == 1012, seconds=4)
        elsewhere.frames.clear()

        def told(reader: Reader) -> bool:
            return any("#activity" in frame and f'data-room="{room}"' in frame for frame in reader.frames)

        for _ in range(2):  # the first may come before the sweep has looked at the rooms' activity
            await ana.say(room, "and on")
            with contextlib.suppress(TimeoutError):
                await elsewhere.until(told, seconds=3)
        assert told(elsewhere)
    async with ana.listening(room, since=1000) as reader:
        await reader.until(lambda r: r.articles)
        assert 'hx-target="#messages" hx-swap="outerHTML"' in reader.frames[0]
        last = reader.seqs[-1]
        await ana.say(room, "live again")
        await reader.until(lambda r: r.seqs[-1] == last + 1)
        assert reader.seqs == list(range(1, last + 2))


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
        assert reader.seqs == [2, 3, 4]  # after the line that says that Bo joined
        await bo.http.post(f"/rooms/{room}/leave")
    async with bo.listening(room) as outside:
        await outside.until(lambda r: r.closed_with)


async def ana_at_two_houses(open_house: OpenHouse, own_redis: OwnRedis) -> tuple[Visitor, Visitor, int]:
    """Ana on one worker, the same Ana on another, and her room; both workers share the Redis that a test stops."""
    url = own_redis.start()
    first, second = await open_house(REDIS_URL=url), await open_house(REDIS_URL=url)
    ana = await Visitor.at(first.url).sign_up()
    room = await ana.make_room()
    return ana, Visitor(ana.http, second.url), room


async def test_without_redis_a_new_name_still_shows_on_the_pages_of_another_worker(
    open_house: OpenHouse, own_redis: OwnRedis
) -> None:
    ana, elsewhere, room = await ana_at_two_houses(open_house, own_redis)
    async with elsewhere.listening(room) as reader:
        await reader.until(lambda r: r.frames)
        await asyncio.to_thread(own_redis.stop)
        await ana.http.post("/me", data={"name": "Ana Maria"})
        await reader.until(lambda r: any('data-name="Ana Maria"' in frame for frame in r.frames), seconds=6)


async def test_a_conversation_that_began_while_redis_was_away_shows_on_the_pages_of_another_worker(
    open_house: OpenHouse, own_redis: OwnRedis
) -> None:
    ana, elsewhere, room = await ana_at_two_houses(open_house, own_redis)
    bo = await Visitor.at(ana.url).sign_up("Bo")
    async with elsewhere.listening(room) as reader:
        await reader.until(lambda r: r.frames)
        await asyncio.to_thread(own_redis.stop)
        direct = int((await bo.act("/direct", person=str(ana.id))).headers["hx-redirect"].rsplit("/", 1)[1])
        await bo.say(direct, "hello")
        mark = f'data-room="{direct}"'
        await reader.until(lambda r: any("room-lists" in frame and mark in frame for frame in r.frames), seconds=8)
        await bo.say(direct, "are you there?")
        await reader.brings(f'{mark} data-last-seq="2"')


async def test_access_that_ended_while_redis_was_away_ends_the_socket_too(
    open_house: OpenHouse, own_redis: OwnRedis
) -> None:
    ana, elsewhere, room = await ana_at_two_houses(open_house, own_redis)
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
            assert [article.seq for article in articles(page.text)] == [1, 2]
            await house.close()


async def cut_off(house: str) -> None:
    """Somebody stops reading: they are cut off, others are not held up, and they go on where their page stands."""
    ana = await Visitor.at(house).sign_up()
    room = await ana.make_room()
    stuck = await websockets.connect(
        ana.socket_url(room),
        additional_headers=ana.socket_headers(),
        max_queue=1,
        ping_interval=None,
        compression=None,  # the same letter again and again would come to nothing
    )
    stuck.transport.pause_reading()
    async with ana.listening(room) as reader:
        for _ in range(60):
            await asyncio.gather(*[ana.post(room, "🍵" * 8000) for _ in range(8)])
        await reader.until(lambda r: len(r.articles) == 480)
        assert reader.seqs == list(range(1, 481))
    stuck.transport.resume_reading()
    frames = []
    with contextlib.suppress(websockets.ConnectionClosed):
        while True:
            frames.append(await asyncio.wait_for(stuck.recv(), 10))
    assert stuck.close_code in (1013, 1006)
    had = [article.seq for frame in frames for article in articles(frame)]
    assert had == list(range(1, len(had) + 1))
    async with ana.listening(room, since=version("".join(frames)) if had else 0) as again:
        await again.until(lambda r: r.seqs[-1:] == [480])
        first = len(had) + 1 if 480 - len(had) <= CATCH_UP_CHANGES_MAX else again.seqs[0]  # else the newest afresh
        assert again.seqs == list(range(first, 481))


async def test_a_reader_that_stops_reading_is_cut_off_and_others_are_not_held_up(open_house: OpenHouse) -> None:
    await cut_off((await open_house()).url)


async def test_so_it_is_by_ordinary_sends(servers: Servers, house: House, tmp_path: Path) -> None:
    """Under a server that knows nothing of shared frames."""
    port = str(free_port())
    environment = clean_environment() | servers.environment() | {"PORT": port, "LIMITS": "off"}
    environment |= {"PICCOLO_CONF": "app.piccolo_conf", "DATA_DIR": str(tmp_path)}
    async with running([sys.executable, "-m", "tests.bench.peers.ordinary", port], environment):
        await cut_off(f"http://127.0.0.1:{port}")


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
