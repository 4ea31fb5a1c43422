"""How people look, kept level on all open pages: another name or picture shows wherever somebody stands.

All such changes of the house are numbered (`actions.faces`), as those of a room are, and a page knows the number that
it was made with. An event says only that there is something to read; the sweep reads what no event told, for a worker
that lost Redis as for a page whose socket was down. Everybody is told, not only who shares a room: what somebody
wrote stays in rooms that they have left, and names are no secret in a house (`GET /people`).
"""

import logging
from collections.abc import Callable, Iterable, Sequence

from app.errors import Unavailable
from app.realtime.pace import Pace
from app.realtime.seat import Seat
from app.realtime.source import ReadFaces
from app.realtime.supervision import Spawn
from app.rendering.streams import profiles

logger = logging.getLogger("teahouse")

TOLD_EVERY_SECONDS = 1.0


class Faces:
    """`write` writes HTML to some seats."""

    def __init__(
        self,
        read: ReadFaces,
        seats: Callable[[], Iterable[Seat]],
        write: Callable[[Sequence[Seat], str], None],
        spawn: Spawn,
    ) -> None:
        self.version = 0  # as it was last read
        self.names: dict[int, str] = {}  # of those who changed since this worker began, perhaps after they came
        self._read = read
        self._seats = seats
        self._write = write
        self._pace = Pace(TOLD_EVERY_SECONDS, lambda: spawn(self._look_now()))

    def changed(self) -> None:
        """Somebody looks otherwise now."""
        self._pace.soon()

    def close(self) -> None:
        self._pace.close()

    async def _look_now(self) -> None:
        try:
            await self.look()
        except Unavailable:
            logger.info("PostgreSQL is away: the sweep asks again who looks otherwise")

    async def look(self) -> None:
        """Tell every page what it lacks. Raises Unavailable."""
        behind = min((seat.faces for seat in self._level_seats()), default=self.version)
        now = await self._read(behind)
        self.version = now.version
        self.names |= {face.id: face.name for _, face in now.changed}
        groups: dict[int, list[Seat]] = {}
        for seat in self._level_seats():
            if behind <= seat.faces < now.version:
                groups.setdefault(seat.faces, []).append(seat)
                seat.faces = now.version
        for since, seats in groups.items():
            if news := [face for version, face in now.changed if version > since]:
                self._write(seats, profiles(news, now.version))

    def _level_seats(self) -> Sequence[Seat]:
        """A page that catches up may yet be given what was rendered earlier: it is told next time."""
        return [seat for seat in self._seats() if not seat.gone and not seat.catching_up]
