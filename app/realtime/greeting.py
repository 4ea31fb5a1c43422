"""What a page is told when its socket is level, since the page may be older: its person's counts, and how far
everybody has read its room. Sockets that arrive together are read for together."""

import logging
from collections.abc import Mapping, Sequence

from app.errors import Unavailable
from app.realtime.followers import Followers
from app.realtime.frames import Frame
from app.realtime.seat import Seat
from app.realtime.source import Source
from app.realtime.together import ARRIVING_SECONDS, Together
from app.rendering.streams import marks, receipts

logger = logging.getLogger("teahouse")


class Greeting:
    def __init__(self, source: Source, followers: Followers) -> None:
        self._source = source
        self._followers = followers
        self._marks = Together(source.marks_of, ARRIVING_SECONDS)
        self._receipts = Together(self._read_receipts, ARRIVING_SECONDS)

    async def greet(self, seat: Seat, room: int | None = None) -> None:
        """Of all its person's rooms, and of how far its own is read; or of one room alone, which it follows anew."""
        try:
            found = await self._marks.ask(seat.listener.person)
            counts = [mark for mark in found if mark.room in seat.follows]  # not what ended while it was read
            if room is not None:
                counts = [mark for mark in counts if mark.room == room]
            for mark in counts:
                self._followers.know(mark)
            read = None if seat.is_outside or room is not None else await self._receipts.ask(seat.room)
        except Unavailable:
            logger.info("PostgreSQL is away: a page has the counts it was made with")
            return
        if not seat.gone and counts:
            seat.listener.write(Frame(marks(counts)))
            if read:
                seat.listener.write(read)

    async def _read_receipts(self, rooms: Sequence[int]) -> Mapping[int, Frame]:
        return {room: Frame(receipts(await self._source.receipts_of(room))) for room in rooms}
