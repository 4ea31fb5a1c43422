"""What a person wrote becomes HTML, once, when it is written.

    markdown.py   which Markdown is understood, and which is shown as its source
    inline.py     what is found in finished text: mentions, emoji shortcodes, links to here
    code.py       the colours of fenced code
    clean.py      the allow-list through which everything goes at the end

`render` never fails, and its time is bounded for any text that a message may hold.
"""

import html
import logging
import re
from typing import NamedTuple

from app.formatting import clean, markdown
from app.formatting.inline import Context, LinkHere
from app.mentions import People

__all__ = ["SLOW_LENGTH_MIN", "Written", "render"]

SLOW_LENGTH_MIN = 500
"""Texts from this length on may take many milliseconds: render them in a thread."""

logger = logging.getLogger("teahouse")

_LETTERS = r"A-Za-z\u00c0-\u024f\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fff\uac00-\ud7a3"

WORDS = re.compile(rf"[{_LETTERS}][{_LETTERS}0-9 ,.;!?'\"()/=+%#，。！？、；（）-]*(?<! )")
"""One line of words, in Latin, Chinese, Japanese or Korean letters: nothing in it means anything to Markdown, could
be an address, a mention, an emoji or a shortcode, or would be escaped. Most of what is said is such a line."""


class Written(NamedTuple):
    """A message's body as HTML, and the ids of those it mentions."""

    html: str
    mentioned: tuple[int, ...]


def render(body: str, people: People, link_here: LinkHere | None = None) -> Written:
    """The body's Markdown as harmless HTML. `people` (name → id) can be mentioned: `@` and the whole name.

    `link_here` says of an address what it leads to if that is a room or a message of this server.
    """
    if WORDS.fullmatch(body):
        return Written(f"<p>{body}</p>", ())
    return formatted(body, people, link_here)


def formatted(body: str, people: People, link_here: LinkHere | None = None) -> Written:
    """The same for any text, by way of Markdown and the allow-list."""
    try:
        context = Context(people, link_here)
        return Written(clean.cleaned(markdown.html_of(body, context)), tuple(context.mentioned))
    except Exception as error:  # a mistake of ours or of a library: the text comes first
        logger.error("a message of %d characters was left unformatted: %s", len(body), type(error).__name__)
        return Written(clean.cleaned(plain(body)), ())


def plain(body: str) -> str:
    return f"<p>{html.escape(body)}</p>"
