"""Latency: from the sending of a post until the last socket of the room has it, with two workers."""

import contextlib
from collections.abc import Sequence

from tests.bench.fan_out import POSTS_PER_SECOND
from tests.bench.figures import Figure
from tests.bench.measure import Heard, at_rest
from tests.bench.stage import Serve, Stage, socketio, socketio_compressing, teahouse

WORKERS = 2
PEERS = {"Socket.IO, compressing too": socketio_compressing, "Socket.IO, which sends plain frames": socketio}


async def case(on: Stage) -> list[Figure]:
    sockets, seconds, runs = (100, 1, 1) if on.small else (1000, 4, 3)
    figures = []
    for peer, serve in PEERS.items():  # one at a time: they share a Redis, and would send each other's messages
        ours, theirs = await waited(on, (teahouse, serve), sockets, seconds * POSTS_PER_SECOND, runs)
        name = f"latency until the last of {sockets} sockets, {WORKERS} workers, against {peer}"
        figures += [
            Figure(f"{name}: p50", "ms", 0.7, [heard.p50 for heard in ours], [heard.p50 for heard in theirs]),
            Figure(f"{name}: p99", "ms", 0.7, [heard.p99 for heard in ours], [heard.p99 for heard in theirs]),
        ]
    return figures


async def waited(on: Stage, serves: Sequence[Serve], sockets: int, posts: int, runs: int) -> list[list[Heard]]:
    """What the sockets of each server waited, in turns."""
    async with contextlib.AsyncExitStack() as opened:
        found: list[list[Heard]] = [[] for _ in serves]
        servers = [await opened.enter_async_context(serve(on, sockets, WORKERS)) for serve in serves]
        clients = [await opened.enter_async_context(server.client(sockets)) for server in servers]
        for run in range(1, runs + 1):
            for server, client, heard in zip(servers, clients, found, strict=True):
                await at_rest(server.roots)
                await server.post(POSTS_PER_SECOND, posts)
                heard.append((await client.level(run * posts)).audit(sockets, run * posts))
        for server in servers:
            await server.audit(on.database_url, runs * posts)
    return found
