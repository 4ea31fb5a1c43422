"""Fan-out: one room, many sockets with compression, a steady trickle of posts; the server's CPU per delivery."""

import asyncio
import time
from statistics import median
from urllib.parse import urlsplit

import httpx

from tests.bench.measure import Client, Heard, at_rest, cpu_seconds
from tests.bench.stage import Stage, free_port, loop, running, socketio, teahouse
from tests.house import Visitor

POSTS_PER_SECOND = 20
FRAME_BYTES = 420  # about what our compressed frame of one short message takes
BODY = "Shall we meet at the tea house by the old bridge at four? t={}"


async def case(on: Stage, sockets: int, seconds: int, runs: int) -> dict[str, list[float]]:
    """Microseconds of server CPU per delivery, a list of `runs` for each of them, taken in turns."""
    found: dict[str, list[float]] = {"teahouse": [], "socket.io": [], "c loop": []}
    for _ in range(runs):
        found["c loop"].append(await c_loop(sockets, seconds))
        found["teahouse"].append(await ours(on, sockets, seconds))
        found["socket.io"].append(await theirs(on, sockets, seconds))
    return found


async def ours(on: Stage, sockets: int, seconds: int) -> float:
    async with teahouse(on) as house:
        writer = await Visitor.at(house.url).sign_up()
        room = await writer.make_room()
        posts = seconds * POSTS_PER_SECOND
        headers = "".join(f"{name}: {value}\r\n" for name, value in writer.socket_headers().items())
        async with Client(
            urlsplit(house.url).port, f"/socket?room={room}&since=0", sockets, posts, seconds + 20, headers=headers
        ) as client:
            roots = [house.process.pid, *on.servers]
            await at_rest(roots)
            before = cpu_seconds(roots)
            await paced(posts, lambda body: writer.say(room, body))
            heard = await client.heard()
            return per_delivery(cpu_seconds(roots) - before, heard, sockets, posts)


async def theirs(on: Stage, sockets: int, seconds: int) -> float:
    port = free_port()
    posts = seconds * POSTS_PER_SECOND
    async with (
        running(socketio(on, port)) as server,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http,
        Client(
            port,
            "/socket.io/?EIO=4&transport=websocket",
            sockets,
            posts,
            seconds + 20,
            mark='"seq":',
            protocol="socketio",
        ) as client,
    ):
        roots = [server.pid, *on.servers]
        await at_rest(roots)
        before = cpu_seconds(roots)
        await paced(posts, lambda body: http.post("/", json={"room": 1, "author": 1, "body": body}))
        heard = await client.heard()
        return per_delivery(cpu_seconds(roots) - before, heard, sockets, posts)


async def c_loop(sockets: int, seconds: int) -> float:
    port, rounds = free_port(), seconds * POSTS_PER_SECOND
    async with (
        running(loop(port, sockets, rounds, POSTS_PER_SECOND, FRAME_BYTES)) as server,
        Client(port, "/", sockets, rounds, seconds + 20, protocol="plain") as client,
    ):
        server.stdin.write(b"go\n")
        cpu = float(await server.stdout.readline())
        return per_delivery(cpu, await client.heard(), sockets, rounds)


async def paced(posts: int, post) -> None:
    """One post after another, POSTS_PER_SECOND of them, each with the moment it was sent."""
    begun = time.monotonic()
    for n in range(posts):
        await asyncio.sleep(max(0, begun + n / POSTS_PER_SECOND - time.monotonic()))
        await post(BODY.format(time.monotonic_ns()))


def per_delivery(cpu: float, heard: Heard, sockets: int, messages: int) -> float:
    heard.audit(sockets, messages)
    return cpu / (sockets * messages) * 1e6


def ratio(found: dict[str, list[float]], peer: str) -> float:
    return median(found["teahouse"]) / median(found[peer])
