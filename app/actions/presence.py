"""Presence: write down when people, and their devices, were last here. Their status itself is in no table."""

from collections.abc import Sequence

from app.tables import LoginSession, Person

# Several workers may tell the same; rows are locked in one order, so that they never wait for each other in a circle.
_WERE_SEEN = """
WITH them AS (SELECT id FROM person WHERE id = any({}::int[]) ORDER BY id FOR UPDATE)
UPDATE person SET seen_at = greatest(seen_at, now()) FROM them WHERE person.id = them.id
"""

_WERE_USED = """
WITH them AS (SELECT id FROM login_session WHERE token_hash = any({}::bytea[]) ORDER BY id FOR UPDATE)
UPDATE login_session SET seen_at = now() FROM them WHERE login_session.id = them.id
"""


async def were_seen(people: Sequence[int]) -> None:
    """These people came online or went offline just now; raises Unavailable."""
    await Person.raw(_WERE_SEEN, list(people))


async def were_used(sessions: Sequence[bytes]) -> None:
    """Somebody came with these sessions, given by their tokens' hashes, a moment ago; raises Unavailable."""
    await LoginSession.raw(_WERE_USED, list(sessions))
