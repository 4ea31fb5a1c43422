"""The colours of fenced code: spans with Pygments' short classes, which static/css/code.css colours."""

import html
from functools import cache

from pygments import token
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name

CLASSES = frozenset(name for name in token.STANDARD_TYPES.values() if name)

# Those that are used, and not all the five hundred that Pygments has.
_NAMES = """
bash c c# c++ clojure cpp cs csharp css dart diff docker dockerfile elixir erlang go golang graphql groovy haskell
html ini java javascript js json jsx julia kotlin lua makefile nginx objective-c ocaml perl php postgres postgresql
powershell protobuf ps1 py python r rb rs ruby rust scala scss sh shell sql swift toml ts tsx typescript vue xml
yaml yml zig zsh
"""
LANGUAGES = frozenset(_NAMES.split())

COLOURED_LENGTH_MAX = 3_000
"""Longer code stays plain: several lexers take time that grows with its square, seconds at 8,000 characters."""


def coloured(code: str, language: str) -> str:
    """The code as HTML; without colours if it is long, or its language not known."""
    name = language.lower()
    lexer = _lexer(name) if name in LANGUAGES and len(code) <= COLOURED_LENGTH_MAX else None
    if lexer is None:
        return html.escape(code)
    return "".join(_span(kind, text) for kind, text in lexer.get_tokens(code))


def _span(kind: token._TokenType, text: str) -> str:
    while kind not in token.STANDARD_TYPES and kind.parent:
        kind = kind.parent
    name = token.STANDARD_TYPES.get(kind, "")
    escaped = html.escape(text)
    return f'<span class="{name}">{escaped}</span>' if name and name != "w" else escaped


@cache
def _lexer(language: str) -> Lexer | None:
    try:
        return get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ValueError:  # this Pygments does not have it
        return None
