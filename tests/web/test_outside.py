"""Pages that show no room: their sockets count, are told what concerns their person, and nothing else."""

import re

import asyncpg
import pytest
import websockets

from app.realtime.listener import CLOSE_BAD_FRAME, CLOSE_NO_ACCESS, CLOSE_OVERLOADED, CLOSE_SIGNED_OUT
from app.realtime.source import OUTSIDE
from app.web.socket import SOCKETS_PER_PERSON_MAX
from tests.conftest import Servers
from tests.house import AT_ONCE_SECONDS, PASSWORD, House, Reader, Visitor, version
from tests.web.test_presence import GRACE_SECONDS_MAX, say, told
from tests.web.test_socket import close_code_of
from tests.web.test_static import ASKED_FOR, KILOBYTE, weight
from tests.web.test_unread import activity, counts, marks, read


def heard(reader: Reader) -> str:
    return "".join(reader.frames)


async def test_a_mention_reaches_a_page_outside_of_rooms(ana: Visitor, bo: Visitor, second_house: House) -> None:
    room, foreign = await ana.make_room(), await ana.make_room(visibility="closed")
    await bo.join(room)
    there = Visitor(bo.http, second_house.url)
    async with bo.listening(OUTSIDE) as here, there.listening(OUTSIDE) as far:
        for reader in (here, far):
            await reader.until(lambda r: marks(r, room))
            assert not marks(reader, foreign)
        await ana.say(foreign, "not for Bo")
        await ana.say(room, "hello @Bo")
        for reader in (here, far):
            await reader.until(lambda r: activity(r, room))
            last = activity(reader, room)[-1]
            assert last[4] == f"{bo.id}:{last[0]}"
            assert not activity(reader, foreign)
            assert not reader.articles
            assert "room-version" not in heard(reader)


async def test_what_is_read_on_another_device_is_told_outside_of_rooms(ana: Visitor, bo: Visitor) -> None:
    room = await ana.make_room()
    await bo.join(room)
    await ana.say(room, "hello @Bo")
    async with bo.listening(OUTSIDE) as phone, bo.listening(room) as desk:
        await phone.until(lambda r: marks(r, room))
        last = marks(phone, room)[-1][0]
        assert marks(phone, room)[-1][2] == 1
        await read(desk, last)
        await phone.until(lambda r: marks(r, room)[-1] == (last, last, 0))


async def test_a_person_outside_of_rooms_is_online_and_stays_so_from_page_to_page(
    ana: Visitor, bo: Visitor, second_house: House
) -> None:
    room = await ana.make_room()
    await bo.join(room)
    bo_elsewhere = Visitor(bo.http, second_house.url)
    async with ana.listening(room) as reader:
        await reader.until(lambda r: told(r, bo) == ["offline"])
        for place in (OUTSIDE, room, OUTSIDE):
            async with bo_elsewhere.listening(place):
                await reader.until(lambda r: told(r, bo)[-1:] == ["online"])
        async with bo.listening(OUTSIDE) as page:
            await reader.until(lambda r: told(r, bo) == ["offline", "online"])
            await say(page, "idle")
            await reader.until(lambda r: told(r, bo)[-1] == "away")
            await say(page, "active")
            await reader.until(lambda r: told(r, bo)[-1] == "online")
        await reader.until(
            lambda r: told(r, bo) == ["offline", "online", "away", "online", "offline"], seconds=GRACE_SECONDS_MAX
        )


async def test_the_dots_of_direct_rooms_are_told_outside_of_rooms(ana: Visitor, bo: Visitor) -> None:
    await ana.http.post("/direct", data={"person": str(bo.id)})
    dot = f'<span id="dot-{bo.id}" class="dot" data-status="%s">'
    async with ana.listening(OUTSIDE) as reader:
        await reader.brings(dot % "offline")
        async with bo.listening(OUTSIDE):
            await reader.brings(dot % "online", without="room-version")
        await reader.until(lambda r: dot % "offline" in r.frames[-1], seconds=GRACE_SECONDS_MAX)


