"""Latency: from the sending of a post until the last socket of the room has it, with two workers."""

from functools import partial

from tests.bench.fan_out import POSTS_PER_SECOND
from tests.bench.figures import Figure
from tests.bench.measure import Heard, at_rest
from tests.bench.stage import Serve, Stage, socketio, teahouse

WORKERS = 2


async def case(on: Stage) -> list[Figure]:
    sockets, seconds, runs = (100, 1, 1) if on.small else (1000, 5, 3)
    posts = seconds * POSTS_PER_SECOND
    ours = await waited(on, teahouse, sockets, posts, runs)
    peers = {
        "Socket.IO, compressing too": await waited(
            on, partial(socketio, compression="deflate"), sockets, posts, runs
        ),
        "Socket.IO, which sends plain frames": await waited(on, socketio, sockets, posts, runs),
    }
    name = f"latency until the last of {sockets} sockets, {WORKERS} workers, against"
    return [
        Figure(
            f"{name} {peer}: {part}",
            "ms",
            0.7,
            *([getattr(heard, part) for heard in each] for each in (ours, theirs)),
        )
        for peer, theirs in peers.items()
        for part in ("p50", "p99")
    ]


async def waited(on: Stage, serve: Serve, sockets: int, posts: int, runs: int) -> list[Heard]:
    found: list[Heard] = []
    async with serve(on, sockets, WORKERS) as server, server.client(sockets) as client:
        await at_rest(server.roots)
        while len(found) < runs:
            await server.post(POSTS_PER_SECOND, posts)
            found.append((await client.level((len(found) + 1) * posts)).audit(sockets, (len(found) + 1) * posts))
        await server.audit(on.database_url, runs * posts)
    return found
