"""Reactions: an emoji of a person on a message."""

from app import emojis
from app.actions import stamps
from app.errors import Invalid, NotAllowed
from app.realtime.hub import Hub
from app.tables import Message, Reaction
from app.views import Html, MessagePlace, Person

EMOJI_PER_MESSAGE_MAX = 20

_TAKE_BACK = "DELETE FROM reaction WHERE message = {} AND person = {} AND emoji = {} RETURNING id"
_ADD = "INSERT INTO reaction (message, person, emoji) VALUES ({}, {}, {})"
_THERE = "SELECT DISTINCT emoji FROM reaction WHERE message = {}"


async def react(person: Person, message: MessagePlace, text: str, hub: Hub) -> tuple[str, Html]:
    """Add the emoji, or take it back; returns the message's element id and article.

    Raises Invalid for what is not one emoji or one too many, NotAllowed.
    """
    emoji = emojis.one(text)
    if emoji is None:
        raise Invalid(emoji="A reaction is one emoji, and this is not one that we know.")
    if message.kind == "system":
        raise NotAllowed("What happened in the room takes no reactions.")
    async with Message._meta.db.transaction():
        await stamps.lock(message.room, person.id)
        if (await Message.raw("SELECT deleted_at FROM message WHERE id = {}", message.id))[0]["deleted_at"]:
            raise Invalid(emoji="This message was deleted, and takes no reactions.")
        if not await Reaction.raw(_TAKE_BACK, message.id, person.id, emoji):
            there = {row["emoji"] for row in await Reaction.raw(_THERE, message.id)}
            if emoji not in there and len(there) >= EMOJI_PER_MESSAGE_MAX:
                raise Invalid(emoji=f"A message can have {EMOJI_PER_MESSAGE_MAX} different reactions.")
            await Reaction.raw(_ADD, message.id, person.id, emoji)
        rows = await stamps.stamp(message.id, with_replies=False)
    return stamps.tell(rows, hub)
