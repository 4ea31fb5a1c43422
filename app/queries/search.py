"""Search over everything a person may read: the rooms they are in at this moment, and nothing else.

Two statements share the work, since neither is quick for everything. `_WALK` reads the newest messages of each of
the person's rooms; a common word is found there at once. What is too rare for that, `_INDEXED` takes from the
inverted index over pairs of characters, which holds room and author as well, so that the hits of other people's
rooms cost nothing. Both compare the text itself in the end.

Common words never reach the index, and rare ones never make a walk longer than WALK_MESSAGES.
"""

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from app import lines
from app.search_terms import Query
from app.tables import Membership, Message
from app.tables import Person as PersonTable
from app.views import Found, Person, SearchPage, message_line

PAGE_RESULTS = 20
WALK_MESSAGES = 2_000
WALK_MESSAGES_OF_A_ROOM_MIN = 50
ROOMS_IN_THE_INDEX_MAX = 30  # with more, looking each of them up costs more than leaving out the hits elsewhere
SUGGESTIONS_MAX = 6
UNLIMITED = 2**31 - 1
BIGINT_MAX = 2**63 - 1

BEGINNING = datetime(1, 1, 2, tzinfo=UTC)
END = datetime(9999, 12, 30, tzinfo=UTC)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_FOLDED = (
    "SELECT search_fold(t.word) AS folded FROM unnest({}::text[]) WITH ORDINALITY AS t (word, place) ORDER BY place"
)

_ROOMS = """
SELECT o.id, o.name, search_fold(o.name) AS folded
FROM (
    SELECT r.id, CASE WHEN r.kind = 'group' THEN r.name ELSE coalesce((
               SELECT string_agg(p.name, ', ' ORDER BY p.id) FROM membership o JOIN person p ON p.id = o.person
               WHERE o.room = r.id AND o.person <> m.person
           ), '') END AS name, r.last_posted_at
    FROM membership m JOIN room r ON r.id = m.room
    WHERE m.person = {}
) o
ORDER BY o.last_posted_at DESC, o.id
"""

_PEOPLE = """
SELECT id, search_fold(name) AS folded FROM person WHERE search_fold(name) LIKE ANY({}::text[])
"""

_PEOPLE_AROUND = """
SELECT p.name FROM person p
WHERE search_fold(p.name) LIKE {} AND EXISTS (
    SELECT FROM membership theirs JOIN membership mine ON mine.room = theirs.room
    WHERE theirs.person = p.id AND mine.person = {}
)
ORDER BY lower(p.name), p.id LIMIT {}
"""

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


NEWEST = Cursor(END, UNLIMITED, BIGINT_MAX)


@dataclass(frozen=True, slots=True)
class _Plan:
    """A query with every name looked up and every word as the index has it."""

    person: int
    rooms: Sequence[int]
    authors: Sequence[int] | None
    not_authors: Sequence[int]
    words: Sequence[str]
    without: Sequence[str]
    has: Sequence[str]  # terms such as has:link
    has_not: Sequence[str]
    since: datetime
    until: datetime


async def search(person: Person, query: Query, page: str = "") -> SearchPage:
    """The messages that fit, newest first; `page` is the cursor of an earlier answer, and anything else is none."""
    if query.is_empty:
        return SearchPage()
    names: dict[int, str] = {}
    plan = await _plan(person, query, names)
    if plan is None:
        return SearchPage()
    rows = await _rows(plan, read_cursor(page) or NEWEST)
    shown = rows[:PAGE_RESULTS]
    return SearchPage(
        results=[Found(message_line(row), names.get(row["room"], "")) for row in shown],
        next_page=write_cursor(shown[-1]) if len(rows) > PAGE_RESULTS else "",
        this_page=write_cursor({**shown[0], "seq": shown[0]["seq"] + 1}) if shown else "",
    )


async def names_of_rooms(person: Person, beginning: str) -> Sequence[str]:
    """The person's rooms whose names contain `beginning`, the most recently active first."""
    [wanted] = await _fold([beginning])
    rows = await Membership.raw(_ROOMS, person.id)
    return [row["name"] for row in rows if row["name"] and wanted in row["folded"]][:SUGGESTIONS_MAX]


