"""The book of what room admins and administrators did."""

from app.tables import Audit

_RECORD = "INSERT INTO audit (actor, act, subject, room, detail) VALUES ({}, {}, {}, {}, {})"


async def record(actor: int, act: str, subject: int | None = None, room: int | None = None, detail: str = "") -> None:
    """Write down who did what to whom and where, inside the caller's transaction.

    `act` is the action's name, with hyphens between its words; `detail` never holds the text of a message.
    """
    await Audit.raw(_RECORD, actor, act, subject, room, detail)
