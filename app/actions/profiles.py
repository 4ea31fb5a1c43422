"""Profiles: a person's name and picture, which everybody sees at once."""

import hashlib
from typing import IO

from app import pictures
from app.actions import faces
from app.actions.accounts import valid_name
from app.errors import SignedOut
from app.realtime.events import ProfileChanged
from app.realtime.hub import Hub
from app.tables import Avatar
from app.tables import Person as PersonTable
from app.views import Person

AVATAR_PIXELS = 256
AVATAR_BYTES_MAX = 10_000_000
FINGERPRINT_LENGTH = 16

# A picture may be long on its way: whoever was signed out or banned meanwhile changes nothing.
_STILL_HERE = """
SELECT FROM person WHERE id = {} AND banned_at IS NULL AND EXISTS (SELECT FROM login_session WHERE id = {}) FOR UPDATE
"""
_NAME = "UPDATE person SET name = {} WHERE id = {}"
_AVATAR = "UPDATE person SET avatar = {} WHERE id = {}"
_KEEP_PICTURE = """
INSERT INTO avatar (person, content) VALUES ({}, {})
ON CONFLICT (person) DO UPDATE SET content = excluded.content
"""


async def change(person: Person, hub: Hub, name: str | None = None, picture: IO[bytes] | None = None) -> None:
    """Take another name, another picture, or both; all of it or nothing. Raises Invalid, SignedOut."""
    if name is not None:
        name = valid_name(name)
    avatar = (await pictures.made("square", picture, [AVATAR_PIXELS]))[0].content if picture is not None else None
    async with PersonTable._meta.db.transaction():
        await _lock(person)
        if name is not None:
            await PersonTable.raw(_NAME, name, person.id)
        if avatar is not None:
            fingerprint = hashlib.sha256(avatar).hexdigest()[:FINGERPRINT_LENGTH]
            await PersonTable.raw(_AVATAR, fingerprint, person.id)
            await Avatar.raw(_KEEP_PICTURE, person.id, avatar)
        await faces.changed_of(person.id)
    hub.publish(ProfileChanged(person.id))


async def remove_picture(person: Person, hub: Hub) -> None:
    """From now on the person's initial stands in its place; safe to repeat. Raises SignedOut."""
    async with PersonTable._meta.db.transaction():
        await _lock(person)
        await PersonTable.raw(_AVATAR, None, person.id)
        await Avatar.raw("DELETE FROM avatar WHERE person = {}", person.id)
        await faces.changed_of(person.id)
    hub.publish(ProfileChanged(person.id))


async def _lock(person: Person) -> None:
    if not await PersonTable.raw(_STILL_HERE, person.id, person.session):
        raise SignedOut
