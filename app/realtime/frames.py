"""A fragment as bytes on a WebSocket, made once however many sockets it is written to.

Framing is that of RFC 6455, 5.2; compression that of RFC 7692 without context takeover, so that a compressed frame
depends on nothing that a socket was sent before.
"""

import zlib
from functools import cached_property

FIN_AND_TEXT = 0x81
COMPRESSED = 0x40  # RSV1 (RFC 7692, 6)
SHORT_LENGTH_MAX = 125
LENGTH_IN_2_BYTES = 126
LENGTH_IN_8_BYTES = 127

WORTH_COMPRESSING_BYTES_MIN = 200
COMPRESSION_LEVEL = 6
EMPTY_BLOCK = b"\x00\x00\xff\xff"  # what a sync flush ends with, and RFC 7692, 7.2.1 leaves out


class Frame:
    """One unmasked text frame from the server: `html` for servers that frame by themselves, `plain` and
    `compressed` as bytes, each made when the first socket needs it."""

    def __init__(self, html: str) -> None:
        self.html = html

    @cached_property
    def plain(self) -> bytes:
        return header(len(self._payload)) + self._payload

    @cached_property
    def compressed(self) -> bytes:
        """The frame for a socket that negotiated permessage-deflate; plain where that is shorter."""
        if len(self._payload) < WORTH_COMPRESSING_BYTES_MIN:
            return self.plain
        deflate = zlib.compressobj(COMPRESSION_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
        payload = deflate.compress(self._payload) + deflate.flush(zlib.Z_SYNC_FLUSH)
        payload = payload.removesuffix(EMPTY_BLOCK)
        if len(payload) >= len(self._payload):
            return self.plain
        return header(len(payload), FIN_AND_TEXT | COMPRESSED) + payload

    @cached_property
    def _payload(self) -> bytes:
        return self.html.encode()


def header(length: int, first_byte: int = FIN_AND_TEXT) -> bytes:
    """The header of an unfragmented, unmasked text frame with a payload of `length` bytes."""
    if length <= SHORT_LENGTH_MAX:
        return bytes((first_byte, length))
    if length < 1 << 16:
        return bytes((first_byte, LENGTH_IN_2_BYTES)) + length.to_bytes(2, "big")
    return bytes((first_byte, LENGTH_IN_8_BYTES)) + length.to_bytes(8, "big")
