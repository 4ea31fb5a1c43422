"""What a search found."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.views.messages import MessageLine


@dataclass(frozen=True, slots=True)
class Found:
    """A message that a search found, and the name of its room as the person knows it."""

    line: MessageLine
    room_name: str


@dataclass(frozen=True, slots=True)
class SearchPage:
    """Results, newest first, and the cursor of those after them; empty at the end."""

    results: Sequence[Found] = ()
    next_page: str = ""
    this_page: str = ""  # a cursor from which the same results are found again


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A way to go on with a search: what is added, in words, and the whole search with it."""

    text: str
    meaning: str
    query: str
