"""The audit: who did what to whom, and when."""

from app.tables import Audit

_RECORD = "INSERT INTO audit (actor, act, subject, room, detail) VALUES ({}, {}, {}, {}, {})"


async def record(actor: int, act: str, subject: int | None = None, room: int | None = None, detail: str = "") -> None:
    """Write one line of it, in the caller's transaction if there is one."""
    await Audit.raw(_RECORD, actor, act, subject, room, detail)
