"""Sockets that are handed over: what comes is told, what is written arrives, and an end is an end."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import uvicorn
import uvloop
import websockets

from app.realtime.frames import Frame
from app.realtime.listener import CLOSE_OVERLOADED
from app.realtime.protocol import EXTENSION, UNSENT_BYTES_MAX, Inbox, SharedFrameProtocol
from app.worker import listen

PATIENCE_SECONDS = 20


@dataclass
class Heard:
    """A visit that notes everything."""

    texts: list[str | None] = field(default_factory=list)
    ends: int = 0
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def said(self, text: str | None) -> None:
        self.texts.append(text)
        self.news.set()

    def gone(self) -> None:
        self.ends += 1
        self.news.set()

    async def until(self, condition: Any) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not condition(self):
                self.news.clear()
                await self.news.wait()


class Doorman:
    """An app that accepts a socket and hands it over when it is let go."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.go.set()
        self.visit = Heard()
        self.protocol: Any = None
        self.url = ""
        self.tasks: set[asyncio.Task[None]] = set()  # of the server, one for each app that has not returned

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await self.go.wait()
        self.protocol = scope["extensions"][EXTENSION]
        self.protocol.hand_over(self.visit)

    async def seated(self) -> Any:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while self.protocol is None:
                await asyncio.sleep(0)
        return self.protocol


@asynccontextmanager
async def at_work() -> AsyncIterator[Doorman]:
    app = Doorman()
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            ws=SharedFrameProtocol,
            http="httptools",
            lifespan="off",
            log_config=None,
            ws_per_message_deflate=False,
        )
    )
    socket = listen("127.0.0.1", 0)
    app.url = f"ws://127.0.0.1:{socket.getsockname()[1]}"
    serving = asyncio.create_task(server.serve(sockets=[socket]))
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not server.started:
            await asyncio.sleep(0)
    app.tasks = server.server_state.tasks
    yield app
    server.should_exit = True
    await serving


@pytest.fixture
async def doorman() -> AsyncIterator[Doorman]:
    async with at_work() as app:
        yield app


async def test_a_socket_that_is_seated_has_no_task_and_no_queue(doorman: Doorman) -> None:
    async with websockets.connect(doorman.url) as one, websockets.connect(doorman.url) as another:
        for client in (one, another):
            await client.send("here")
        await doorman.visit.until(lambda v: len(v.texts) == 2)
        assert not doorman.tasks
        assert isinstance(doorman.protocol.queue, Inbox)
        assert not hasattr(doorman.protocol, "scope")


async def test_what_came_before_the_handing_over_is_told_as_well_and_in_order(doorman: Doorman) -> None:
    doorman.go.clear()
    async with websockets.connect(doorman.url) as client:
        await client.send("early")
        await client.send("earlier than the handing over")
        doorman.go.set()
        await doorman.visit.until(lambda v: len(v.texts) == 2)
        await client.send(b"no text")
        await client.send("last")
        await doorman.visit.until(lambda v: len(v.texts) == 4)
        assert doorman.visit.texts == ["early", "earlier than the handing over", None, "last"]
        assert doorman.visit.ends == 0
    await doorman.visit.until(lambda v: v.ends)
    assert doorman.visit.ends == 1


async def test_who_went_before_the_handing_over_is_told_to_be_gone(doorman: Doorman) -> None:
    doorman.go.clear()
    async with websockets.connect(doorman.url) as client:
        await client.send("and off")
    doorman.go.set()
    await doorman.visit.until(lambda v: v.ends)
    assert (doorman.visit.texts, doorman.visit.ends) == (["and off"], 1)


async def test_a_frame_arrives_however_it_was_negotiated_and_nothing_after_the_goodbye(doorman: Doorman) -> None:
    frame = Frame("<p>to everybody</p>" * 100)
    for compression in ("deflate", None):
        doorman.protocol, doorman.visit = None, Heard()
        async with websockets.connect(doorman.url, compression=compression) as client:
            protocol = await doorman.seated()
            protocol.write_shared(frame)
            protocol.close_from_server(4403)
            protocol.write_shared(frame)
            protocol.close_from_server(1000)
            assert await client.recv() == frame.html
            with pytest.raises(websockets.ConnectionClosed):
                await client.recv()
            assert client.close_code == 4403
        await doorman.visit.until(lambda v: v.ends)
        assert doorman.visit.ends == 1


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
def test_a_reader_that_is_too_slow_is_closed_but_one_large_frame_makes_nobody_slow(
    run: Callable[[Coroutine[Any, Any, None]], None],
) -> None:
    run(_stop_reading())


async def _stop_reading() -> None:
    async with (
        at_work() as doorman,
        websockets.connect(doorman.url, compression=None, max_size=None, max_queue=1) as client,
    ):
        protocol = await doorman.seated()
        large = Frame(os.urandom(UNSENT_BYTES_MAX).hex())
        protocol.write_shared(large)
        assert await client.recv() == large.html
        protocol.write_shared(large)
        assert await client.recv() == large.html
        for _ in range(50):  # unread now: it fills what the kernel keeps, and then what we keep
            protocol.write_shared(large)
            await asyncio.sleep(0)
            if protocol.is_ending:
                break
        await doorman.visit.until(lambda v: v.ends)
        with pytest.raises(websockets.ConnectionClosed):
            await _read_to_the_end(client)
        assert client.close_code == CLOSE_OVERLOADED


async def _read_to_the_end(client: websockets.ClientConnection) -> None:
    while True:
        await client.recv()
