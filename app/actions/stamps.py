"""A change to a message that is there already: the room's next version, and its article told to everybody.

A reply shows the beginning of its original, so it changes along with it: what was deleted or edited away is
nowhere to be seen. Every write here happens in the caller's transaction, which holds the room's lock.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from app import lines, rendering
from app.errors import NotAMember
from app.realtime.events import RoomChanged, places
from app.realtime.hub import Hub
from app.tables import Membership, Message
from app.views import Html, message_line

CHANGES_TOLD_MAX = 50
"""A change that touches more messages than this is not told by an event: the hub's sweep reads it in pieces."""

_STAMP = """
WITH touched AS (
    SELECT id, room, row_number() OVER (ORDER BY id <> {}, seq) AS n FROM message
    WHERE id = {} OR (reply_to = {} AND deleted_at IS NULL AND {})
), bumped AS (
    UPDATE room r SET version = version + t.n FROM (SELECT room, count(*) AS n FROM touched GROUP BY room) t
    WHERE r.id = t.room RETURNING r.id, r.version - t.n AS since
)
UPDATE message m SET version = b.since + t.n
FROM touched t JOIN bumped b ON b.id = t.room WHERE m.id = t.id RETURNING m.id
"""

_LINES = f"SELECT {lines.COLUMNS} FROM message m {lines.FROM} WHERE m.id = any({{}}::uuid[]) ORDER BY m.version"

Rows = Sequence[Mapping[str, Any]]


async def lock(room: int, person: int) -> str:
    """Until the transaction ends, nobody else changes this room's messages or people.

    Returns the person's role; raises NotAMember for one who was sent out while they waited.
    """
    await Message.raw("SELECT FROM room WHERE id = {} FOR UPDATE", room)
    rows = await Membership.raw("SELECT role FROM membership WHERE room = {} AND person = {}", room, person)
    if not rows:
        raise NotAMember
    return str(rows[0]["role"])


async def stamp(message: UUID, with_replies: bool = True) -> Rows:
    """Give the message, and the replies that quote it, the room's next versions; returns them as they are now,
    the message first."""
    stamped = await Message.raw(_STAMP, message, message, message, with_replies)
    return await as_they_are([row["id"] for row in stamped])


async def as_they_are(messages: Sequence[UUID]) -> Rows:
    rows: Rows = await Message.raw(_LINES, list(messages))
    return rows


def tell(rows: Rows, hub: Hub) -> tuple[str, Html]:
    """Publish what `stamp` returned, after the commit; returns the message's element id and article."""
    if len(rows) > CHANGES_TOLD_MAX:
        return shown(rows[0])
    told = [(line, rendering.fragments.rendered(line)) for line in map(message_line, rows)]
    (first, article), (last, _) = told[0], told[-1]
    html = str(rendering.streams.changes([], [(line.element_id, each) for line, each in told]))
    hub.publish(RoomChanged(first.room, first.version - 1, last.version, html, places=places(html, told)))
    return first.element_id, article


def shown(row: Mapping[str, Any]) -> tuple[str, Html]:
    """A message's element id and article."""
    line = message_line(row)
    return line.element_id, rendering.fragments.rendered(line)
