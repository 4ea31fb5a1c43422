"""The room page: 50 messages, signed in, 16 at once from one worker; alone, and while the room is posted into."""

import asyncio
import re

import httpx

from tests.bench.crowd import Crowd, crowd
from tests.bench.figures import Figure
from tests.bench.measure import Void, ask, at_rest, cheaper
from tests.bench.stage import Stage, house, in_room

MESSAGES = 500
SHOWN = 50
POSTS_PER_SECOND = 10
PEOPLE = 20
ARTICLE = re.compile(r'<article class="message[^>]* data-seq="(\d+)"')


async def case(on: Stage) -> list[Figure]:
    seconds, runs = (1, 1) if on.small else (4, 3)
    alone, busy = [], []
    async with house(on) as opened:
        people = await crowd(on.database_url, PEOPLE, MESSAGES)
        server = in_room(people, opened.url, [opened.process.pid, *on.servers])
        page = people.get(opened.url, f"/rooms/{people.room}")
        await ask(server.port, page, seconds=0.5)
        posts = 0
        for _ in range(runs):
            await at_rest(server.roots)
            await shows(opened.url, people, MESSAGES + posts)
            with cheaper(server.roots):
                alone.append((await ask(server.port, page, seconds=seconds)).audit().per_second)
            count = seconds * POSTS_PER_SECOND
            with cheaper(server.roots):
                asked, _ = await asyncio.gather(
                    ask(server.port, page, seconds=seconds), server.post(POSTS_PER_SECOND, count)
                )
            busy.append(asked.audit().per_second)
            posts += count
            await shows(opened.url, people, MESSAGES + posts)
        await server.audit(on.database_url, posts)
    return [
        Figure("room page of 50 messages, 16 at once", "pages/s", 1500, alone, above=True),
        Figure("room page during 10 posts/s into the room, against alone", "pages/s", 0.8, busy, alone, above=True),
    ]


async def shows(url: str, people: Crowd, newest: int) -> None:
    """Raise Void unless the page shows the newest messages, all of them."""
    seqs = await seqs_on(url, people, f"/rooms/{people.room}")
    if seqs != list(range(newest - SHOWN + 1, newest + 1)):
        raise Void(f"the page shows {len(seqs)} messages, up to {max(seqs, default=0)} of {newest}")


async def seqs_on(url: str, people: Crowd, address: str) -> list[int]:
    """The messages on a page that one of these people asks for, by their numbers."""
    headers = dict(line.split(": ", 1) for line in people.headers(url, "1").splitlines())
    async with httpx.AsyncClient(base_url=url, headers=headers) as http:
        return [int(seq) for seq in ARTICLE.findall((await http.get(address)).text)]
