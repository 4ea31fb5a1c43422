"""Whom somebody may mean while they type a name after an @."""

from collections.abc import Sequence

from app.mentions import EVERYBODY, EVERYBODY_PEOPLE_MAX
from app.tables import Membership
from app.views import Mentionable, Person, Room

SUGGESTIONS_MAX = 8
QUERY_LENGTH_MAX = 60

_MENTIONABLE = """
SELECT p.id, p.name
FROM membership m JOIN person p ON p.id = m.person
WHERE m.room = {} AND m.person <> {} AND p.banned_at IS NULL AND strpos(lower(p.name), lower({})) > 0
ORDER BY (strpos(lower(p.name), lower({})) > 1), lower(p.name), p.id
LIMIT {}
"""


async def mentionable(person: Person, room: Room, query: str) -> Sequence[Mentionable]:
    """Others in the room whose name contains the query, those that begin with it first; at most SUGGESTIONS_MAX.

    The name for everybody comes last, where it begins with the query and would be taken for it.
    """
    if "\0" in query or len(query) > QUERY_LENGTH_MAX:
        return []
    rows = await Membership.raw(_MENTIONABLE, room.id, person.id, query, query, SUGGESTIONS_MAX)
    found = [Mentionable(row["name"], row["id"]) for row in rows]
    if query and room.people <= EVERYBODY_PEOPLE_MAX:
        found += [Mentionable(name) for name in EVERYBODY if name.startswith(query.lower())]
    return found[:SUGGESTIONS_MAX]
