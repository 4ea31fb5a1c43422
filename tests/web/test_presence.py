"""Who is here, as sockets and pages tell it."""

import contextlib
import re
from time import monotonic

import asyncpg

from tests.conftest import Servers
from tests.house import House, Reader, Visitor

LINE = re.compile(r'<li id="person-(\d+)" data-person="\d+" data-status="(\w+)"')
GRACE_SECONDS_MAX = 12


def told(reader: Reader, person: Visitor) -> list[str]:
    """What this socket was told of a person, each time it changed."""
    statuses = [status for frame in reader.frames for id, status in LINE.findall(frame) if int(id) == person.id]
    return [status for place, status in enumerate(statuses) if not place or statuses[place - 1] != status]


async def status_on_page(visitor: Visitor, room: int, person: Visitor) -> str | None:
    return dict(LINE.findall((await visitor.http.get(f"/rooms/{room}")).text)).get(str(person.id))


async def say(reader: Reader, kind: str) -> None:
    await reader.socket.send(f'{{"type": "{kind}"}}')


async def test_a_person_is_online_with_a_socket_and_offline_without(ana: Visitor, bo: Visitor) -> None:
    room = await ana.make_room()
    await bo.join(room)
    async with ana.listening(room) as reader:
        await reader.until(lambda r: (told(r, ana), told(r, bo)) == (["online"], ["offline"]))
        async with bo.listening(room):
            await reader.until(lambda r: told(r, bo) == ["offline", "online"])
            assert await status_on_page(ana, room, bo) in ("online", "offline")  # whichever worker answers
        await reader.until(lambda r: told(r, bo) == ["offline", "online", "offline"], seconds=GRACE_SECONDS_MAX)


async def test_two_tabs_count_as_one_and_the_most_present_wins(
    ana: Visitor, bo: Visitor, second_house: House
) -> None:
    room = await ana.make_room()
    await bo.join(room)
    bo_elsewhere = Visitor(bo.http, second_house.url)
    async with ana.listening(room) as reader, bo.listening(room) as tab:
        await reader.until(lambda r: told(r, bo)[-1:] == ["online"])
        async with bo_elsewhere.listening(room) as phone:
            await phone.until(lambda r: told(r, bo)[-1:] == ["online"])
            await say(tab, "idle")
            await say(phone, "idle")
            await reader.until(lambda r: told(r, bo)[-1:] == ["away"])
            await say(phone, "active")
            await reader.until(lambda r: told(r, bo)[-1:] == ["online"])
        await reader.until(lambda r: told(r, bo)[-1:] == ["away"], seconds=GRACE_SECONDS_MAX)  # the idle tab is left
        await say(tab, "active")
        await reader.until(lambda r: told(r, bo)[-1:] == ["online"])
        assert "offline" not in told(reader, bo)[1:]


async def test_idle_in_one_tab_of_two_stays_online(ana: Visitor, bo: Visitor) -> None:
    room = await ana.make_room()
    await bo.join(room)
    async with ana.listening(room) as reader, bo.listening(room) as first:
        await reader.until(lambda r: told(r, bo)[-1:] == ["online"])
        async with bo.listening(room) as second:
            await second.until(lambda r: r.frames)
            await say(first, "idle")
            await say(second, "typing")
            await reader.until(lambda r: any(f'data-person="{bo.id}">Bo' in frame for frame in r.frames))
            assert "away" not in told(reader, bo)


async def test_from_page_to_page_nobody_flickers(ana: Visitor, bo: Visitor) -> None:
    rooms = [await ana.make_room(), await ana.make_room()]
    for room in rooms:
        await bo.join(room)
    async with ana.listening(rooms[0]) as reader:
        await reader.until(lambda r: told(r, bo) == ["offline"])
        for n in range(6):
            async with bo.listening(rooms[n % 2]) as page:
                await page.until(lambda r: told(r, bo)[-1:] == ["online"])
        assert told(reader, bo) == ["offline", "online"]
        await reader.until(lambda r: told(r, bo) == ["offline", "online", "offline"], seconds=GRACE_SECONDS_MAX)


