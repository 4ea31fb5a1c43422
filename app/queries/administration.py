"""What administrators see: the accounts of the server, and the book of what was done."""

from collections.abc import Sequence

from app.access import INT4_MAX, nearest_id
from app.tables import Audit
from app.tables import Person as PersonTable
from app.views import Account, AuditLine

PAGE_ROWS = 50

_ACCOUNTS = """
SELECT id, name, email, avatar, is_admin, banned_at IS NOT NULL AS banned
FROM person
WHERE id > {} AND ({} = '' OR strpos(lower(name), lower({})) > 0)
ORDER BY id LIMIT {}
"""

_AUDIT = """
SELECT a.id, p.name AS actor, a.act, s.name AS subject, a.room,
       CASE WHEN r.kind = 'group' THEN r.name END AS room_name, a.detail, a.created_at
FROM audit a
LEFT JOIN person p ON p.id = a.actor
LEFT JOIN person s ON s.id = a.subject
LEFT JOIN room r ON r.id = a.room
WHERE a.id < {}
ORDER BY a.id DESC LIMIT {}
"""


async def accounts(name: str, after: int) -> tuple[Sequence[Account], int | None]:
    """PAGE_ROWS accounts with `name` in their name, by id after `after`; and the next page's `after`, if any."""
    name = name.replace("\0", "")
    rows = await PersonTable.raw(_ACCOUNTS, nearest_id(after), name, name, PAGE_ROWS + 1)
    shown = [Account(**row) for row in rows[:PAGE_ROWS]]
    return shown, shown[-1].id if len(rows) > PAGE_ROWS else None


async def acts(before: int | None) -> tuple[Sequence[AuditLine], int | None]:
    """PAGE_ROWS acts, the newest first, before the one with this id; and the next page's `before`, if any."""
    rows = await Audit.raw(_AUDIT, INT4_MAX if before is None else nearest_id(before), PAGE_ROWS + 1)
    shown = [AuditLine(**row) for row in rows[:PAGE_ROWS]]
    return shown, shown[-1].id if len(rows) > PAGE_ROWS else None
