import asyncio

import pytest
import websockets

from app.queries.timeline import PAGE_MESSAGES
from app.realtime.listener import CLOSE_BAD_FRAME, CLOSE_NO_ACCESS, CLOSE_OVERLOADED, CLOSE_SIGNED_OUT
from app.web.socket import SOCKETS_PER_PERSON_MAX
from app.worker import FRAME_BYTES_MAX
from tests.house import AT_ONCE_SECONDS, House, Visitor, all_articles, version

CLOSE_TOO_LARGE = 1009


async def close_code_of(url: str, headers: dict[str, str], *frames: str | bytes) -> int | None:
    """Connect, say these frames, and wait for the server to close."""
    async with (
        asyncio.timeout(10),
        websockets.connect(url, additional_headers=headers, max_size=None) as socket,
    ):
        for frame in frames:
            await socket.send(frame)
        await socket.wait_closed()
        return socket.close_code


async def test_a_socket_brings_what_is_posted(ana: Visitor, bo: Visitor) -> None:
    room = await ana.make_room()
    await bo.join(room)
    async with bo.listening(room) as reader:
        message_id = await ana.say(room, "hello")
        await reader.until(lambda r: r.articles)
        assert (reader.articles[0].id, reader.version) == (message_id, 2)


async def test_a_socket_resuming_at_each_version_gets_exactly_what_it_lacks(ana: Visitor) -> None:
    room = await ana.make_room()
    for n in range(12):
        await ana.say(room, f"message {n}")
    for since in range(13):
        async with ana.listening(room, since) as reader:
            last = await ana.say(room, "the end")
            await reader.until(lambda r, last=last: r.articles and r.articles[-1].id == last)
            assert reader.seqs == list(range(since + 1, 14 + since))


async def test_between_a_page_and_its_socket_nothing_is_lost_or_doubled(ana: Visitor, bo: Visitor) -> None:
    room = await ana.make_room()
    await bo.join(room)

    async def write() -> None:
        for n in range(60):
            await bo.say(room, f"message {n}")

    writing = asyncio.create_task(write())
    for _ in range(10):
        page = (await ana.http.get(f"/rooms/{room}")).text
        had = {article.seq for article in all_articles(page)}
        async with ana.listening(room, version(page)) as reader:
            await reader.until(lambda r, had=had: len(r.articles) > 2 or writing.done())
            seen = {*reader.seqs, *(event.seq for event in reader.events)}
            assert not had & seen
            first = min(had) if len(had) >= PAGE_MESSAGES else 1  # a page has the newest ones
            assert sorted(had | seen) == list(range(first, max(had | seen | {0}) + 1))
    await writing


async def test_a_socket_too_far_behind_is_given_the_timeline_afresh(ana: Visitor) -> None:
    room = await ana.make_room()
    await asyncio.gather(*[ana.say(room, f"message {n}") for n in range(310)])
    async with ana.listening(room) as reader:
        await reader.until(lambda r: r.version == 310)
        assert 'id="messages"' in reader.frames[0]
        assert reader.seqs == list(range(261, 311))


async def test_two_houses_on_the_same_servers_share_their_rooms(ana: Visitor, second_house: House) -> None:
    room = await ana.make_room()
    elsewhere = await Visitor.at(second_house.url).sign_up()
    await elsewhere.join(room)
    async with ana.listening(room) as here, elsewhere.listening(room) as there:
        for n in range(20):
            await (ana if n % 2 else elsewhere).say(room, f"message {n}")
        for reader in (here, there):
            await reader.until(lambda r: len(r.articles) >= 20)
            assert reader.seqs == list(range(2, 22))
        assert [article.id for article in here.articles] == [article.id for article in there.articles]


async def test_a_foreign_null_or_missing_origin_is_closed_out(ana: Visitor) -> None:
    room = await ana.make_room()
    for origin in ("https://evil.example", "null", "http://127.0.0.1:1", None):
        headers = ana.socket_headers() | {"Origin": origin} if origin else {"Cookie": ana.socket_headers()["Cookie"]}
        assert await close_code_of(ana.socket_url(room), headers) == CLOSE_NO_ACCESS


async def test_signed_out_there_is_no_socket(ana: Visitor, stranger: Visitor) -> None:
    room = await ana.make_room()
    assert await close_code_of(stranger.socket_url(room), stranger.socket_headers()) == CLOSE_SIGNED_OUT


