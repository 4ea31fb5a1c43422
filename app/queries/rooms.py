"""Lists of rooms, and of the people in one."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, NamedTuple

from app import access, lines, rendering
from app.tables import Membership, Room
from app.views import MEMBERS_SHOWN_MAX, Face, Member, Person, RoomCard, Standing
from app.views import Room as RoomView

DIRECTORY_ROOMS_MAX = 200

_CARD = f"""
r.id, r.name, r.visibility, r.kind, r.last_seq, m.last_read_seq, m.notify, o.ids, o.names, o.avatars,
{lines.UNREAD_MENTIONS} AS mentions
"""
_MINE_TABLES = """
membership m JOIN room r ON r.id = m.room
LEFT JOIN LATERAL (
    SELECT array_agg(p.id ORDER BY p.id) AS ids, array_agg(p.name ORDER BY p.id) AS names,
           array_agg(p.avatar ORDER BY p.id) AS avatars
    FROM membership other JOIN person p ON p.id = other.person
    WHERE r.kind = 'direct' AND other.room = r.id AND other.person <> m.person
) o ON true
"""
_LATEST_FIRST = "ORDER BY r.last_posted_at DESC, r.id DESC"

_MINE = f"SELECT {_CARD} FROM {_MINE_TABLES} WHERE m.person = {{}} {_LATEST_FIRST}"

_STANDING = f"""
SELECT r.version, (SELECT version FROM faces) AS faces, r.last_seq, read.people, read.readers, read.seen
FROM room r {lines.NEWEST}
CROSS JOIN LATERAL (
    SELECT count(*) AS people, coalesce(sum(m.seen_seq), 0)::bigint AS seen,
           {lines.READERS} AS readers
    FROM membership m WHERE m.room = r.id
) AS read
WHERE r.id = a.room
"""

# One question instead of three: it is asked for every page of a room. OFFSET keeps each person's rooms a matter of an
# index, also where PostgreSQL has not counted yet how few they are.
_OPENED = f"""
SELECT a.person AS opened_by, a.room AS opened,
       ROW({", ".join(f"door.{field.name}" for field in fields(RoomView))}) AS door,
       ARRAY[s.version, s.faces, s.last_seq, s.people, s.readers, s.seen] AS standing,
       mine.*
FROM unnest({{}}::int[], {{}}::int[]) AS a (person, room)
CROSS JOIN LATERAL ({access.ROOM_FOR.format("false", "a.person", "a.room")}) AS door
CROSS JOIN LATERAL ({_STANDING}) AS s
LEFT JOIN LATERAL (
    SELECT {_CARD}, r.last_posted_at FROM {_MINE_TABLES} WHERE m.person = a.person OFFSET 0
) AS mine ON true
ORDER BY mine.last_posted_at DESC, mine.id DESC
"""

_DIRECTORY = """
SELECT r.id, r.name, r.visibility,
       (SELECT count(*) FROM membership WHERE room = r.id) AS people,
       EXISTS (SELECT FROM membership WHERE room = r.id AND person = {}) AS joined
FROM room r
WHERE r.visibility = 'open' AND r.kind = 'group'
ORDER BY r.last_posted_at DESC, r.id
LIMIT {}
"""

_MEMBERS = """
SELECT p.id, p.name, p.avatar, m.role, p.banned_at IS NOT NULL AS banned
FROM membership m JOIN person p ON p.id = m.person
WHERE m.room = {}
ORDER BY lower(p.name), p.id
LIMIT {}
"""

_SOME_MEMBERS = _MEMBERS.replace("m.room = {}", "m.room = {} AND p.id = any({}::int[])")

_DIRECT_OF_TWO = """
SELECT r.id FROM room r WHERE r.id = any({}::int[]) AND r.kind = 'direct'
  AND (SELECT count(*) FROM membership WHERE room = r.id) = 2
