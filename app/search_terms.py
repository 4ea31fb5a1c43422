"""What somebody types into the search field, understood: words, "exact phrases", operators, and any of them negated.

    tea "green tea" -coffee from:Ana in:"Garden plans" before:2026-01-31 after:2026-01-01 has:link

Any text is a query. An operator that cannot be understood is left out, with a sentence that says so.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

QUERY_LENGTH_MAX = 500
TERMS_MAX = 30
HAS = ("image", "file", "link")
OPERATORS = ("from", "in", "before", "after", "has")
HINTS = {
    "from": '“from:” needs a name, such as from:Ana or from:"Ana Lee".',
    "in": "“in:” needs the name of a room, such as in:garden.",
    "before": "“before:” needs a date, such as before:2026-01-31.",
    "after": "“after:” needs a date, such as after:2026-01-31.",
    "has": "“has:” can be has:image, has:file or has:link.",
}
TOO_LONG = f"Only the first {QUERY_LENGTH_MAX} characters of this search are used."
TOO_MANY = f"Only the first {TERMS_MAX} words of this search are used."

_QUOTES = str.maketrans("“”„‟", '""""')  # as a phone writes them
_PART = re.compile(
    r"""
    (?P<minus>-?)
    (?: (?P<operator>from|in|before|after|has) : )?
    (?: "(?P<phrase>[^"]*)(?:"|$) | (?P<word>\S*) )
    """,
    re.VERBOSE | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Filter:
    """One of the operators that may be negated, with what was asked for."""

    operator: str  # from | in | has
    value: str
    negated: bool


@dataclass(frozen=True, slots=True)
class Query:
    """`words` and phrases that must all be there, `without` those that must not; half-open in time."""

    words: Sequence[str] = ()
    without: Sequence[str] = ()
    filters: Sequence[Filter] = ()
    since: datetime | None = None
    until: datetime | None = None
    hints: Sequence[str] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is asked for at all."""
        return not (self.words or self.without or self.filters or self.since or self.until)

    def of(self, operator: str, negated: bool = False) -> Sequence[str]:
        return [each.value for each in self.filters if (each.operator, each.negated) == (operator, negated)]


@dataclass(slots=True)
class _Found:
    words: list[str] = field(default_factory=list)
    without: list[str] = field(default_factory=list)
    filters: list[Filter] = field(default_factory=list)
    since: list[datetime] = field(default_factory=list)
    until: list[datetime] = field(default_factory=list)
    hints: dict[str, None] = field(default_factory=dict)


def parse(text: str) -> Query:
    """Never fails. What cannot be stored in a message (NUL, half characters) is passed over."""
    found = _Found()
    text = clean(text)
    if len(text) > QUERY_LENGTH_MAX:
        text = text[:QUERY_LENGTH_MAX]
        found.hints[TOO_LONG] = None
    for count, match in enumerate(parts(text)):
        if count == TERMS_MAX:
            found.hints[TOO_MANY] = None
            break
        _take(match, found)
    return Query(
        words=found.words,
        without=found.without,
        filters=found.filters,
        since=max(found.since, default=None),
        until=min(found.until, default=None),
        hints=list(found.hints),
    )


def clean(text: str) -> str:
    """The text as it is looked at: full-width signs as usual ones, every quotation mark straight."""
    text = unicodedata.normalize("NFKC", text.encode("utf-8", "ignore").decode().replace("\0", ""))
    return text.translate(_QUOTES)


def last_part(text: str) -> tuple[str, str]:
    """What is being typed, and all that stands before it; both clean."""
    text = clean(text)[:QUERY_LENGTH_MAX]
    found = parts(text)
    if not found or found[-1].end() < len(text):  # a space was typed: something new begins
        return text, ""
    return text[: found[-1].start()], found[-1][0]


def days(today: date) -> Sequence[str]:
    """Days that somebody may mean, as `before:` and `after:` take them: from today back to last year's first."""
    beginnings = (today.replace(day=1), today.replace(month=1, day=1), date(max(today.year - 1, 1), 1, 1))
    return [
        day.isoformat()
        for day in dict.fromkeys((today, today - timedelta(days=1), today - timedelta(days=7), *beginnings))
    ]


def parts(text: str) -> Sequence[re.Match[str]]:
    """The parts of a clean text, from left to right: each a word, a phrase or an operator with its value."""
    found, at = [], 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        match = _PART.match(text, at)
        if match is None or match.end() == at:
            break  # does not happen: a part takes at least what is not white space
        found.append(match)
        at = match.end()
    return found


def _take(match: re.Match[str], found: _Found) -> None:
    operator, negated = (match["operator"] or "").lower(), bool(match["minus"])
    value = (match["word"] if match["phrase"] is None else match["phrase"]) or ""
    if not operator:
        if value.strip():
            (found.without if negated else found.words).append(value)
        elif match["word"] is not None and negated:
            found.words.append("-")  # a dash alone is a word
    elif operator in ("before", "after"):
        day = _day(value)
        if day is None or negated:
            found.hints[HINTS[operator]] = None
        else:
            (found.until if operator == "before" else found.since).append(day)
    elif not value.strip() or (operator == "has" and value.lower() not in HAS):
        found.hints[HINTS[operator]] = None
    else:
        found.filters.append(Filter(operator, value.lower() if operator == "has" else value.strip(), negated))


def _day(text: str) -> datetime | None:
    """The first moment of a day, in UTC."""
    if not re.fullmatch(r"\d{4}-\d{1,2}-\d{1,2}", text, re.ASCII):
        return None
    try:
        year, month, day = map(int, text.split("-"))
        return datetime.combine(date(year, month, day), datetime.min.time(), UTC)
    except ValueError:
        return None