async def test_however_many_come_and_go_a_room_is_told_at_most_once_a_second(ana: Visitor, house: House) -> None:
    room = await ana.make_room()
    people = [await (await Visitor.at(house.url).sign_up()).join(room) for _ in range(6)]
    async with ana.listening(room) as reader, contextlib.AsyncExitStack() as stack:
        await reader.until(lambda r: told(r, people[-1]) == ["offline"] and told(r, ana) == ["online"])
        reader.frames.clear()
        began = monotonic()
        sockets = [await stack.enter_async_context(person.listening(room)) for person in people]
        for kind, status in (("active", "online"), ("idle", "away"), ("active", "online")):
            for socket in sockets:
                await say(socket, kind)
            await reader.until(lambda r, status=status: all(told(r, one)[-1:] == [status] for one in people))
        frames = sum(bool(LINE.search(frame)) for frame in reader.frames)
        assert 3 <= frames <= monotonic() - began + 2


async def test_who_joins_and_leaves_appears_and_disappears(ana: Visitor, bo: Visitor) -> None:
    room = await ana.make_room()
    async with ana.listening(room) as reader:
        await reader.until(lambda r: told(r, ana))
        assert told(reader, bo) == []
        await bo.join(room)
        await reader.until(lambda r: told(r, bo) == ["offline"])
        reader.frames.clear()
        await bo.http.post(f"/rooms/{room}/leave")
        await reader.brings('id="people-list"', '<span id="people-count" data-people="1">', without=f"person-{bo.id}")


async def test_nobody_is_told_of_people_of_other_rooms(ana: Visitor, bo: Visitor) -> None:
    room, foreign = await ana.make_room(), await bo.make_room(visibility="closed")
    async with ana.listening(room) as reader:
        async with bo.listening(foreign) as own:
            await own.until(lambda r: told(r, bo) == ["online"])
        await ana.say(room, "hello")
        await reader.until(lambda r: r.articles)
        assert not any(f"person-{bo.id}" in frame or f"dot-{bo.id}" in frame for frame in reader.frames)


async def test_the_dot_of_a_direct_room_is_told_to_who_sits_elsewhere(
    ana: Visitor, bo: Visitor, servers: Servers
) -> None:
    room, direct = await ana.make_room(), await ana.make_room(visibility="closed")
    await bo.http.post(await ana.invitation_to(direct))
    connection = await asyncpg.connect(servers.database_url)
    await connection.execute("UPDATE room SET kind = 'direct' WHERE id = $1", direct)
    await connection.close()
    async with ana.listening(room) as reader:
        dot = f'<span id="dot-{bo.id}" class="dot" data-status="%s">'
        await reader.until(lambda r: dot % "offline" in "".join(r.frames))
        async with bo.listening(direct):
            await reader.until(lambda r: dot % "online" in "".join(r.frames[-2:]))
        await reader.until(lambda r: dot % "offline" in "".join(r.frames[-2:]), seconds=GRACE_SECONDS_MAX)


async def test_last_seen_is_written_when_somebody_comes_and_goes(ana: Visitor, bo: Visitor, servers: Servers) -> None:
    room = await ana.make_room()
    await bo.join(room)
    connection = await asyncpg.connect(servers.database_url)

    async def seen():
        return await connection.fetchval("SELECT seen_at FROM person WHERE id = $1", bo.id)

    async def card():
        return (await ana.http.get(f"/people/{bo.id}")).text

    assert await seen() is None
    assert "Last seen" not in await card()
    async with ana.listening(room) as reader:
        async with bo.listening(room):
            await reader.until(lambda r: told(r, bo)[-1:] == ["online"])
            while (came := await seen()) is None:
                pass
            assert "Online</p>" in await card()
        await reader.until(lambda r: told(r, bo)[-1:] == ["offline"], seconds=GRACE_SECONDS_MAX)
        while await seen() == came:
            pass
        assert "Last seen <time" in await card()
    await connection.close()
