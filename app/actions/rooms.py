"""Rooms: make one."""

import secrets

from app.actions.accounts import clean_name, is_visible
from app.errors import Invalid
from app.tables import Room
from app.views import Person

ROOM_NAME_LENGTH_MAX = 80
INVITE_CODE_BYTES = 12

_CREATE = """
WITH made AS (INSERT INTO room (name, visibility, invite_code) VALUES ({}, {}, {}) RETURNING id)
INSERT INTO membership (person, room, role) SELECT {}, id, 'admin' FROM made RETURNING room
"""


async def create(person: Person, name: str, visibility: str) -> int:
    """Make a room with its creator as the admin; returns its id. Raises Invalid."""
    name = clean_name(name)
    problems = {}
    if not is_visible(name) or "\0" in name:
        problems["name"] = "Please give the room a name."
    elif len(name) > ROOM_NAME_LENGTH_MAX:
        problems["name"] = f"This name has {len(name)} characters; it can have {ROOM_NAME_LENGTH_MAX}."
    if visibility not in ("open", "closed"):
        problems["visibility"] = "A room is either open or closed."
    if problems:
        raise Invalid(**problems)
    code = secrets.token_urlsafe(INVITE_CODE_BYTES)
    rows = await Room.raw(_CREATE, name, visibility, code, person.id)
    return int(rows[0]["room"])