async def test_rooms_that_one_comes_into_and_names_that_change_are_shown_outside_of_rooms(
    ana: Visitor, bo: Visitor
) -> None:
    room = await ana.make_room("Garden")
    async with bo.listening(OUTSIDE) as reader:
        await bo.join(room)
        await reader.brings('id="room-lists"', f'data-room="{room}"', without="room-version")
        await ana.act(f"/rooms/{room}/settings", name="Orchard", topic="", visibility="open")
        await reader.brings(f"#room-lists [data-room='{room}'] .name", "Orchard")
        await ana.http.post("/me", data={"name": "Anastasia"})
        await reader.brings("#profiles", f'data-person="{ana.id}" data-name="Anastasia"', without="room-version")


async def test_who_was_removed_hears_nothing_more_of_the_room(ana: Visitor, bo: Visitor, second_house: House) -> None:
    room, other = await ana.make_room(), await ana.make_room()
    await bo.join(room)
    await bo.join(other)
    there = Visitor(bo.http, second_house.url)
    async with bo.listening(OUTSIDE) as here, there.listening(OUTSIDE) as far:
        for reader in (here, far):
            await reader.until(lambda r: marks(r, room) and marks(r, other))
        await ana.act(f"/rooms/{room}/members/{bo.id}", action="remove")
        for reader in (here, far):
            await reader.brings('id="room-lists"', f'data-room="{other}"', without=f'data-room="{room}"')
            reader.frames.clear()
        await ana.say(room, "a word about @Bo")
        await ana.say(other, "hello @Bo")
        for reader in (here, far):
            await reader.until(lambda r: activity(r, other))
            assert f'data-room="{room}"' not in heard(reader)
            assert reader.closed_with is None


async def test_a_page_that_comes_again_is_given_its_list_of_rooms(ana: Visitor) -> None:
    room = await ana.make_room()
    async with ana.listening(OUTSIDE) as first:
        await first.until(lambda r: marks(r, room))
        assert "room-lists" not in heard(first)
    url = ana.socket_url(OUTSIDE) + "&again=1"
    async with websockets.connect(url, additional_headers=ana.socket_headers()) as socket:
        while f'href="/rooms/{room}"' not in await socket.recv():
            pass


async def test_typing_and_reading_said_outside_of_rooms_mean_nothing(ana: Visitor, bo: Visitor) -> None:
    room = await ana.make_room()
    await bo.join(room)
    await ana.say(room, "hello @Bo")
    before = await counts(bo, room)
    async with bo.listening(OUTSIDE) as outside, ana.listening(room) as reader:
        await outside.until(lambda r: marks(r, room))
        await say(outside, "typing")
        await read(outside, marks(outside, room)[-1][0])
        await say(outside, "idle")
        await reader.until(lambda r: told(r, bo)[-1:] == ["away"])
        assert f'data-person="{bo.id}">Bo' not in heard(reader)
        assert await counts(bo, room) == before
        assert outside.closed_with is None


async def test_signed_out_from_elsewhere_or_with_nonsense_there_is_no_socket_outside(
    ana: Visitor, stranger: Visitor
) -> None:
    url = f"{ana.url.replace('http', 'ws', 1)}/socket"
    assert await close_code_of(url, stranger.socket_headers()) == CLOSE_SIGNED_OUT
    assert await close_code_of(url, ana.socket_headers() | {"Origin": "https://evil.example"}) == CLOSE_NO_ACCESS
    assert await close_code_of(url, ana.socket_headers(), '{"type": "shout"}') == CLOSE_BAD_FRAME


async def test_signing_out_closes_the_sockets_outside_of_rooms_of_that_session_alone(
    ana: Visitor, house: House, second_house: House
) -> None:
    room = await ana.make_room()
    phone = Visitor.at(house.url)
    await phone.http.post("/sign-in", data={"email": ana.email, "password": PASSWORD})
    there = Visitor(ana.http, second_house.url)
    async with ana.listening(OUTSIDE) as here, there.listening(OUTSIDE) as far, phone.listening(OUTSIDE) as other:
        for reader in (here, far, other):
            await reader.until(lambda r: marks(r, room))
        await ana.http.post("/sign-out")
        for reader in (here, far):
            await reader.until(lambda r: r.closed_with, seconds=AT_ONCE_SECONDS)
            assert reader.closed_with == CLOSE_SIGNED_OUT
        await phone.say(room, "still here")
        await other.until(lambda r: activity(r, room))


