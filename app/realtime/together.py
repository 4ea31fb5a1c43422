"""Questions that are asked while one is under way travel together in the next: a thousand sockets that arrive at once
are read for in a few statements, as posts that come at once are written in a few (`actions.messages`)."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Generic, TypeVar

from app.errors import Unavailable

ASKED_AT_ONCE_MAX = 500
ROUNDS_TO_GET_HERE = 3
"""How many rounds of the event loop lie between the bytes of a request and its question. So many are let pass before
each statement: one costs much for itself and little for each question, so what is here comes along."""
ARRIVING_SECONDS = 0.02
"""The pause for what each socket asks that arrives: beside what a connection takes anyway it is not felt."""

Key = TypeVar("Key", bound=Hashable)
Answer = TypeVar("Answer")


class Together(Generic[Key, Answer]):
    """`read` answers for many keys, and for each of them. The first question is asked at once; what comes within
    `pause` seconds of an answer waits until they are over, so that more comes along, unless it is enough already."""

    def __init__(self, read: Callable[[Sequence[Key]], Awaitable[Mapping[Key, Answer]]], pause: float = 0.0) -> None:
        self._read = read
        self._pause = pause
        self._next_at = 0.0
        self._waiting: dict[Key, list[asyncio.Future[Answer]]] = {}
        self._reading: asyncio.Task[None] | None = None

    async def ask(self, key: Key) -> Answer:
        """What is read of this key after this call; raises what `read` raises."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Answer] = loop.create_future()  # its own: whoever waits may be cancelled
        self._waiting.setdefault(key, []).append(answer)
        if self._reading is None:
            self._reading = loop.create_task(self._drain())
        return await answer

    async def _drain(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._waiting:
                if len(self._waiting) < ASKED_AT_ONCE_MAX:
                    await asyncio.sleep(self._next_at - loop.time())
                for _ in range(ROUNDS_TO_GET_HERE):
                    await asyncio.sleep(0)
                keys = list(self._waiting)[:ASKED_AT_ONCE_MAX]
                await self._answer({key: self._waiting.pop(key) for key in keys})
                self._next_at = loop.time() + self._pause
        finally:
            self._reading = None

    async def _answer(self, asked: Mapping[Key, Sequence[asyncio.Future[Answer]]]) -> None:
        try:
            read = await self._read(list(asked))
            answers = [(waiting, read[key]) for key, of_key in asked.items() for waiting in of_key]
        except Exception as error:
            if len(asked) > 1 and not isinstance(error, Unavailable):  # one of them spoils it for all: find out which
                for key, of_key in asked.items():
                    await self._answer({key: of_key})
                return
            for waiting in [waiting for of_key in asked.values() for waiting in of_key if not waiting.done()]:
                waiting.set_exception(error)
            return
        for waiting, answer in answers:
            if not waiting.done():
                waiting.set_result(answer)