async def test_a_closed_room_and_no_room_close_alike(ana: Visitor, bo: Visitor) -> None:
    closed, open_one = await ana.make_room(visibility="closed"), await ana.make_room()
    for room in (closed, open_one, 2_000_000_000, "abc", -1, "", "00", "9" * 30):
        assert await close_code_of(bo.socket_url(room), bo.socket_headers()) == CLOSE_NO_ACCESS


@pytest.mark.parametrize(
    "frame",
    ["", "typing", "[]", "{", '{"type": "shout"}', '{"type": 1}', '{"no": "type"}', b"bytes", '"typing"'],
)
async def test_a_frame_that_is_no_command_closes_the_socket(ana: Visitor, frame: str | bytes) -> None:
    room = await ana.make_room()
    assert await close_code_of(ana.socket_url(room), ana.socket_headers(), frame) == CLOSE_BAD_FRAME


async def test_an_oversized_frame_closes_the_socket(ana: Visitor) -> None:
    room = await ana.make_room()
    huge = '{"type": "typing", "x": "' + "x" * FRAME_BYTES_MAX + '"}'
    assert await close_code_of(ana.socket_url(room), ana.socket_headers(), huge) == CLOSE_TOO_LARGE


async def test_a_known_command_is_taken_and_the_socket_stays(ana: Visitor) -> None:
    room = await ana.make_room()
    async with ana.listening(room) as reader:
        for kind in ("typing", "read", "idle", "active"):
            await reader.socket.send(f'{{"type": "{kind}", "seq": "1", "headers": {{"HX-Request": "true"}}}}')
        await ana.say(room, "still here")
        await reader.until(lambda r: r.articles)


async def test_leaving_closes_the_sockets_of_that_room_alone(ana: Visitor, bo: Visitor, second_house: House) -> None:
    left, kept = await ana.make_room(), await ana.make_room()
    await bo.join(left)
    await bo.join(kept)
    elsewhere = Visitor(bo.http, second_house.url)
    async with bo.listening(left) as here, elsewhere.listening(left) as there, bo.listening(kept) as other:
        await ana.say(left, "before")
        await here.until(lambda r: r.articles)
        await there.until(lambda r: r.articles)
        await bo.http.post(f"/rooms/{left}/leave")
        await here.until(lambda r: r.closed_with, seconds=AT_ONCE_SECONDS)
        await there.until(lambda r: r.closed_with, seconds=AT_ONCE_SECONDS)
        assert (here.closed_with, there.closed_with) == (CLOSE_NO_ACCESS, CLOSE_NO_ACCESS)
        await ana.say(left, "after")
        await ana.say(kept, "in the other room")
        await other.until(lambda r: r.articles)
        assert (len(here.articles), len(there.articles)) == (1, 1)


async def test_signing_out_closes_the_sockets_of_that_session_alone(
    ana: Visitor, house: House, second_house: House
) -> None:
    room = await ana.make_room()
    phone = Visitor.at(house.url)
    await phone.http.post("/sign-in", data={"email": ana.email, "password": "a good long password"})
    elsewhere = Visitor(ana.http, second_house.url)
    async with (
        ana.listening(room) as here,
        elsewhere.listening(room) as there,
        phone.listening(room) as other,
    ):
        await ana.say(room, "before")
        for reader in (here, there, other):
            await reader.until(lambda r: r.articles)
        await ana.http.post("/sign-out")
        await here.until(lambda r: r.closed_with, seconds=AT_ONCE_SECONDS)
        await there.until(lambda r: r.closed_with, seconds=AT_ONCE_SECONDS)
        assert (here.closed_with, there.closed_with) == (CLOSE_SIGNED_OUT, CLOSE_SIGNED_OUT)
        await phone.say(room, "after")
        await other.until(lambda r: len(r.articles) == 2)


async def test_a_person_holds_a_bounded_number_of_sockets(servers, open_house) -> None:
    house = await open_house(LIMITS="on")
    ana = await Visitor.at(house.url).sign_up()
    room = await ana.make_room()
    async with asyncio.TaskGroup() as group:
        held = [
            group.create_task(
                websockets.connect(ana.socket_url(room), additional_headers=ana.socket_headers()).__aenter__()
            )
            for _ in range(SOCKETS_PER_PERSON_MAX)
        ]
    await ana.say(room, "hello")
    for task in held:
        async with asyncio.timeout(5):
            while "hello" not in await task.result().recv():
                pass
    assert await close_code_of(ana.socket_url(room), ana.socket_headers()) == CLOSE_OVERLOADED
    for task in held:
        await task.result().close()
