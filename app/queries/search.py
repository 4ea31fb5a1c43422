"""Search over everything a person may read: the rooms they are in at this moment, and nothing else.

Two statements share the work, since neither is quick for everything. `_WALK` reads the newest messages of each of
the person's rooms; a common word is found there at once. What is too rare for that, `_INDEXED` takes from the
inverted index over pairs of characters, which holds room and author as well, so that the hits of other people's
rooms cost nothing. Both compare the text itself in the end.

Common words never reach the index, and rare ones never make a walk longer than WALK_MESSAGES.
"""

import asyncio
import base64
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from app import lines
from app.queries.search_plan import END, Plan, containing, pieces, planned
from app.search_terms import Query
from app.tables import Message
from app.views import Found, Person, SearchPage, message_line

PAGE_RESULTS = 20
WALK_MESSAGES = 2_000
WALK_MESSAGES_OF_A_ROOM_MIN = 50
ROOMS_IN_THE_INDEX_MAX = 30  # with more, looking each of them up costs more than leaving out the hits elsewhere
UNLIMITED = 2**31 - 1
BIGINT_MAX = 2**63 - 1
SEARCHES_AT_ONCE_MAX = 3
"""On each worker: a long one holds a connection, and others need theirs to post and to read."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


# What makes a message a hit, whichever way it was found; first what costs little. NULL for authors means "any".
_FITS = """
    m.kind = 'text' AND m.deleted_at IS NULL
    AND m.created_at >= {} AND m.created_at < {}
    AND m.created_at <= {} AND (m.created_at, m.room, m.seq) < ({}, {}, {})
    AND ({}::int[] IS NULL OR m.author = any({})) AND NOT m.author = any({})
"""
_SAYS = """
    search_fold(m.body) LIKE ALL({}::text[]) AND NOT search_fold(m.body) LIKE ANY({}::text[])
    AND ({}::boolean OR (search_traits(m.body, m.files) @> {}::text[]
                         AND NOT search_traits(m.body, m.files) && {}::text[]))
