import asyncio
import zlib

import hypothesis
import websockets
from hypothesis import strategies
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory, PerMessageDeflate
from websockets.frames import Frame as TheirFrame
from websockets.frames import Opcode
from websockets.streams import StreamReader

from app.realtime.frames import Frame
from tests.house import Visitor


@hypothesis.given(strategies.text(max_size=300))
@hypothesis.example("x" * 125)
@hypothesis.example("x" * 126)
@hypothesis.example("x" * 65_535)
@hypothesis.example("x" * 65_536)
def test_a_shared_frame_has_the_bytes_that_a_library_would_write(text: str) -> None:
    theirs = TheirFrame(Opcode.TEXT, text.encode(), fin=True).serialize(mask=False)
    assert Frame(text).plain == theirs


@hypothesis.given(strategies.text(max_size=300))
@hypothesis.example("tea " * 100)
@hypothesis.example("茶" * 70_000)
def test_a_compressed_frame_is_read_by_a_library_that_keeps_no_context(text: str) -> None:
    data = Frame(text).compressed
    assert len(data) <= len(Frame(text).plain)
    theirs = PerMessageDeflate(True, True, zlib.MAX_WBITS, zlib.MAX_WBITS)
    assert parsed(data, theirs).data == text.encode()


def parsed(data: bytes, extension: PerMessageDeflate) -> TheirFrame:
    """The frame as a library reads it off the wire."""
    reader = StreamReader()
    reader.feed_data(data)
    parsing = TheirFrame.parse(reader.read_exact, mask=False, extensions=[extension])
    try:
        next(parsing)
    except StopIteration as done:
        return done.value
    raise AssertionError("the frame is not whole")


async def test_a_socket_gets_what_it_negotiated(ana: Visitor) -> None:
    room = await ana.make_room()
    await ana.say(room, "tea " * 200)
    sizes = {}
    for compression in ("deflate", None):
        async with websockets.connect(
            ana.socket_url(room), additional_headers=ana.socket_headers(), compression=compression, max_size=None
        ) as socket:
            async with asyncio.timeout(10):
                while "tea tea" not in await socket.recv():  # first may come what others do in the house
                    pass
            extensions = socket.protocol.extensions
            assert bool(extensions) == (compression is not None)
            sizes[compression] = socket.response.headers.get("Sec-WebSocket-Extensions", "")
    assert "server_no_context_takeover" in sizes["deflate"]
    assert "client_no_context_takeover" in sizes["deflate"]


async def test_a_socket_with_a_smaller_window_is_written_to_plainly(ana: Visitor) -> None:
    room = await ana.make_room()
    await ana.say(room, "tea " * 2000)
    small = ClientPerMessageDeflateFactory(server_max_window_bits=9, client_max_window_bits=True)
    async with websockets.connect(
        ana.socket_url(room), additional_headers=ana.socket_headers(), extensions=[small], max_size=None
    ) as socket:
        assert "tea tea" in await asyncio.wait_for(socket.recv(), 10)
