"""Worker balance: how evenly connections spread over the workers."""

from tests.bench.crowd import crowd
from tests.bench.figures import Figure
from tests.bench.measure import Void, sockets_of
from tests.bench.stage import Stage, house, in_room

SOCKETS, WORKERS = 400, 4


async def case(on: Stage) -> list[Figure]:
    runs = 1 if on.small else 3
    uneven = []
    async with house(on, WORKERS=str(WORKERS)) as opened:
        people = await crowd(on.database_url, SOCKETS)
        server = in_room(people, opened.url, [opened.process.pid])
        for _ in range(runs):
            async with server.client(SOCKETS):
                held = [sockets_of(pid, server.port) for pid in opened.workers()]
            if len(held) != WORKERS or sum(held) != SOCKETS or not min(held):
                raise Void(f"{SOCKETS} sockets are held as {held}")
            uneven.append(max(held) / min(held))
    return [
        Figure(f"worker balance: {SOCKETS} sockets over {WORKERS} workers, most against fewest", "×", 1.5, uneven)
    ]
