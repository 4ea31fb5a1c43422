"""Ten thousand sockets on one worker: what an idle one takes, that all are held, and what a delivery to many costs.

All with compression, each of another person, in one room. They are opened in parts, and closed again part by part,
so that one worker shows it all.
"""

import contextlib
from collections.abc import AsyncIterator

from tests.bench.crowd import crowd
from tests.bench.figures import Figure
from tests.bench.growth import FLAT
from tests.bench.measure import Client, allow_open_files, at_rest, cheaper, cpu_seconds, memory_bytes
from tests.bench.stage import Served, Stage, house, in_room

KB = 1024
OTHER_FILES = 500
WARM_UP_SOCKETS = 50
POSTS_PER_SECOND = 10  # what one core can bring to ten thousand
ONE_SWEEP_CPU_SECONDS = 0.3  # looking after ten thousand sockets is no unrest


async def case(on: Stage) -> list[Figure]:
    sizes, seconds, runs = ((20, 100, 200, 300), 1, 1) if on.small else ((100, 1_000, 5_000, 10_000), 3, 3)
    few, some, idle, most = sizes
    allow_open_files(most + OTHER_FILES)
    async with house(on) as opened:
        people = await crowd(on.database_url, most)
        room = Room(in_room(people, opened.url, [opened.process.pid, *on.servers]))
        async with room.server.client(WARM_UP_SOCKETS):
            await room.rest()
        before = memory_bytes(opened.workers())

        def memory() -> float:
            return (memory_bytes(opened.workers()) - before) / room.size / KB

        costs, each = {}, {}
        async with room.grown(few):
            async with room.grown(some):
                each[some] = memory()
                async with room.grown(idle):
                    each[idle] = memory()
                    async with room.grown(most):
                        each[most] = memory()
                        costs[most] = [await room.cost(seconds) for _ in range(runs)]
                costs[some] = [await room.cost(seconds) for _ in range(runs)]
            costs[few] = [await room.cost(seconds) for _ in range(runs)]
        await room.server.audit(on.database_url, room.posted)
    return [
        *(
            Figure(f"memory of an idle socket with compression, of {size:,}", "KB", 25, [taken])
            for size, taken in each.items()
        ),
        Figure("sockets held by one worker, each brought every message", "sockets", most, [most], above=True),
        *(
            Figure(f"fan-out per delivery to {size:,} sockets, against {few}", "µs", FLAT, costs[size], costs[few])
            for size in (some, most)
        ),
    ]


class Room:
    """The sockets that are open now, part by part, and how many messages all of them have been brought."""

    def __init__(self, server: Served) -> None:
        self.server = server
        self.posted = 0
        self._clients: list[Client] = []

    @contextlib.asynccontextmanager
    async def grown(self, size: int) -> AsyncIterator[None]:
        """So many sockets, where there were fewer."""
        more = Client(
            self.server.port, self.server.target, size - self.size, first=self.size + 1, **self.server.sockets
        )
        async with more:
            self._clients.append(more)
            await self.rest()
            yield
            self._clients.remove(more)
        await self.rest()

    async def rest(self) -> None:
        await at_rest(self.server.roots, ONE_SWEEP_CPU_SECONDS)

    @property
    def size(self) -> int:
        return sum(client.sockets for client in self._clients)

    async def cost(self, seconds: int) -> float:
        """Microseconds of all servers' CPU for a delivery."""
        posts = seconds * POSTS_PER_SECOND
        before = cpu_seconds(self.server.roots)
        with cheaper(self.server.roots):
            await self.server.post(POSTS_PER_SECOND, posts)
            self.posted += posts
            for client in self._clients:
                (await client.level(self.posted)).audit(client.sockets, self.posted)
        return (cpu_seconds(self.server.roots) - before) / (self.size * posts) * 1e6
