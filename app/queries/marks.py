"""How far people have read: their own counts, and the receipts that others see."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from app import lines
from app.realtime.events import RoomActive
from app.tables import Membership, Room
from app.views import RECEIPTS_PEOPLE_MAX, Mark, Member, MessagePlace, Receipts, RoomMarks, Standing

READERS_SHOWN_MAX = 200

_MARKS_OF = f"""
SELECT m.person, m.room, r.last_seq, m.last_read_seq, {lines.UNREAD_MENTIONS} AS mentions
FROM membership m JOIN room r ON r.id = m.room WHERE m.person = any({{}}::int[])
"""

_MARKS = """
SELECT p.id, p.name, p.avatar, m.last_read_seq, m.seen_seq, 0 AS mentions
FROM membership m JOIN person p ON p.id = m.person WHERE m.room = {} AND m.seen_seq > 0 ORDER BY p.id LIMIT {}
"""

_ACTIVITY = """
SELECT max(seq) AS last_seq, array_agg(author) AS authors, array_agg(seq) AS seqs,
       array_agg(author) FILTER (WHERE wrote) AS writers
FROM (
    SELECT author, max(seq) AS seq, bool_or(kind <> 'system') AS wrote
    FROM message WHERE room = {} AND seq > {} GROUP BY author
) AS own
"""

_MENTIONS = "SELECT person, seq FROM mention WHERE room = {} AND seq > {} AND seq <= {}"

_READERS = """
SELECT p.id, p.name, p.avatar, m.role, count(*) OVER () AS total
FROM membership m JOIN person p ON p.id = m.person
WHERE m.room = {} AND m.seen_seq >= {} AND m.person <> {}
ORDER BY lower(p.name), p.id LIMIT {}
"""


async def last_seqs(rooms: Sequence[int]) -> Mapping[int, int]:
    rows = await Room.raw("SELECT id, last_seq FROM room WHERE id = any({}::int[])", list(rooms))
    return {row["id"]: row["last_seq"] for row in rows}


async def activity_since(room: int, since: int) -> RoomActive | None:
    """What was posted after `since`, as the event that would have told it; None when nothing was."""
    row = (await Room.raw(_ACTIVITY, room, since))[0]
    if row["last_seq"] is None:
        return None
    mentions = await Room.raw(_MENTIONS, room, since, row["last_seq"])
    own = tuple(zip(row["authors"], row["seqs"], strict=True))
    named = tuple((mention["person"], mention["seq"]) for mention in mentions)
    return RoomActive(room, since, row["last_seq"], own, named, tuple(row["writers"] or ()))


async def marks_of(people: Sequence[int]) -> Mapping[int, Sequence[RoomMarks]]:
    """Each person's counts in all their rooms."""
    found: dict[int, list[RoomMarks]] = {person: [] for person in people}
    for row in await Membership.raw(_MARKS_OF, list(people)):
        found[row["person"]].append(RoomMarks(row["room"], row["last_seq"], row["last_read_seq"], row["mentions"]))
    return found


async def read_counts(rooms: Sequence[int]) -> Mapping[int, Receipts]:
    """How many people each room has, and how many have read its newest message; no marks."""
    rows = await Room.raw(lines.READ_COUNTS, list(rooms))
    return {row["room"]: Receipts(row["people"], row["last_seq"], row["readers"], ()) for row in rows}


async def receipts_of(room: int) -> Receipts:
    """Who has read how far; in a large room only how many have read the newest message."""
    return await receipts_at(room, (await read_counts([room])).get(room, Receipts(0, 0, 0, ())))


async def receipts_at(room: int, counts: Receipts | Standing) -> Receipts:
    """The same, where the counts are known already."""
    receipts = Receipts(counts.people, counts.last_seq, counts.readers, ())
    if receipts.is_large:
        return receipts
    rows = await Membership.raw(_MARKS, room, RECEIPTS_PEOPLE_MAX)
    return replace(receipts, marks=tuple(Mark(**row) for row in rows))


async def readers(message: MessagePlace) -> tuple[Sequence[Member], int]:
    """Who has read a message besides its author, by name, and how many more than are listed."""
    rows = await Membership.raw(_READERS, message.room, message.seq, message.author, READERS_SHOWN_MAX)
    people = [Member(row["id"], row["name"], row["role"], row["avatar"]) for row in rows]
    return people, (rows[0]["total"] - len(people) if rows else 0)
