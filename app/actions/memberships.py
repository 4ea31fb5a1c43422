"""Memberships: join a room, leave it; add people, remove them, and make them admins.

Each change locks the room first and writes its system message in the same transaction, so the message has the
place in the room's order at which the change happened: whoever was sent out gets nothing that stands after it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from app.access import is_id
from app.actions import audit, faces
from app.actions.drafts import Draft, system_draft
from app.actions.messages import Posts
from app.errors import Invalid, NotAllowed, NotThere
from app.realtime.events import MembershipBegan, MembershipEnded, RoleChanged
from app.realtime.hub import Hub
from app.tables import Membership
from app.tables import Room as RoomTable
from app.views import Person, Room

NOT_HERE = "This person is not in the room."
UNKNOWN_PERSON = "Somebody you chose has no account here. Nobody was added."
NOBODY_CHOSEN = "Choose at least one person."
LAST_ADMIN = "This is the last admin. Make somebody else an admin first."
REMOVE_YOURSELF = "You cannot remove yourself. You can leave the room."
DIRECT_ROOM = "This is a conversation between fixed people: nobody is added to it, removed, or leaves."

# What was said before somebody came is nothing they have left unread, nor have they seen it yet. Whoever comes into
# a room that nobody looks after (all have left it, or those in it are banned) looks after it from now on.
_BEGIN = """
INSERT INTO membership (person, room, role, last_read_seq)
SELECT {}, r.id, CASE WHEN (
    SELECT true FROM membership m JOIN person p ON p.id = m.person AND p.banned_at IS NULL
    WHERE m.room = r.id AND m.role = 'admin' LIMIT 1
) THEN 'member' ELSE 'admin' END, r.last_seq
FROM room r WHERE r.id = {} RETURNING role
"""

_END = "DELETE FROM membership WHERE person = {} AND room = {}"

_HAND_OVER = """
UPDATE membership SET role = 'admin' WHERE id IN (
    SELECT DISTINCT ON (m.room) m.id
    FROM membership m JOIN person p ON p.id = m.person AND p.banned_at IS NULL
    WHERE m.room = any({}::int[])
      AND NOT EXISTS (
          SELECT FROM membership a JOIN person b ON b.id = a.person AND b.banned_at IS NULL
          WHERE a.room = m.room AND a.role = 'admin'
      )
    ORDER BY m.room, m.joined_at, m.id
) RETURNING room, person
"""

_MEMBER = """
SELECT m.role, p.name FROM membership m JOIN person p ON p.id = m.person WHERE m.person = {} AND m.room = {}
"""

_OTHER_ADMINS = """
SELECT FROM membership m JOIN person p ON p.id = m.person AND p.banned_at IS NULL
WHERE m.room = {} AND m.role = 'admin' AND m.person <> {} LIMIT 1
"""

_STILL_OPEN = "SELECT FROM room WHERE id = {} AND kind = 'group' AND (visibility = 'open' OR invite_code = {})"

_ADDABLE = """
SELECT p.id, p.name, EXISTS (SELECT FROM membership m WHERE m.person = p.id AND m.room = {}) AS is_in
FROM person p WHERE p.id = any({}::int[]) AND p.banned_at IS NULL ORDER BY p.id
"""


async def join(person_id: int, room: Room, posts: Posts, hub: Hub, code: str = "") -> None:
    """Become a member; safe to repeat. The room came through a door that lets the person in: it is open, or `code`
    is that of its invitation. Raises NotThere where that has just ended.
    """
    async with Membership._meta.db.transaction():
        await lock(room)
        if await _member(person_id, room):
            return
        if not await Membership.raw(_STILL_OPEN, room.id, code):
            raise NotThere
        draft = system_draft(room.id, person_id, "joined")
        rows = await posts.store(draft)
        if (await Membership.raw(_BEGIN, person_id, room.id))[0]["role"] == "admin":
            await audit.record(person_id, "make-admin", person_id, room.id)
    hub.publish(MembershipBegan(person_id, room.id))
    posts.tell(rows, [draft])


async def leave(person: Person, room: Room, posts: Posts, hub: Hub) -> None:
    """Leave the room; the person's sockets there close on every worker. Raises NotAllowed for a direct one."""
    _refuse_direct(room)
    async with Membership._meta.db.transaction():
        # One at a time, and each sees what the one before did: two admins may leave at once.
        await lock(room)
        if not await _member(person.id, room):
            return
        draft = system_draft(room.id, person.id, "left", ended=(person.id,))
        rows = await posts.store(draft)
        await Membership.raw(_END, person.id, room.id)
        await hand_over(person.id, [room.id])
    _tell_of_end(room, person.id, rows, draft, posts, hub)


