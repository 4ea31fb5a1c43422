"""What the cases share: servers on one core, the client on the other, and CPU seconds of whole process trees."""

import asyncio
import json
import os
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
BUILT = HERE.parent.parent / "var" / "bench"
CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE, CLIENT_CORE = CORES[0], CORES[-1]
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
PATIENCE_SECONDS = 60
LOOK_SECONDS = 0.5
BUSY_CPU_SECONDS = 0.05  # more than this in LOOK_SECONDS is not at rest


@dataclass(frozen=True)
class Heard:
    """What the sockets of one client were brought (see client.c)."""

    open: int
    closed: int
    deliveries: int
    wrong: int
    level: int
    p50: float  # milliseconds
    p99: float
    cpu: float  # seconds, the client's own
    seconds: float

    def audit(self, sockets: int, messages: int) -> None:
        """Raise if one message was lost, doubled or out of order: the figure is void then."""
        whole = (self.open, self.level, self.deliveries, self.wrong, self.closed)
        if whole != (sockets, sockets, sockets * messages, 0, 0):
            raise AssertionError(f"not everything was delivered once and in order: {self}")


def build(source: Path, *libraries: str) -> Path:
    """Compile one C file, if it changed."""
    BUILT.mkdir(parents=True, exist_ok=True)
    program = BUILT / source.stem
    if not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
        subprocess.run(["cc", "-O2", "-Wall", "-o", str(program), str(source), *libraries], check=True)
    return program


def pin(core: int) -> None:
    """Keep this process, and what it starts, on one core."""
    os.sched_setaffinity(0, {core})


class Client:
    """client.c with `sockets` sockets; `heard` once all are level."""

    def __init__(self, port: int, target: str, sockets: int, last_seq: int, seconds: float, **more: str) -> None:
        self.arguments = [
            str(build(HERE / "client.c", "-lz")),
            *(str(port), target, str(sockets), str(last_seq), str(seconds)),
            *(more.get("mark", 'data-version="'), more.get("protocol", "deflate")),
        ]
        self.headers = more.get("headers", "")

    async def __aenter__(self) -> "Client":
        self.process = await asyncio.create_subprocess_exec(
            *self.arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, preexec_fn=lambda: pin(CLIENT_CORE)
        )
        self.process.stdin.write(self.headers.encode())
        self.process.stdin.close()
        line = await asyncio.wait_for(self.process.stdout.readline(), PATIENCE_SECONDS)
        assert line == b"ready\n", line
        return self

    async def heard(self) -> Heard:
        return Heard(**json.loads(await asyncio.wait_for(self.process.stdout.read(), PATIENCE_SECONDS)))

    async def __aexit__(self, *_: object) -> None:
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()


def cpu_seconds(roots: Iterable[int]) -> float:
    """User and system time of these processes and all below them."""
    total = 0
    for pid in tree(roots):
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue  # it ended meanwhile
        total += int(fields[11]) + int(fields[12])
    return total / TICKS_PER_SECOND


async def at_rest(roots: Sequence[int]) -> None:
    """Wait until these servers have done what the joining of the sockets left them to do."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        before = float("-inf")
        while cpu_seconds(roots) > before + BUSY_CPU_SECONDS:
            before = cpu_seconds(roots)
            await asyncio.sleep(LOOK_SECONDS)


def resident_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


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
