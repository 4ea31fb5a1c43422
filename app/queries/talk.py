"""About one message: its text for editing, its earlier wordings, and who reacted to it."""

from collections.abc import Sequence

from app.tables import Message, Reaction, Wording
from app.views import Html, MessagePlace, Quote, ReactedBy, beginning
from app.views import Wording as WordingView

WORDINGS_SHOWN_MAX = 100
PEOPLE_SHOWN_MAX = 30

_QUOTE = """
SELECT m.id, m.author, p.name, left(m.html, 1000) AS html, m.files -> 0 ->> 2 AS file
FROM message m JOIN person p ON p.id = m.author
WHERE m.id = {} AND m.deleted_at IS NULL AND m.kind <> 'system'
"""

_WORDINGS = "SELECT html, written_at FROM wording WHERE message = {} ORDER BY id DESC LIMIT {}"

_REACTED = """
SELECT r.emoji, count(*) AS n, (array_agg(p.name ORDER BY r.id))[:{}] AS names
FROM reaction r JOIN person p ON p.id = r.person WHERE r.message = {} GROUP BY r.emoji ORDER BY min(r.id)
"""


async def body_of(message: MessagePlace) -> str:
    return str((await Message.raw("SELECT body FROM message WHERE id = {}", message.id))[0]["body"])


async def quote_of(message: MessagePlace) -> Quote | None:
    """How a reply to it would quote it; None for what cannot be answered."""
    rows = await Message.raw(_QUOTE, message.id)
    if not rows:
        return None
    return Quote(
        rows[0]["id"], rows[0]["author"], rows[0]["name"], beginning(rows[0]["html"]) or rows[0]["file"] or ""
    )


async def wordings(message: MessagePlace) -> Sequence[WordingView]:
    """How it read before, the latest first."""
    rows = await Wording.raw(_WORDINGS, message.id, WORDINGS_SHOWN_MAX)
    return [WordingView(Html(row["html"]), row["written_at"]) for row in rows]


async def reacted(message: MessagePlace) -> Sequence[ReactedBy]:
    rows = await Reaction.raw(_REACTED, PEOPLE_SHOWN_MAX, message.id)
    return [ReactedBy(row["emoji"], row["names"], row["n"] - len(row["names"])) for row in rows]