@pytest.mark.parametrize("told_by_an_event", [True, False])
async def test_a_ban_closes_the_sockets_outside_of_rooms(
    servers: Servers, open_house, told_by_an_event: bool
) -> None:
    own = await servers.empty_database()
    house = await open_house(on=own, WORKERS="2")
    administrator = await Visitor.at(house.url).sign_up("Administrator")
    bo = await Visitor.at(house.url).sign_up("Bo")
    room = await bo.make_room()
    async with bo.listening(OUTSIDE) as reader:
        await reader.until(lambda r: marks(r, room))
        if told_by_an_event:
            await administrator.http.post(f"/people/{bo.id}/ban")
            await reader.until(lambda r: r.closed_with, seconds=AT_ONCE_SECONDS)
        else:
            connection = await asyncpg.connect(own.database_url)
            await connection.execute("UPDATE person SET banned_at = now() WHERE id = $1", bo.id)
            await connection.close()
            await reader.until(lambda r: r.closed_with)
        assert reader.closed_with == CLOSE_SIGNED_OUT
    assert await close_code_of(bo.socket_url(OUTSIDE), bo.socket_headers()) == CLOSE_SIGNED_OUT


async def test_sockets_outside_of_rooms_count_among_those_that_a_person_may_hold(open_house) -> None:
    house = await open_house(LIMITS="on")
    ana = await Visitor.at(house.url).sign_up()
    room = await ana.make_room()
    held = [
        await websockets.connect(ana.socket_url(OUTSIDE), additional_headers=ana.socket_headers())
        for _ in range(SOCKETS_PER_PERSON_MAX)
    ]
    for socket in held:
        while f'data-room="{room}"' not in await socket.recv():
            pass
    for place in (OUTSIDE, room):
        assert await close_code_of(ana.socket_url(place), ana.socket_headers()) == CLOSE_OVERLOADED
    for socket in held:
        await socket.close()


async def test_every_page_outside_of_rooms_opens_the_socket_and_asks_for_little(ana: Visitor) -> None:
    room = await ana.make_room()
    addresses = ["/rooms", "/search", "/people", f"/people/{ana.id}", "/me", "/me/devices", f"/rooms/{room}/settings"]
    for address in addresses:
        page = (await ana.http.get(address)).text
        assert re.findall(r'hx-ws:connect="([^"]*)"', page) == ["/socket"], address
        assert 'id="room-version"' not in page
        files = {file for file in ASKED_FOR.findall(page) if "/avatar?" not in file}  # of whoever else is there
        scripts = [await weight(ana, file, "br") for file in files if file.endswith(".js")]
        assert len(files) + 1 <= 10
        assert sum(scripts) <= 22 * KILOBYTE


async def test_the_page_of_a_rooms_people_has_the_rooms_socket_and_their_statuses(ana: Visitor, bo: Visitor) -> None:
    room = await ana.make_room()
    await bo.join(room)
    async with bo.listening(OUTSIDE), ana.listening(room) as reader:
        await reader.until(lambda r: told(r, bo)[-1:] == ["online"])
        page = (await ana.http.get(f"/rooms/{room}/members")).text
    assert f'hx-ws:connect="/socket?room={room}"' in page
    assert version(page) == await ana.version_of(room)
    assert re.search(rf'<li data-person="{bo.id}">.*class="dot" data-status="(online|offline)"', page)


async def test_signed_out_no_page_opens_a_socket(stranger: Visitor) -> None:
    for address in ("/sign-in", "/sign-up"):
        page = (await stranger.http.get(address)).text
        assert "hx-ws" not in page
        assert "<script" not in page
