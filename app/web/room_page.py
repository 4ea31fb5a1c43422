"""The page of a room: what one person sees, around what everybody sees.

What everybody sees is kept, rendered and compressed, for as long as the room stands where it stood. That is one
small question to PostgreSQL, so it holds whatever an event told or didn't tell, on every worker at once.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple
from uuid import uuid4

from app import access, rendering
from app.errors import NotAMember, NotThere
from app.queries import marks, rooms, talk, timeline
from app.queries.rooms import Opened
from app.realtime.together import Together
from app.settings import UploadLimits
from app.views import Form, Member, MessagePlace, Person, Quote, Room, Standing, Timeline
from app.web.pages import bare_frame
from app.web.pieces import FreshPiece, Piece, passing
from app.web.shelf import Shelf
from app.web.visitors import AnyRequest

MESSAGES_AFTER = timeline.PAGE_MESSAGES // 2
"""How many more are shown after the message that a page was opened for."""
ROOMS_KEPT_MAX = 100
"""On each worker, some 100 KB a room."""


class Shown(NamedTuple):
    """A slice of a room's messages, and the pieces that show it."""

    elements: Mapping[int, str]  # seq → element id
    has_newer: bool
    piece: Piece
    version: Piece


class RoomPages:
    """The pages of all rooms. `status_of` is what this worker knows of a person's presence."""

    def __init__(self, status_of: Callable[[int], str], uploads: UploadLimits) -> None:
        self._uploads = uploads
        self._status_of = status_of
        self._opened = Together(rooms.opened_many)
        self._newest: Shelf[Shown] = Shelf(ROOMS_KEPT_MAX)
        self._receipts: Shelf[Piece] = Shelf(ROOMS_KEPT_MAX)
        self._members: Shelf[Sequence[Member]] = Shelf(ROOMS_KEPT_MAX)
        self._people: Shelf[Piece] = Shelf(ROOMS_KEPT_MAX)

    async def open(self, person: Person, room_id: int) -> Opened:
        """A room that the person is in or could walk into; raises NotThere for any other. Pages that are asked for at
        the same time are read for together."""
        found = await self._opened.ask((person.id, room_id))
        access.visible(found.room if found else None)
        assert found
        return found

    async def of(
        self,
        request: AnyRequest,
        person: Person,
        opened: Opened,
        before: int | None = None,
        after: int | None = None,
        around: MessagePlace | None = None,
        form: Form | None = None,
    ) -> Sequence[Piece]:
        """The page of a room that the person is in; `form` is a composer that comes back with what was typed."""
        if around:
            before = around.seq + MESSAGES_AFTER
        room, standing, mine = opened
        shown = await self._slice_of(room, standing, before, after)
        parts = rendering.room.page(
            replace(bare_frame(request), me=person, rooms=mine, room=room.id),
            room,
            shown.elements,
            shown.has_newer,
            self._uploads,
            form,
            f"m-{around.id}" if around else "",
            await _replying(person, room, form.typed("reply_to")) if form else None,
        )
        places = {
            "timeline": shown.piece,
            "version": shown.version,
            "message-id": FreshPiece(str(uuid4())),
            "receipts": await self._receipts_of(room, standing),
            "people": await self._people_of(room, standing),
        }
        return [piece for place, html in parts for piece in (places.get(place), passing(html)) if piece]

    async def _slice_of(self, room: Room, standing: Standing, before: int | None, after: int | None) -> Shown:
        if after and (following := await timeline.after(room.id, after)).messages:
            return _shown(following, standing)
        if before and not after:
            return _shown(await timeline.before(room.id, before), standing)
        return await self._newest_of(room, standing)

    async def _newest_of(self, room: Room, standing: Standing) -> Shown:
        async def make() -> Shown:
            return _shown(await timeline.latest(room.id), standing)

        return await self._newest.get(room.id, (standing.version, standing.faces), make)

    async def _receipts_of(self, room: Room, standing: Standing) -> Piece:
        async def make() -> Piece:
            return Piece(rendering.room.read_by(await marks.receipts_at(room.id, standing)))

        return await self._receipts.get(room.id, standing, make)

    async def _people_of(self, room: Room, standing: Standing) -> Piece:
        key = standing.version, standing.faces, standing.people, room.people

        async def read() -> Sequence[Member]:
            return await rooms.members(room.id)

        members = await self._members.get(room.id, key, read)
        statuses = tuple(self._status_of(member.id) for member in members)

        async def make() -> Piece:
            with_status = [replace(each, status=status) for each, status in zip(members, statuses, strict=True)]
            return Piece(rendering.room.people(room, with_status))

        return await self._people.get(room.id, (key, statuses), make)


def _shown(slice_: Timeline, standing: Standing) -> Shown:
    level = rendering.room.version(slice_.version) + rendering.room.faces(standing.faces)
    elements = {line.seq: line.element_id for line in slice_.messages}
    return Shown(elements, slice_.has_newer, Piece(rendering.room.timeline(slice_)), Piece(level))


async def _replying(person: Person, room: Room, reply_to: str) -> Quote | None:
    """What the composer answers; None when it is no longer there."""
    if not reply_to:
        return None
    try:
        original = await access.message_for(person, reply_to)
    except (NotThere, NotAMember):
        return None
    return await talk.quote_of(original) if original.room == room.id else None
