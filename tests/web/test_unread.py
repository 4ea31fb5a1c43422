import json
import re
from uuid import uuid4

from tests.house import House, Reader, Visitor

LINK = re.compile(
    r'data-room="(\d+)" data-last-seq="(\d+)" data-read-seq="(\d+)" data-unread="(\d+)" data-mentions="(\d+)"'
)
ACTIVITY = re.compile(
    r'<data data-room="(\d+)" data-last-seq="(\d+)" data-authors="([^"]*)" data-mentioned="([^"]*)"'
    r' data-posts="([^"]*)" data-mentions="([^"]*)"'
)
MARKS = re.compile(r'<data data-room="(\d+)" data-last-seq="(\d+)" data-read-seq="(\d+)" data-mentions="(\d+)"')


async def counts(visitor: Visitor, room: int) -> tuple[int, int]:
    """Unread messages and mentions, as the rooms list says."""
    page = (await visitor.http.get("/rooms")).text
    return next((int(unread), int(mentions)) for id, _, _, unread, mentions in LINK.findall(page) if int(id) == room)


def activity(reader: Reader, room: int) -> list[tuple[str, ...]]:
    return [found[1:] for frame in reader.frames for found in ACTIVITY.findall(frame) if int(found[0]) == room]


def marks(reader: Reader, room: int) -> list[tuple[int, int, int]]:
    """(last seq, read seq, mentions) of the room, as the socket brought them."""
    found = [mark for frame in reader.frames for mark in MARKS.findall(frame) if int(mark[0]) == room]
    return [(int(last), int(read), int(mentions)) for _, last, read, mentions in found]


async def read(reader: Reader, seq: int | str) -> None:
    await reader.socket.send(json.dumps({"type": "read", "seq": str(seq)}))


async def test_what_others_post_is_unread_and_ones_own_is_not(ana: Visitor, bo: Visitor) -> None:
    room = await ana.make_room()
    await bo.join(room)
    for n in range(3):
        await ana.say(room, f"message {n}")
    assert await counts(ana, room) == (0, 0)
    assert (await counts(bo, room))[0] == 3
    await bo.say(room, "I read as I write")
    assert await counts(bo, room) == (0, 0)


async def test_mentions_are_counted_apart(ana: Visitor, bo: Visitor) -> None:
    room = await ana.make_room()
    await bo.join(room)
    await ana.say(room, "hello @Bo")
    await ana.say(room, "hello everybody")
    await ana.say(room, "where are you, @Bo?")
    assert await counts(bo, room) == (3, 2)
    assert (await counts(ana, room))[1] == 0


async def test_a_socket_hears_of_activity_in_its_persons_other_rooms(
    ana: Visitor, bo: Visitor, second_house: House
) -> None:
    room, elsewhere, foreign = await ana.make_room(), await bo.make_room(), await ana.make_room(visibility="closed")
    await bo.join(room)
    there = Visitor(bo.http, second_house.url)
    async with bo.listening(elsewhere) as here, there.listening(elsewhere) as far:
        for reader in (here, far):
            await reader.until(lambda r: marks(r, room))
        await ana.say(foreign, "not for Bo")
        await ana.say(room, "hello @Bo")
        for reader in (here, far):
            await reader.until(lambda r: activity(r, room))
            last = activity(reader, room)[-1]
            assert last == (last[0], str(ana.id), str(bo.id), f"{ana.id}:{last[0]}", f"{bo.id}:{last[0]}")
            assert not activity(reader, foreign)
            assert not reader.articles


async def test_activity_is_gathered_and_loses_nothing(ana: Visitor, bo: Visitor) -> None:
    room, elsewhere = await ana.make_room(), await bo.make_room()
    await bo.join(room)
    async with bo.listening(elsewhere) as reader:
        await reader.until(lambda r: marks(r, room))
        before = marks(reader, room)[-1][0]
        for _ in range(20):
            await ana.say(room, "@Bo!")
        await reader.until(lambda r: activity(r, room) and int(activity(r, room)[-1][0]) == before + 20)
        told = activity(reader, room)
        assert len(told) < 20
        named = [pair for news in told for pair in news[4].split()]
        assert sorted(named) == sorted(f"{bo.id}:{before + n}" for n in range(1, 21))


async def test_who_is_in_the_room_hears_of_its_activity_in_the_frame_that_brings_the_message(
    ana: Visitor, bo: Visitor, second_house: House
) -> None:
    room = await ana.make_room()
    await bo.join(room)
    there = Visitor(bo.http, second_house.url)
    async with bo.listening(room) as here, there.listening(room) as far:
        for reader in (here, far):
            await reader.until(lambda r: marks(r, room))
        said = await ana.say(room, "hello @Bo")
        for reader in (here, far):
            await reader.until(lambda r: r.articles and r.articles[-1].id == said)
            seq = str(reader.articles[-1].seq)
            await reader.until(lambda r, seq=seq: seq in [told[0] for told in activity(r, room)])
            assert [told[0] for told in activity(reader, room)].count(seq) == 1  # that Bo joined may be told as well
        assert ACTIVITY.search(here.news_of(said))  # elsewhere the two may arrive apart