"""

_NEWEST_FIRST = "created_at DESC, room DESC, seq DESC"
_MINE = "SELECT room FROM membership WHERE person = {} AND room = any({})"

# How far the walk gets is said by `horizon`: of what is newer, nothing is missing. NULL: it saw everything.
_WALK = f"""
WITH mine AS MATERIALIZED ({_MINE}),
horizon AS MATERIALIZED (
    SELECT max(e.created_at) AS reached FROM mine CROSS JOIN LATERAL (
        SELECT created_at FROM message
        WHERE room = mine.room AND kind = 'text' AND deleted_at IS NULL AND created_at <= {{}} AND created_at < {{}}
        ORDER BY created_at DESC, seq DESC OFFSET {{}} LIMIT 1
    ) e
), hits AS MATERIALIZED (
    SELECT hit.* FROM mine CROSS JOIN LATERAL (
        SELECT m.id, m.room, m.seq, m.created_at FROM message m
        WHERE m.room = mine.room AND m.created_at > coalesce((SELECT reached FROM horizon), '-infinity')
            AND {_FITS} AND {_SAYS}
        ORDER BY m.created_at DESC, m.seq DESC LIMIT {{}}
    ) hit
    ORDER BY {_NEWEST_FIRST} LIMIT {{}}
)
SELECT h.reached, {lines.COLUMNS}
FROM horizon h LEFT JOIN (hits JOIN message m ON m.id = hits.id {lines.FROM}) ON true
ORDER BY m.created_at DESC, m.room DESC, m.seq DESC
"""

# The text is compared last, from the newest on, until a page is full: of many hits only the first few are read.
_INDEXED = f"""
WITH mine AS MATERIALIZED ({_MINE}), candidates AS MATERIALIZED (
    SELECT m.id, m.room, m.seq, m.created_at FROM message m
    WHERE search_terms(m.body, m.room, m.author, m.files) @> {{}}::text[] <facets> AND {_FITS}
), hits AS MATERIALIZED (
    SELECT c.* FROM (
        SELECT * FROM candidates WHERE room IN (SELECT room FROM mine) ORDER BY {_NEWEST_FIRST} OFFSET 0
    ) c CROSS JOIN LATERAL (SELECT FROM message m WHERE m.id = c.id AND {_SAYS} OFFSET 0) said
    ORDER BY {_NEWEST_FIRST} LIMIT {{}}
)
SELECT {lines.COLUMNS} FROM hits JOIN message m ON m.id = hits.id {lines.FROM}
ORDER BY m.created_at DESC, m.room DESC, m.seq DESC
"""
_FACET = "AND search_terms(m.body, m.room, m.author, m.files) && {}::text[]"

# Of a plan made once for all words the planner thinks well, and it is bad for most: thousands of times slower.
_FOR_THESE_WORDS = "SET LOCAL plan_cache_mode = force_custom_plan"


class Cursor(NamedTuple):
    """The last result seen: what follows it is older."""

    created_at: datetime
    room: int
    seq: int


_few_at_once = asyncio.Semaphore(SEARCHES_AT_ONCE_MAX)

NEWEST = Cursor(END, UNLIMITED, BIGINT_MAX)


async def search(person: Person, query: Query, page: str = "") -> SearchPage:
    """The messages that fit, newest first; `page` is the cursor of an earlier answer, and anything else is none."""
    if query.is_empty:
        return SearchPage()
    plan = await planned(person, query)
    if plan is None:
        return SearchPage()
    rows = await _rows(plan, read_cursor(page) or NEWEST)
    shown = rows[:PAGE_RESULTS]
    return SearchPage(
        results=[Found(message_line(row), plan.names.get(row["room"], "")) for row in shown],
        next_page=write_cursor(shown[-1]) if len(rows) > PAGE_RESULTS else "",
        this_page=write_cursor({**shown[0], "seq": shown[0]["seq"] + 1}) if shown else "",
    )


def read_cursor(text: str) -> Cursor | None:
    """None for what is no cursor of ours."""
    try:
        microseconds, room, seq = map(int, base64.urlsafe_b64decode(text.encode("ascii")).decode("ascii").split("."))
        cursor = Cursor(_EPOCH + timedelta(microseconds=microseconds), room, seq)
    except (ValueError, OverflowError):
        return None
    return cursor if 0 < room < UNLIMITED and 0 < seq < BIGINT_MAX else None


def write_cursor(row: Mapping[str, Any]) -> str:
    microseconds = (row["created_at"] - _EPOCH) // timedelta(microseconds=1)
    return base64.urlsafe_b64encode(f"{microseconds}.{row['room']}.{row['seq']}".encode()).decode()


async def _rows(plan: Plan, cursor: Cursor) -> Sequence[Mapping[str, Any]]:
    """One row more than a page has, if there are more."""
    terms = {piece for word in plan.words for piece in pieces(word)} | set(plan.has)
    facets = _facets(plan)
    limit = PAGE_RESULTS + 1
    mine = (plan.person, list(plan.rooms))
    fits, says = _fits(plan, cursor), _says(plan)
    walk = max(WALK_MESSAGES // len(plan.rooms), WALK_MESSAGES_OF_A_ROOM_MIN)
    async with _few_at_once, Message._meta.db.transaction():
        await Message.raw(_FOR_THESE_WORDS)
        for far in (walk, UNLIMITED):
            rows = await Message.raw(_WALK, *mine, cursor.created_at, plan.until, far, *fits, *says, limit, limit)
            hits: Sequence[Mapping[str, Any]] = [row for row in rows if row["id"] is not None]
            if len(hits) == limit or rows[0]["reached"] is None:
                break
            if terms or plan.authors is not None:  # else the index knows nothing of it, and all must be walked
                statement = _INDEXED.replace("<facets>", _FACET * len(facets))
                hits = await Message.raw(statement, *mine, sorted(terms), *facets, *fits, *says, limit)
                break
    return hits


def _facets(plan: Plan) -> Sequence[Sequence[str]]:
    """What else the index can tell: of each, one must hold."""
    facets = []
    if len(plan.rooms) <= ROOMS_IN_THE_INDEX_MAX:
        facets.append([f"room:{room}" for room in plan.rooms])
    if plan.authors is not None:
        facets.append([f"from:{author}" for author in plan.authors])
    return facets


def _fits(plan: Plan, cursor: Cursor) -> Sequence[Any]:
    authors = None if plan.authors is None else list(plan.authors)
    return (
        plan.since,
        plan.until,
        cursor.created_at,
        *cursor,
        authors,
        authors,
        list(plan.not_authors),
    )


def _says(plan: Plan) -> Sequence[Any]:
    words, without = [[containing(word) for word in words] for words in (plan.words, plan.without)]
    return (words, without, not (plan.has or plan.has_not), list(plan.has), list(plan.has_not))