"""

_PARTNERS = """
SELECT DISTINCT m.person, o.person AS partner
FROM membership m JOIN room r ON r.id = m.room AND r.kind = 'direct'
JOIN membership o ON o.room = r.id AND o.person <> m.person
WHERE m.person = any({}::int[]) AND (SELECT count(*) FROM membership WHERE room = r.id) = 2
"""

_LATEST_ACTIVE = """
SELECT r.id FROM membership m JOIN room r ON r.id = m.room
WHERE m.person = {} ORDER BY (r.id = {}::bigint) DESC, r.last_posted_at DESC, r.id DESC LIMIT 1
"""


async def mine(person: int) -> Sequence[RoomCard]:
    """The rooms of a person, groups and direct ones, the most recently active first."""
    return [_card(row) for row in await Membership.raw(_MINE, person)]


class Opened(NamedTuple):
    """What the page of a room asks first: the room through its door, where it stands, and the person's rooms."""

    room: RoomView
    standing: Standing
    mine: Sequence[RoomCard]


async def opened_many(asked: Sequence[tuple[int, int]]) -> Mapping[tuple[int, int], Opened | None]:
    """For each (person, room): None where there is no such room. Whether the person may see it is not looked at here:
    `access.visible` knows."""
    there = [(person, room) for person, room in asked if access.is_id(room)]
    rows = await Room.raw(_OPENED, [person for person, _ in there], [room for _, room in there]) if there else []
    found: dict[tuple[int, int], Opened | None] = dict.fromkeys(asked)
    cards: dict[tuple[int, int], list[RoomCard]] = {}
    for row in rows:
        key = row.pop("opened_by"), row.pop("opened")
        door, standing, _ = row.pop("door"), row.pop("standing"), row.pop("last_posted_at")
        if key not in cards:
            cards[key] = []
            found[key] = Opened(RoomView(*door), Standing(*standing), cards[key])
        if row["id"]:
            cards[key].append(_card(row))
    return found


async def list_of(person: int) -> str:
    """The same as the stream fragment that replaces the lists on an open page."""
    return rendering.streams.room_lists(await mine(person))


def _card(row: Mapping[str, Any]) -> RoomCard:
    columns = dict(row)
    others = zip(*(columns.pop(name) or () for name in ("ids", "names", "avatars")), strict=True)
    return RoomCard(**columns, others=[Face(*other) for other in others])


async def directory(person: Person) -> Sequence[RoomCard]:
    """Open rooms, the most recently active first."""
    return [RoomCard(**row) for row in await Room.raw(_DIRECTORY, person.id, DIRECTORY_ROOMS_MAX)]


async def members(room: int) -> Sequence[Member]:
    """The people of a room by name; the first MEMBERS_SHOWN_MAX of them."""
    return [Member(**row) for row in await Membership.raw(_MEMBERS, room, MEMBERS_SHOWN_MAX)]


async def people(room: int, ids: Sequence[int] | None) -> Sequence[Member]:
    """Those of these ids who are in the room; for None all that `members` gives."""
    if ids is None:
        return await members(room)
    return [Member(**row) for row in await Membership.raw(_SOME_MEMBERS, room, list(ids), MEMBERS_SHOWN_MAX)]


async def direct_of_two(rooms: Sequence[int]) -> set[int]:
    """Those of these rooms that are direct rooms of two people."""
    return {row["id"] for row in await Room.raw(_DIRECT_OF_TWO, list(rooms))}


async def partners(people: Sequence[int]) -> Mapping[int, Sequence[int]]:
    """The others in the direct rooms of two of those people who have such rooms."""
    found: dict[int, list[int]] = {}
    for row in await Membership.raw(_PARTNERS, list(people)):
        found.setdefault(row["person"], []).append(row["partner"])
    return found


async def room_to_open(person: Person, last_visited: int) -> int | None:
    """The room visited last, if the person is still in it; else the most recently active; else none."""
    rows = await Membership.raw(_LATEST_ACTIVE, person.id, last_visited)
    return rows[0]["id"] if rows else None
