"""Rooms: make one, and what its admins change of it."""

import secrets

from app.actions import audit
from app.actions.accounts import clean_name
from app.actions.drafts import system_draft
from app.actions.memberships import lock_as_admin
from app.actions.messages import Posts
from app.errors import Invalid
from app.realtime.events import MembershipBegan, RoomDescribed
from app.realtime.hub import Hub
from app.tables import Room
from app.views import Person, RoomAbout
from app.views import Room as RoomView
from app.views.text import first_visible

ROOM_NAME_LENGTH_MAX = 80
TOPIC_LENGTH_MAX = 200
INVITE_CODE_BYTES = 12

_CREATE = """
WITH made AS (INSERT INTO room (name, visibility, invite_code) VALUES ({}, {}, {}) RETURNING id)
INSERT INTO membership (person, room, role) SELECT {}, id, 'admin' FROM made RETURNING room
"""

_CHANGE = "UPDATE room SET name = {}, topic = {}, visibility = {} WHERE id = {}"


async def create(person: Person, name: str, visibility: str, hub: Hub) -> int:
    """Make a room with its creator as the admin; returns its id. Raises Invalid."""
    name = clean_name(name)
    if problems := _problems(name, visibility):
        raise Invalid(**problems)
    rows = await Room.raw(_CREATE, name, visibility, _new_code(), person.id)
    room = int(rows[0]["room"])
    hub.publish(MembershipBegan(person.id, room))
    return room


async def change(
    actor: Person, room: RoomView, name: str, topic: str, visibility: str, posts: Posts, hub: Hub
) -> None:
    """An admin gives the room another name, topic or visibility. Raises Invalid, NotAllowed."""
    name, topic = clean_name(name), clean_name(topic)
    problems = _problems(name, visibility)
    if len(topic) > TOPIC_LENGTH_MAX:
        problems["topic"] = f"This topic has {len(topic)} characters; it can have {TOPIC_LENGTH_MAX}."
    elif "\0" in topic:
        problems["topic"] = "This topic contains a NUL character, which cannot be stored."
    if problems:
        raise Invalid(**problems)
    renamed = None
    async with Room._meta.db.transaction():
        await lock_as_admin(actor, room)
        before = (await Room.raw("SELECT name, topic, visibility FROM room WHERE id = {}", room.id))[0]
        await Room.raw(_CHANGE, name, topic, visibility, room.id)
        if name != before["name"]:
            draft = system_draft(room.id, actor.id, "renamed", name)
            renamed = await posts.store(draft), draft
            await audit.record(actor.id, "rename", room=room.id, detail=f"{before['name']} → {name}")
        if topic != before["topic"]:
            await audit.record(actor.id, "topic", room=room.id, detail=topic)
        if visibility != before["visibility"]:
            await audit.record(actor.id, "visibility", room=room.id, detail=visibility)
    if renamed:
        posts.tell(renamed[0], [renamed[1]])
    hub.publish(RoomDescribed(RoomAbout(room.id, name, topic, visibility)))


async def renew_invitation(actor: Person, room: RoomView) -> None:
    """An admin makes a new invitation link: the old one leads nowhere from now on. Raises NotAllowed."""
    async with Room._meta.db.transaction():
        await lock_as_admin(actor, room)
        await Room.raw("UPDATE room SET invite_code = {} WHERE id = {}", _new_code(), room.id)
        await audit.record(actor.id, "renew-link", room=room.id)


def _problems(name: str, visibility: str) -> dict[str, str]:
    problems = {}
    if not first_visible(name) or "\0" in name:
        problems["name"] = "Please give the room a name."
    elif len(name) > ROOM_NAME_LENGTH_MAX:
        problems["name"] = f"This name has {len(name)} characters; it can have {ROOM_NAME_LENGTH_MAX}."
    if visibility not in ("open", "closed"):
        problems["visibility"] = "A room is either open or closed."
    return problems


def _new_code() -> str:
    return secrets.token_urlsafe(INVITE_CODE_BYTES)
