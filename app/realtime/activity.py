"""What the people of a room hear of it wherever they are: its newest seq, who posted, who was mentioned.

All of them are told the same, at most once in TOLD_EVERY_SECONDS a room, from which each page works out its
own counts. What no event told, or what came out of order, is read in PostgreSQL, so that nothing is counted
twice and nothing is left out.
"""

from collections.abc import Callable, Iterable, Sequence

from app.realtime.events import RoomActive
from app.realtime.pace import Pace
from app.realtime.source import ReadActivity, ReadLastSeqs
from app.realtime.supervision import Spawn
from app.views import RoomNews

TOLD_EVERY_SECONDS = 1.0

Tell = Callable[[RoomNews], None]


class RoomActivity:
    """One room: `last_seq` is what was heard, and told or waits to be told. None until it is known."""

    def __init__(self, room: int, tell: Tell) -> None:
        self.room = room
        self.last_seq: int | None = None
        self.reading = False
        self._authors: dict[int, int] = {}
        self._writers: set[int] = set()
        self._mentioned: set[tuple[int, int]] = set()
        self._tell = tell
        self.pace = Pace(TOLD_EVERY_SECONDS, self._now)

    def add(self, event: RoomActive) -> None:
        self.last_seq = event.last_seq
        self._authors |= dict(event.authors)
        self._writers |= set(event.writers)
        self._mentioned |= set(event.mentioned)
        self.pace.soon()

    def _now(self) -> None:
        news = RoomNews(self.room, self.last_seq or 0, self._authors, sorted(self._mentioned), sorted(self._writers))
        self._authors, self._mentioned, self._writers = {}, set(), set()
        self._tell(news)


class Activity:
    """Of all rooms that somebody here follows. `tell` brings the news of one to its followers."""

    def __init__(
        self,
        tell: Tell,
        last_seqs: ReadLastSeqs,
        since: ReadActivity,
        spawn: Spawn,
    ) -> None:
        self._tell = tell
        self._last_seqs = last_seqs
        self._since = since
        self._spawn = spawn
        self._rooms: dict[int, RoomActivity] = {}

    def know(self, room: int, last_seq: int) -> None:
        """Followers of the room were told of this much already; what comes later is news."""
        active = self._room(room)
        if active.last_seq is None:
            active.last_seq = last_seq

    def take(self, event: RoomActive) -> None:
        """Pass on what is new; safe to repeat."""
        active = self._room(event.room)
        if active.last_seq is not None and event.last_seq <= active.last_seq:
            return
        if active.last_seq is None or event.since == active.last_seq:
            active.add(event)
        else:
            self._read_soon(active)

    async def look(self, rooms: Sequence[int]) -> None:
        """Ask PostgreSQL for what no event told. Raises Unavailable."""
        heard = {room: self._room(room).last_seq or 0 for room in rooms}
        for room, last_seq in (await self._last_seqs(rooms)).items():
            active = self._room(room)
            if active.last_seq is None or last_seq < heard[room]:  # the database was set back
                active.last_seq = last_seq
            elif last_seq > active.last_seq:
                self._read_soon(active)

    def forget(self, rooms: Iterable[int]) -> None:
        for room in rooms:
            if active := self._rooms.pop(room, None):
                active.pace.close()

    def close(self) -> None:
        self.forget(list(self._rooms))

    def _room(self, room: int) -> RoomActivity:
        active = self._rooms.get(room)
        if active is None:
            active = self._rooms[room] = RoomActivity(room, self._tell)
        return active

    def _read_soon(self, active: RoomActivity) -> None:
        if not active.reading:
            active.reading = True
            self._spawn(self._read(active))

    async def _read(self, active: RoomActivity) -> None:
        """Bring the room to PostgreSQL's seq; if that is away, the next sweep asks again."""
        try:
            since = active.last_seq or 0
            event = await self._since(active.room, since)
        finally:
            active.reading = False
        if event and active.last_seq is not None and event.last_seq > active.last_seq:
            # What an event brought meanwhile is told twice, with its seqs: pages count each seq once.
            active.add(event)
