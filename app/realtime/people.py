"""The people who have pages open on this worker, and what each is told on all of them, whichever room they show."""

import logging
from collections.abc import Iterable, Mapping, Sequence

from app.errors import Unavailable
from app.realtime.events import MarksMoved
from app.realtime.frames import Frame
from app.realtime.seat import Seat
from app.realtime.source import Source
from app.realtime.together import ARRIVING_SECONDS, Together
from app.rendering.streams import marks, room_version
from app.views import RoomMarks

logger = logging.getLogger("teahouse")


class People:
    def __init__(self, source: Source) -> None:
        self._source = source
        self._seats: dict[int, set[Seat]] = {}
        self._lists = Together(self._read_lists, ARRIVING_SECONDS)

    def came(self, seat: Seat) -> None:
        self._seats.setdefault(seat.listener.person, set()).add(seat)

    def left(self, seat: Seat) -> None:
        seats = self._seats[seat.listener.person]
        seats.discard(seat)
        if not seats:
            del self._seats[seat.listener.person]

    def seats_of(self, person: int) -> Sequence[Seat]:
        return list(self._seats.get(person, ()))

    def all_seats(self) -> Iterable[Seat]:
        return (seat for seats in self._seats.values() for seat in seats)

    def tell_own_marks(self, event: MarksMoved) -> None:
        moved = "back" if event.set_back else "on"
        for mark in event.marks:
            if seats := self._seats.get(mark.id):
                count = RoomMarks(event.room, event.last_seq, mark.last_read_seq, mark.mentions, moved)
                frame = Frame(marks([count]))
                for seat in [seat for seat in seats if event.room in seat.follows]:
                    seat.listener.write(frame)

    async def show_rooms(self, person: int) -> None:
        """Bring the list of rooms on all this person's pages level."""
        try:
            html = await self._lists.ask(person)  # in the order of asking, so that the newest list comes last
        except Unavailable:
            logger.info("PostgreSQL is away: a list of rooms stays as it is until the next page")
            return
        self.write(self.seats_of(person), html)

    async def _read_lists(self, people: Sequence[int]) -> Mapping[int, str]:
        return {person: await self._source.rooms_list(person) for person in people}

    def write(self, seats: Iterable[Seat], html: str) -> None:
        """Write to these seats; with it goes the version that the page of a room has, as with every frame."""
        frames: dict[int | None, Frame] = {}
        for seat in seats:
            if html and not seat.gone:
                version = None if seat.is_outside else seat.version
                if version not in frames:
                    frames[version] = Frame(html + ("" if version is None else room_version(version)))
                seat.listener.write(frames[version])
