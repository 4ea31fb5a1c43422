"""Drafts: what was sent, checked and rendered, with everybody and everything it names looked up; not stored yet."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple
from uuid import UUID, uuid4

from app import access, formatting, links, mentions
from app.actions import attachments
from app.errors import Invalid, NotThere
from app.formatting import Written
from app.mentions import People
from app.tables import Message
from app.views import BODY_LENGTH_MAX, Person

Here = frozenset[str]
"""The origins of this server, such as https://tea.example."""

NO_ORIGINAL = "The message that you answer is no longer there. You can send this without it."
REPLIES_MAX = 200
"""To one message: they are changed along with it, in one statement, while their room waits."""

_QUOTABLE = f"""
SELECT (SELECT count(*) FROM (SELECT FROM message r WHERE r.reply_to = m.id LIMIT {REPLIES_MAX}) AS reply) AS replies
FROM message m WHERE id = {{}} AND room = {{}} AND kind <> 'system' AND deleted_at IS NULL
"""

# Only where the text has an @ at all. It may find too many: `mentions` decides, by the same rule for upper and
# lower case as far as the database's locale knows it.
_NAMED = """
SELECT p.id, p.name FROM membership m JOIN person p ON p.id = m.person
WHERE m.room = {} AND strpos(lower({}), '@' || lower(p.name)) > 0
ORDER BY p.id
"""

# A closed room's name is shown nowhere but in itself.
_PLACES = """
SELECT place.path, r.name
FROM (
    SELECT id AS room, '/rooms/' || id AS path FROM room WHERE id = any({}::int[])
    UNION ALL
    SELECT room, '/messages/' || id FROM message WHERE id = any({}::uuid[])
) place JOIN room r ON r.id = place.room
WHERE r.kind = 'group' AND (r.visibility = 'open' OR r.id = {})
"""

_EVERYBODY = "SELECT person FROM membership WHERE room = {} ORDER BY person LIMIT {}"


class Files(NamedTuple):
    """The ids of the files that a message is to carry, and how many it may."""

    ids: Sequence[str]
    most: int


NO_FILES = Files((), 0)


@dataclass(frozen=True, slots=True)
class Draft:
    """A message as it was sent: valid and rendered, but not stored yet. `mentioned` are people of its room."""

    id: UUID
    room: int
    author: int
    body: str
    html: str
    session: int = 0  # by which the author is signed in; nothing asks for it where the server itself speaks
    kind: str = "text"
    mentioned: tuple[int, ...] = ()
    ended: tuple[int, ...] = ()  # whose membership ended with this system message
    reply_to: UUID | None = None
    files: tuple[UUID, ...] = ()


async def draft(
    person: Person,
    room: int,
    message_id: str,
    body: str,
    reply_to: str = "",
    files: Files = NO_FILES,
    here: Here = frozenset(),
) -> Draft:
    """Check what was sent, and render it; raises Invalid. Without an id the server names the message.

    Whether the person may write in this room is looked at when it is posted. Raises NotThere for a number that no
    room can have.
    """
    if not access.is_id(room):
        raise NotThere
    name = _name(message_id) if message_id else uuid4()
    carried = await attachments.chosen(person, room, files.ids, name, files.most) if files.ids else ()
    body = checked(body, may_be_empty=bool(carried))
    text = await written(room, body, here)
    original = await _original(room, reply_to) if reply_to else None
    others = tuple(mentioned for mentioned in text.mentioned if mentioned != person.id)
    return Draft(
        name, room, person.id, body, text.html, person.session, mentioned=others, reply_to=original, files=carried
    )


def _name(message_id: str) -> UUID:
    """The id that the browser gave to the message; raises Invalid."""
    name = access.uuid_of(message_id)
    if name is None:
        raise Invalid(id="The message's id is not a UUID. Please reload the page and send it again.")
    return name


def checked(body: str, may_be_empty: bool = False) -> str:
    """The text as it is kept, with plain line breaks; raises Invalid for what cannot be a message."""
    body = body.replace("\r\n", "\n").replace("\r", "\n")
    if not body.strip():
        if may_be_empty:
            return ""
        raise Invalid(body="An empty message cannot be sent.")
    if "\0" in body:
        raise Invalid(body="This message contains a NUL character, which cannot be stored.")
    if len(body) > BODY_LENGTH_MAX:
        raise Invalid(body=f"This message has {len(body):,} characters; it can have {BODY_LENGTH_MAX:,}.")
    return body


async def _original(room: int, reply_to: str) -> UUID:
    """The message of this room that is answered."""
    original = access.uuid_of(reply_to)
    found = await Message.raw(_QUOTABLE, original, room) if original else []
    if not original or not found:
        raise Invalid(reply_to=NO_ORIGINAL)
    if found[0]["replies"] >= REPLIES_MAX:
        raise Invalid(reply_to=f"A message can have {REPLIES_MAX} replies. You can send this without the quote.")
    return original


async def written(room: int, body: str, here: Here) -> Written:
    """The body of a message of this room as HTML, with the people of the room that it mentions.

    It is kept as it is, so it names rooms as they are called now; a page shows its reader's own rooms by the names
    that they have then.
    """
    if not body:
        return Written("", ())  # files without words
    people = await _people_named(room, body) if mentions.has_mark(body) else {}
    names = await _names_of_places(room, body)
    link_here = partial(links.link_to, here=here, names=names)
    if len(body) < formatting.SLOW_LENGTH_MIN:
        return formatting.render(body, people, link_here)
    return await asyncio.to_thread(formatting.render, body, people, link_here)


async def _names_of_places(room: int, body: str) -> links.Names:
    """The names by which the text's links to rooms and messages may be shown to everybody in this room."""
    rooms, messages = links.places_in(body)
    if not rooms and not messages:
        return {}
    return {row["path"]: row["name"] for row in await Message.raw(_PLACES, rooms, messages, room)}


async def _people_named(room: int, body: str) -> People:
    """Those of the room whose names stand behind an @ in the body, and everybody where that is asked for."""
    text = body.replace("＠", "@")
    rows: dict[str, list[int]] = {}
    for row in await Message.raw(_NAMED, room, text):
        rows.setdefault(row["name"], []).append(row["id"])
    everybody: tuple[int, ...] = ()
    if any(f"@{name}" in text.lower() for name in mentions.EVERYBODY):
        all_of_them = await Message.raw(_EVERYBODY, room, mentions.EVERYBODY_PEOPLE_MAX + 1)
        if len(all_of_them) <= mentions.EVERYBODY_PEOPLE_MAX:
            everybody = tuple(row["person"] for row in all_of_them)
    return mentions.named(rows, everybody)


def system_draft(room: int, actor: int, event: str, detail: str = "", ended: tuple[int, ...] = ()) -> Draft:
    """What happened in a room, as a message of it: `event` is joined, left, renamed …, `detail` what or whom.

    `ended` are those who left the room with it: their sockets close before it is delivered.
    """
    return Draft(uuid4(), room, actor, f"{event}\n{detail}", "", kind="system", ended=ended)
