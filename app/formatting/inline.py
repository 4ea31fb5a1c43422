"""What is found in text once its Markdown is understood: mentions, emoji shortcodes, and names for links.

Text inside code or links is left alone, so no address loses an `@name` or a `:8080:` to this.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

import emoji
from markdown_it.token import Token

from app.formatting.clean import MENTION_CLASS

MENTION_MARK = "@"
NameLink = Callable[[str], str | None]

# Scripts that put no space between words: a name may be followed by the next word at once.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"  # fmt: skip # noqa: E501
_ENDS_UNSPACED = re.compile(f"[{_UNSPACED}]$")
_NAME_GOES_ON = f"(?![^\\W_{_UNSPACED}])"


@dataclass(slots=True)
class Context:
    """What one rendering knows and finds out. `ids` are those of the groups of `names`."""

    names: re.Pattern[str] | None
    ids: Sequence[int]
    name_link: NameLink | None = None
    mentioned: dict[int, None] = field(default_factory=dict)

    @classmethod
    def of(cls, people: Mapping[str, int], name_link: NameLink | None) -> "Context":
        names = sorted(people, key=len, reverse=True)  # of two names that fit, the longer one is meant
        ids = [people[name] for name in names]
        return cls(_pattern(names) if names else None, ids, name_link)


def _pattern(names: Sequence[str]) -> re.Pattern[str]:
    """`@` and a name, one group each; not after a Latin letter or a digit, which make it an email address."""
    groups = (f"({re.escape(name)}){'' if _ENDS_UNSPACED.search(name) else _NAME_GOES_ON}" for name in names)
    return re.compile(f"(?<![a-z0-9]){MENTION_MARK}(?:{'|'.join(groups)})", re.IGNORECASE)


def enliven(tokens: Sequence[Token], context: Context) -> list[Token]:
    """The inline tokens of one paragraph with all this done."""
    done: list[Token] = []
    link: Token | None = None
    for token in tokens:
        if token.type == "link_open":
            link = token
        elif token.type == "link_close":
            if link and done[-1] is link:
                done.append(_text(str(link.attrs["href"])))  # a link without a text would not be seen
            link = None
        if token.type != "text":
            done.append(token)
        elif link is None:
            done.extend(_living(token, context))
        else:
            done.append(_named(token, link, context))
    return done


def _living(token: Token, context: Context) -> Iterator[Token]:
    text = token.content
    end = 0
    for match in context.names.finditer(text) if context.names else ():
        person = context.ids[(match.lastindex or 1) - 1]
        context.mentioned[person] = None
        yield _text(text[end : match.start()])
        mention = Token("mention", "span", 0)
        mention.content = match[0]
        mention.meta = {"person": person}
        yield mention
        end = match.end()
    yield _text(text[end:])


def _text(text: str) -> Token:
    token = Token("text", "", 0)
    token.content = emoji.emojize(text, language="alias") if ":" in text else text
    return token


def _named(token: Token, link: Token, context: Context) -> Token:
    """The text of a link; a bare one may be shown by a name."""
    if context.name_link and link.info == "auto":
        token.content = context.name_link(str(link.attrs["href"])) or token.content
    return token


def mention_html(token: Token) -> str:
    person = int(token.meta["person"])
    return f'<span class="{MENTION_CLASS}" data-mention="{person}">{escape(token.content)}</span>'
