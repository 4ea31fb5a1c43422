"""A room's messages: the newest, a slice before or after one of them, and what changed since a version.

Each is one statement, so the version that goes with the messages is of the same moment: a page and the socket
that continues it leave no gap between them, and share nothing.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from app import lines
from app.tables import Room
from app.views import MessageLine, Timeline, message_line

PAGE_MESSAGES = 50
NUMBER_MAX = 2**62  # above every seq and version

_SLICE = f"""
SELECT r.version AS room_version, r.last_seq, {lines.COLUMNS}
FROM room r
LEFT JOIN LATERAL (
    SELECT * FROM message WHERE room = r.id AND seq < {{}} ORDER BY seq DESC LIMIT {{}}
) m ON true
{lines.FROM}
WHERE r.id = {{}}
ORDER BY m.seq
"""

_NEXT = f"""
SELECT r.version AS room_version, r.last_seq, {lines.COLUMNS}
FROM room r
LEFT JOIN LATERAL (
    SELECT * FROM message WHERE room = r.id AND seq > {{}} ORDER BY seq LIMIT {{}}
) m ON true
{lines.FROM}
WHERE r.id = {{}}
ORDER BY m.seq
"""


def _changed(messages: str) -> str:
    return f"""
SELECT r.version AS room_version, {lines.COLUMNS}
FROM room r
LEFT JOIN LATERAL (
    {messages}
) m ON true
{lines.FROM}
WHERE r.id = {{}}
ORDER BY m.version
"""


# Whoever has a version has all that was posted up to it. So with the first changes goes what was posted among them,
# though its own latest change is one that comes later.
_CHANGED_SINCE = _changed("""
    WITH since AS (SELECT {}::bigint AS version), first AS (
        SELECT g.* FROM message g, since WHERE g.room = r.id AND g.version > since.version ORDER BY g.version LIMIT {}
    ), reached AS (SELECT max(version) AS version FROM first)
    SELECT * FROM first
    UNION ALL
    SELECT g.* FROM message g, since, reached
    WHERE g.room = r.id AND g.version > reached.version
        AND g.posted_version > since.version AND g.posted_version <= reached.version
""")
_CHANGED_LATELY = _changed("SELECT * FROM message WHERE room = r.id AND version > greatest({}, r.version - {})")


class ChangedMessages(NamedTuple):
    """Messages changed after a version, in the order of their versions; together they lead to `version`. What was
    posted until then is among them as it is now, even if it has changed once more after `version`."""

    version: int
    room_version: int
    messages: Sequence[MessageLine]


async def latest(room: int) -> Timeline:
    return await before(room, NUMBER_MAX)


async def before(room: int, seq: int) -> Timeline:
    """The PAGE_MESSAGES messages before `seq`."""
    rows = await Room.raw(_SLICE, max(0, min(seq, NUMBER_MAX)), PAGE_MESSAGES, room)
    return _timeline(room, rows, has_newer=bool(rows) and seq <= rows[0]["last_seq"])


async def after(room: int, seq: int) -> Timeline:
    """The PAGE_MESSAGES messages after `seq`."""
    rows = await Room.raw(_NEXT, max(0, min(seq, NUMBER_MAX)), PAGE_MESSAGES, room)
    return _timeline(room, rows, has_newer=bool(rows) and (rows[-1]["seq"] or NUMBER_MAX) < rows[0]["last_seq"])


async def changed_since(room: int, since: int, limit: int) -> ChangedMessages:
    """What changed after version `since`: the first `limit` changes."""
    changed = await _read_changed(_CHANGED_SINCE, room, since, limit)
    reached = changed.messages[limit - 1].version if len(changed.messages) >= limit else changed.room_version
    return changed._replace(version=reached)


async def changed_lately(room: int, since: int, changes: int) -> ChangedMessages:
    """What changed after version `since`, but only with the last so many changes of the room."""
    return await _read_changed(_CHANGED_LATELY, room, since, changes)


async def _read_changed(statement: str, room: int, since: int, most: int) -> ChangedMessages:
    rows = await Room.raw(statement, max(-1, min(since, NUMBER_MAX)), most, room)
    messages = [message_line(row) for row in rows if row["seq"] is not None]
    room_version = rows[0]["room_version"] if rows else 0
    return ChangedMessages(room_version, room_version, messages)


def _timeline(room: int, rows: Sequence[Mapping[str, Any]], has_newer: bool) -> Timeline:
    messages = [message_line(row) for row in rows if row["seq"] is not None]
    return Timeline(
        room=room,
        version=rows[0]["room_version"] if rows else 0,
        messages=messages,
        has_older=bool(messages) and messages[0].seq > 1,
        has_newer=has_newer,
    )


async def versions(rooms: Sequence[int]) -> Mapping[int, int]:
    rows = await Room.raw("SELECT id, version FROM room WHERE id = any({}::int[])", list(rooms))
    return {row["id"]: row["version"] for row in rows}
