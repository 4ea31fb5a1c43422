"""Questions about people: whether there are any, all or those outside of a room by name, and their pictures."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.realtime.source import FacesNow
from app.tables import Avatar, Person
from app.views import Crowd, Face

SHOWN_MAX = 50
FACES_MAX = 500
"""Of more people who look otherwise, a page that is far behind is told of the latest."""

_ALL = """
SELECT p.id, p.name, p.avatar FROM person p
WHERE p.banned_at IS NULL AND p.id <> {} AND strpos(lower(p.name), lower({})) > 0
  AND ({} = 0 OR (lower(p.name), p.id) > (SELECT lower(name), id FROM person WHERE id = {}))
ORDER BY lower(p.name), p.id
LIMIT {}
"""

_ADDABLE = """
SELECT p.id, p.name, p.avatar FROM person p
WHERE p.banned_at IS NULL AND NOT EXISTS (SELECT FROM membership m WHERE m.person = p.id AND m.room = {})
  AND strpos(lower(p.name), lower({})) > 0
ORDER BY lower(p.name), p.id LIMIT {}
"""

_PICTURE = """
SELECT p.id, p.name, p.avatar, a.content FROM person p LEFT JOIN avatar a ON a.person = p.id WHERE p.id = {}
"""

_FACES = """
SELECT f.version, p.* FROM faces f
LEFT JOIN LATERAL (
    SELECT id, name, avatar, face_version FROM person WHERE face_version > {} ORDER BY face_version DESC LIMIT {}
) p ON true
"""


async def nobody_yet() -> bool:
    """Whether the next account is the first one."""
    return not await Person.raw("SELECT FROM person LIMIT 1")


async def others(person: int, search: str, after: int) -> Crowd:
    """The next SHOWN_MAX people but this one, named like `search`, after the person `after` (0: from the top)."""
    rows = await Person.raw(_ALL, person, search.replace("\0", ""), after, after, SHOWN_MAX + 1)
    people = [Face(**row) for row in rows[:SHOWN_MAX]]
    return Crowd(people, people[-1].id if len(rows) > SHOWN_MAX else None)


async def addable(room: int, search: str) -> Sequence[Face]:
    """People of the server who are not in the room, named like `search`; the first SHOWN_MAX of them."""
    return [Face(**row) for row in await Person.raw(_ADDABLE, room, search.replace("\0", ""), SHOWN_MAX)]


async def faces_since(number: int) -> FacesNow:
    """Who looks otherwise since that change of the house's faces."""
    rows = await Person.raw(_FACES, number, FACES_MAX)
    changed = [(row["face_version"], Face(row["id"], row["name"], row["avatar"])) for row in rows if row["id"]]
    return FacesNow(rows[0]["version"], changed)


async def picture(person: int) -> Mapping[str, Any] | None:
    """id, name, avatar (the fingerprint) and content (WebP); the last two are None without a picture."""
    rows: Sequence[Mapping[str, Any]] = await Avatar.raw(_PICTURE, person)
    return rows[0] if rows else None
