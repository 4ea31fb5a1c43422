"""What the real-time part asks of PostgreSQL, which it doesn't know itself: `main` fills it in."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import NamedTuple

from app.realtime.events import RoomActive
from app.views import Face, Member, Receipts, RoomMarks

Claim = tuple[int, int, int]
"""The (session, person, room) that lets a socket listen."""

OUTSIDE = 0
"""In place of a room: a page that shows none. To be signed in is all that its socket needs."""


class Changes(NamedTuple):
    """What takes a room from one version to `version`, which `html` does not say; it is empty when nothing does."""

    version: int
    html: str


class FacesNow(NamedTuple):
    """The number of the latest change of anybody's looks, and who changed since the one asked for: (number, face)."""

    version: int
    changed: Sequence[tuple[int, Face]]


ReadChanges = Callable[[int, int], Awaitable[Changes]]
ReadVersions = Callable[[Sequence[int]], Awaitable[Mapping[int, int]]]
ReadLost = Callable[[Sequence[Claim]], Awaitable[set[Claim]]]
ReadAdmitted = Callable[[Sequence[Claim]], Awaitable[Mapping[Claim, Sequence[int] | None]]]
ReadLastSeqs = Callable[[Sequence[int]], Awaitable[Mapping[int, int]]]
ReadActivity = Callable[[int, int], Awaitable[RoomActive | None]]
ReadMarks = Callable[[Sequence[int]], Awaitable[Mapping[int, Sequence[RoomMarks]]]]
ReadReceipts = Callable[[int], Awaitable[Receipts]]
ReadPeople = Callable[[int, Sequence[int] | None], Awaitable[Sequence[Member]]]
ReadPartners = Callable[[Sequence[int]], Awaitable[Mapping[int, Sequence[int]]]]
ReadDirect = Callable[[Sequence[int]], Awaitable[set[int]]]
ReadRoomsList = Callable[[int], Awaitable[str]]
ReadFaces = Callable[[int], Awaitable[FacesNow]]


class Source(NamedTuple):
    changes: ReadChanges  # (room, since) → changes, in pieces when there are many: for a room that lags
    resume: ReadChanges  # the same, or the whole timeline when too many: for one socket
    versions: ReadVersions  # rooms → their versions
    lost_access: ReadLost  # claims → those that hold no longer
    admitted: ReadAdmitted  # claims → the rooms that its person is in; None for a claim that holds no longer
    last_seqs: ReadLastSeqs  # rooms → the seq of their newest message
    activity: ReadActivity  # (room, since) → what was posted after that seq
    marks_of: ReadMarks  # people → their counts in all their rooms
    receipts_of: ReadReceipts  # room → how far everybody has read
    people: ReadPeople  # (room, ids) → those of its people; None for all that its page lists
    partners: ReadPartners  # people → the others in their direct rooms of two
    direct: ReadDirect  # rooms → those of them that are direct rooms of two
    rooms_list: ReadRoomsList  # person → the stream fragment that brings their list of rooms level
    faces: ReadFaces  # number → what changed of people's looks since
