"""Which Markdown is understood. Everything else is shown as it was typed.

Bold, italic, strike, code, quotes, lists, links and line breaks. Not: headings, rules, tables, pictures, raw HTML,
entities, indented code and link definitions, which belong in documents and surprise in a chat.
"""

import re
import threading
from collections.abc import Sequence
from typing import Any

import emoji
from linkify_it import LinkifyIt
from linkify_it.main import Match
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.image import image
from markdown_it.token import Token

from app.formatting.clean import EMOJI_CLASS
from app.formatting.code import coloured
from app.formatting.inline import Context, enliven, mention_html

NESTING_MAX = 20
ADDRESSES_MAX = 200  # finding more of them takes seconds
LARGE_EMOJI_MAX = 3
RULES = [
    *("fence", "blockquote", "list", "newline", "escape", "backticks", "strikethrough", "emphasis"),
    *("link", "autolink", "linkify"),
]

_ADDRESS = re.compile(r"(?:https?://|mailto:)[^\s]+\Z", re.IGNORECASE)
_ADDRESS_ENDS = re.compile("[，。！？；：、（）【】《》「」『』“”‘’…\\s]+")
_LANGUAGE = re.compile(r"[\w+#.-]*\Z")


class Links(LinkifyIt):  # type: ignore[misc]
    """Finds bare links: with a scheme, or an email address. "main.rs" is a file more often than a website.

    Chinese punctuation ends an address, although it is legal in one: nobody puts a space before 。
    """

    def __init__(self) -> None:
        super().__init__({}, {"fuzzy_link": False, "fuzzy_email": True})

    def match(self, text: str) -> list[Match] | None:
        found: list[Match] = []
        start = 0
        for end in [*(gap.span() for gap in _ADDRESS_ENDS.finditer(text)), (len(text), len(text))]:
            for match in super().match(text[start : end[0]]) or ():
                match.index += start
                match.last_index += start
                found.append(match)
            start = end[1]
        return found or None

    def match_at_start(self, text: str) -> Match | None:
        match: Match | None = super().match_at_start(_ADDRESS_ENDS.split(text, maxsplit=1)[0])
        return match


def html_of(body: str, context: Context) -> str:
    """The HTML of a text, not cleaned yet. What Markdown would leave nothing to see of is shown as it is."""
    markdown = _parser.markdown
    env: dict[str, Any] = {"context": context}
    tokens = markdown.parse(body, env) if body.count("://") <= ADDRESSES_MAX else []
    if not _is_shown_whole(tokens):
        context.mentioned.clear()
        tokens = _paragraph(enliven([_text(body)], context))
    for token in tokens:
        token.hidden = False  # the text of a list item stands in a paragraph like any other
    if _is_only_emoji(tokens):
        tokens[0].attrSet("class", EMOJI_CLASS)
    return str(markdown.renderer.render(tokens, markdown.options, env)).strip()


def _is_shown_whole(tokens: Sequence[Token]) -> bool:
    """Whether there is something to read, and no nesting so deep that the parser gave up inside it."""
    return any(map(_says_something, tokens)) and all(token.level < NESTING_MAX - 1 for token in tokens)


def _says_something(token: Token) -> bool:
    if token.type == "inline":
        return any(child.content.strip() for child in token.children or ())
    return token.type == "fence" and bool(_code_of(token)[1].strip())


def _is_only_emoji(tokens: Sequence[Token]) -> bool:
    if len(tokens) != 3 or tokens[0].type != "paragraph_open":
        return False
    children = tokens[1].children or ()
    if any(child.type != "text" for child in children):
        return False
    text = "".join("".join(child.content for child in children).split())
    return bool(text) and emoji.purely_emoji(text) and emoji.emoji_count(text) <= LARGE_EMOJI_MAX


def _paragraph(children: list[Token]) -> list[Token]:
    inline = Token("inline", "", 0, children=children)
    return [Token("paragraph_open", "p", 1, block=True), inline, Token("paragraph_close", "p", -1, block=True)]


def _text(text: str) -> Token:
    return Token("text", "", 0, content=text)


# -- our rules


def _picture_source(state: StateInline, silent: bool) -> bool:
    """A picture is shown as its source, and is not half a link either."""
    start = state.pos
    if not state.src.startswith("![", start) or not image(state, True):
        return False
    if not silent:
        state.pending += state.src[start : state.pos]
    return True


def _enliven(state: StateCore) -> None:
    for token in state.tokens:
        if token.type == "inline":
            token.children = enliven(token.children or (), state.env["context"])


def _fence(_: Any, tokens: Sequence[Token], index: int, *__: Any) -> str:
    language, code = _code_of(tokens[index])
    return f"<pre><code>{coloured(code, language)}</code></pre>\n"


def _code_of(fence: Token) -> tuple[str, str]:
    """Language and code of a fence. What is no single word after the ``` is meant as the code's first line."""
    first = fence.info.strip()
    code = fence.content.removesuffix("\n")
    return (first, code) if _LANGUAGE.match(first) else ("", f"{fence.info.lstrip()}\n{code}")


def _mention(_: Any, tokens: Sequence[Token], index: int, *__: Any) -> str:
    return mention_html(tokens[index])


# -- the parser, last because it needs all of them


class _Parser(threading.local):
    """One for each thread: the link finder keeps its place in itself."""

    def __init__(self) -> None:
        markdown = MarkdownIt("zero", {"breaks": True, "linkify": True, "maxNesting": NESTING_MAX})
        markdown.enable(RULES)
        markdown.linkify = Links()
        markdown.validateLink = lambda url: bool(_ADDRESS.match(url))  # type: ignore[method-assign]
        markdown.inline.ruler.before("link", "picture_source", _picture_source)
        markdown.core.ruler.push("enliven", _enliven)
        markdown.add_render_rule("fence", _fence)
        markdown.add_render_rule("mention", _mention)
        self.markdown = markdown


_parser = _Parser()
