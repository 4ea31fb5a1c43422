"""Deleting a message: its place stays, its text goes."""

from app import rendering
from app.actions import audit
from app.actions.receipts import tell_marks
from app.errors import NotAllowed
from app.realtime.events import RoomChanged
from app.realtime.hub import Hub
from app.tables import Message
from app.views import Html, MessagePlace, Person, message_line

# The room's lock is held: this sees every change that was made before.
_DELETE = """
WITH gone AS (
    UPDATE message m SET body = '', html = '', deleted_at = now(), version = r.version + 1
    FROM room r WHERE m.id = {} AND r.id = m.room AND m.deleted_at IS NULL
    RETURNING m.id, m.room
), bumped AS (
    UPDATE room r SET version = r.version + 1 FROM gone WHERE r.id = gone.room
)
DELETE FROM mention n USING gone WHERE n.message = gone.id RETURNING n.person
"""

_AS_IT_IS = """
SELECT m.*, p.name AS author_name, p.avatar AS author_avatar
FROM message m JOIN person p ON p.id = m.author WHERE m.id = {}
"""


async def delete(person: Person, message: MessagePlace, hub: Hub) -> tuple[str, Html]:
    """Delete a message; its author and the room's admins may. Returns its element id and article.

    Repeating is harmless. Raises NotAllowed.
    """
    if message.kind == "system":
        raise NotAllowed("What happened in the room is part of its history and cannot be deleted.")
    if not (message.is_mine or message.is_admin):
        raise NotAllowed("Only its author and the room's admins can delete a message.")
    async with Message._meta.db.transaction():
        await Message.raw("SELECT FROM room WHERE id = {} FOR UPDATE", message.room)
        before = (await Message.raw("SELECT deleted_at FROM message WHERE id = {}", message.id))[0]["deleted_at"]
        mentioned = [row["person"] for row in await Message.raw(_DELETE, message.id)]
        if before is None and not message.is_mine:
            await audit.record(person.id, "delete message", message.author, message.room, str(message.id))
        line = message_line((await Message.raw(_AS_IT_IS, message.id))[0])
    article = rendering.message(line)
    if before is None:
        html = rendering.changes([], [(line.element_id, article)], line.version)
        hub.publish(RoomChanged(line.room, line.version - 1, line.version, str(html)))
        await tell_marks(hub, line.room, mentioned)
    return line.element_id, article
