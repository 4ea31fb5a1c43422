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


class Listener(Protocol):
    person: int
    session: int

    def write(self, frame: Frame) -> None:
        """Put the frame on its way; a listener too slow to take it is closed with 1013."""

    def close(self, code: int) -> None:
        """Say goodbye with this close code; what follows is not sent."""

    def end(self) -> None:
        """The socket is gone: let go of everything."""


class DirectListener:
    """Writes the shared bytes straight to the transport of our own protocol (`realtime.protocol`)."""

    __slots__ = ("close", "person", "session", "write")

    def __init__(self, protocol: Any, person: int, session: int) -> None:
        self.write: Callable[[Frame], None] = protocol.write_shared  # without a step between: it runs for every frame
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
        self._send = send
        self._frames: asyncio.Queue[Frame | int] = asyncio.Queue(UNSENT_FRAMES_MAX)
        self._closing = False
        self._task = asyncio.get_running_loop().create_task(self._drain())

    def write(self, frame: Frame) -> None:
        if self._closing:
            return
        if self._frames.full():
            self.close(CLOSE_OVERLOADED)
        else:
            self._frames.put_nowait(frame)

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
            await self._send({"type": "websocket.send", "text": item.html, "bytes": None})
