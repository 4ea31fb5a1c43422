"""What is measured: the app and its peers on the server core, each as something that sockets and posts go to."""

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from uuid import uuid4

import asyncpg

from app import embedded
from tests.bench.crowd import BODY, Crowd, crowd, stored
from tests.bench.measure import (
    CLIENT_CORE,
    CORES,
    HERE,
    PATIENCE_SECONDS,
    POSTING_CONNECTIONS,
    SERVER_CORE,
    Answers,
    Client,
    Missing,
    Void,
    ask,
    build,
    pin,
)
from tests.house import House, clean_environment

PEER = HERE / "peers" / "socketio"


@dataclass(frozen=True)
class Stage:
    """PostgreSQL and Redis of the whole run; `servers` are their process ids."""

    database_url: str
    redis_url: str
    servers: tuple[int, ...]
    data: Path
    small: bool = False

    def environment(self) -> dict[str, str]:
        return {
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.redis_url,
            "SECRET_KEY": "for measuring",
            "DATA_DIR": str(self.data / "house"),
        }


@dataclass(frozen=True)
class Served:
    """A server that runs: its sockets are all in one room, into which its posts go."""

    port: int
    roots: list[int]  # all whose CPU counts, with those below them
    target: str
    request: str  # of one post, for load/asker.c
    count: str  # the question how many messages are stored
    sockets: dict[str, str] = field(default_factory=dict)  # what else its load client is told
    fast: tuple[str, str] | None = None  # another protocol for posts, where there is a faster one

    def client(self, sockets: int) -> Client:
        return Client(self.port, self.target, sockets, **self.sockets)

    async def post(self, per_second: int, count: int) -> Answers:
        connections = min(POSTING_CONNECTIONS, count)
        answers = await ask(self.port, self.request, connections, per_second, count)
        return answers.audit(count)

    async def audit(self, database_url: str, messages: int) -> None:
        """Raise Void unless so many messages are stored, each with a number of its own."""
        found = await stored(database_url, self.count)
        if found != messages:
            raise Void(f"{messages} messages were acknowledged, {found} are stored")


Serve = Callable[..., AbstractAsyncContextManager[Served]]


@contextlib.contextmanager
def stage(data: Path, small: bool = False) -> Iterator[Stage]:
    if SERVER_CORE == CLIENT_CORE:
        raise SystemExit("The measurements need two cores: one for servers, one for what measures them.")
    before = os.sched_getaffinity(0)
    pin(SERVER_CORE)
    try:
        with (
            embedded.socket_folder(data) as sockets,
            embedded.postgres(data, sockets) as postgres,
            embedded.redis(data, sockets) as redis,
        ):
            pin(CLIENT_CORE)
            pids = (postgres.process.pid, redis.process.pid)
            yield Stage(postgres.url, redis.url, pids, data, small)
    finally:
        os.sched_setaffinity(0, before)


@contextlib.asynccontextmanager
async def empty_database(on: Stage) -> AsyncIterator[Stage]:
    """The same stage with a database of its own, for as long as it is wanted."""
    name = f"bench_{uuid4().hex}"
    connection = await asyncpg.connect(on.database_url)
    try:
        await connection.execute(f"CREATE DATABASE {name}")
        yield replace(on, database_url=on.database_url.replace("/teahouse?", f"/{name}?"))
        await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        await connection.close()


@contextlib.contextmanager
def on_all_cores(pid: int) -> Iterator[None]:
    """Let a server, and what it starts meanwhile, have the client's core too, while nothing is measured."""
    os.sched_setaffinity(pid, CORES)
    try:
        yield
    finally:
        os.sched_setaffinity(pid, {SERVER_CORE})


@contextlib.asynccontextmanager
async def house(on: Stage, **environment: str) -> AsyncIterator[House]:
    """The app as `teahouse serve` starts it."""
    before = os.sched_getaffinity(0)
    pin(SERVER_CORE)
    try:
        opened = await House.open(**on.environment() | environment)
    finally:
        os.sched_setaffinity(0, before)
    try:
        yield opened
    finally:
        await opened.close()


