"""Direct rooms: one for each set of people."""

import secrets
from collections.abc import Sequence

from app.access import is_id
from app.actions.rooms import INVITE_CODE_BYTES
from app.errors import Invalid, NotThere
from app.realtime.events import MembershipBegan
from app.realtime.hub import Hub
from app.tables import Person as PersonTable
from app.tables import Room
from app.views import Person

PEOPLE_MAX = 20

_KNOWN = "SELECT id FROM person WHERE id = any({}::int[]) AND banned_at IS NULL"

# One statement, so nobody ever sees the room without its people.
_OPEN = """
WITH made AS (
    INSERT INTO room (name, kind, direct_key, visibility, invite_code) VALUES ('', 'direct', {}, 'closed', {})
    ON CONFLICT (direct_key) DO NOTHING RETURNING id
)
INSERT INTO membership (person, room, role)
SELECT t.person, made.id, 'member' FROM made CROSS JOIN unnest({}::int[]) AS t (person)
RETURNING room
"""


async def open_room(person: Person, others: Sequence[int], hub: Hub) -> int:
    """The id of the one room of these people and the person who asks; made if there is none yet.

    Raises Invalid, or NotThere for somebody unknown or banned.
    """
    people = sorted({person.id, *others})
    if len(people) < 2:
        raise Invalid(person="A direct conversation needs somebody else.")
    if len(people) > PEOPLE_MAX:
        raise Invalid(person=f"A direct conversation has at most {PEOPLE_MAX} people. Make a room for more.")
    if not all(is_id(each) for each in people) or len(await PersonTable.raw(_KNOWN, people)) < len(people):
        raise NotThere("Somebody you chose has no account here (any more).")
    key = ",".join(str(each) for each in people)
    made = await Room.raw(_OPEN, key, secrets.token_urlsafe(INVITE_CODE_BYTES), people)
    for each in people if made else ():
        hub.publish(MembershipBegan(each, made[0]["room"]))
    # A conflict waits for the other one's commit, which only a statement of its own can see.
    rows = made or await Room.raw("SELECT id AS room FROM room WHERE direct_key = {}", key)
    return int(rows[0]["room"])
