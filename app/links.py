"""Links to a room or a message of this server, whichever of its addresses they were written with.

Such a link is kept as a path, so that it stays here wherever its reader came in, and nobody can make one that looks
like a room and leads elsewhere. What it is shown by is the same for everybody: the name of an open room, or of the
very room that it stands in; else its own shortened address, which tells no more than its author typed.
"""

import re
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

PLACES_MAX = 50  # of a text are looked up; later ones are shown by their addresses
ID_SHOWN = 8

_UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_ROOM = "[1-9][0-9]{0,8}"
_PLACE = re.compile(rf"/(?:rooms/(?P<room>{_ROOM})|messages/(?P<message>{_UUID}))/?")
_PLACES = re.compile(rf"/rooms/({_ROOM})(?![0-9])|({_UUID})")


class Link(NamedTuple):
    """`kind` is room or message. `text` shows a link whose author gave it no words: a name, or a piece of address."""

    kind: str
    path: str
    text: str
    is_named: bool


Names = Mapping[str, str]
"""Path → the name of the room that is there, or that the message there belongs to."""


def places_in(text: str) -> tuple[list[int], list[str]]:
    """The rooms and the messages that links in a text may lead to, by their ids."""
    found = list(islice(dict.fromkeys(match.groups() for match in _PLACES.finditer(text.lower())), PLACES_MAX))
    return [int(room) for room, _ in found if room], [message for _, message in found if message]


def link_to(address: str, here: Iterable[str], names: Names) -> Link | None:
    """What an address leads to; None if that is neither a room nor a message. `here` are origins of this server."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    if f"{parts.scheme}://{parts.netloc}".lower() not in here:
        return None
    match = _PLACE.fullmatch(parts.path.lower())
    if match is None:
        return None
    message = match["message"]
    if match["room"] and (parts.query or parts.fragment):
        message = _message_in_room(parts.query, parts.fragment)
        if message is None:
            return None
    elif parts.query or parts.fragment:
        return None
    if message:
        return _link("message", f"/messages/{message}", f"/messages/{message[:ID_SHOWN]}…", names)
    path = f"/rooms/{match['room']}"
    return _link("room", path, path, names)


def _message_in_room(query: str, fragment: str) -> str | None:
    """The message that the page of a room was opened for, as the address bar has it."""
    if query and fragment:
        return None
    asked = parse_qs(query, max_num_fields=5)
    around = asked.get("around", [""])[0] if set(asked) == {"around"} else fragment.removeprefix("m-")
    return around.lower() if re.fullmatch(_UUID, around.lower()) else None


def _link(kind: str, path: str, shortened: str, names: Names) -> Link:
    name = names.get(path)
    return Link(kind, path, f"#{name}" if name else shortened, bool(name))
