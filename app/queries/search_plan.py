"""What a search means: its words as the index has them, and the names in it looked up, for one person."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from app.search_terms import Query
from app.tables import Membership, Message
from app.tables import Person as PersonTable
from app.views import Person

SUGGESTIONS_MAX = 6
BEGINNING = datetime(1, 1, 2, tzinfo=UTC)
END = datetime(9999, 12, 30, tzinfo=UTC)

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


@dataclass(frozen=True, slots=True)
class Plan:
    """A query with every name looked up and every word as the index has it."""

    person: int
    rooms: Sequence[int]
    names: Mapping[int, str]  # of all the person's rooms
    authors: Sequence[int] | None
    not_authors: Sequence[int]
    words: Sequence[str]
    without: Sequence[str]
    has: Sequence[str]  # terms such as has:link
    has_not: Sequence[str]
    since: datetime
    until: datetime


async def planned(person: Person, query: Query) -> Plan | None:
    """Look everything up; None where nothing can be found."""
    wanted = [*query.words, *query.without, *(each.value for each in query.filters)]
    folded = dict(zip(wanted, await _fold(wanted), strict=True))
    mine = await Membership.raw(_ROOMS, person.id)
    authors = await _people(person, [folded[name] for name in query.of("from")])
    not_authors = await _people(person, [folded[name] for name in query.of("from", negated=True)])
    rooms = _named(mine, [folded[name] for name in query.of("in")])
    not_rooms = _named(mine, [folded[name] for name in query.of("in", negated=True)]) or set()
    has, has_not = set(query.of("has")), set(query.of("has", negated=True))
    inside = [row["id"] for row in mine if (rooms is None or row["id"] in rooms) and row["id"] not in not_rooms]
    if not inside or authors == set() or has & has_not:
        return None
    return Plan(
        person=person.id,
        rooms=inside,
        names={row["id"]: row["name"] for row in mine},
        authors=None if authors is None else sorted(authors),
        not_authors=sorted(not_authors or ()),
        words=[folded[word] for word in query.words],
        without=[folded[word] for word in query.without],
        has=[f"has:{trait}" for trait in sorted(has)],
        has_not=[f"has:{trait}" for trait in sorted(has_not)],
        since=max(query.since or BEGINNING, BEGINNING),
        until=min(query.until or END, END),
    )


async def names_of_rooms(person: Person, beginning: str) -> Sequence[str]:
    """The person's rooms whose names contain `beginning`, the most recently active first."""
    [wanted] = await _fold([beginning])
    rows = await Membership.raw(_ROOMS, person.id)
    return [row["name"] for row in rows if row["name"] and wanted in row["folded"]][:SUGGESTIONS_MAX]


async def names_of_people(person: Person, beginning: str) -> Sequence[str]:
    """Those who share a room with the person, themselves included, and whose names contain `beginning`."""
    [wanted] = await _fold([beginning])
    rows = await PersonTable.raw(_PEOPLE_AROUND, containing(wanted), person.id, SUGGESTIONS_MAX)
    return [row["name"] for row in rows]


def pieces(folded: str) -> Sequence[str]:
    """What the index has of a folded word: its characters and pairs of them, like the function `search_terms`."""
    stretches = re.split(r"[ \t\n\r]+", folded)
    pairs = {s[at : at + 2] for s in stretches for at in range(len(s) - 1)}
    alone = {s for s in stretches if len(s) == 1}
    return sorted(pairs | alone)


def containing(folded: str) -> str:
    """A LIKE pattern."""
    escaped = folded.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


async def _fold(words: Sequence[str]) -> Sequence[str]:
    return [row["folded"] for row in await Message.raw(_FOLDED, list(words))] if words else []


async def _people(person: Person, names: Sequence[str]) -> set[int] | None:
    """Who is called so: by the whole name if anybody is, else by a part of it. None without any name."""
    if not names:
        return None
    rows = await PersonTable.raw(_PEOPLE, [containing(name) for name in names])
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