async def names_of_people(person: Person, beginning: str) -> Sequence[str]:
    """Those who share a room with the person, themselves included, and whose names contain `beginning`."""
    [wanted] = await _fold([beginning])
    rows = await PersonTable.raw(_PEOPLE_AROUND, _containing(wanted), person.id, SUGGESTIONS_MAX)
    return [row["name"] for row in rows]


def pieces(folded: str) -> Sequence[str]:
    """What the index has of a folded word: its characters and pairs of them, like the function `search_terms`."""
    stretches = re.split(r"[ \t\n\r]+", folded)
    pairs = {s[at : at + 2] for s in stretches for at in range(len(s) - 1)}
    alone = {s for s in stretches if len(s) == 1}
    return sorted(pairs | alone)


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


async def _plan(person: Person, query: Query, names: dict[int, str]) -> _Plan | None:
    """Look everything up, and the names of the rooms on the way; None where nothing can be found."""
    wanted = [*query.words, *query.without, *(each.value for each in query.filters)]
    folded = dict(zip(wanted, await _fold(wanted), strict=True))
    mine = await Membership.raw(_ROOMS, person.id)
    names.update({row["id"]: row["name"] for row in mine})
    authors = await _people(person, [folded[name] for name in query.of("from")])
    not_authors = await _people(person, [folded[name] for name in query.of("from", negated=True)])
    rooms = _named(mine, [folded[name] for name in query.of("in")])
    not_rooms = _named(mine, [folded[name] for name in query.of("in", negated=True)]) or set()
    has, has_not = set(query.of("has")), set(query.of("has", negated=True))
    inside = [row["id"] for row in mine if (rooms is None or row["id"] in rooms) and row["id"] not in not_rooms]
    if not inside or authors == set() or has & has_not:
        return None
    return _Plan(
        person=person.id,
        rooms=inside,
        authors=None if authors is None else sorted(authors),
        not_authors=sorted(not_authors or ()),
        words=[folded[word] for word in query.words],
        without=[folded[word] for word in query.without],
        has=[f"has:{trait}" for trait in sorted(has)],
        has_not=[f"has:{trait}" for trait in sorted(has_not)],
        since=max(query.since or BEGINNING, BEGINNING),
        until=min(query.until or END, END),
    )


async def _fold(words: Sequence[str]) -> Sequence[str]:
    return [row["folded"] for row in await Message.raw(_FOLDED, list(words))] if words else []


async def _people(person: Person, names: Sequence[str]) -> set[int] | None:
    """Who is called so: by the whole name if anybody is, else by a part of it. None without any name."""
    if not names:
        return None
    rows = await PersonTable.raw(_PEOPLE, [_containing(name) for name in names])
    found = _named(rows, names) or set()
    return found | {person.id} if "me" in names else found


def _named(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> set[int] | None:
    """The ids of those among `rows` who have one of the names, whole if any has, else in part."""
    if not names:
        return None
    found: set[int] = set()
    for name in names:
        whole = {row["id"] for row in rows if row["folded"] == name}
        found |= whole or {row["id"] for row in rows if name in row["folded"]}
    return found


async def _rows(plan: _Plan, cursor: Cursor) -> Sequence[Mapping[str, Any]]:
    """One row more than a page has, if there are more."""
    terms = {piece for word in plan.words for piece in pieces(word)} | set(plan.has)
    facets = _facets(plan)
    limit = PAGE_RESULTS + 1
    mine = (plan.person, list(plan.rooms))
    fits, says = _fits(plan, cursor), _says(plan)
    walk = max(WALK_MESSAGES // len(plan.rooms), WALK_MESSAGES_OF_A_ROOM_MIN)
    async with Message._meta.db.transaction():
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


def _facets(plan: _Plan) -> Sequence[Sequence[str]]:
    """What else the index can tell: of each, one must hold."""
    facets = []
    if len(plan.rooms) <= ROOMS_IN_THE_INDEX_MAX:
        facets.append([f"room:{room}" for room in plan.rooms])
    if plan.authors is not None:
        facets.append([f"from:{author}" for author in plan.authors])
    return facets


def _fits(plan: _Plan, cursor: Cursor) -> Sequence[Any]:
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


def _says(plan: _Plan) -> Sequence[Any]:
    words, without = [[_containing(word) for word in words] for words in (plan.words, plan.without)]
    return (words, without, not (plan.has or plan.has_not), list(plan.has), list(plan.has_not))


def _containing(folded: str) -> str:
    """A LIKE pattern."""
    escaped = folded.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
