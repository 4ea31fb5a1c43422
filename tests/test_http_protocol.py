"""What comes before a request can be answered is bounded, in bytes and in time."""

import asyncio
from urllib.parse import urlsplit

import pytest
import uvicorn
from uvicorn.server import ServerState

from app import http_protocol
from app.http_protocol import HEAD_BYTES_MAX, HEADER_BYTES_MAX, BoundedHttpProtocol
from tests.house import PATIENCE_SECONDS, House


class Raw:
    """A connection on which anything can be said."""

    def __init__(self, house: House) -> None:
        self._address = urlsplit(house.url)

    async def __aenter__(self) -> "Raw":
        self.reader, self.writer = await asyncio.open_connection(self._address.hostname, self._address.port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.writer.close()

    async def status(self) -> int:
        """Of the next answer, which is read whole; 0 when the connection ended without one."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            try:
                head = (await self.reader.readuntil(b"\r\n\r\n")).decode().lower()
            except (asyncio.IncompleteReadError, ConnectionError):
                return 0
            _, _, length = head.partition("content-length:")
            await self.reader.readexactly(int(length.split()[0]))
            return int(head.split()[1])


GET = b"GET /healthz HTTP/1.1\r\nhost: x\r\n"


ENDLESS = b"y" * (20 * HEAD_BYTES_MAX)  # more than is read at once
CHUNKED = b"POST /sign-in HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n"
CHUNKED += b"content-type: application/x-www-form-urlencoded\r\n\r\n"


@pytest.mark.parametrize(
    "request_",
    [
        GET + b"cookie: a=" + b"x" * HEADER_BYTES_MAX + b"\r\n\r\n",
        b"GET /healthz?" + b"x" * HEADER_BYTES_MAX + b" HTTP/1.1\r\nhost: x\r\n\r\n",
    ],
)
async def test_a_header_that_is_too_large_is_refused(house: House, request_: bytes) -> None:
    async with Raw(house) as raw:
        raw.writer.write(request_)
        assert await raw.status() == 431
        assert await raw.status() == 0


@pytest.mark.parametrize(
    "endless",
    [
        GET + b"".join(b"x-%d: %s\r\n" % (n, b"y" * 1000) for n in range(700)),
        GET + b"x-endless: " + ENDLESS,
        b"GET /" + ENDLESS,
        b"\r\n" * len(ENDLESS),
        CHUNKED + b"3\r\na=b\r\n0\r\nx-endless: " + ENDLESS,
    ],
)
@pytest.mark.parametrize("before", [b"", GET + b"\r\n"])
async def test_a_head_that_does_not_end_is_cut_off(house: House, before: bytes, endless: bytes) -> None:
    async with Raw(house) as raw:
        if before:
            raw.writer.write(before)
            assert await raw.status() == 200
        raw.writer.write(endless)
        while await raw.status():  # the answer may be lost with what was not read
            pass
    async with Raw(house) as raw:
        raw.writer.write(GET + b"\r\n")
        assert await raw.status() == 200


async def test_a_body_in_many_small_chunks_passes(house: House) -> None:
    async with Raw(house) as raw:
        raw.writer.write(
            CHUNKED + b"2\r\na=\r\n" + b"1\r\nx\r\n" * (2 * HEAD_BYTES_MAX) + b"0\r\n\r\n" + GET + b"\r\n"
        )
        assert [await raw.status(), await raw.status()] == [422, 200]


async def test_large_bodies_and_many_requests_on_one_connection_pass(house: House) -> None:
    async with Raw(house) as raw:
        for _ in range(3):
            raw.writer.write(GET + b"cookie: a=" + b"x" * 4000 + b"\r\n\r\n")
            assert await raw.status() == 200
            body = b"a=" + b"x" * (4 * HEAD_BYTES_MAX)
            raw.writer.write(
                b"POST /sign-in HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\n"
                b"content-length: %d\r\n\r\n%s" % (len(body), body)
            )
            assert await raw.status() == 422
        for _ in range(20):
            raw.writer.write((GET + b"\r\n") * 2)  # sent without waiting for the answer
        assert [await raw.status() for _ in range(40)] == [200] * 40


class Closing(asyncio.Transport):
    """A transport that notes when it is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.closed = asyncio.Event()

    def close(self) -> None:
        self.closed.set()

    def is_closing(self) -> bool:
        return self.closed.is_set()

    def write(self, data: bytes) -> None:
        """Nobody reads it."""

    def get_extra_info(self, name: str, default: object = None) -> object:
        return default


async def test_no_escapes_are_left_in_cookies() -> None:
    """To read them would take the square of their length."""
    asked: asyncio.Future[dict] = asyncio.get_running_loop().create_future()

    async def app(scope: dict, receive: object, send: object) -> None:
        asked.set_result(scope)

    protocol = BoundedHttpProtocol(uvicorn.Config(app, log_config=None, interface="asgi3"), ServerState(), {})
    protocol.connection_made(Closing())
    protocol.data_received(GET + b'Cookie: a="' + b"\\a" * 3000 + b'"; b=c\r\nx-other: \\a\r\n\r\n')
    async with asyncio.timeout(PATIENCE_SECONDS):
        headers = dict((await asked)["headers"])
    assert headers[b"cookie"] == b'a="' + b"a" * 3000 + b'"; b=c'
    assert headers[b"x-other"] == b"\\a"
    protocol.connection_lost(None)


@pytest.mark.parametrize("sent", [b"", GET, b"\r\n", b"GET /"])
async def test_whoever_does_not_finish_a_head_is_cut_off(monkeypatch: pytest.MonkeyPatch, sent: bytes) -> None:
    monkeypatch.setattr(http_protocol, "HEAD_SECONDS_MAX", 0.05)

    async def app(scope: object, receive: object, send: object) -> None:
        raise AssertionError("no request was made")

    config = uvicorn.Config(app, log_config=None, interface="asgi3")
    protocol = BoundedHttpProtocol(config, ServerState(), {})
    transport = Closing()
    protocol.connection_made(transport)
    if sent:
        protocol.data_received(sent)
    async with asyncio.timeout(PATIENCE_SECONDS):
        await transport.closed.wait()
    protocol.connection_lost(None)
