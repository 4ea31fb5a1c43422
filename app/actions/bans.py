"""Bans: an administrator sends an account out of the whole server, or lets it in again."""

from collections.abc import Sequence

from app.access import is_id
from app.actions import audit, faces, memberships
from app.errors import NotAllowed, NotThere
from app.realtime.events import PersonBanned, RoleChanged
from app.realtime.hub import Hub
from app.tables import LoginSession
from app.tables import Person as PersonTable
from app.views import Person

ADMINISTRATION_LOCK = 7002
NO_SUCH_PERSON = "There is no such account."

_ROOMS = """
SELECT r.id FROM room r JOIN membership m ON m.room = r.id
WHERE m.person = {} AND m.role = any({}) AND r.kind = 'group' ORDER BY r.id FOR UPDATE OF r
"""


async def ban(actor: Person, subject: int, hub: Hub) -> None:
    """End all sign-ins of an account and refuse new ones; safe to repeat. Raises NotAllowed, NotThere.

    A room whose only admin it was passes to whoever has been there longest.

    A sign-in that races this holds the person's row while it starts its session (`accounts.open_session`): it
    either comes first, and its session is deleted here, or it finds the ban.
    """
    if subject == actor.id:
        raise NotAllowed("You cannot ban yourself.")
    heirs: list[RoleChanged] = []
    async with PersonTable._meta.db.transaction():
        await _administering(actor)
        await _existing(subject)
        banned = await PersonTable.raw(
            "UPDATE person SET banned_at = now() WHERE id = {} AND banned_at IS NULL RETURNING id", subject
        )
        await LoginSession.raw("DELETE FROM login_session WHERE person = {}", subject)
        if banned:
            await audit.record(actor.id, "ban", subject)
            heirs = await _hand_over(actor, subject, ["admin"])
            await faces.changed()
    hub.publish(PersonBanned(subject))
    for heir in heirs:
        hub.publish(heir)


async def unban(actor: Person, subject: int, hub: Hub) -> None:
    """Let the account sign in again; safe to repeat. Raises NotAllowed, NotThere.

    It may be the only one in a room that can look after it.
    """
    heirs: list[RoleChanged] = []
    async with PersonTable._meta.db.transaction():
        await _administering(actor)
        await _existing(subject)
        if await PersonTable.raw(
            "UPDATE person SET banned_at = NULL WHERE id = {} AND banned_at IS NOT NULL RETURNING id", subject
        ):
            await audit.record(actor.id, "unban", subject)
            heirs = await _hand_over(actor, subject, ["admin", "member"])
            await faces.changed()
    for heir in heirs:
        hub.publish(heir)


async def _hand_over(actor: Person, subject: int, roles: Sequence[str]) -> list[RoleChanged]:
    """Find admins for the rooms in which the subject has one of these roles."""
    rooms = [row["id"] for row in await PersonTable.raw(_ROOMS, subject, roles)]
    return await memberships.hand_over(actor.id, rooms)


async def _administering(actor: Person) -> None:
    """One ban at a time, and the actor may still do it: two administrators may ban each other at once, and one
    of them stays."""
    await PersonTable.raw("SELECT pg_advisory_xact_lock({})", ADMINISTRATION_LOCK)
    if not await PersonTable.raw("SELECT FROM person WHERE id = {} AND is_admin AND banned_at IS NULL", actor.id):
        raise NotAllowed


async def _existing(subject: int) -> None:
    if not (is_id(subject) and await PersonTable.raw("SELECT FROM person WHERE id = {}", subject)):
        raise NotThere(NO_SUCH_PERSON)
