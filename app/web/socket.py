"""`WebSocket /socket`: who, from where, which room if any; then the hub does the talking.

A refused socket is accepted and then closed with a code: a refusal before that would reach the browser as 1006,
on which htmx tries again for ever.
"""

import asyncio
import contextlib
import logging
from dataclasses import dataclass
from time import monotonic
from typing import Any, Literal

import msgspec
from litestar import WebSocket, websocket
from litestar.exceptions import WebSocketDisconnect

from app.access import token_hash
from app.actions import typing
from app.actions.receipts import Receipts
from app.errors import NotAllowed, SignedOut, Unavailable
from app.realtime.hub import Hub
from app.realtime.listener import (
    CLOSE_BAD_FRAME,
    CLOSE_NO_ACCESS,
    CLOSE_OVERLOADED,
    CLOSE_SIGNED_OUT,
    CLOSE_TRY_LATER,
    DirectListener,
    Listener,
    QueuedListener,
)
from app.realtime.protocol import EXTENSION
from app.realtime.seat import Seat
from app.realtime.source import OUTSIDE
from app.realtime.together import Together
from app.settings import Settings
from app.views import Person
from app.web.forms import number
from app.web.origins import is_ours
from app.web.visitors import SESSION_COOKIE

logger = logging.getLogger("teahouse")

SOCKETS_PER_PERSON_MAX = 64
NOWHERE = -1
TYPING_SECONDS_MIN = 1.0  # one that comes sooner says nothing new

AnySocket = WebSocket[Any, Any, Any]
Door = Together[tuple[bytes, int], tuple[Person, bool] | None]  # `access.at_the_door`


class Command(msgspec.Struct):
    """What a browser may say on the socket, as hx-ws sends it; every value is a string."""

    type: Literal["typing", "read", "idle", "active"]
    seq: str = "0"


@dataclass(frozen=True, slots=True)
class Reception:
    """What sockets need, as one dependency: several would be fetched by a task each."""

    hub: Hub
    settings: Settings
    receipts: Receipts
    door: Door


_commands = msgspec.json.Decoder(Command)


@websocket("/socket")
async def socket(socket: AnySocket, reception: Reception) -> None:
    await socket.accept()
    hub, settings = reception.hub, reception.settings
    try:
        person, room, since = await _admit(socket, settings, reception.door)
    except SignedOut:
        await socket.close(CLOSE_SIGNED_OUT)
    except NotAllowed:
        await socket.close(CLOSE_NO_ACCESS)
    except Unavailable:
        await socket.close(CLOSE_TRY_LATER)
    except Exception:  # unmapped, it would close with a code on which no browser comes again
        logger.exception("a socket could not be admitted")
        await socket.close(CLOSE_TRY_LATER)
    else:
        if settings.limits and hub.sockets_of(person.id) >= SOCKETS_PER_PERSON_MAX:
            await socket.close(CLOSE_OVERLOADED)
        else:
            await _stay(socket, hub, reception.receipts, person, room, since)


async def _admit(socket: AnySocket, settings: Settings, door: Door) -> tuple[Person, int, int]:
    """The person, the room (or OUTSIDE) and the version to resume from; raises NotAllowed, SignedOut, Unavailable."""
    if not is_ours(socket, settings):
        raise NotAllowed
    room = _room(socket)
    found = await door.ask((token_hash(socket.cookies.get(SESSION_COOKIE, "")), room))
    if found is None:
        raise SignedOut
    person, is_member = found
    if not is_member and room != OUTSIDE:
        raise NotAllowed
    return person, room, _number(socket, "since")


def _room(socket: AnySocket) -> int:
    """OUTSIDE where none is named; what is no number names a room that nobody is in."""
    named = socket.query_params.get("room", str(OUTSIDE))
    return OUTSIDE if named == str(OUTSIDE) else number(named) or NOWHERE


def _number(socket: AnySocket, name: str) -> int:
    return number(str(socket.query_params.get(name) or "0"))


async def _stay(socket: AnySocket, hub: Hub, receipts: Receipts, person: Person, room: int, since: int) -> None:
    """Seat the socket; from then on it is a visit."""
    protocol: Any = (socket.scope.get("extensions") or {}).get(EXTENSION)
    listener: Listener = (
        DirectListener(protocol, person.id, person.session)
        if protocol is not None
        else QueuedListener(socket.send, person.id, person.session)
    )
    faces = _number(socket, "faces") if socket.query_params.get("faces") else None
    try:
        seat = await hub.join(listener, room, since, faces)
    except Exception as error:
        if not isinstance(error, Unavailable):
            logger.exception("a socket could not be seated")
        listener.close(CLOSE_TRY_LATER)
        await listener.finished()
        return
    if seat.is_outside and "again" in socket.query_params:
        hub.show_rooms_soon(person.id)  # the page was there before, and may have missed something
    visit = SocketVisit(hub, receipts, person, seat)
    if protocol is not None:
        protocol.hand_over(visit)
    else:
        await _listen(socket, visit, listener)


async def _listen(socket: AnySocket, visit: "SocketVisit", listener: Listener) -> None:
    """The same where the server hands no sockets over: until the browser goes, or nothing more is sent to it."""
    hearing = asyncio.create_task(_hear(socket, visit))
    telling = asyncio.create_task(listener.finished())
    try:
        await asyncio.wait((hearing, telling), return_when=asyncio.FIRST_COMPLETED)
        if hearing.done():
            hearing.result()
    finally:
        hearing.cancel()
        telling.cancel()
        visit.gone()


async def _hear(socket: AnySocket, visit: "SocketVisit") -> None:
    with contextlib.suppress(WebSocketDisconnect):
        while True:
            visit.said(await socket.receive_data(mode="text"))


class SocketVisit:
    """A socket on its seat: what the browser says is carried out, until it goes."""

    __slots__ = ("_hub", "_person", "_receipts", "_seat", "_typed_at")

    def __init__(self, hub: Hub, receipts: Receipts, person: Person, seat: Seat) -> None:
        self._hub = hub
        self._receipts = receipts
        self._person = person
        self._seat = seat
        self._typed_at = 0.0

    def said(self, text: str | None) -> None:
        try:
            self._carry_out(_commands.decode(text or ""))
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            self._seat.listener.close(CLOSE_BAD_FRAME)
        except Exception:
            logger.exception("a socket failed")
            self._seat.listener.close(CLOSE_TRY_LATER)

    def gone(self) -> None:
        self._hub.leave(self._seat)
        self._seat.listener.end()

    def _carry_out(self, command: Command) -> None:
        seat = self._seat
        if command.type in ("idle", "active"):
            self._hub.set_idle(seat, command.type == "idle")
        elif seat.is_outside:
            return  # nothing is read there, and nothing is written
        elif command.type == "typing" and monotonic() >= self._typed_at + TYPING_SECONDS_MIN:
            self._typed_at = monotonic()
            typing.typed(self._person, seat.room, self._hub)
        elif command.type == "read":
            self._receipts.read(self._person.id, seat.room, number(command.seq))
