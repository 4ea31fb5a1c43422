"""What a page lacks, as the stream fragment that brings it up to date.

The answer to "what did I miss?" is the same for a worker that lost Redis, a phone that slept, a page that was
just loaded, and a browser that has to poll.
"""

import asyncio
from collections.abc import Mapping, Sequence
from uuid import UUID

from app import rendering
from app.queries import timeline
from app.queries.timeline import ChangedMessages
from app.realtime.source import Changes
from app.views import Html

PIECE_MESSAGES = 50
CATCH_UP_CHANGES_MAX = 300
"""A page further behind than this is given the newest timeline instead."""
CATCH_UP_LENGTH_MAX = 500_000
"""Characters of text above which one page is given the newest timeline instead: it is shorter."""


async def piece(room: int, since: int) -> Changes:
    """The next PIECE_MESSAGES changes after `since`, however many there are, and what was posted among them: for a
    whole room."""
    changed = await timeline.changed_since(room, since, PIECE_MESSAGES)
    return _as_stream(since, changed, _articles(changed))


async def resume_many(asked: Sequence[tuple[int, int]]) -> Mapping[tuple[int, int], Changes]:
    """For each (room, since), which many pages may have asked for: everything after `since`, or the newest timeline
    if that is too much.

    Pages that lose their sockets together ask together, each from where it stands. So a room is read once for all of
    them, and each of its messages is rendered once.
    """
    rooms = {room: [since for other, since in asked if other == room] for room, _ in asked}
    answers = await asyncio.gather(*(_resume(room, sinces) for room, sinces in rooms.items()))
    return {(room, since): answer[since] for room, answer in zip(rooms, answers, strict=True) for since in answer}


async def _resume(room: int, sinces: Sequence[int]) -> Mapping[int, Changes]:
    """A `since` from the future (the database was set back) also gets the newest timeline."""
    oldest = max(0, min(*sinces, timeline.NUMBER_MAX))  # a page can ask for anything
    changed = await timeline.changed_lately(room, oldest, CATCH_UP_CHANGES_MAX)
    within = [since for since in sinces if _can_catch_up(since, changed)]
    articles = _articles(changed) if within else {}
    found = {since: _as_stream(since, changed, articles) for since in within}
    if len(within) < len(sinces):
        newest = await timeline.latest(room)
        afresh = Changes(newest.version, rendering.streams.afresh(newest))
        found |= {since: afresh for since in sinces if since not in found}
    return found


def _can_catch_up(since: int, changed: ChangedMessages) -> bool:
    return (
        0 <= changed.room_version - since <= CATCH_UP_CHANGES_MAX
        and sum(len(line.body) for line in changed.messages if line.version > since) <= CATCH_UP_LENGTH_MAX
    )


def _articles(changed: ChangedMessages) -> Mapping[UUID, Html]:
    return {line.id: rendering.fragments.message(line) for line in changed.messages}


def _as_stream(since: int, changed: ChangedMessages, articles: Mapping[UUID, Html]) -> Changes:
    """New articles by their seq, where they belong; a changed one only to pages that have it."""
    if changed.version == since:
        return Changes(since, "")
    lines = [line for line in changed.messages if line.version > since]
    posted = sorted((line for line in lines if line.posted_version > since), key=lambda line: line.seq)
    new = [articles[line.id] for line in posted]
    old = [(line.element_id, articles[line.id]) for line in lines if line.posted_version <= since]
    return Changes(changed.version, rendering.streams.changes(new, old))
