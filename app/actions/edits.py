"""Editing a message: its earlier wording is kept for the room's admins."""

from collections.abc import Sequence

from app.actions import stamps
from app.actions.drafts import Here, checked, written
from app.actions.receipts import tell_marks
from app.errors import Invalid, NotAllowed
from app.realtime.hub import Hub
from app.tables import Message
from app.views import Html, MessagePlace, Person

DELETED = "This message was deleted, and can no longer be changed."

_AS_IT_IS = "SELECT body, deleted_at FROM message WHERE id = {}"
_KEEP = """
INSERT INTO wording (message, body, html, written_at)
SELECT id, body, html, coalesce(edited_at, created_at) FROM message WHERE id = {}
"""
_EDIT = "UPDATE message SET body = {}, html = {}, edited_at = now() WHERE id = {}"
_NO_LONGER_MENTIONED = "DELETE FROM mention WHERE message = {} AND NOT person = any({}::int[]) RETURNING person"
_NOW_MENTIONED = """
INSERT INTO mention (message, room, person, seq)
SELECT m.id, m.room, t.person, m.seq FROM message m, unnest({}::int[]) AS t (person) WHERE m.id = {}
ON CONFLICT (message, person) DO NOTHING RETURNING person
"""


def check_editable(message: MessagePlace) -> None:
    """Raises NotAllowed for what is not the person's own, Invalid for what is deleted."""
    if message.kind == "system":
        raise NotAllowed("What happened in the room is part of its history and cannot be edited.")
    if not message.is_mine:
        raise NotAllowed("Only its author can edit a message.")
    if message.deleted:
        raise Invalid(body=DELETED)


async def edit(
    person: Person, message: MessagePlace, body: str, hub: Hub, here: Here = frozenset()
) -> tuple[str, Html]:
    """Give a message a new text; returns its element id and article. The same text again changes nothing.

    Nobody is notified of a mention anew; counts of unread ones follow. Raises NotAllowed, Invalid.
    """
    check_editable(message)
    body = checked(body, may_be_empty=message.has_files)
    text = await written(message.room, body, here)
    moved: list[int] = []
    async with Message._meta.db.transaction():
        await stamps.lock(message.room, person.id)
        now = (await Message.raw(_AS_IT_IS, message.id))[0]
        if now["deleted_at"]:
            raise Invalid(body=DELETED)
        is_changed = now["body"] != body
        if is_changed:
            await Message.raw(_KEEP, message.id)
            await Message.raw(_EDIT, body, text.html, message.id)
            moved = await _mention(message, text.mentioned)
            rows = await stamps.stamp(message.id)
        else:
            rows = await stamps.as_they_are([message.id])
    if not is_changed:
        return stamps.shown(rows[0])
    shown = stamps.tell(rows, hub)
    await tell_marks(hub, message.room, moved)
    return shown


async def _mention(message: MessagePlace, people: Sequence[int]) -> list[int]:
    """Replace who is mentioned; returns those for whom it changed."""
    gone = await Message.raw(_NO_LONGER_MENTIONED, message.id, list(people))
    come = await Message.raw(_NOW_MENTIONED, list(people), message.id)
    return [row["person"] for row in (*gone, *come)]
