"""What a person wrote becomes HTML, once, when it is written."""

import html
from typing import NamedTuple

from app import mentions
from app.mentions import People


class Written(NamedTuple):
    """A message's body as HTML, and the ids of those it mentions."""

    html: str
    mentioned: tuple[int, ...]


def render(body: str, people: People) -> Written:
    """Escape the body and mark whom it mentions (see `app.mentions`)."""
    mentioned: dict[int, None] = {}
    parts: list[str] = []
    for text, whom in mentions.pieces(body, people):
        if whom is None:
            parts.append(html.escape(text))
        else:
            mentioned.update(dict.fromkeys(whom.people))
            parts.append(f'<span class="mention" data-mention="{whom.mark}">{html.escape(text)}</span>')
    return Written(f"<p>{''.join(parts)}</p>", tuple(mentioned))