async def add(actor: Person, room: Room, people: Sequence[int], posts: Posts, hub: Hub) -> None:
    """An admin brings people in; those who are in already stay as they are. Raises Invalid, NotAllowed."""
    _refuse_direct(room)
    chosen = sorted(set(people))
    if not chosen:
        raise Invalid(person=NOBODY_CHOSEN)
    if not all(is_id(person) for person in chosen):
        raise Invalid(person=UNKNOWN_PERSON)
    written: list[tuple[int, Sequence[Mapping[str, Any]], Draft]] = []
    async with Membership._meta.db.transaction():
        await lock_as_admin(actor, room)
        found = await Membership.raw(_ADDABLE, room.id, chosen)
        if len(found) < len(chosen):
            raise Invalid(person=UNKNOWN_PERSON)
        for row in found:
            if not row["is_in"]:
                draft = system_draft(room.id, actor.id, "added", row["name"])
                written.append((row["id"], await posts.store(draft), draft))
                await Membership.raw(_BEGIN, row["id"], room.id)
                await audit.record(actor.id, "add", row["id"], room.id)
    for person, rows, draft in written:
        hub.publish(MembershipBegan(person, room.id))
        posts.tell(rows, [draft])


async def remove(actor: Person, room: Room, subject: int, posts: Posts, hub: Hub) -> None:
    """An admin sends somebody out: their sockets there close on every worker. Raises NotAllowed, NotThere."""
    _refuse_direct(room)
    if subject == actor.id:
        raise NotAllowed(REMOVE_YOURSELF)
    async with Membership._meta.db.transaction():
        await lock_as_admin(actor, room)
        member = await _present(subject, room)
        draft = system_draft(room.id, actor.id, "removed", member["name"], ended=(subject,))
        rows = await posts.store(draft)
        await Membership.raw(_END, subject, room.id)
        await audit.record(actor.id, "remove", subject, room.id)
    _tell_of_end(room, subject, rows, draft, posts, hub)


async def give_role(actor: Person, room: Room, subject: int, role: str, hub: Hub) -> None:
    """An admin makes somebody an `admin` or a `member`; safe to repeat. Raises NotAllowed, NotThere."""
    _refuse_direct(room)
    async with Membership._meta.db.transaction():
        await lock_as_admin(actor, room)
        member = await _present(subject, room)
        if member["role"] == role:
            return
        if role == "member" and not await Membership.raw(_OTHER_ADMINS, room.id, subject):
            raise NotAllowed(LAST_ADMIN)
        await Membership.raw(
            "UPDATE membership SET role = {} WHERE person = {} AND room = {}", role, subject, room.id
        )
        await audit.record(actor.id, f"make-{role}", subject, room.id)
        await faces.changed()
    hub.publish(RoleChanged(subject, room.id))


async def hand_over(actor: int, rooms: Sequence[int]) -> list[RoleChanged]:
    """In each of these groups that has no admin left who may sign in, whoever has been there longest becomes one.

    `actor` is whose doing it is. Returns what to tell after the commit. The caller holds the rooms' rows.
    """
    heirs = [RoleChanged(row["person"], row["room"]) for row in await Membership.raw(_HAND_OVER, list(rooms))]
    for heir in heirs:
        await audit.record(actor, "make-admin", heir.person, heir.room)
    return heirs


async def lock(room: Room) -> None:
    """Take the room's row, as everything that changes a room does first. Raises NotThere."""
    if not await RoomTable.raw("SELECT FROM room WHERE id = {} FOR UPDATE", room.id):
        raise NotThere


async def lock_as_admin(actor: Person, room: Room) -> None:
    """The same, by one who is an admin of it at this moment; raises NotAllowed."""
    await lock(room)
    member = await _member(actor.id, room)
    if member is None or member["role"] != "admin":
        raise NotAllowed


def _tell_of_end(
    room: Room, person: int, rows: Sequence[Mapping[str, Any]], draft: Draft, posts: Posts, hub: Hub
) -> None:
    hub.publish(MembershipEnded(person, room.id))  # before the message that says so
    posts.tell(rows, [draft])


def _refuse_direct(room: Room) -> None:
    if room.is_direct:
        raise NotAllowed(DIRECT_ROOM)


async def _member(person: int, room: Room) -> Mapping[str, Any] | None:
    """Role and name of somebody in the room, or None."""
    rows: Sequence[Mapping[str, Any]] = await Membership.raw(_MEMBER, person, room.id)
    return rows[0] if rows else None


async def _present(subject: int, room: Room) -> Mapping[str, Any]:
    member = await _member(subject, room) if is_id(subject) else None
    if member is None:
        raise NotThere(NOT_HERE)
    return member
