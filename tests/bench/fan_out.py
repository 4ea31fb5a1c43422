"""Fan-out: one room, many sockets with compression, a steady trickle of posts; all server CPU, per delivery."""

from tests.bench.figures import Figure
from tests.bench.measure import Client, Heard, at_rest, cheaper, cpu_seconds
from tests.bench.stage import (
    Serve,
    Stage,
    free_port,
    loop,
    ordinary,
    running,
    socketio,
    socketio_compressing,
    teahouse,
)

POSTS_PER_SECOND = 20
FRAME_BYTES = 420  # about what our compressed frame of one short message takes


async def case(on: Stage) -> list[Figure]:
    """Microseconds per delivery, ours and the peers' in turns."""
    sockets, seconds, runs = (100, 1, 1) if on.small else (1000, 3, 3)
    posts = seconds * POSTS_PER_SECOND
    ours, limit, theirs, theirs_plain, sends = [], [], [], [], []
    for _ in range(runs):
        limit.append(await c_loop(sockets, posts))
        ours.append(await served(on, teahouse, sockets, posts))
        sends.append(await served(on, ordinary, sockets, posts))
        theirs.append(await served(on, socketio_compressing, sockets, posts))
        theirs_plain.append(await served(on, socketio, sockets, posts))
    name = f"fan-out to {sockets} sockets, CPU per delivery, against"
    return [
        Figure(f"{name} a C loop", "µs", 1.6, ours, limit),
        Figure(f"{name} Socket.IO, compressing too", "µs", 0.45, ours, theirs),
        Figure(f"{name} Socket.IO, which sends plain frames", "µs", 0.45, ours, theirs_plain),
        Figure(f"{name} ordinary ASGI sends", "µs", 1, ours, sends),
    ]


async def served(on: Stage, serve: Serve, sockets: int, posts: int, per_second: int = POSTS_PER_SECOND) -> float:
    async with serve(on, sockets) as server, server.client(sockets) as client:
        await at_rest(server.roots)
        before = cpu_seconds(server.roots)
        with cheaper(server.roots):
            await server.post(per_second, posts)
            heard = await client.level(posts)
        cpu = cpu_seconds(server.roots) - before
        await server.audit(on.database_url, posts)
        return per_delivery(cpu, heard, sockets, posts)


async def c_loop(sockets: int, posts: int) -> float:
    port = free_port()
    async with (
        running(loop(port, sockets, posts, POSTS_PER_SECOND, FRAME_BYTES)) as server,
        Client(port, "/", sockets, protocol="plain") as client,
    ):
        with cheaper([server.pid]):
            server.stdin.write(b"go\n")
            cpu = float(await server.stdout.readline())
            heard = await client.level(posts)
        return per_delivery(cpu, heard, sockets, posts)


def per_delivery(cpu: float, heard: Heard, sockets: int, messages: int) -> float:
    heard.audit(sockets, messages)
    return cpu / (sockets * messages) * 1e6
