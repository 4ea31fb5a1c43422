import asyncio

import pytest

from app.web.shelf import Shelf


class Maker:
    """Makes 1, 2, 3 …, each when it is let."""

    def __init__(self) -> None:
        self.made = 0
        self.let = asyncio.Event()

    async def __call__(self) -> int:
        self.made += 1
        number = self.made
        await self.let.wait()
        return number


async def test_what_many_ask_for_at_once_is_made_once() -> None:
    shelf, make = Shelf[int](10), Maker()
    asking = [asyncio.create_task(shelf.get(1, "key", make)) for _ in range(5)]
    await asyncio.sleep(0)
    make.let.set()
    assert await asyncio.gather(*asking) == [1] * 5
    assert await shelf.get(1, "key", make) == 1
    assert make.made == 1


async def test_another_key_asks_anew_even_while_the_old_one_is_being_made() -> None:
    shelf, make = Shelf[int](10), Maker()
    old = asyncio.create_task(shelf.get(1, "old", make))
    await asyncio.sleep(0)
    new = asyncio.create_task(shelf.get(1, "new", make))
    await asyncio.sleep(0)
    make.let.set()
    assert (await old, await new) == (1, 2)
    assert await shelf.get(1, "new", make) == 2


async def test_a_failure_is_told_to_all_who_waited_and_not_kept() -> None:
    shelf, make = Shelf[int](10), Maker()
    make.let.set()

    async def fail() -> int:
        raise OSError

    answers = await asyncio.gather(*(shelf.get(1, "key", fail) for _ in range(3)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [OSError] * 3
    assert await shelf.get(1, "key", make) == 1


async def test_who_gives_up_takes_nothing_from_the_others() -> None:
    shelf, make = Shelf[int](10), Maker()
    first, second = (asyncio.create_task(shelf.get(1, "key", make)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    make.let.set()
    assert await second == 1


async def test_what_nobody_asked_for_the_longest_goes_first() -> None:
    shelf, make = Shelf[int](2), Maker()
    make.let.set()
    assert [await shelf.get(room, "key", make) for room in (1, 2, 1, 3)] == [1, 2, 1, 3]
    assert [await shelf.get(room, "key", make) for room in (1, 3, 2)] == [1, 3, 4]
