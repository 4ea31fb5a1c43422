"""What was looked for, marked in finished HTML: only text is ever touched, and all of it is escaped again.

It knows tags from text by `html.parser`; every tag is passed on exactly as it stood.
"""

import unicodedata
from collections.abc import Sequence
from html import escape, unescape
from html.parser import HTMLParser


def mark(html: str, words: Sequence[str]) -> str:
    """Put <mark> around each of `words` in the text of `html`, also where a tag stands within the word."""
    reader = _Pieces()
    reader.feed(html)
    reader.close()
    text = "".join(piece for is_text, piece in reader.pieces if is_text)
    marked = _marked(text, words)
    if not any(marked):
        return html
    result, at = [], 0
    for is_text, piece in reader.pieces:
        result.append(_with_marks(piece, marked[at : at + len(piece)]) if is_text else piece)
        at += len(piece) if is_text else 0
    return "".join(result)


class _Pieces(HTMLParser):
    """HTML as a list of (is it text?, piece); text is unescaped, the rest as it was written."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.pieces: list[tuple[bool, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.pieces.append((False, self.get_starttag_text() or ""))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        self.pieces.append((False, f"</{tag}>"))

    def handle_data(self, data: str) -> None:
        self.pieces.append((True, data))

    def handle_entityref(self, name: str) -> None:
        self.pieces.append((True, unescape(f"&{name};")))

    def handle_charref(self, name: str) -> None:
        self.pieces.append((True, unescape(f"&#{name};")))


def _marked(text: str, words: Sequence[str]) -> list[bool]:
    """For each character of `text`, whether it belongs to one of `words`."""
    marked = [False] * len(text)
    folded, origins = _folded(text)
    for word in {_fold(word) for word in words if word.strip()}:
        at = folded.find(word)
        while at >= 0:
            for start, end in origins[at : at + len(word)]:
                marked[start:end] = [True] * (end - start)
            at = folded.find(word, at + len(word))
    return marked


def _folded(text: str) -> tuple[str, list[tuple[int, int]]]:
    """The text as search compares it, and for each of its characters the stretch of `text` that it comes from."""
    folded: list[str] = []
    origins: list[tuple[int, int]] = []
    start = 0
    while start < len(text):
        end = start + 1
        while end < len(text) and unicodedata.combining(text[end]):
            end += 1
        piece = _fold(text[start:end])
        folded.append(piece)
        origins.extend([(start, end)] * len(piece))
        start = end
    return "".join(folded), origins


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text).lower()


def _with_marks(text: str, marked: Sequence[bool]) -> str:
    parts, start = [], 0
    for end in range(1, len(text) + 1):
        if end == len(text) or marked[end] != marked[start]:
            part = escape(text[start:end])
            parts.append(f"<mark>{part}</mark>" if marked[start] else part)
            start = end
    return "".join(parts)
