"""Who is typing, as the sockets of a room are told."""

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator
from itertools import pairwise
from time import monotonic

from app.realtime.typing import TOLD_EVERY_SECONDS, TYPING_EXPIRES_SECONDS
from tests.house import House, Reader, Visitor

A_MOMENT = 0.15  # what a timer and a frame may take, or be early by


def typists(frame: str) -> set[int] | None:
    """Whom a frame names, or None where it is about something else."""
    if 'id="typing"' not in frame:
        return None
    return {int(person) for person in re.findall(r'data-person="(\d+)"', frame)}


def told(reader: Reader) -> list[set[int]]:
    return [people for frame in reader.frames if (people := typists(frame)) is not None]


async def press(reader: Reader, **more: str) -> None:
    await reader.socket.send(json.dumps({"type": "typing"} | more))


@contextlib.asynccontextmanager
async def two_in_a_room(ana: Visitor, bo: Visitor) -> AsyncIterator[tuple[int, Reader, Reader]]:
    room = await ana.make_room()
    await bo.join(room)
    async with ana.listening(room) as anas, bo.listening(room) as bos:
        await ana.say(room, "here")
        for reader in (anas, bos):
            await reader.until(lambda r: r.articles)  # seated, and level with the room
        yield room, anas, bos


async def test_a_name_is_gone_four_seconds_after_the_last_key(ana: Visitor, bo: Visitor) -> None:
    async with two_in_a_room(ana, bo) as (_, anas, bos):
        await press(anas)
        await bos.until(lambda r: told(r) == [{ana.id}])
        shown = monotonic()
        await bos.until(lambda r: told(r) == [{ana.id}, set()])
        assert TYPING_EXPIRES_SECONDS - A_MOMENT <= monotonic() - shown < TYPING_EXPIRES_SECONDS + 2


async def test_a_message_takes_its_authors_name_away(ana: Visitor, bo: Visitor) -> None:
    async with two_in_a_room(ana, bo) as (room, anas, bos):
        await press(anas)
        await bos.until(lambda r: told(r) == [{ana.id}])
        sent = monotonic()
        await ana.say(room, "said")
        await bos.until(lambda r: told(r) == [{ana.id}, set()])
        assert monotonic() - sent < TYPING_EXPIRES_SECONDS / 2


async def test_leaving_the_room_takes_the_name_away(ana: Visitor, bo: Visitor) -> None:
    async with two_in_a_room(ana, bo) as (room, anas, bos):
        await press(bos)
        await anas.until(lambda r: told(r) == [{bo.id}])
        left = monotonic()
        assert (await bo.http.post(f"/rooms/{room}/leave")).status_code == 303
        await anas.until(lambda r: told(r) == [{bo.id}, set()])
        assert monotonic() - left < TYPING_EXPIRES_SECONDS / 2


async def test_a_tab_that_dies_takes_the_name_away(ana: Visitor, bo: Visitor) -> None:
    async with two_in_a_room(ana, bo) as (_, anas, bos):
        await press(bos)
        await anas.until(lambda r: told(r) == [{bo.id}])
        died = monotonic()
        bos.socket.transport.abort()
        await anas.until(lambda r: told(r) == [{bo.id}, set()])
        assert monotonic() - died < TYPING_EXPIRES_SECONDS / 2


async def test_one_of_two_tabs_that_goes_leaves_the_name(ana: Visitor, bo: Visitor, second_house: House) -> None:
    room = await ana.make_room()
    await bo.join(room)
    bo.url = second_house.url  # one worker, so that both tabs are on it
    async with ana.listening(room) as anas, bo.listening(room) as bos:
        await ana.say(room, "here")
        async with bo.listening(room) as second:
            for reader in (anas, bos, second):
                await reader.until(lambda r: r.articles)
            await press(bos)
            await anas.until(lambda r: told(r) == [{bo.id}])
            shown = monotonic()
        await anas.until(lambda r: len(told(r)) == 2)
        assert monotonic() - shown >= TYPING_EXPIRES_SECONDS - A_MOMENT


async def test_however_many_type_a_room_is_told_at_most_once_a_second(ana: Visitor, house: House) -> None:
    room = await ana.make_room()
    writers = [await (await Visitor.at(house.url).sign_up()).join(room) for _ in range(6)]
    async with contextlib.AsyncExitStack() as stack:
        reader = await stack.enter_async_context(ana.listening(room))
        readers = [await stack.enter_async_context(writer.listening(room)) for writer in writers]
        await ana.say(room, "here")
        for one in (reader, *readers):
            await one.until(lambda r: r.articles)
        times: list[float] = []

        async def one_more(count: int) -> None:
            await reader.until(lambda r: len(told(r)) >= count)
            times.append(monotonic())

        await press(readers[0])
        await one_more(1)
        for other in readers[1:]:
            await press(other)
        while told(reader)[-1]:  # until all have gone again
            await one_more(len(told(reader)) + 1)
        assert {writer.id for writer in writers} in told(reader)
        gaps = [later - earlier for earlier, later in pairwise(times)]
        assert min(gaps) >= TOLD_EVERY_SECONDS - A_MOMENT, gaps


async def test_a_signal_is_about_the_sockets_own_room_whatever_it_says(ana: Visitor, bo: Visitor) -> None:
    foreign = await ana.make_room(visibility="closed")
    async with two_in_a_room(ana, bo) as (_, anas, bos), ana.listening(foreign) as inside:
        await ana.say(foreign, "between us")
        await inside.until(lambda r: r.articles)
        await press(bos, room=str(foreign), person=str(ana.id), name="Ana")
        await anas.until(lambda r: told(r) == [{bo.id}])  # in the room that the socket is in, under the own name
        await press(inside)
        await inside.until(told)
        assert told(inside) == [{ana.id}]


async def test_keys_pressed_sooner_than_a_second_after_another_say_nothing_new(ana: Visitor, bo: Visitor) -> None:
    async with two_in_a_room(ana, bo) as (_, anas, bos):
        await asyncio.gather(*[press(anas) for _ in range(50)])
        await bos.until(lambda r: told(r) == [{ana.id}])
        await bos.until(lambda r: told(r) == [{ana.id}, set()])


async def test_who_takes_another_name_types_under_it_at_once(ana: Visitor, bo: Visitor, second_house: House) -> None:
    bo.http.base_url = second_house.url  # while the socket is with another worker
    async with two_in_a_room(ana, bo) as (_, anas, bos):
        assert (await bo.http.post("/me", data={"name": "Bodo"})).status_code == 303
        await bos.brings('data-name="Bodo"')
        await press(bos)
        await anas.brings('id="typing"', f'data-person="{bo.id}">Bodo</span>')