async def test_a_mark_is_told_to_the_persons_other_devices_and_to_nobody_elses_counts(
    ana: Visitor, bo: Visitor, second_house: House
) -> None:
    room, elsewhere = await ana.make_room(), await bo.make_room()
    await bo.join(room)
    await ana.join(elsewhere)
    await ana.say(room, "hello @Bo")
    there = Visitor(bo.http, second_house.url)
    async with (
        bo.listening(room) as here,
        there.listening(elsewhere) as device,
        ana.listening(elsewhere) as other,
    ):
        for reader in (device, other):
            await reader.until(lambda r: marks(r, room))
        last = marks(device, room)[-1][0]
        assert marks(device, room)[-1][2] == 1
        greeted = len(marks(other, room))
        await read(here, last)
        await device.until(lambda r: marks(r, room)[-1] == (last, last, 0))
        assert await counts(bo, room) == (0, 0)
        assert len(marks(other, room)) == greeted


async def test_marks_never_go_back_and_never_beyond_what_is_there(ana: Visitor, bo: Visitor) -> None:
    room = await ana.make_room()
    await bo.join(room)
    for n in range(5):
        await ana.say(room, f"message {n}")
    async with bo.listening(room) as reader:
        await reader.until(lambda r: marks(r, room))
        last = marks(reader, room)[-1][0]
        await read(reader, 10**17)
        await reader.until(lambda r: marks(r, room)[-1][1] == last)
        await read(reader, last - 3)
        for nonsense in ("-1", "", "x", "9" * 40):
            await read(reader, nonsense)
        await ana.say(room, "one more")
        await read(reader, last + 1)
        await reader.until(lambda r: marks(r, room)[-1][1] == last + 1)
        assert [mark[1] for mark in marks(reader, room)] == sorted(mark[1] for mark in marks(reader, room))


async def test_a_reconnecting_socket_is_told_the_counts_afresh(ana: Visitor, bo: Visitor) -> None:
    room = await ana.make_room()
    await bo.join(room)
    await ana.say(room, "hello @Bo")
    expected = await counts(bo, room)
    async with bo.listening(room) as reader:
        await reader.until(lambda r: marks(r, room))
        last, seen, mentions = marks(reader, room)[-1]
        assert (last - seen, mentions) == expected


async def test_mark_as_unread_from_here_counts_again_and_is_told_to_other_devices(ana: Visitor, bo: Visitor) -> None:
    room, elsewhere = await ana.make_room(), await bo.make_room()
    await bo.join(room)
    await ana.say(room, "first")
    message = await ana.say(room, "second @Bo")
    await ana.say(room, "third")
    await bo.say(room, "read")
    async with bo.listening(elsewhere) as device:
        await device.until(lambda r: marks(r, room))
        answer = await bo.http.post(f"/messages/{message}/unread", headers={"HX-Request": "true"})
        assert answer.status_code == 200
        await device.until(lambda r: marks(r, room)[-1][2] == 1)
    assert await counts(bo, room) == (3, 1)
    page = await bo.http.post(f"/messages/{message}/unread")
    assert page.status_code == 303


async def test_marking_as_unread_outlives_what_another_worker_has_yet_to_write(
    ana: Visitor, bo: Visitor, house: House, second_house: House
) -> None:
    room = await ana.make_room()
    chen = await Visitor.at(house.url).sign_up()
    for visitor in (bo, chen):
        await visitor.join(room)
    message = await ana.say(room, "first")
    await ana.say(room, "second")
    async with bo.listening(room) as bos, chen.listening(room) as chens:
        for reader in (bos, chens):
            await reader.until(lambda r: marks(r, room))
        last = marks(bos, room)[-1][0]
        await read(bos, last)
        await (await bos.socket.ping())  # it waits to be written, together with what others read
        bo.http.base_url = second_house.url
        assert (await bo.act(f"/messages/{message}/unread")).status_code == 200
        await bos.brings('data-moved="back"')
        await read(chens, last)
        await chens.until(lambda r: marks(r, room)[-1][1] == last)
    assert await counts(bo, room) == (2, 0)


async def test_who_is_not_in_the_room_cannot_mark_its_messages(ana: Visitor, bo: Visitor, stranger: Visitor) -> None:
    open_one, closed = await ana.make_room(), await ana.make_room(visibility="closed")
    shown, hidden = await ana.say(open_one, "open"), await ana.say(closed, "closed")
    for visitor, message, status in (
        (bo, shown, 403),
        (bo, hidden, 404),
        (bo, uuid4(), 404),
        (bo, "abc", 404),
        (stranger, shown, 401),
    ):
        answer = await visitor.http.post(f"/messages/{message}/unread", headers={"HX-Request": "true"})
        assert answer.status_code == status


async def test_the_page_says_where_its_reader_stopped(ana: Visitor, bo: Visitor) -> None:
    room = await ana.make_room()
    await bo.join(room)
    await bo.say(room, "hello")
    read_seq = int(re.search(r'<main data-read-seq="(\d+)"', (await bo.http.get(f"/rooms/{room}")).text).group(1))
    message = await ana.say(room, "unread")
    page = (await bo.http.get(f"/rooms/{room}")).text
    assert f'<main data-read-seq="{read_seq}" data-last-seq="{read_seq + 1}"' in page
    assert f'class="to-unread" href="#m-{message}"' in page
    assert "to-unread" not in (await ana.http.get(f"/rooms/{room}")).text
    for n in range(60):
        await ana.say(room, f"message {n}")
    page = (await bo.http.get(f"/rooms/{room}")).text
    assert f'class="to-unread" href="/rooms/{room}?before={read_seq + 25}"' in page
