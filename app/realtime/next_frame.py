"""What the sockets of a room are told next: its changes, in their order, and what is carried along with them."""

import asyncio
from collections.abc import Callable, Sequence

from app.realtime.events import RoomChanged

FRAME_SECONDS_MIN = 0.02
"""What comes sooner after a frame joins the next: a busy room costs less a message, a quiet one waits for nothing."""
CARRIED_SECONDS_MAX = 0.05
"""How long what is carried waits for changes: longer than they wait themselves."""


class NextFrame:
    """`deliver` is given the changes of one frame and the HTML carried along; not more than one of them is empty.

    A frame holds posts, or one change alone: a page finds the place of everything in a frame before it puts in the
    first, so a change to a message that comes in the same frame would be lost.
    """

    def __init__(self, deliver: Callable[[Sequence[RoomChanged], str], None]) -> None:
        self._deliver = deliver
        self._changes: list[RoomChanged] = []
        self._carried = ""
        self._not_before = 0.0  # the next frame, in seconds of the loop
        self._timer: asyncio.Handle | None = None
        self._timer_at = 0.0

    @property
    def version(self) -> int | None:
        """Where the frame leads; None while there are no changes in it."""
        return self._changes[-1].version if self._changes else None

    def add(self, change: RoomChanged) -> None:
        """Deliver it at once, or with the next frame if the last one has just gone out."""
        if self._changes and not change.has_posts_alone:
            self._go()
        self._changes.append(change)
        if not change.has_posts_alone or asyncio.get_running_loop().time() >= self._not_before:
            self._go()
        else:
            self._go_at(self._not_before)

    def carry(self, html: str) -> None:
        """Deliver it with the changes that come next, or alone if none come soon."""
        self._carried += html
        self._go_at(asyncio.get_running_loop().time() + CARRIED_SECONDS_MAX)

    def close(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def _go_at(self, time: float) -> None:
        if self._timer and self._timer_at <= time:
            return
        self.close()
        self._timer_at = time
        self._timer = asyncio.get_running_loop().call_at(time, self._go)

    def _go(self) -> None:
        self.close()
        changes, self._changes = self._changes, []
        carried, self._carried = self._carried, ""
        if changes:
            self._not_before = asyncio.get_running_loop().time() + FRAME_SECONDS_MIN
        if changes or carried:
            self._deliver(changes, carried)
