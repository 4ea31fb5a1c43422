"""Deleting a message: its place stays, its text goes."""

from app.actions import audit, stamps
from app.actions.receipts import tell_marks
from app.errors import NotAllowed
from app.realtime.hub import Hub
from app.tables import Message
from app.views import Html, MessagePlace, Person

NOT_YOURS = "Only its author and the room's admins can delete a message."

_DELETE = """
WITH gone AS (
    UPDATE message SET body = '', html = '', reply_to = NULL, deleted_at = now()
    WHERE id = {} AND deleted_at IS NULL RETURNING id
), earlier AS (
    DELETE FROM wording w USING gone WHERE w.message = gone.id
), reactions AS (
    DELETE FROM reaction r USING gone WHERE r.message = gone.id
)
DELETE FROM mention n USING gone WHERE n.message = gone.id RETURNING n.person
"""


async def delete(person: Person, message: MessagePlace, hub: Hub) -> tuple[str, Html]:
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
        if not message.is_mine:
            await audit.record(person.id, "delete-message", message.author, message.room, str(message.id))
        rows = await stamps.stamp(message.id)
    await tell_marks(hub, message.room, mentioned)
    return stamps.tell(rows, hub)
