"""uvicorn's WebSocket protocol, extended by as little as shared frames need.

uvicorn frames and compresses every message anew for every socket, and keeps a compression context for each. Here a
frame is made and compressed once (`realtime.frames`) and its bytes go to each socket's transport, plain or compressed
as each negotiated; no side keeps a context. The app finds the protocol in
`scope["extensions"]["teahouse.socket"]`; where it is missing (another server), it uses ordinary sends.

It also closes two gaps of the base class (uvicorn 0.54): a peer that no longer reads kept its connection after
the ping timeout, and nothing bounded what is kept for a slow one.
"""

import zlib
from typing import Any, cast

from uvicorn.config import Config
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.extensions.permessage_deflate import PerMessageDeflate, ServerPerMessageDeflateFactory
from websockets.server import ServerProtocol

from app.realtime.frames import Frame
from app.realtime.listener import CLOSE_OVERLOADED

EXTENSION = "teahouse.socket"
UNSENT_BYTES_MAX = 1 << 20
GOODBYE_SECONDS_MAX = 5


NO_CONTEXT = ServerPerMessageDeflateFactory(server_no_context_takeover=True, client_no_context_takeover=True)


class SharedFrameProtocol(WebSocketsSansIOProtocol):
    """Use it with `ws_per_message_deflate=False`: it negotiates compression by itself."""

    def __init__(self, config: Config, server_state: ServerState, app_state: dict[str, Any], *more: Any) -> None:
        super().__init__(config, server_state, app_state, *more)
        self.conn = ServerProtocol(extensions=[NO_CONTEXT], max_size=config.ws_max_size, logger=self.logger)
        self.takes_compressed = False

    def handle_connect(self, event: Any) -> None:
        super().handle_connect(event)
        self.takes_compressed = any(
            isinstance(extension, PerMessageDeflate) and extension.local_max_window_bits == zlib.MAX_WBITS
            for extension in self.conn.extensions
        )
        if hasattr(self, "scope"):  # missing when the handshake was refused
            cast(dict[str, Any], self.scope["extensions"])[EXTENSION] = self

    def write_shared(self, frame: Frame) -> None:
        """Write the frame; never waits. Above UNSENT_BYTES_MAX unsent bytes the socket is closed."""
        if self.close_sent or self.disconnected or self.transport.is_closing():
            return
        if self.transport.get_write_buffer_size() > UNSENT_BYTES_MAX:
            self.close_from_server(CLOSE_OVERLOADED)
        else:
            self.transport.write(frame.compressed if self.takes_compressed else frame.plain)

    def close_from_server(self, code: int) -> None:
        """Start the closing handshake, and cut the connection if the peer does not finish it in time."""
        if self.close_sent or self.disconnected or self.transport.is_closing():
            return
        self.stop_keepalive()
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": ""})
        self.conn.send_close(code)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        self.close_timer = self.loop.call_later(GOODBYE_SECONDS_MAX, self.transport.abort)

    def handle_close(self, event: Any) -> None:
        super().handle_close(event)
        self._cut_off_soon()

    def handle_parser_exception(self) -> None:
        super().handle_parser_exception()
        self._cut_off_soon()

    def on_task_complete(self, task: Any) -> None:
        super().on_task_complete(task)
        self._cut_off_soon()

    def _cut_off_soon(self) -> None:
        """transport.close() waits for ever for a peer that does not read; a goodbye gets a few seconds."""
        self.loop.call_later(GOODBYE_SECONDS_MAX, self.transport.abort)

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        if self.transport.get_write_buffer_size():
            self.transport.abort()  # close() would wait for a peer that no longer reads
