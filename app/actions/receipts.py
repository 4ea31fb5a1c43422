"""Receipts: how far people have read. Marks of all sockets of this worker are written together.

A mark never goes back, except where its owner asks for it ("mark as unread from here"): then only
`last_read_seq` does, for their own counts, while `seen_seq` stays for those who see their receipt.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from asyncpg import DeadlockDetectedError

from app import lines
from app.errors import Unavailable
from app.realtime.events import Event, MarksMoved
from app.realtime.hub import Hub
from app.tables import Membership
from app.views import Mark, MessagePlace, Person

logger = logging.getLogger("teahouse")

WRITTEN_EVERY_SECONDS = 0.5
MARKS_PER_STATEMENT_MAX = 2_000
TRIES_MAX = 5

_COUNTED = f"m.room, m.person, m.last_read_seq, m.seen_seq, {lines.UNREAD_MENTIONS} AS mentions"

# Rows are locked in one order, so that two workers wait for each other and do not meet head-on.
_READ = f"""
WITH locked AS (
    SELECT m.id, least(t.seq, r.last_seq) AS seq
    FROM unnest({{}}::int[], {{}}::int[], {{}}::bigint[]) AS t (room, person, seq)
    JOIN membership m ON m.room = t.room AND m.person = t.person
    JOIN room r ON r.id = t.room
    ORDER BY m.room, m.person FOR UPDATE OF m
)
UPDATE membership m
SET last_read_seq = greatest(m.last_read_seq, l.seq), seen_seq = greatest(m.seen_seq, l.seq)
FROM locked l WHERE m.id = l.id AND (l.seq > m.last_read_seq OR l.seq > m.seen_seq)
RETURNING {_COUNTED}
"""

_UNREAD = f"""
UPDATE membership m SET last_read_seq = {{}} WHERE m.room = {{}} AND m.person = {{}} RETURNING {_COUNTED}
"""

_AS_THEY_ARE = f"SELECT {_COUNTED} FROM membership m WHERE m.room = {{}} AND m.person = any({{}}::int[])"

_PEOPLE = "SELECT id, name, avatar FROM person WHERE id = any({}::int[])"

Row = Mapping[str, Any]


class Receipts:
    """The marks of this worker's sockets that wait to be written."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._waiting: dict[tuple[int, int], int] = {}  # (room, person) → seq
        self._something = asyncio.Event()
        self._writing = asyncio.Lock()

    def read(self, person: int, room: int, seq: int) -> None:
        """The person has read the room up to `seq`; it is written soon. Means nothing for a room one is not in."""
        if seq > self._waiting.get((room, person), 0):
            self._waiting[room, person] = seq
            self._something.set()

    async def unread(self, person: Person, message: MessagePlace) -> None:
        """Set the mark back: the message and what follows it are unread again."""
        async with self._writing:  # else what is just being written might come, or be told, after it
            self._waiting.pop((message.room, person.id), None)
            rows = await Membership.raw(_UNREAD, message.seq - 1, message.room, person.id)
            await _tell(self._hub, rows, set_back=True)

    def hear(self, event: Event) -> None:
        """A mark was set back, perhaps on another worker: what was read before that is not to be written after it."""
        if isinstance(event, MarksMoved) and event.set_back:
            for mark in event.marks:
                self._waiting.pop((event.room, mark.id), None)

    async def write_for_ever(self) -> None:
        while True:
            await self._something.wait()
            await asyncio.sleep(WRITTEN_EVERY_SECONDS)
            self._something.clear()
            await self._write()

    async def write_the_last(self) -> None:
        """What waits is written before the worker ends."""
        try:
            while self._waiting:
                await self._write()
        except Unavailable:
            logger.warning("PostgreSQL is away; the latest read marks are lost")

    async def _write(self) -> None:
        """Write what waits, and tell it; what could not be written waits on."""
        async with self._writing:
            await _tell(self._hub, await self._take_and_write())

    async def _take_and_write(self) -> Sequence[Row]:
        keys = list(self._waiting)[:MARKS_PER_STATEMENT_MAX]
        batch = {key: self._waiting.pop(key) for key in keys}
        if self._waiting:
            self._something.set()
        try:
            return await _write_together(batch)
        except BaseException:
            for (room, person), seq in batch.items():
                self.read(person, room, seq)
            raise


async def tell_marks(hub: Hub, room: int, people: Sequence[int]) -> None:
    """Tell people's own pages how their counts in a room are now, after a change that was not theirs."""
    if people:
        await _tell(hub, await Membership.raw(_AS_THEY_ARE, room, list(people)))


async def _write_together(batch: Mapping[tuple[int, int], int]) -> Sequence[Row]:
    arguments = [room for room, _ in batch], [person for _, person in batch], list(batch.values())
    for _ in range(TRIES_MAX - 1):
        try:
            rows: Sequence[Row] = await Membership.raw(_READ, *arguments)
            return rows
        except DeadlockDetectedError:
            continue
    last: Sequence[Row] = await Membership.raw(_READ, *arguments)
    return last


async def _tell(hub: Hub, rows: Sequence[Row], set_back: bool = False) -> None:
    """One event for each room."""
    if not rows:
        return
    of_room: dict[int, list[Row]] = {}
    for row in rows:
        of_room.setdefault(row["room"], []).append(row)
    rooms = {row["room"]: row for row in await Membership.raw(lines.READ_COUNTS, list(of_room))}
    people = {row["id"]: row for row in await Membership.raw(_PEOPLE, list({row["person"] for row in rows}))}
    for room, marks in of_room.items():
        if counts := rooms.get(room):
            moved = tuple(_mark(row, people[row["person"]]) for row in marks if row["person"] in people)
            hub.publish(MarksMoved(room, counts["people"], counts["last_seq"], counts["readers"], moved, set_back))


def _mark(row: Row, person: Row) -> Mark:
    return Mark(
        person["id"], person["name"], person["avatar"], row["last_read_seq"], row["seen_seq"], row["mentions"]
    )
