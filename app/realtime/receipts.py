"""How far the people of a room have read, as its open pages are told: at most once a second a room."""

from collections.abc import Callable

from app.realtime.events import MarksMoved
from app.realtime.pace import Pace
from app.rendering.streams import receipts
from app.views import Receipts

TOLD_EVERY_SECONDS = 1.0


class ToldReceipts:
    """Gathers the marks of one room. `tell` writes HTML to everybody who has it open."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._waiting: Receipts | None = None
        self._pace = Pace(TOLD_EVERY_SECONDS, self._now)

    def take(self, event: MarksMoved) -> None:
        marks = {mark.id: mark for mark in self._waiting.marks} if self._waiting else {}
        for mark in event.marks:
            if mark.id not in marks or mark.seen_seq > marks[mark.id].seen_seq:
                marks[mark.id] = mark
        self._waiting = Receipts(event.people, event.last_seq, event.readers, tuple(marks.values()))
        self._pace.soon()

    def close(self) -> None:
        self._pace.close()

    def _now(self) -> None:
        if self._waiting:
            waiting, self._waiting = self._waiting, None
            self._tell(receipts(waiting))
