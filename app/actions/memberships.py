"""Memberships: join a room, leave it."""

from app.realtime.events import MembershipBegan, MembershipEnded
from app.realtime.hub import Hub
from app.tables import Membership
from app.views import Person, Room

_JOIN = "INSERT INTO membership (person, room) VALUES ({}, {}) ON CONFLICT (person, room) DO NOTHING"

# Whoever has been there longest takes over when the last admin leaves.
_LEAVE = """
WITH gone AS (
    DELETE FROM membership WHERE person = {} AND room = {} RETURNING person, room, role
), heir AS (
    SELECT m.id FROM membership m JOIN gone g ON g.room = m.room AND g.role = 'admin'
    WHERE m.person <> g.person
      AND NOT EXISTS (
          SELECT FROM membership a WHERE a.room = m.room AND a.role = 'admin' AND a.person <> g.person
      )
    ORDER BY m.joined_at, m.id LIMIT 1
)
UPDATE membership SET role = 'admin' FROM heir WHERE membership.id = heir.id
"""


async def join(person_id: int, room: Room, hub: Hub) -> None:
    """Become a member; safe to repeat. The room came through a door that lets the person in."""
    await Membership.raw(_JOIN, person_id, room.id)
    hub.publish(MembershipBegan(person_id, room.id))


async def leave(person: Person, room: Room, hub: Hub) -> None:
    """Leave the room; the person's sockets there close on every worker."""
    async with Membership._meta.db.transaction():
        # One at a time, and each sees what the one before did: two admins may leave at once.
        await Membership.raw("SELECT FROM room WHERE id = {} FOR UPDATE", room.id)
        await Membership.raw(_LEAVE, person.id, room.id)
    hub.publish(MembershipEnded(person.id, room.id))
