"""Say something at most once in so many seconds: the first time at once, what comes later gathered."""

import asyncio
from collections.abc import Callable


class Pace:
    """`tell` is called soon after each `soon()`, but never twice within `seconds`."""

    def __init__(self, seconds: float, tell: Callable[[], None]) -> None:
        self._seconds = seconds
        self._tell = tell
        self._next = float("-inf")
        self._timer: asyncio.TimerHandle | None = None

    def soon(self) -> None:
        if self._timer is None:
            loop = asyncio.get_running_loop()
            if loop.time() >= self._next:
                self._now()
            else:
                self._timer = loop.call_at(self._next, self._now)

    def close(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def _now(self) -> None:
        self._timer = None
        self._next = asyncio.get_running_loop().time() + self._seconds
        self._tell()
