"""`teahouse serve`: servers of our own if none are configured, the migrations, then the workers, kept alive.

    serve
    ├── PostgreSQL, Redis      only when DATABASE_URL, REDIS_URL are unset
    ├── migrate                once, before any worker
    └── WORKERS workers        a dead one is started again

SIGTERM and SIGINT end the workers first (they finish what they are doing), then the servers. A child whose
parent was killed ends by itself.
"""

import asyncio
import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

import asyncpg
from redis import Redis
from redis.exceptions import RedisError

from app import embedded
from app.database import OUTAGES
from app.embedded import CannotStart, Running
from app.settings import Settings, served_address

READY_SECONDS_MAX = 60
STOP_SECONDS_MAX = 15
WATCH_SECONDS = 0.5
CHECK_SECONDS_MAX = 5
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Stop(Exception):
    """SIGTERM or SIGINT arrived."""


def serve(settings: Settings) -> None:
    """Run everything until told to stop; raises CannotStart with one line for the person who started it."""
    for number in STOP_SIGNALS:
        signal.signal(number, _stop)
    with contextlib.suppress(Stop), _reserved(settings) as port, _servers(settings) as (database, redis, own):
        environment = {
            **os.environ,
            "DATABASE_URL": database,
            "REDIS_URL": redis,
            "SECRET_KEY": settings.secret_key,
            "DATA_DIR": str(settings.data_dir),
            "PORT": str(port),
        }
        migrate(environment)
        Workers(settings.workers, environment, served_address(settings.host, port), own).run()


def migrate(environment: dict[str, str]) -> None:
    """Bring the tables up to date, in a process of its own; raises CannotStart."""
    done = subprocess.run([sys.executable, "-m", "app", "migrate"], env=environment, check=False)
    if done.returncode:
        raise CannotStart("The database could not be brought up to date; see above.")


def _stop(_: int, __: FrameType | None) -> NoReturn:
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)  # once is enough; what follows is an orderly end
    raise Stop


@contextlib.contextmanager
def _servers(settings: Settings) -> Iterator[tuple[str, str, list[Running]]]:
    """The URLs of PostgreSQL and Redis: the configured ones if they answer, else our own, which are listed."""
    started: list[Running] = []
    with contextlib.ExitStack() as own:
        sockets: Path | None = None
        if not (settings.database_url and settings.redis_url):
            own.enter_context(embedded.only_run(settings.data_dir))
            sockets = own.enter_context(embedded.socket_folder(settings.data_dir))
        database, redis = settings.database_url, settings.redis_url
        if database:
            _check_postgres(database)
        if redis:
            _check_redis(redis)
        if sockets and not database:
            started.append(own.enter_context(embedded.postgres(settings.data_dir, sockets)))
            database = started[-1].url
        if sockets and not redis:
            started.append(own.enter_context(embedded.redis(settings.data_dir, sockets)))
            redis = started[-1].url
        assert database
        assert redis
        yield database, redis, started


def _check_postgres(url: str) -> None:
    async def ask() -> None:
        connection = await asyncpg.connect(url, timeout=CHECK_SECONDS_MAX)
        await connection.close()

    try:
        asyncio.run(ask())
    except (*OUTAGES, asyncpg.PostgresError, ValueError) as error:
        raise CannotStart(f"PostgreSQL at DATABASE_URL does not answer: {_reason(error)}") from None


def _check_redis(url: str) -> None:
    try:
        Redis.from_url(url, socket_connect_timeout=CHECK_SECONDS_MAX, socket_timeout=CHECK_SECONDS_MAX).ping()
    except (RedisError, OSError, ValueError) as error:
        raise CannotStart(f"Redis at REDIS_URL does not answer: {_reason(error)}") from None


def _reason(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__


@contextlib.contextmanager
def _reserved(settings: Settings) -> Iterator[int]:
    """Hold the port for the workers; raises CannotStart when somebody else has it.

    The first bind, without SO_REUSEPORT, fails beside any other server; the second lets our workers in.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    port = settings.port
    try:
        with socket.socket(family) as first:
            first.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            first.bind((settings.host, port))
            port = first.getsockname()[1]
        with socket.socket(family) as held:
            held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            held.bind((settings.host, port))
            yield port
    except OSError as error:
        address = served_address(settings.host, port)
        raise CannotStart(f"Cannot serve {address}: {error.strerror or error}. Is something else there?") from None


class Worker:
    """One worker process and the pipe on which it says that it serves."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.ready, told = os.pipe()
        self._started = time.monotonic()
        try:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "app", "worker"],
                env={**environment, "TEAHOUSE_READY": str(told)},
                pass_fds=[told],
                start_new_session=True,  # Ctrl-C reaches the supervisor alone
                preexec_fn=embedded.ends_with_parent(signal.SIGTERM),
            )
        finally:
            os.close(told)

    def wait_until_ready(self) -> None:
        """Raises CannotStart when the worker ends, or says nothing, before it serves."""
        readable, _, _ = select.select([self.ready], [], [], READY_SECONDS_MAX)
        if not readable or not os.read(self.ready, 1):
            raise CannotStart("A worker did not start; see above.")

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()

    def end(self) -> None:
        """Wait for an orderly end, but not for ever."""
        try:
            self.process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.ready)


class Workers:
    def __init__(self, count: int, environment: dict[str, str], address: str, own: Sequence[Running]) -> None:
        self._count = count
        self._environment = environment
        self._address = address
        self._own = own
        self._workers: list[Worker] = []

    def run(self) -> NoReturn:
        """Start all, say where, and start again whichever dies, until Stop is raised."""
        try:
            for _ in range(self._count):
                self._workers.append(Worker(self._environment))
            for worker in self._workers:
                worker.wait_until_ready()
            print(f"Teahouse is open: {self._address}", flush=True)  # noqa: T201
            while True:
                time.sleep(WATCH_SECONDS)  # not woken by an end: one that cannot live is not started in a rush
                self._replace_the_dead()
                self._check_own_servers()
        finally:
            for worker in self._workers:
                worker.stop()
            for worker in self._workers:
                worker.end()

    def _check_own_servers(self) -> None:
        """Without its servers there is no house: better to end, so that whoever started it starts it again."""
        for server in self._own:
            if server.process.poll() is not None:
                raise CannotStart(f"{server.name} ended unexpectedly with {server.process.returncode}; closing.")

    def _replace_the_dead(self) -> None:
        for place, worker in enumerate(self._workers):
            if worker.process.poll() is not None:
                print(f"A worker ended with {worker.process.returncode}; starting another.", file=sys.stderr)  # noqa: T201
                worker.end()
                self._workers[place] = Worker(self._environment)
