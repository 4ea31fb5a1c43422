"""One open socket as the hub sees it: something that frames are written to, and that never makes it wait."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from app.realtime.frames import Frame

logger = logging.getLogger("teahouse")

CLOSE_TRY_LATER = 1011  # an unexpected error; the browser comes again
CLOSE_RESTART = 1012  # the browser comes again
CLOSE_OVERLOADED = 1013
CLOSE_BAD_FRAME = 4400
CLOSE_SIGNED_OUT = 4401
CLOSE_NO_ACCESS = 4403

UNSENT_LENGTH_MAX = 1 << 20  # characters
GOODBYE_SECONDS_MAX = 5
"""How long a socket that is being closed may take over what it was sent, and the goodbye."""


class Outlet:
    """Where frames for one socket go in: `write` takes that form of a frame which the socket takes.

    `form` names an attribute of Frame. `write` never waits; a socket that is too slow to take more is closed with
    1013, and one that has ended, or is about to, takes nothing.
    """

    __slots__ = ("form", "write")

    def __init__(self, form: str, write: Callable[[Any], None]) -> None:
        self.form = form
        self.write = write


def nowhere(_: object) -> None:
    """What an outlet writes to when its socket takes nothing more."""


class Listener(Protocol):
    person: int
    session: int
    outlet: Outlet

    def write(self, frame: Frame) -> None:
        """Put the frame on its way, as the outlet does."""

    def close(self, code: int) -> None:
        """Say goodbye with this close code; what follows is not sent."""

    async def finished(self) -> None:
        """Wait until the goodbye is said, as far as that is the listener's to wait for."""

    def end(self) -> None:
        """The socket is gone: let go of everything."""


class DirectListener:
    """Writes the shared bytes straight to the transport of our own protocol (`realtime.protocol`)."""

    __slots__ = ("close", "outlet", "person", "session", "write")

    def __init__(self, protocol: Any, person: int, session: int) -> None:
        self.outlet: Outlet = protocol.outlet
        self.write: Callable[[Frame], None] = protocol.write_shared
        self.close: Callable[[int], None] = protocol.close_from_server
        self.person = person
        self.session = session

    async def finished(self) -> None:
        """The protocol sees to its goodbye by itself."""

    def end(self) -> None:
        """The protocol knows by itself that it has ended."""


class QueuedListener:
    """The same through ordinary ASGI sends, for any other server: a bounded queue and one task."""

    def __init__(self, send: Callable[[Any], Awaitable[None]], person: int, session: int) -> None:
        self.person = person
        self.session = session
        self.outlet = Outlet("html", self._put)
        self._send = send
        self._frames: asyncio.Queue[str | int] = asyncio.Queue()
        self._unsent_length = 0
        self._closing = False
        self._task = asyncio.get_running_loop().create_task(self._drain())

    def write(self, frame: Frame) -> None:
        self._put(frame.html)

    def _put(self, html: str) -> None:
        if self._closing:
            return
        if self._unsent_length > UNSENT_LENGTH_MAX:
            while not self._frames.empty():
                self._frames.get_nowait()
            self.close(CLOSE_OVERLOADED)
        else:
            self._unsent_length += len(html)
            self._frames.put_nowait(html)

    def close(self, code: int) -> None:
        if not self._closing:
            self._closing = True
            self._frames.put_nowait(code)
            asyncio.get_running_loop().call_later(GOODBYE_SECONDS_MAX, self._task.cancel)

    async def finished(self) -> None:
        """Until the goodbye was sent, or nothing more can be."""
        await asyncio.wait([self._task])

    def end(self) -> None:
        self._task.cancel()

    async def _drain(self) -> None:
        try:
            while isinstance(item := await self._frames.get(), str):
                await self._send({"type": "websocket.send", "text": item, "bytes": None})
                self._unsent_length -= len(item)
            await self._send({"type": "websocket.close", "code": item, "reason": ""})
        except Exception:  # each server has its own; the browser is gone, or soon will be
            logger.debug("a socket took nothing more", exc_info=True)
