"""What the cases share: servers on one core, the clients on the other, and what processes take of CPU and memory."""

import asyncio
import contextlib
import json
import os
import resource
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
BUILT = Path(os.environ.get("DATA_DIR") or HERE.parent.parent / "var") / "bench"
CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE, CLIENT_CORE = CORES[0], CORES[-1]
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
PATIENCE_SECONDS = 60
LOOK_SECONDS = 0.5
UNSURE_CPU_SECONDS = 0.05  # a few ticks, which /proc counts in
BUSY_CPU_SECONDS = 0.05  # more than this in LOOK_SECONDS is not at rest
POSTING_CONNECTIONS = 16
OPENED_PER_SECOND_MIN = 50
LINE_BYTES_MAX = 1 << 16
ESTABLISHED, LISTENING = "01", "0A"  # as /proc/net/tcp has it


class Missing(Exception):
    """Something that has to be installed before this can be measured."""


class Void(Exception):
    """What was delivered, or stored, is not what was sent: there is no figure."""


@dataclass(frozen=True)
class Heard:
    """What the sockets of one client were brought (see load/client.c); counts are from its beginning."""

    open: int
    lost: int
    level: int
    deliveries: int
    wrong: int
    disordered: int
    afresh: int
    newest: int
    p50: float  # milliseconds from the sending of a message to the last socket, of those since the last question
    p99: float
    at: float  # seconds on the monotonic clock

    def audit(self, sockets: int, messages: int, lost: int = 0) -> "Heard":
        """Raise Void if one message was lost or doubled or, where the server promises an order, out of it."""
        whole = (self.open, self.level, self.deliveries, self.wrong, self.lost, self.afresh)
        if whole != (sockets, sockets, sockets * messages, 0, lost, 0):
            raise Void(f"not everything was delivered once: of {messages} messages to {sockets} sockets, {self}")
        return self


@dataclass(frozen=True)
class Answers:
    """What an asking client was answered (see load/asker.c)."""

    answered: int
    failed: int
    seconds: float
    p50: float  # milliseconds
    p99: float
    bytes: int

    def audit(self, count: int | None = None) -> "Answers":
        if self.failed or not self.answered or (count is not None and self.answered != count):
            raise Void(f"not every request was answered: of {count or 'many'}, {self}")
        return self

    @property
    def per_second(self) -> float:
        return self.answered / self.seconds


def build(source: Path, *libraries: str) -> Path:
    """Compile one C file, if it or a header beside it changed; raises Missing."""
    BUILT.mkdir(parents=True, exist_ok=True)
    program = BUILT / source.stem
    written = max(path.stat().st_mtime for path in (source, *source.parent.glob("*.h")))
    if not program.exists() or program.stat().st_mtime < written:
        if not shutil.which("cc"):
            raise Missing("a C compiler (cc)")
        command = ["cc", "-O2", "-Wall", "-o", str(program), str(source), *libraries]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if "zlib.h" in done.stderr:
            raise Missing("zlib's headers (zlib.h)")
        done.check_returncode()
    return program


def pin(core: int) -> None:
    """Keep this process, and what it starts, on one core."""
    os.sched_setaffinity(0, {core})


