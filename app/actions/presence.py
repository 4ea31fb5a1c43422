"""Presence: write down when people were last here. Their status itself is in no table."""

from collections.abc import Sequence

from app.tables import Person

# Several workers may tell the same; rows are locked in one order, so that they never wait for each other in a circle.
_WERE_SEEN = """
WITH them AS (SELECT id FROM person WHERE id = any({}::int[]) ORDER BY id FOR UPDATE)
UPDATE person SET seen_at = greatest(seen_at, now()) FROM them WHERE person.id = them.id
"""


async def were_seen(people: Sequence[int]) -> None:
    """These people came online or went offline just now; raises Unavailable."""
    await Person.raw(_WERE_SEEN, list(people))
