"""What a page lacks, as the stream fragment that brings it up to date.

The answer to "what did I miss?" is the same for a worker that lost Redis, a phone that slept, a page that was
just loaded, and a browser that has to poll.
"""

import asyncio
from collections.abc import Mapping, Sequence

from app import rendering
from app.queries import timeline
from app.queries.timeline import ChangedMessages
from app.realtime.live_room import CATCH_UP_CHANGES_MAX
from app.realtime.source import Changes

PIECE_MESSAGES = 50
CATCH_UP_LENGTH_MAX = 500_000
"""Characters of text above which one page is given the newest timeline instead: it is shorter."""


async def piece(room: int, since: int) -> Changes:
    """The next PIECE_MESSAGES changed messages after `since`, however many there are: for a whole room."""
    return _as_stream(since, await timeline.changed_since(room, since, PIECE_MESSAGES))


async def resume(room: int, since: int) -> Changes:
    """Everything after `since`, or the newest timeline if that is too much: for one page.

    A `since` from the future (the database was set back) also gets the newest timeline.
    """
    changed = await timeline.changed_since(room, since, CATCH_UP_CHANGES_MAX)
    if 0 <= changed.room_version - since <= CATCH_UP_CHANGES_MAX and _length(changed) <= CATCH_UP_LENGTH_MAX:
        return _as_stream(since, changed)
    newest = await timeline.latest(room)
    return Changes(newest.version, rendering.afresh(newest))


async def resume_many(asked: Sequence[tuple[int, int]]) -> Mapping[tuple[int, int], Changes]:
    """The same for many (room, since), each of which many pages may have asked for."""
    answers = await asyncio.gather(*(resume(room, since) for room, since in asked))
    return dict(zip(asked, answers, strict=True))


def _length(changed: ChangedMessages) -> int:
    return sum(len(line.body) for line in changed.messages)


def _as_stream(since: int, changed: ChangedMessages) -> Changes:
    """New articles go where their seq belongs; a changed one only to pages that have it."""
    if changed.version == since:
        return Changes(since, "")
    lines = changed.messages
    new = [rendering.message(line) for line in lines if line.posted_version > since]
    old = [(line.element_id, rendering.message(line)) for line in lines if line.posted_version <= since]
    return Changes(changed.version, rendering.changes(new, old, changed.version))
