"""`teahouse serve`: servers of our own if none are configured, the migrations, then the workers, kept alive.

    serve
    ├── PostgreSQL, Redis      only when DATABASE_URL, REDIS_URL are unset
    ├── migrate                once, before any worker
    └── WORKERS workers        a dead one is started again

Workers are forked from this process, which has loaded by then what they all need. So they start at once, also
while a thousand pages that lost one come back, and have that part of their memory in common.

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
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

import asyncpg
from redis import Redis
from redis.exceptions import RedisError

from app import embedded
from app.database import OUTAGES
from app.embedded import LOOK_AGAIN_SECONDS, CannotStart, Running
from app.settings import Settings, from_environment, served_address

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
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # whoever started this may ignore its children; we ask how ours end
    with contextlib.suppress(Stop), _reserved(settings) as port, _servers(settings) as (database, redis, own):
        os.environ.update(
            DATABASE_URL=database,
            REDIS_URL=redis,
            SECRET_KEY=settings.secret_key,
            DATA_DIR=str(settings.data_dir),
            PORT=str(port),
        )
        migrate()
        with _stop_waits():  # an import is no place for an exception from elsewhere
            work = _loaded()
        Workers(settings.workers, work, served_address(settings.host, port), own).run()


def migrate() -> None:
    """Bring the tables up to date, in a process of its own; raises CannotStart."""
    ends = embedded.ends_with_parent(signal.SIGTERM)
    if subprocess.run([sys.executable, "-m", "app", "migrate"], preexec_fn=ends, check=False).returncode:
        raise CannotStart("The database could not be brought up to date; see above.")


def _loaded() -> Callable[[int], None]:
    """What a worker does, given the file descriptor on which it says that it serves."""
    from app import worker  # not before DATABASE_URL is set

    settings = from_environment()
    worker.load()
    return lambda ready: worker.run(settings, ready)


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
    with socket.socket(family) as held:
        try:
            with socket.socket(family) as first:
                first.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                first.bind((settings.host, port))
                port = first.getsockname()[1]
            held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            held.bind((settings.host, port))
        except OSError as error:
            address = served_address(settings.host, port)
            raise CannotStart(
                f"Cannot serve {address}: {error.strerror or error}. Is something else there?"
            ) from None
        yield port


@contextlib.contextmanager
def _stop_waits() -> Iterator[None]:
    """A signal that comes meanwhile is heard afterwards: a worker that was just forked must be one that is known."""
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)


class Worker:
    """One worker process and the pipe on which it says that it serves. Make it while `_stop_waits`."""

    def __init__(self, work: Callable[[int], None]) -> None:
        ready, told = os.pipe()
        self._ready = os.fdopen(ready, "rb", buffering=0)
        self.exit_code: int | None = None  # negative for a signal; None while it runs, or nobody looked
        self._pid = os.fork()
        if not self._pid:
            _work_and_exit(work, told)
        os.close(told)

    def wait_until_ready(self) -> None:
        """Raises CannotStart when the worker ends, or says nothing, before it serves."""
        readable, _, _ = select.select([self._ready], [], [], READY_SECONDS_MAX)
        if not readable or not self._ready.read(1):
            raise CannotStart("A worker did not start; see above.")

    def has_ended(self) -> bool:
        if self.exit_code is None:
            pid, status = os.waitpid(self._pid, os.WNOHANG)
            self.exit_code = os.waitstatus_to_exitcode(status) if pid else None
        return self.exit_code is not None

    def stop(self) -> None:
        if not self.has_ended():
            os.kill(self._pid, signal.SIGTERM)

    def end(self) -> None:
        """Wait for an orderly end, but not for ever."""
        until = time.monotonic() + STOP_SECONDS_MAX
        while not self.has_ended():
            if time.monotonic() >= until:
                os.kill(self._pid, signal.SIGKILL)
            time.sleep(LOOK_AGAIN_SECONDS)  # waitpid(2) has no timeout
        self._ready.close()


def _work_and_exit(work: Callable[[int], None], ready: int) -> NoReturn:
    """In a process that was just forked: leave behind what is its parent's alone, and serve."""
    code = 1
    try:
        os.setsid()  # Ctrl-C reaches the supervisor alone
        embedded.ends_with_parent(signal.SIGTERM)()
        for number in STOP_SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)
        _close_all_files_but(0, 1, 2, ready)
        work(ready)
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:
        with contextlib.suppress(OSError):  # nobody reads it any more
            traceback.print_exc()
    finally:
        with contextlib.suppress(BaseException):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)  # nothing of the parent is tidied up here


def _close_all_files_but(*kept: int) -> None:
    """What the parent holds (the lock of its folder, the port, other workers' pipes) is to go with the parent."""
    for file in map(int, os.listdir("/dev/fd")):
        if file not in kept:
            with contextlib.suppress(OSError):  # the list itself was one
                os.close(file)


class Workers:
    def __init__(self, count: int, work: Callable[[int], None], address: str, own: Sequence[Running]) -> None:
        self._count = count
        self._work = work
        self._address = address
        self._own = own
        self._workers: list[Worker] = []

    def run(self) -> NoReturn:
        """Start all, say where, and start again whichever dies, until Stop is raised."""
        try:
            for _ in range(self._count):
                with _stop_waits():
                    self._workers.append(Worker(self._work))
            for worker in self._workers:
                worker.wait_until_ready()
            print(f"Teahouse is open: {self._address}", flush=True)  # noqa: T201
            while True:
                time.sleep(WATCH_SECONDS)  # not woken by an end: one that cannot live is not started in a rush
                with _stop_waits():
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
            if worker.has_ended():
                print(f"A worker ended with {worker.exit_code}; starting another.", file=sys.stderr)  # noqa: T201
                worker.end()
                self._workers[place] = Worker(self._work)
