"""A fragment as bytes on a WebSocket, made once however many sockets it is written to (RFC 6455, 5.2)."""

FIN_AND_TEXT = 0x81
SHORT_LENGTH_MAX = 125
LENGTH_IN_2_BYTES = 126
LENGTH_IN_8_BYTES = 127


class Frame:
    """One unmasked text frame from the server. `html` for servers that frame by themselves, `data` framed."""

    __slots__ = ("data", "html")

    def __init__(self, html: str) -> None:
        self.html = html
        payload = html.encode()
        self.data = header(len(payload)) + payload


def header(length: int) -> bytes:
    """The header of an unfragmented, uncompressed, unmasked text frame with a payload of `length` bytes."""
    if length <= SHORT_LENGTH_MAX:
        return bytes((FIN_AND_TEXT, length))
    if length < 1 << 16:
        return bytes((FIN_AND_TEXT, LENGTH_IN_2_BYTES)) + length.to_bytes(2, "big")
    return bytes((FIN_AND_TEXT, LENGTH_IN_8_BYTES)) + length.to_bytes(8, "big")
