"""What is found in text once its Markdown is understood: mentions, emoji shortcodes, and links to here.

Text inside code or links is left alone, so no address loses an `@name` or a `:8080:` to this.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from html import escape

import emoji
from markdown_it.token import Token

from app.formatting.clean import MENTION_CLASS, NEW_TAB
from app.links import Link
from app.mentions import People, pieces

LinkHere = Callable[[str], Link | None]


@dataclass(slots=True)
class Context:
    """What one rendering knows and finds out."""

    people: People
    link_here: LinkHere | None = None
    mentioned: dict[int, None] = field(default_factory=dict)


def enliven(tokens: Sequence[Token], context: Context) -> list[Token]:
    """The inline tokens of one paragraph with all this done."""
    done: list[Token] = []
    link: Token | None = None
    here: Link | None = None
    for token in tokens:
        if token.type == "link_open":
            link = token
            here = _lead(link, context)
        elif token.type == "link_close":
            if link and done[-1] is link:
                done.append(_text(str(link.attrs["href"])))  # a link without a text would not be seen
            link = None
        if token.type != "text":
            done.append(token)
        elif link is None:
            done.extend(_living(token, context))
        else:
            if here and link.info == "auto":
                token.content = here.text
            done.append(token)
    return done


def _lead(link: Token, context: Context) -> Link | None:
    """A link to here is a path, and opens where it stands; any other opens in a new tab."""
    here = context.link_here(str(link.attrs["href"])) if context.link_here else None
    if here is None:
        link.attrSet("target", NEW_TAB)
        return None
    link.attrSet("href", here.path)
    if link.info == "auto":
        link.attrSet("class", f"to-{here.kind}" if here.is_named else f"to-{here.kind} unnamed")
    return here


def _living(token: Token, context: Context) -> Iterator[Token]:
    for text, whom in pieces(token.content, context.people):
        if whom is None:
            yield _text(text)
            continue
        context.mentioned.update(dict.fromkeys(whom.people))
        mention = Token("mention", "span", 0)
        mention.content = text
        mention.meta = {"mark": whom.mark}
        yield mention


def _text(text: str) -> Token:
    token = Token("text", "", 0)
    token.content = emoji.emojize(text, language="alias") if ":" in text else text
    return token


def mention_html(token: Token) -> str:
    return f'<span class="{MENTION_CLASS}" data-mention="{token.meta["mark"]}">{escape(token.content)}</span>'
