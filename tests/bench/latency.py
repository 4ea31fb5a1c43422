"""Latency: from the sending of a post until the last socket of the room has it, with two workers.

One server is measured after the other, each alone: beside another that is open each is slower, and two of Socket.IO
on one Redis would send each other's messages.
"""

from tests.bench.fan_out import POSTS_PER_SECOND
from tests.bench.figures import Figure
from tests.bench.measure import Heard, at_rest, check_cheaper, cpu_seconds
from tests.bench.stage import Serve, Stage, socketio, socketio_compressing, teahouse

WORKERS = 2
PEERS = {"Socket.IO, compressing too": socketio_compressing, "Socket.IO, which sends plain frames": socketio}


async def case(on: Stage) -> list[Figure]:
    sockets, seconds, runs = (100, 1, 1) if on.small else (1000, 4, 3)
    posts = seconds * POSTS_PER_SECOND
    ours = await waited(on, teahouse, sockets, posts, runs)
    figures = []
    for peer, serve in PEERS.items():
        theirs = await waited(on, serve, sockets, posts, runs)
        name = f"latency until the last of {sockets} sockets, {WORKERS} workers, against {peer}"
        figures += [
            Figure(f"{name}: p50", "ms", 0.7, [heard.p50 for heard in ours], [heard.p50 for heard in theirs]),
            Figure(f"{name}: p99", "ms", 0.7, [heard.p99 for heard in ours], [heard.p99 for heard in theirs]),
        ]
    return figures


async def waited(on: Stage, serve: Serve, sockets: int, posts: int, runs: int) -> list[Heard]:
    found: list[Heard] = []
    async with serve(on, sockets, WORKERS) as server, server.client(sockets) as client:
        await at_rest(server.roots)
        while len(found) < runs:
            before, busy = (await client.level(len(found) * posts)).cpu, cpu_seconds(server.roots)
            await server.post(POSTS_PER_SECOND, posts)
            heard = (await client.level((len(found) + 1) * posts)).audit(sockets, (len(found) + 1) * posts)
            check_cheaper(heard.cpu - before, cpu_seconds(server.roots) - busy)
            found.append(heard)
        await server.audit(on.database_url, runs * posts)
    return found
