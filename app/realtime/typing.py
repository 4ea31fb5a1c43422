"""Who is typing in one room, as every worker knows it by itself from the same events.

Nothing of it is stored. A key press counts for TYPING_EXPIRES_SECONDS; a message or leaving ends it at once. The
sockets of the room are told at most once in TOLD_EVERY_SECONDS, however many people type.
"""

import asyncio
from collections.abc import Callable

TYPING_EXPIRES_SECONDS = 4.0
TOLD_EVERY_SECONDS = 1.0


class Typists:
    """`tell` is called with the people (id → name) whenever the room should hear of a change."""

    def __init__(self, tell: Callable[[dict[int, str]], None]) -> None:
        self._tell = tell
        self._people: dict[int, tuple[str, float]] = {}  # id → (name, when it expires)
        self._told: dict[int, str] = {}
        self._told_at = float("-inf")
        self._timer: asyncio.TimerHandle | None = None

    @property
    def now(self) -> dict[int, str]:
        """Who is typing, in the order in which they began."""
        return {person: name for person, (name, _) in self._people.items()}

    def typed(self, person: int, name: str) -> None:
        self._people[person] = name, _time() + TYPING_EXPIRES_SECONDS
        self._update()

    def stopped(self, person: int) -> None:
        if self._people.pop(person, None):
            self._update()

    def close(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def _update(self) -> None:
        """Tell the room if something changed and it is not too soon; come back when there will be more to say."""
        self.close()
        now = _time()
        self._people = {person: entry for person, entry in self._people.items() if entry[1] > now}
        if self.now != self._told and now >= self._told_at + TOLD_EVERY_SECONDS:
            self._told, self._told_at = self.now, now
            self._tell(self._told)
        next_times = [expires for _, expires in self._people.values()]
        if self.now != self._told:
            next_times.append(self._told_at + TOLD_EVERY_SECONDS)
        if next_times:
            self._timer = asyncio.get_running_loop().call_at(min(next_times), self._update)


def _time() -> float:
    return asyncio.get_running_loop().time()