def allow_open_files(count: int) -> None:
    """Let this process, and what it starts, hold so many sockets; raises Missing."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most != resource.RLIM_INFINITY and most < count:
        raise Missing(f"room for {count} open files (ulimit -Hn says {most})")
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


class Client:
    """load/client.c with `sockets` open pages."""

    def __init__(self, port: int, target: str, sockets: int, since: int = 0, first: int = 1, **more: str) -> None:
        self.sockets = sockets
        self._arguments = [
            str(build(HERE / "load" / "client.c", "-lz")),
            *map(str, (port, target, first, sockets, since)),
            *(more.get("mark", 'data-version="'), more.get("protocol", "deflate"), more.get("poll", "-")),
        ]
        self._headers = more.get("headers", "")

    async def __aenter__(self) -> "Client":
        self.process = await _started(self._arguments)
        self.process.stdin.write(f"{self._headers}\n".encode())
        try:
            patience = PATIENCE_SECONDS + self.sockets / OPENED_PER_SECOND_MIN
            line = await asyncio.wait_for(self.process.stdout.readline(), patience)
            if line != b"ready\n":
                raise Void("the sockets could not be opened")
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def level(self, seq: int, seconds: float = 20) -> Heard:
        """Once every socket has been brought all messages up to `seq`, or after `seconds`."""
        return await self._answer(f"level {seq} {seconds}\n", seconds)

    async def back(self, lost: int, seconds: float) -> Heard:
        """Once all are open again after `lost` were not, and have what was newest then."""
        return await self._answer(f"back {lost} {seconds}\n", seconds)

    async def _answer(self, command: str, seconds: float) -> Heard:
        self.process.stdin.write(command.encode())
        line = await asyncio.wait_for(self.process.stdout.readline(), seconds + PATIENCE_SECONDS)
        if not line:
            raise Void("the load client ended")
        return Heard(**json.loads(line))

    async def __aexit__(self, *_: object) -> None:
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()


async def ask(
    port: int,
    request: str,
    connections: int = POSTING_CONNECTIONS,
    per_second: int = 0,
    count: int = 10_000_000,
    seconds: float = PATIENCE_SECONDS,
    protocol: str = "http",
) -> Answers:
    """load/asker.c: `count` times the same request, at a pace, or as fast as it is answered."""
    numbers = map(str, (port, connections, per_second, count, seconds))
    process = await _started([str(build(HERE / "load" / "asker.c")), *numbers, protocol])
    try:
        output, _ = await asyncio.wait_for(process.communicate(request.encode()), seconds + PATIENCE_SECONDS)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if not output:
        raise Void("requests were not answered")
    return Answers(**json.loads(output))


async def _started(command: Sequence[str]) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        limit=LINE_BYTES_MAX,
        preexec_fn=lambda: pin(CLIENT_CORE),
    )


def cpu_seconds(roots: Iterable[int]) -> float:
    """User and system time of these processes and all below them, those included that have ended."""
    total = 0
    for pid in tree(roots):
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue  # it ended meanwhile
        total += sum(map(int, fields[11:15]))  # its own, and that of the children it has waited for (proc(5))
    return total / TICKS_PER_SECOND


@contextlib.contextmanager
def cheaper(roots: Sequence[int]) -> Iterator[None]:
    """Raise Void where measuring took more CPU than these servers: they may have waited for it."""

    def took() -> tuple[float, float]:
        servers = cpu_seconds(roots)
        return cpu_seconds([os.getpid()]) - servers, servers  # the load clients, and this process

    measuring_before, servers_before = took()
    yield
    measuring_after, servers_after = took()
    check_cheaper(measuring_after - measuring_before, servers_after - servers_before)


def check_cheaper(measuring: float, servers: float) -> None:
    if measuring > servers + UNSURE_CPU_SECONDS:
        raise Void(f"measuring took {measuring:.2f} s of CPU, the servers {servers:.2f} s")


async def at_rest(roots: Sequence[int], busy: float = BUSY_CPU_SECONDS) -> None:
    """Wait until these servers have done what the joining of the sockets left them to do."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        before = float("-inf")
        while cpu_seconds(roots) > before + busy:
            before = cpu_seconds(roots)
            await asyncio.sleep(LOOK_SECONDS)


def memory_bytes(pids: Iterable[int]) -> int:
    """The memory of these processes, with their share of what they have in common (PSS)."""
    total = 0
    for pid in pids:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        total += next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024
    return total


def sockets_of(pid: int, port: int, state: str = ESTABLISHED) -> int:
    """How many connections to this port the process holds; or, with LISTENING, whether it takes new ones."""
    held = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        try:
            held.add(os.readlink(link))
        except OSError:
            continue  # closed meanwhile
    rows = [line.split() for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]]
    ours = (row for row in rows if row[1].endswith(f":{port:04X}") and row[3] == state)
    return sum(f"socket:[{row[9]}]" in held for row in ours)


def tree(roots: Iterable[int]) -> set[int]:
    found: set[int] = set()
    waiting = list(roots)
    while waiting:
        pid = waiting.pop()
        if pid not in found:
            found.add(pid)
            for task in Path(f"/proc/{pid}/task").glob("*/children"):
                try:
                    waiting.extend(map(int, task.read_text().split()))
                except OSError:
                    continue
    return found
