"""Deleting a message: its place stays, its text and files go."""

from app.actions import attachments, audit, stamps
from app.actions.receipts import tell_marks
from app.errors import NotAllowed
from app.realtime.hub import Hub
from app.storage import Storage
from app.tables import Message
from app.views import Html, MessagePlace, Person

NOT_YOURS = "Only its author and the room's admins can delete a message."

_DELETE = """
WITH gone AS (
    UPDATE message SET body = '', html = '', reply_to = NULL, files = NULL, deleted_at = now()
    WHERE id = {} AND deleted_at IS NULL RETURNING id
), earlier AS (
    DELETE FROM wording w USING gone WHERE w.message = gone.id
), reactions AS (
    DELETE FROM reaction r USING gone WHERE r.message = gone.id
)
DELETE FROM mention n USING gone WHERE n.message = gone.id RETURNING n.person
"""


_DISCARD = """
UPDATE attachment SET message = NULL, discarded_at = now() WHERE message = {} RETURNING id
"""


async def delete(person: Person, message: MessagePlace, hub: Hub, storage: Storage) -> tuple[str, Html]:
    """Delete a message; its author and the room's admins may. Returns its element id and article.

    Repeating is harmless. Raises NotAllowed.
    """
    if message.kind == "system":
        raise NotAllowed("What happened in the room is part of its history and cannot be deleted.")
    async with Message._meta.db.transaction():
        role = await stamps.lock(message.room, person.id)
        if not (message.is_mine or role == "admin"):
            raise NotAllowed(NOT_YOURS)
        before = (await Message.raw("SELECT deleted_at FROM message WHERE id = {}", message.id))[0]["deleted_at"]
        if before is not None:
            return stamps.shown((await stamps.as_they_are([message.id]))[0])
        mentioned = [row["person"] for row in await Message.raw(_DELETE, message.id)]
        files = [row["id"] for row in await Message.raw(_DISCARD, message.id)]
        if not message.is_mine:
            await audit.record(person.id, "delete-message", message.author, message.room, str(message.id))
        rows = await stamps.stamp(message.id)
    shown = stamps.tell(rows, hub)
    await tell_marks(hub, message.room, mentioned)
    await attachments.delete_discarded(files, storage)
    return shown
