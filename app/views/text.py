"""HTML that is not escaped again, and moments as pages write them."""

from datetime import datetime


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
