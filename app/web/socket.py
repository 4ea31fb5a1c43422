"""`WebSocket /socket`: who, from where, which room; then the hub does the talking.

A refused socket is accepted and then closed with a code: a refusal before that would reach the browser as 1006,
on which htmx tries again for ever.
"""

import logging
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
from app.realtime.together import Together
from app.settings import Settings
from app.views import Person
from app.web.origins import is_ours
from app.web.visitors import SESSION_COOKIE

logger = logging.getLogger("teahouse")

SOCKETS_PER_PERSON_MAX = 64
TYPING_SECONDS_MIN = 1.0  # one that comes sooner says nothing new

AnySocket = WebSocket[Any, Any, Any]
Door = Together[tuple[bytes, int], tuple[Person, bool] | None]  # `access.at_the_door`


class Command(msgspec.Struct):
    """What a browser may say on the socket, as hx-ws sends it; every value is a string."""

    type: Literal["typing", "read", "idle", "active"]
    seq: str = "0"


_commands = msgspec.json.Decoder(Command)


@websocket("/socket")
async def socket(socket: AnySocket, hub: Hub, settings: Settings, receipts: Receipts, door: Any) -> None:
    await socket.accept()
    try:
        person, room, since = await _admit(socket, settings, door)
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
            await _stay(socket, hub, receipts, person, room, since)


async def _admit(socket: AnySocket, settings: Settings, door: Door) -> tuple[Person, int, int]:
    """The person, the room and the version to resume from; raises NotAllowed, SignedOut, Unavailable."""
    if not is_ours(socket, settings):
        raise NotAllowed
    room = _number(socket, "room")
    found = await door.ask((token_hash(socket.cookies.get(SESSION_COOKIE, "")), room))
    if found is None:
        raise SignedOut
    person, is_member = found
    if not is_member:
        raise NotAllowed
    return person, room, _number(socket, "since")


def _number(socket: AnySocket, name: str) -> int:
    return _as_number(str(socket.query_params.get(name) or "0"))


def _as_number(text: str) -> int:
    """Zero for anything that is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def _listener(socket: AnySocket, person: Person) -> Listener:
    protocol = (socket.scope.get("extensions") or {}).get(EXTENSION)
    if protocol is not None:
        return DirectListener(protocol, person.id, person.session)
    return QueuedListener(socket.send, person.id, person.session)


async def _stay(socket: AnySocket, hub: Hub, receipts: Receipts, person: Person, room: int, since: int) -> None:
    """Seat the socket and carry out what it says, until it goes."""
    listener = _listener(socket, person)
    typed_at = 0.0
    try:
        seat = await hub.join(listener, room, since)
    except Exception as error:
        if not isinstance(error, Unavailable):
            logger.exception("a socket could not be seated")
        listener.close(CLOSE_TRY_LATER)
        listener.end()
        return
    try:
        while True:
            command = _commands.decode(await socket.receive_data(mode="text"))
            if command.type == "typing" and monotonic() >= typed_at + TYPING_SECONDS_MIN:
                typed_at = monotonic()
                typing.typed(person, room, hub)
            elif command.type == "read":
                receipts.read(person.id, room, _as_number(command.seq))
            elif command.type in ("idle", "active"):
                hub.set_idle(seat, command.type == "idle")
    except WebSocketDisconnect:
        pass
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        listener.close(CLOSE_BAD_FRAME)
    except Exception:
        logger.exception("a socket failed")
        listener.close(CLOSE_TRY_LATER)
    finally:
        hub.leave(seat)
        listener.end()
