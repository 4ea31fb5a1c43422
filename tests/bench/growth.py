"""Growth: what a large room costs beside a small one, with one worker and everything in one database."""

from itertools import product
from statistics import median

import asyncpg

from app.queries.search import PAGE_RESULTS
from tests.bench.crowd import RARE_MESSAGES, Crowd, crowd
from tests.bench.figures import Figure
from tests.bench.measure import Void, ask, at_rest
from tests.bench.room_page import seqs_on, shows
from tests.bench.stage import Stage, empty_database, house, on_all_cores

PEOPLE = 20
FLAT = 1.5
TEXT = "Tea at the bridge?"
COMMON = "bridge"  # said in all of them
RARE = "lantern"  # said in as many messages of each room
WARM_UP_TIMES = 5
KINDS = ("room page", "slice of history", "search for a rare word", "search for a word of all messages", "post")


async def case(on: Stage) -> list[Figure]:
    sizes, times, runs = ((100, 1_000, 10_000), 10, 1) if on.small else ((1_000, 100_000, 1_000_000), 25, 3)
    async with empty_database(on) as apart, house(apart) as opened:
        with on_all_cores(on.servers[0]):
            rooms = await filled(apart, sizes)
        await at_rest([opened.process.pid, *on.servers])
        for kind, room in product(KINDS[:-1], rooms):
            await ask(*request(kind, room, opened.url), connections=1, count=WARM_UP_TIMES)
        found: dict[tuple[str, int], list[float]] = {}
        for _ in range(runs):
            for kind, room in product(KINDS[1:-1], rooms):  # each run has the rooms side by side
                asked = await ask(*request(kind, room, opened.url), connections=1, count=times)
                found.setdefault((kind, room.messages), []).append(asked.audit(times).p50)
            for room in rooms:
                posts, pages = await posted_and_shown(room, opened.url, times)
                found.setdefault(("post", room.messages), []).append(posts)
                found.setdefault(("room page", room.messages), []).append(pages)
        for room in rooms:
            await shows(opened.url, room, room.messages + runs * times)
            for word, count in ((RARE, RARE_MESSAGES), (COMMON, PAGE_RESULTS)):
                if len(results := await seqs_on(opened.url, room, f"/search?q={word}")) != count:
                    raise Void(f"a search for {word} found {len(results)} of {count} messages")
    smallest, *larger = sizes
    return [
        Figure(
            f"{kind} in a room of {size:,} messages, against {smallest:,}",
            "ms",
            FLAT,
            found[kind, size],
            found[kind, smallest],
        )
        for kind in KINDS
        for size in larger
    ]


async def posted_and_shown(room: Crowd, url: str, times: int) -> tuple[float, float]:
    """Milliseconds of a post, and of a page asked for after each, so that none is one that was made before."""
    posts, pages = [], []
    for _ in range(times):
        posts.append((await ask(*request("post", room, url), connections=1, count=1)).audit(1).p50)
        pages.append((await ask(*request("room page", room, url), connections=1, count=1)).audit(1).p50)
    return median(posts), median(pages)


def request(kind: str, room: Crowd, url: str) -> tuple[int, str]:
    addresses = {
        "room page": f"/rooms/{room.room}",
        "slice of history": f"/rooms/{room.room}/messages?before={room.messages // 2}",
        "search for a rare word": f"/search?q={RARE}",
        "search for a word of all messages": f"/search?q={COMMON}",
    }
    wanted = room.post(url) if kind == "post" else room.get(url, addresses[kind])
    return int(url.rsplit(":", 1)[1]), wanted


async def filled(on: Stage, sizes: tuple[int, ...]) -> list[Crowd]:
    """Rooms with so many messages each, as PostgreSQL holds them some time after they were written."""
    connection = await asyncpg.connect(on.database_url)
    try:
        index = await connection.fetchval("SELECT pg_get_indexdef('message_search'::regclass)")
        await connection.execute("DROP INDEX message_search")  # made at once for all is some times faster
        rooms = [await crowd(on.database_url, PEOPLE, size, TEXT, RARE) for size in sizes]
        await connection.execute("SET maintenance_work_mem = '1GB'")
        await connection.execute(index)
        await connection.execute("VACUUM ANALYZE")
        await connection.execute("CHECKPOINT")
        return rooms
    finally:
        await connection.close()
