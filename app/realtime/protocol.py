"""uvicorn's WebSocket protocol, extended by as little as shared frames need.

uvicorn frames and compresses every message anew for every socket, and keeps a compression context for each. Here a
frame is made and compressed once (`realtime.frames`) and its bytes go to each socket's transport, plain or compressed
as each negotiated; no side keeps a context. The app finds the protocol in
`scope["extensions"]["teahouse.socket"]`; where it is missing (another server), it uses ordinary sends.

A socket that is seated needs no task either: `hand_over` lets the app return, and with it go the task, the queue and
the scope, which are most of what an idle socket would cost.

It also closes two gaps of the base class (uvicorn 0.54): a peer that no longer reads kept its connection after
the ping timeout, and nothing bounded what is kept for a slow one.
"""

import asyncio
import zlib
from typing import Any, Protocol, cast

from uvicorn.config import Config
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.extensions.permessage_deflate import PerMessageDeflate, ServerPerMessageDeflateFactory

from app.realtime.frames import Frame
from app.realtime.listener import CLOSE_OVERLOADED, GOODBYE_SECONDS_MAX, Outlet, nowhere

EXTENSION = "teahouse.socket"
UNSENT_BYTES_MAX = 1 << 20


NO_CONTEXT = ServerPerMessageDeflateFactory(server_no_context_takeover=True, client_no_context_takeover=True)


class Visit(Protocol):
    """Whom a socket is handed over to."""

    def said(self, text: str | None) -> None:
        """A message came; None stands for one that is no text."""

    def gone(self) -> None:
        """The socket has ended, or begins to; said once, and nothing after it."""


class Inbox:
    """Takes the place of the app's queue in the base class: what comes is told at once."""

    __slots__ = ("_loop", "_visit")

    def __init__(self, loop: asyncio.AbstractEventLoop, visit: Visit) -> None:
        self._loop = loop
        self._visit: Visit | None = visit

    def put_nowait(self, event: Any) -> None:
        if self._visit is None:
            return
        if event["type"] == "websocket.receive":
            self._visit.said(event.get("text"))
        else:
            self._loop.call_soon(self._visit.gone)  # not now: this may be in the middle of writing to many
            self._visit = None


class SharedFrameProtocol(WebSocketsSansIOProtocol):
    """Use it with `ws_per_message_deflate=False`: it negotiates compression by itself."""

    def __init__(self, config: Config, server_state: ServerState, app_state: dict[str, Any], *more: Any) -> None:
        super().__init__(config, server_state, app_state, *more)
        self.conn.available_extensions = [NO_CONTEXT]
        self.outlet = Outlet("plain", nowhere)
        self.is_handed_over = False
        self.is_ending = False

    def handle_connect(self, event: Any) -> None:
        super().handle_connect(event)
        if any(
            isinstance(extension, PerMessageDeflate) and extension.local_max_window_bits == zlib.MAX_WBITS
            for extension in self.conn.extensions
        ):
            self.outlet.form = "compressed"
        if hasattr(self, "scope"):  # missing when the handshake was refused
            cast(dict[str, Any], self.scope["extensions"])[EXTENSION] = self

    def hand_over(self, visit: Visit) -> None:
        """From now on `visit` is told what comes, also what came already; the app may return."""
        waiting, self.queue = self.queue, cast("asyncio.Queue[Any]", Inbox(self.loop, visit))
        self.is_handed_over = True
        while not waiting.empty():
            self.queue.put_nowait(waiting.get_nowait())
        self._read_on()

    async def run_asgi(self) -> None:
        """As in the base class, which would close the socket when the app returns."""
        try:
            await self.app(self.scope, self.receive, self.send)
        except ClientDisconnected:
            pass
        except BaseException:
            self.logger.exception("Exception in ASGI application")
            self.is_handed_over = False
        if self.is_handed_over:
            del self.scope, self.request, self.response
            return
        self.send_500_response()  # where there was no answer
        if self.close_timer is None:
            self.transport.close()

    def send_receive_event_to_app(self) -> None:
        super().send_receive_event_to_app()
        if self.is_handed_over:
            self._read_on()

    def _read_on(self) -> None:
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()

    def write_shared(self, frame: Frame) -> None:
        """Write the frame; never waits. Above UNSENT_BYTES_MAX unsent bytes the socket is closed."""
        self.outlet.write(getattr(frame, self.outlet.form))

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        transport.set_write_buffer_limits(UNSENT_BYTES_MAX, UNSENT_BYTES_MAX)
        self.outlet.write = transport.write

    def pause_writing(self) -> None:
        super().pause_writing()
        if not self.is_ending:
            self.outlet.write = self._is_too_slow

    def _is_too_slow(self, _: object) -> None:
        self.close_from_server(CLOSE_OVERLOADED)

    def resume_writing(self) -> None:
        super().resume_writing()
        if not self.is_ending:
            self.outlet.write = self.transport.write

    def _end(self) -> None:
        self.is_ending = True
        self.outlet.write = nowhere

    def close_from_server(self, code: int) -> None:
        """Start the closing handshake, and cut the connection if the peer does not finish it in time."""
        if self.is_ending or self.close_sent or self.disconnected or self.transport.is_closing():
            return
        self._end()
        self.stop_keepalive()
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": ""})
        self.conn.send_close(code)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self._read_on()
        self.close_timer = self.loop.call_later(GOODBYE_SECONDS_MAX, self.transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        self._end()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        self._end()
        super().shutdown()

    def handle_close(self, event: Any) -> None:
        super().handle_close(event)
        self._cut_off_soon()

    def handle_parser_exception(self) -> None:
        super().handle_parser_exception()
        self._cut_off_soon()

    def on_task_complete(self, task: Any) -> None:
        super().on_task_complete(task)
        if not self.is_handed_over:
            self._cut_off_soon()

    def _cut_off_soon(self) -> None:
        """transport.close() waits for ever for a peer that does not read; a goodbye gets a few seconds."""
        self._end()
        self.loop.call_later(GOODBYE_SECONDS_MAX, self.transport.abort)

    def keepalive_timeout(self) -> None:
        self._end()
        super().keepalive_timeout()
        if self.transport.get_write_buffer_size():
            self.transport.abort()  # close() would wait for a peer that no longer reads
