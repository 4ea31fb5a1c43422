"""Ordinary ASGI sends: one socket's queue, where its server is slow to take what is in it, or takes nothing."""

import asyncio
from typing import Any

import pytest

from app.realtime import listener
from app.realtime.frames import Frame
from app.realtime.listener import CLOSE_OVERLOADED, CLOSE_TRY_LATER, UNSENT_LENGTH_MAX, QueuedListener
from tests.realtime.fakes import settle

LETTER = Frame("x" * 10_000)
TOO_MANY = UNSENT_LENGTH_MAX // 10_000 + 3


class Server:
    """Takes what is sent to it only while `takes` is set."""

    def __init__(self, takes: bool) -> None:
        self.taken: list[Any] = []
        self.takes = asyncio.Event()
        if takes:
            self.takes.set()

    async def send(self, message: dict[str, Any]) -> None:
        await self.takes.wait()
        self.taken.append(message.get("text") or message["code"])


async def ended(queued: QueuedListener) -> None:
    async with asyncio.timeout(5):
        await queued.finished()


async def test_what_was_written_is_sent_in_order_and_the_goodbye_last() -> None:
    server = Server(takes=True)
    queued = QueuedListener(server.send, 1, 1)
    queued.write(Frame("one"))
    queued.outlet.write("two")
    queued.close(CLOSE_TRY_LATER)
    queued.write(Frame("three"))
    queued.close(CLOSE_OVERLOADED)
    await ended(queued)
    assert server.taken == ["one", "two", CLOSE_TRY_LATER]


async def test_a_slow_socket_is_closed_and_not_sent_what_waited() -> None:
    server = Server(takes=False)
    queued = QueuedListener(server.send, 1, 1)
    for _ in range(TOO_MANY):
        queued.write(LETTER)
        await asyncio.sleep(0)
    server.takes.set()
    await ended(queued)
    assert server.taken == [LETTER.html, CLOSE_OVERLOADED]


async def test_a_socket_that_keeps_up_may_be_sent_any_amount() -> None:
    server = Server(takes=True)
    queued = QueuedListener(server.send, 1, 1)
    for _ in range(3 * TOO_MANY):
        queued.write(LETTER)
        await settle()
    queued.close(CLOSE_TRY_LATER)
    await ended(queued)
    assert server.taken == [LETTER.html] * 3 * TOO_MANY + [CLOSE_TRY_LATER]


async def test_a_socket_that_takes_nothing_more_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "GOODBYE_SECONDS_MAX", 0.05)
    server = Server(takes=False)
    queued = QueuedListener(server.send, 1, 1)
    queued.write(LETTER)
    queued.close(CLOSE_TRY_LATER)
    await ended(queued)
    assert server.taken == []


async def test_a_server_that_fails_ends_it() -> None:
    async def fails(_: dict[str, Any]) -> None:
        raise OSError("gone")

    queued = QueuedListener(fails, 1, 1)
    queued.write(LETTER)
    await ended(queued)
