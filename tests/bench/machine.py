"""How fast this machine and its Python are just now: seconds and pages a second mean little without it.

A Python that was built without optimization takes half as long again, and a virtual machine has slow minutes.
"""

import os
import platform
import time

from tests.bench.measure import SERVER_CORE

ROUNDS = 4
STEPS = 100_000


def speed() -> float:
    """Milliseconds that this Python takes for a fixed piece of work on the servers' core; the best of some rounds."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {SERVER_CORE})
    try:
        return round(min(_round() for _ in range(ROUNDS)) * 1e3, 1)
    finally:
        os.sched_setaffinity(0, before)


def line(speed: float) -> str:
    return f"after which Python {platform.python_version()} took {speed} ms for a fixed piece of work"


class _Pair:
    __slots__ = ("left", "right")

    def __init__(self, left: int, right: int) -> None:
        self.left = left
        self.right = right

    def total(self, more: int) -> int:
        return self.left + self.right + more


def _round() -> float:
    """Objects, calls, dictionaries and text: what a server in Python does all day."""
    begun = time.perf_counter()
    kept: dict[int, int] = {}
    for step in range(STEPS):
        kept[step % 100] = _Pair(step, step).total(3)
        words = f"{step}-{kept[step % 100]}".split("-")
        [word for word in words if word]
    return time.perf_counter() - begun
