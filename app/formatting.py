"""What a person wrote becomes HTML, once, when it is written."""

import html
import re
from collections.abc import Mapping
from typing import NamedTuple

MENTION_MARK = "@"


class Written(NamedTuple):
    """A message's body as HTML, and the ids of those it mentions."""

    html: str
    mentioned: tuple[int, ...]


def render(body: str, people: Mapping[str, int]) -> Written:
    """Escape the body and mark who is mentioned: `@` and the whole name of one of `people` (name → id)."""
    if not people:
        return Written(f"<p>{html.escape(body)}</p>", ())
    ids = {name.casefold(): person for name, person in people.items()}
    names = sorted(people, key=len, reverse=True)  # of two names that fit, the longer one is meant
    pattern = re.compile(f"{MENTION_MARK}({'|'.join(map(re.escape, names))})(?![^\\W\\d_])", re.IGNORECASE)
    mentioned: dict[int, None] = {}
    parts: list[str] = []
    end = 0
    for match in pattern.finditer(body):
        person = ids[match[1].casefold()]
        mentioned[person] = None
        parts.append(html.escape(body[end : match.start()]))
        parts.append(f'<span class="mention" data-mention="{person}">{html.escape(match[0])}</span>')
        end = match.end()
    parts.append(html.escape(body[end:]))
    return Written(f"<p>{''.join(parts)}</p>", tuple(mentioned))
