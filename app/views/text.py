"""HTML that is not escaped again, moments as pages write them, and what of a text can be seen."""

import unicodedata
from datetime import datetime

# Letters and symbols by their category, of which nothing is drawn: the Hangul fillers, an empty braille cell, a note
# without a head.
_BLANK = "\u115f\u1160\u3164\uffa0\u2800\U0001d159"


class Html(str):
    """HTML that one of our templates or `formatting` made; it is not escaped again."""

    __slots__ = ()

    def __html__(self) -> str:
        return self


def timestamp(moment: datetime) -> str:
    """For `<time datetime>`: UTC to the second."""
    return f"{moment.isoformat()[:19]}Z"  # strftime takes twice as long, and a page has many


def time_in_words(moment: datetime) -> str:
    """For a page without JavaScript; a small script puts the reader's own time in its place."""
    return f"{moment.isoformat(' ')[:16]} UTC"


def first_visible(text: str) -> str:
    """The first character that can be seen: no space, control, format, combining or blank one; "" without any."""
    return next((each for each in text if unicodedata.category(each)[0] in "LNPS" and each not in _BLANK), "")
