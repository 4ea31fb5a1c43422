"""Lists of rooms, and of the people in one."""

from collections.abc import Sequence

from app.tables import Membership, Room
from app.views import Member, Person, RoomCard

DIRECTORY_ROOMS_MAX = 200
MEMBERS_SHOWN_MAX = 500

_MINE = """
SELECT r.id, r.name, r.visibility, r.last_seq, m.last_read_seq,
       (SELECT count(*) FROM mention n WHERE n.person = m.person AND n.room = m.room AND n.seq > m.last_read_seq)
           AS mentions
FROM membership m JOIN room r ON r.id = m.room
WHERE m.person = {}
ORDER BY lower(r.name), r.id
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
SELECT p.id, p.name, m.role
FROM membership m JOIN person p ON p.id = m.person
WHERE m.room = {}
ORDER BY lower(p.name), p.id
LIMIT {}
"""

_LATEST_ACTIVE = """
SELECT r.id FROM membership m JOIN room r ON r.id = m.room
WHERE m.person = {} ORDER BY (r.id = {}) DESC, r.last_posted_at DESC, r.id DESC LIMIT 1
"""


async def mine(person: Person) -> Sequence[RoomCard]:
    return [RoomCard(**row) for row in await Membership.raw(_MINE, person.id)]


async def rooms_of(person: int) -> Sequence[int]:
    """The ids of the rooms that a person is in."""
    return [row["room"] for row in await Membership.raw("SELECT room FROM membership WHERE person = {}", person)]


async def directory(person: Person) -> Sequence[RoomCard]:
    """Open rooms, the most recently active first."""
    return [RoomCard(**row) for row in await Room.raw(_DIRECTORY, person.id, DIRECTORY_ROOMS_MAX)]


async def members(room: int) -> Sequence[Member]:
    """The people of a room by name; the first MEMBERS_SHOWN_MAX of them."""
    return [Member(**row) for row in await Membership.raw(_MEMBERS, room, MEMBERS_SHOWN_MAX)]


async def room_to_open(person: Person, last_visited: int) -> int | None:
    """The room visited last, if the person is still in it; else the most recently active; else none."""
    rows = await Membership.raw(_LATEST_ACTIVE, person.id, last_visited)
    return rows[0]["id"] if rows else None