@contextlib.asynccontextmanager
async def teahouse(on: Stage, sockets: int, workers: int = 1) -> AsyncIterator[Served]:
    """With a room of so many people, one for each socket."""
    async with house(on, WORKERS=str(workers)) as opened:
        people = await crowd(on.database_url, sockets)
        yield in_room(people, opened.url, [opened.process.pid, *on.servers])


def in_room(people: Crowd, url: str, roots: list[int]) -> Served:
    count = f"SELECT count(DISTINCT seq) FROM message WHERE room = {people.room} AND seq > {people.messages}"
    more = {"headers": people.headers(url)}
    return Served(int(url.rsplit(":", 1)[1]), roots, people.target, people.post(url), count, more)


@contextlib.asynccontextmanager
async def ordinary(on: Stage, sockets: int) -> AsyncIterator[Served]:
    """The same app with ordinary ASGI sends, one worker; `teahouse` has run before, so the tables are there."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    environment = (
        clean_environment()
        | on.environment()
        | {"PORT": str(port), "LIMITS": "off", "PICCOLO_CONF": "app.piccolo_conf"}
    )
    people = await crowd(on.database_url, sockets)
    async with running([sys.executable, "-m", "tests.bench.peers.ordinary", str(port)], environment) as process:
        yield in_room(people, url, [process.pid, *on.servers])


@contextlib.asynccontextmanager
async def socketio(on: Stage, sockets: int, workers: int = 1, compression: str = "plain") -> AsyncIterator[Served]:
    """Socket.IO with its Redis adapter and PostgreSQL; any number of sockets. It comes with `plain` frames; with
    `deflate` it compresses each anew for each socket, and that fills a core at 20 messages a second to 1,000."""
    _install_socketio()
    port = free_port()
    numbers = (str(port), on.database_url, on.redis_url.removeprefix("unix://"), str(workers), compression)
    async with running(["node", str(PEER / "server.js"), *numbers]) as process:
        body = f'{{"room":1,"author":1,"body":"{BODY} t={{t}}"}}'
        yield Served(
            port,
            [process.pid, *on.servers],
            "/socket.io/?EIO=4&transport=websocket",
            f"POST / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: {{length}}\r\n\r\n{body}",
            "SELECT count(DISTINCT seq) FROM peer_message",
            {"mark": '"seq":', "protocol": "socketio"},
            ("socketio", f'42{{n}}["post",{body}]'),
        )


socketio_compressing = partial(socketio, compression="deflate")


def prepare() -> None:
    """Install and compile what takes longer the first time. Where that fails, the cases say so that need it."""
    for source, *libraries in (("client.c", "-lz"), ("asker.c",)):
        with contextlib.suppress(Missing, subprocess.CalledProcessError):
            build(HERE / "load" / source, *libraries)
    with contextlib.suppress(Missing):
        _install_socketio()


def _install_socketio() -> None:
    """At the versions that its package.json names, if it is not there yet; raises Missing."""
    if not shutil.which("node"):
        raise Missing("Node.js (node)")
    whole = PEER / "node_modules" / ".package-lock.json"  # which npm writes at its end
    if whole.exists() and whole.stat().st_mtime > (PEER / "package.json").stat().st_mtime:
        return
    if not shutil.which("npm"):
        raise Missing("npm, to install Socket.IO with")
    command = ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock"]
    done = subprocess.run(command, cwd=PEER, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Missing(f"Socket.IO, which npm could not install: {done.stderr.strip()}")


@contextlib.asynccontextmanager
async def running(
    command: list[str], environment: dict[str, str] | None = None
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A peer on the server core, once it says that it listens."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
        preexec_fn=lambda: pin(SERVER_CORE),
    )
    try:
        line = await asyncio.wait_for(process.stdout.readline(), PATIENCE_SECONDS)
        if line != b"listening\n":
            raise Void(f"{command[0]} did not start")
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await process.wait()


def loop(port: int, sockets: int, rounds: int, per_second: int, frame_bytes: int) -> list[str]:
    return [str(build(HERE / "peers" / "loop.c")), *map(str, (port, sockets, rounds, per_second, frame_bytes))]


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
