"""Questions that travel together: each is answered by a statement that began after it was asked."""

import asyncio
from collections.abc import Sequence

import pytest

from app.errors import Unavailable
from app.realtime import together
from app.realtime.together import ROUNDS_TO_GET_HERE, Together


class Table:
    """Answers each key with how often it was read; holds each statement until it is let go."""

    def __init__(self) -> None:
        self.statements: list[list[str]] = []
        self.goes = asyncio.Semaphore(0)
        self.away = False

    async def read(self, keys: Sequence[str]) -> dict[str, int]:
        self.statements.append(list(keys))
        number = len(self.statements)
        await self.goes.acquire()
        if self.away:
            raise Unavailable
        return dict.fromkeys(keys, number)


async def ask(questions: Together[str, int], *keys: str) -> list["asyncio.Task[int]"]:
    asked = [asyncio.create_task(questions.ask(key)) for key in keys]
    for _ in range(ROUNDS_TO_GET_HERE + 2):
        await asyncio.sleep(0)
    return asked


async def test_what_is_asked_while_a_statement_is_under_way_travels_in_the_next() -> None:
    table = Table()
    questions = Together(table.read)
    first = await ask(questions, "a")
    later = await ask(questions, "a", "b", "b", "c")
    table.goes.release()
    table.goes.release()
    assert await asyncio.gather(*first, *later) == [1, 2, 2, 2, 2]
    assert table.statements == [["a"], ["a", "b", "c"]]


async def test_the_first_is_asked_at_once_and_what_comes_soon_after_an_answer_waits_for_more() -> None:
    table = Table()
    questions = Together(table.read, pause=0.5)
    table.goes.release()
    table.goes.release()
    [first] = await ask(questions, "a")
    assert await first == 1
    asked = await ask(questions, "b")
    asked += await ask(questions, "c")
    assert await asyncio.gather(*asked) == [2, 2]
    assert table.statements == [["a"], ["b", "c"]]


async def test_a_statement_carries_a_bounded_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(together, "ASKED_AT_ONCE_MAX", 2)
    table = Table()
    questions = Together(table.read)
    asked = await ask(questions, "a", "b", "c", "d", "e")
    for _ in range(3):
        table.goes.release()
    await asyncio.gather(*asked)
    assert [len(keys) for keys in table.statements] == [2, 2, 1]


async def test_who_gives_up_takes_nobody_along() -> None:
    table = Table()
    questions = Together(table.read)
    impatient, patient = await ask(questions, "a", "a")
    impatient.cancel()
    table.goes.release()
    assert await patient == 1
    assert impatient.cancelled()


async def test_an_outage_reaches_all_who_asked_and_nobody_who_asks_afterwards() -> None:
    table = Table()
    questions = Together(table.read)
    asked = await ask(questions, "a", "b")
    table.away = True
    table.goes.release()
    for each in asked:
        with pytest.raises(Unavailable):
            await each
    table.away = False
    table.goes.release()
    assert await questions.ask("a") == 2


async def test_a_question_that_cannot_be_asked_spoils_no_other() -> None:
    async def read(keys: Sequence[int]) -> dict[int, int]:
        if any(key > 2**63 for key in keys):
            raise OverflowError
        return {key: -key for key in keys}

    questions = Together(read)
    asked = [questions.ask(key) for key in (1, 2**70, 2)]
    first, bad, second = await asyncio.gather(*asked, return_exceptions=True)
    assert (first, type(bad), second) == (-1, OverflowError, -2)
