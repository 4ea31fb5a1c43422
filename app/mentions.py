"""Who is meant by an `@` in a text.

A mention is `@` (or the full-width one) and the whole name of somebody, in any case. Where a script parts its
words by spaces, the name must end where a word ends, and no word may stand right before the mark: `@Anabel` is not
Ana, and `x@Ana` is an address. Chinese, Japanese, Thai and the like run on: `你好@小明你好` means 小明.
"""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

MARKS = "@＠"
EVERYBODY = ("all", "所有人")
"""`@all` means all people of a room, unless they are more than EVERYBODY_PEOPLE_MAX."""

EVERYBODY_PEOPLE_MAX = 100
EVERYBODY_MARK = "all"
NAMESAKES_MAX = 10  # of more people with one name, the first ones are meant


class Named(NamedTuple):
    """Who bears a name, and the `data-mention` that says so."""

    mark: str
    people: tuple[int, ...]


People = Mapping[str, int | Named]
"""Name → the person's id, or those whom the name means."""

# Scripts that put no space between words, or between a word and its endings: Thai, Lao, Burmese, Khmer, Hangul,
# Kana, Bopomofo, Han.
_RUNS_ON = (
    "\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3005-\u3007\u3040-\u318f\u31a0-\u31ff\u3400-\u4dbf"
    "\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\uff66-\uff9f\U0001b000-\U0001b16f\U00020000-\U0003ffff"
)
_IN_A_WORD = rf"(?:(?![{_RUNS_ON}])\w)"
_ENDS_IN_A_WORD = re.compile(rf"{_IN_A_WORD}\Z")
# What belongs to the character before it: accents, joiners, variation selectors, skin tones.
_JOINS_ON = (
    "[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\u200d\ufe00-\ufe0f\ufe20-\ufe2f\U0001f3fb-\U0001f3ff]"
)


def named(rows: Mapping[str, list[int]], everybody: tuple[int, ...] = ()) -> dict[str, Named]:
    """What `pieces` takes, of names and their bearers; `everybody` are all people of a room that is small enough."""
    people = {
        name: Named(" ".join(map(str, ids[:NAMESAKES_MAX])), tuple(ids[:NAMESAKES_MAX])) for name, ids in rows.items()
    }
    if everybody:
        people |= {name: Named(EVERYBODY_MARK, everybody) for name in EVERYBODY}
    return people


def has_mark(text: str) -> bool:
    return any(mark in text for mark in MARKS)


def pieces(text: str, people: People) -> Iterator[tuple[str, Named | None]]:
    """The text in its order: plain pieces with None, and mentions, mark included, with those they name."""
    end = 0
    if people and has_mark(text):
        # Of two names that fit, the longer one is meant; the order, not the text, tells which one it was.
        names = sorted(people, key=len, reverse=True)
        pattern = re.compile(f"(?<!{_IN_A_WORD})[{MARKS}](?:{'|'.join(map(_whole, names))})", re.IGNORECASE)
        for match in pattern.finditer(text):
            if _is_in_an_address(text, match.start()):
                continue
            if match.start() > end:
                yield text[end : match.start()], None
            whom = people[names[(match.lastindex or 1) - 1]]
            yield match[0], whom if isinstance(whom, Named) else Named(str(whom), (whom,))
            end = match.end()
    if end < len(text):
        yield text[end:], None


def _whole(name: str) -> str:
    """The pattern of a name that ends where it seems to end."""
    after = f"(?!{_JOINS_ON})"
    if _ENDS_IN_A_WORD.search(name):
        after += f"(?!{_IN_A_WORD})"
    return f"({re.escape(name)}){after}"


def _is_in_an_address(text: str, at: int) -> bool:
    """Whether the mark stands in the path of a web address, as in https://example.org/@Ana."""
    before = text[max(0, at - 2000) : at]
    return bool(before) and not before[-1].isspace() and "://" in before.split()[-1]
