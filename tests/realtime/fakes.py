"""What the tests of the real-time part have in place of PostgreSQL and of a browser."""

import asyncio
import random
import re
from collections.abc import Sequence
from typing import Any

import msgspec

from app.errors import Unavailable
from app.realtime.events import RoomChanged
from app.realtime.frames import Frame
from app.realtime.listener import Outlet
from app.realtime.source import Changes, Claim, FacesNow, Source
from app.views import Receipts

ROOM = 1
VERSION = re.compile(r'id="room-version" value="(\d+)"')


class Room:
    """A room's truth: the versions it has reached. Every frame spells out the versions it carries."""

    def __init__(self, chance: random.Random) -> None:
        self.version = 0
        self.chance = chance

    def post(self, count: int) -> RoomChanged:
        since, self.version = self.version, self.version + count
        authors = (1,) if self.chance.random() < 0.7 else ()  # of posts; a change to a message has none
        return RoomChanged(ROOM, since, self.version, spell(since, self.version), authors=authors)

    async def changes(self, room: int, since: int) -> Changes:
        """Read like PostgreSQL: at one moment, answered at a later one, and sometimes away."""
        await asyncio.sleep(0)
        if self.chance.random() < 0.1:
            raise Unavailable
        version = min(self.version, since + self.chance.randint(1, 5))
        html = spell(since, version)
        for _ in range(self.chance.randint(0, 3)):
            await asyncio.sleep(0)
        return Changes(max(since, version), html)

    async def versions(self, rooms: Sequence[int]) -> dict[int, int]:
        return {ROOM: self.version}


def source_of(room: Room, **some: Any) -> Source:
    """A room that anybody may listen to and nobody is in, unless `some` says otherwise."""

    async def nothing(*_: object) -> Any:
        return {}

    async def nobody(*_: object) -> Any:
        return set()

    async def none(*_: object) -> None:
        return None

    async def admitted(claims: Sequence[Claim]) -> dict[Claim, Sequence[int] | None]:
        return {claim: [] for claim in claims}

    async def no_marks(people: Sequence[int]) -> dict[int, Sequence[Any]]:
        return {person: [] for person in people}

    async def unread(_: int) -> Receipts:
        return Receipts(0, 0, 0, ())

    async def no_list(_: int) -> str:
        return ""

    async def no_faces(since: int) -> FacesNow:
        return FacesNow(since, ())

    usual: dict[str, Any] = {
        "changes": room.changes,
        "resume": room.changes,
        "versions": room.versions,
        "lost_access": nobody,
        "admitted": admitted,
        "last_seqs": nothing,
        "activity": none,
        "marks_of": no_marks,
        "receipts_of": unread,
        "people": nobody,
        "partners": nothing,
        "direct": nobody,
        "rooms_list": no_list,
        "faces": no_faces,
    }
    return Source(**usual | some)


def spell(since: int, version: int) -> str:
    return "".join(f" {number}" for number in range(since + 1, version + 1))


class Socket:
    def __init__(self) -> None:
        self.person = self.session = 1
        self.received: list[int] = []
        self.told = ""
        self.frames = 0
        self.closed_with = 0
        self.outlet = Outlet("html", self.take)

    def write(self, frame: Frame) -> None:
        self.take(frame.html)

    def take(self, html: str) -> None:
        self.told += html
        if brought := [int(number) for number in html.partition("<")[0].split()]:
            self.frames += 1
            self.received.extend(brought)
            assert VERSION.findall(html) == [str(brought[-1])]  # once, after all that leads to it

    def close(self, code: int) -> None:
        self.closed_with = code

    def end(self) -> None: ...


def posted(room: Room) -> RoomChanged:
    return msgspec.structs.replace(room.post(1), authors=(1,))


def changed(room: Room) -> RoomChanged:
    """A message was changed: goes at once, in a frame of its own."""
    return msgspec.structs.replace(room.post(1), authors=())


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)
