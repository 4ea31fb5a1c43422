"""One open socket as the hub sees it: something that frames are written to, and that never makes it wait."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from app.realtime.frames import Frame

CLOSE_NORMAL = 1000
CLOSE_TRY_LATER = 1011  # an unexpected error; the browser comes again
CLOSE_RESTART = 1012
CLOSE_OVERLOADED = 1013
CLOSE_BAD_FRAME = 4400
CLOSE_SIGNED_OUT = 4401
CLOSE_NO_ACCESS = 4403

UNSENT_FRAMES_MAX = 256


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

    def end(self) -> None:
        """The protocol knows by itself that it has ended."""


class QueuedListener:
    """The same through ordinary ASGI sends, for any other server: a bounded queue and one task."""

    def __init__(self, send: Callable[[Any], Awaitable[None]], person: int, session: int) -> None:
        self.person = person
        self.session = session
        self.outlet = Outlet("html", self._put)
        self._send = send
        self._frames: asyncio.Queue[str | int] = asyncio.Queue(UNSENT_FRAMES_MAX)
        self._closing = False
        self._task = asyncio.get_running_loop().create_task(self._drain())

    def write(self, frame: Frame) -> None:
        self._put(frame.html)

    def _put(self, html: str) -> None:
        if self._closing:
            return
        if self._frames.full():
            self.close(CLOSE_OVERLOADED)
        else:
            self._frames.put_nowait(html)

    def close(self, code: int) -> None:
        if self._closing:
            return
        self._closing = True
        while self._frames.full():
            self._frames.get_nowait()
        self._frames.put_nowait(code)

    def end(self) -> None:
        self._task.cancel()

    async def _drain(self) -> None:
        while True:
            item = await self._frames.get()
            if isinstance(item, int):
                await self._send({"type": "websocket.close", "code": item, "reason": ""})
                return
            await self._send({"type": "websocket.send", "text": item, "bytes": None})
