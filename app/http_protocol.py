"""uvicorn's HTTP protocol, with bounds to what comes before a request can be answered.

uvicorn 0.54 takes a request line and headers of any length, and waits for them for ever.
"""

import asyncio
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEADER_BYTES_MAX = 8 * 1024
"""Of one header, and of the request line."""
HEAD_BYTES_MAX = 32 * 1024
"""Of all headers; and of what else is no body: empty lines, the ends of chunks, trailers."""
HEAD_SECONDS_MAX = 20.0
"""From the connection, or from the first byte after an answer, until the last header."""

SENTENCE = b"This request has more headers than are read."
TOO_LARGE = b"\r\n".join(
    [
        b"HTTP/1.1 431 Request Header Fields Too Large",
        b"content-type: text/plain; charset=utf-8",
        b"content-length: %d" % len(SENTENCE),
        b"connection: close",
        b"",
        SENTENCE,
    ]
)


class BoundedHttpProtocol(HttpToolsProtocol):
    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._outside_bytes = 0  # that came since the last head or chunk began its body, and are none of it
        self._is_in_message = False
        self._is_too_large = False
        self._too_late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_came()
        super().connection_lost(exc)

    def _wait_for_head(self) -> None:
        if self._too_late is None:
            self._too_late = self.loop.call_later(HEAD_SECONDS_MAX, self.transport.close)

    def _head_came(self) -> None:
        if self._too_late is not None:
            self._too_late.cancel()
            self._too_late = None

    def data_received(self, data: bytes) -> None:
        if not self._is_in_message:
            self._wait_for_head()  # also for what is no request yet: empty lines
        self._outside_bytes += len(data)
        super().data_received(data)
        if self._outside_bytes > HEAD_BYTES_MAX and not self.transport.is_closing():
            self._is_too_large = True
            self.send_400_response("")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._is_in_message = True
        self._wait_for_head()

    def on_message_complete(self) -> None:
        self._is_in_message = False
        super().on_message_complete()

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"cookie":
            # None of ours has an escape, and to read others' takes the square of their length (CVE-2024-7592).
            value = value.replace(b"\\", b"")
        super().on_header(name, value)

    def on_chunk_header(self) -> None:
        self._outside_bytes = 0

    def on_body(self, body: bytes) -> None:
        self._outside_bytes -= len(body)
        super().on_body(body)

    def on_headers_complete(self) -> None:
        self._head_came()
        self._outside_bytes = 0
        lengths = [len(self.url), *[len(name) + len(value) for name, value in self.headers]]
        if max(lengths) > HEADER_BYTES_MAX or sum(lengths) > HEAD_BYTES_MAX:
            self._is_too_large = True
            raise httptools.HttpParserError("the head of a request is too large")
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        if not self._is_too_large:
            super().send_400_response(msg)
            return
        self.transport.write(TOO_LARGE)
        self.transport.close()
