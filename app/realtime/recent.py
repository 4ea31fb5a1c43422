"""The frames that a room was told last: who comes a little late is given them without a question to PostgreSQL."""

from app.realtime.frames import Frame

FRAMES_MAX = 50
LENGTH_MAX = 50_000  # characters of HTML


class RecentFrames:
    """Frames that lead from version to version without a gap, the newest ones."""

    def __init__(self) -> None:
        self._frames: dict[int, tuple[int, Frame]] = {}  # since → (version, frame), in order
        self._length = 0

    def add(self, since: int, version: int, frame: Frame) -> None:
        self._frames[since] = version, frame
        self._length += len(frame.html)
        while len(self._frames) > FRAMES_MAX or self._length > LENGTH_MAX:
            _, oldest = self._frames.pop(next(iter(self._frames)))
            self._length -= len(oldest.html)

    def after(self, version: int) -> tuple[int, Frame] | None:
        """The frame that starts at this version, and where it leads."""
        return self._frames.get(version)

    def clear(self) -> None:
        self._frames.clear()
        self._length = 0
