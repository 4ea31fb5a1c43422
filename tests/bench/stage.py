"""What is measured: the app, and its peers, each on the server core, each with 1 to n workers."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

from app import embedded
from tests.bench.measure import HERE, PATIENCE_SECONDS, SERVER_CORE, build, pin
from tests.house import House

PEER = HERE / "peers" / "socketio"


@dataclass(frozen=True)
class Stage:
    """PostgreSQL and Redis of the whole run; `servers` are their process ids."""

    database_url: str
    redis_url: str
    servers: tuple[int, ...]
    data: Path

    def environment(self) -> dict[str, str]:
        return {"DATABASE_URL": self.database_url, "REDIS_URL": self.redis_url, "SECRET_KEY": "for measuring"}


@contextlib.contextmanager
def stage(data: Path) -> Iterator[Stage]:
    before = os.sched_getaffinity(0)
    pin(SERVER_CORE)
    try:
        with (
            embedded.socket_folder(data) as sockets,
            embedded.postgres(data, sockets) as postgres,
            embedded.redis(data, sockets) as redis,
        ):
            os.sched_setaffinity(0, before)
            pids = (postgres.process.pid, redis.process.pid)
            yield Stage(postgres.url, redis.url, pids, data)
    finally:
        os.sched_setaffinity(0, before)


@contextlib.asynccontextmanager
async def teahouse(on: Stage, **environment: str) -> AsyncIterator[House]:
    """The app as `teahouse serve` starts it; ASGI_SENDS=on leaves the shared frames out."""
    before = os.sched_getaffinity(0)
    pin(SERVER_CORE)
    house = await House.open(**on.environment(), DATA_DIR=str(on.data / "house"), **environment)
    os.sched_setaffinity(0, before)
    try:
        yield house
    finally:
        await house.close()


@contextlib.asynccontextmanager
async def running(command: list[str]) -> AsyncIterator[asyncio.subprocess.Process]:
    """A peer on the server core, once it says that it listens."""
    process = await asyncio.create_subprocess_exec(
        *command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, preexec_fn=lambda: pin(SERVER_CORE)
    )
    try:
        line = await asyncio.wait_for(process.stdout.readline(), PATIENCE_SECONDS)
        assert line == b"listening\n", line
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await process.wait()


def loop(port: int, sockets: int, rounds: int, per_second: int, frame_bytes: int) -> list[str]:
    return [str(build(HERE / "peers" / "loop.c")), *map(str, (port, sockets, rounds, per_second, frame_bytes))]


def socketio(on: Stage, port: int) -> list[str]:
    if not (PEER / "node_modules").exists():
        subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--no-package-lock"], cwd=PEER, check=True)
    return ["node", str(PEER / "server.js"), str(port), on.database_url, on.redis_url.removeprefix("unix://")]


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
