"""Latency: from the sending of a post until the last socket of the room has it, with two workers.

Ours and the peers' in turns, each alone: beside another that is open each is slower, and two of Socket.IO on one
Redis would send each other's messages.
"""

from tests.bench.fan_out import POSTS_PER_SECOND
from tests.bench.figures import Figure
from tests.bench.measure import Heard, at_rest, cheaper
from tests.bench.stage import Serve, Stage, socketio, socketio_compressing, teahouse

WORKERS = 2
PEERS = {"Socket.IO, compressing too": socketio_compressing, "Socket.IO, which sends plain frames": socketio}
WARM_UP_POSTS = 20


async def case(on: Stage) -> list[Figure]:
    sockets, seconds, runs = (100, 1, 1) if on.small else (1000, 3, 3)
    posts = seconds * POSTS_PER_SECOND
    ours: list[Heard] = []
    theirs: dict[str, list[Heard]] = {peer: [] for peer in PEERS}
    for _ in range(runs):
        ours.append(await waited(on, teahouse, sockets, posts))
        for peer, serve in PEERS.items():
            theirs[peer].append(await waited(on, serve, sockets, posts))
    name = f"latency until the last of {sockets} sockets, {WORKERS} workers, against"
    figures = []
    for peer, found in theirs.items():
        figures += [
            Figure(f"{name} {peer}: p50", "ms", 0.7, [heard.p50 for heard in ours], [heard.p50 for heard in found]),
            Figure(f"{name} {peer}: p99", "ms", 0.7, [heard.p99 for heard in ours], [heard.p99 for heard in found]),
        ]
    return figures


async def waited(on: Stage, serve: Serve, sockets: int, posts: int) -> Heard:
    async with serve(on, sockets, WORKERS) as server, server.client(sockets) as client:
        await at_rest(server.roots)
        await server.post(POSTS_PER_SECOND, WARM_UP_POSTS)
        await client.level(WARM_UP_POSTS)
        with cheaper(server.roots):
            await server.post(POSTS_PER_SECOND, posts)
            heard = (await client.level(WARM_UP_POSTS + posts)).audit(sockets, WARM_UP_POSTS + posts)
        await server.audit(on.database_url, WARM_UP_POSTS + posts)
        return heard
