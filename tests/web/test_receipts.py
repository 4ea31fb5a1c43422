import asyncio
import contextlib
import re
from dataclasses import replace
from pathlib import Path

import asyncpg

from app import embedded
from tests.conftest import OpenHouse, Servers
from tests.house import Reader, Visitor, articles
from tests.statements import Statements
from tests.web.test_unread import marks, read

RECEIPT = re.compile(r'<span data-read-by="(\d+)" data-seq="(\d+)"')


def receipts(html: str) -> dict[int, int]:
    return {int(person): int(seq) for person, seq in RECEIPT.findall(html)}


def told(reader: Reader) -> dict[int, int]:
    """Who has read how far, as the socket brought it."""
    return {person: seq for frame in reader.frames for person, seq in receipts(frame).items()}


async def test_the_room_sees_how_far_a_person_has_read(ana: Visitor, bo: Visitor, second_house) -> None:
    room = await ana.make_room()
    await bo.join(room)
    seqs = [articles((await ana.post(room, f"message {n}")).text)[0].seq for n in range(3)]
    elsewhere = Visitor(ana.http, second_house.url)
    async with ana.listening(room) as here, elsewhere.listening(room) as there, bo.listening(room) as bos:
        for reader in (here, there, bos):
            await reader.until(lambda r: marks(r, room))
        for seq in seqs[1:]:
            await read(bos, seq)
            for reader in (here, there):
                await reader.until(lambda r, seq=seq: told(r).get(bo.id) == seq)
    page = (await ana.http.get(f"/rooms/{room}")).text
    assert receipts(page) == {ana.id: seqs[-1], bo.id: seqs[-1]}


async def test_a_receipt_does_not_go_back_when_its_owner_marks_as_unread(ana: Visitor, bo: Visitor) -> None:
    room = await ana.make_room()
    await bo.join(room)
    message = await ana.say(room, "hello")
    seq = articles((await bo.post(room, "read")).text)[0].seq
    await bo.http.post(f"/messages/{message}/unread")
    assert receipts((await ana.http.get(f"/rooms/{room}")).text)[bo.id] == seq


async def test_who_was_added_has_not_read_what_was_said_before(ana: Visitor, bo: Visitor) -> None:
    room = await ana.make_room()
    message = await ana.say(room, "before Bo was here")
    assert (await ana.http.post(f"/rooms/{room}/members", data={"person": str(bo.id)})).status_code == 303
    assert f'data-person="{bo.id}"' not in (await ana.http.get(f"/messages/{message}/readers")).text
    page = (await bo.http.get(f"/rooms/{room}")).text
    assert bo.id not in receipts(page)
    assert 'data-unread="0"' in page
    async with bo.listening(room) as reader:
        await reader.until(lambda r: marks(r, room))
        await read(reader, await bo.version_of(room))
        await reader.until(lambda r: bo.id in told(r))
    assert f'data-person="{bo.id}"' in (await ana.http.get(f"/messages/{message}/readers")).text


async def test_a_mark_for_a_room_one_has_left_does_nothing(ana: Visitor, bo: Visitor) -> None:
    room, elsewhere = await ana.make_room(), await ana.make_room()
    await bo.join(elsewhere)
    message = await ana.say(room, "hello")
    async with bo.listening(elsewhere) as reader:
        await reader.until(lambda r: marks(r, elsewhere))
        assert not marks(reader, room)
        await reader.socket.send(f'{{"type": "read", "seq": "1", "room": "{room}"}}')
        await ana.say(elsewhere, "a mark of the room one is in")
        await reader.until(lambda r: r.articles)
    page = (await ana.http.get(f"/messages/{message}/readers")).text
    assert f'data-person="{bo.id}"' not in page


async def test_who_has_read_a_message_is_listed_on_request(ana: Visitor, bo: Visitor) -> None:
    room = await ana.make_room()
    await bo.join(room)
    first = await ana.say(room, "first")
    await bo.say(room, "I have read the first")
    last = await ana.say(room, "nobody has read this")
    for headers in ({}, {"HX-Request": "true"}):
        page = await ana.http.get(f"/messages/{first}/readers", headers=headers)
        assert f'data-person="{bo.id}"' in page.text
        assert ("<html" in page.text) == (not headers)
        page = await ana.http.get(f"/messages/{last}/readers", headers=headers)
        assert f'data-person="{bo.id}"' not in page.text
        assert "Nobody else has read it yet." in page.text


async def test_a_large_room_shows_a_count_and_no_portraits(servers: Servers, open_house: OpenHouse) -> None:
    own = await servers.empty_database()
    house = await open_house(on=own)
    ana = await Visitor.at(house.url).sign_up("Ana")
    bo = await Visitor.at(house.url).sign_up("Bo")
    room = await ana.make_room()
    await bo.join(room)
    seq = articles((await ana.post(room, "hello")).text)[0].seq
    connection = await asyncpg.connect(own.database_url)
    await connection.execute(
        "WITH many AS (INSERT INTO person (email, name, password_hash, is_admin)"
        " SELECT 'm' || n, 'M' || n, '', false FROM generate_series(1, 99) n RETURNING id)"
        " INSERT INTO membership (person, room) SELECT id, $1 FROM many WHERE id <> (SELECT max(id) FROM many)",
        room,
    )
    assert receipts((await ana.http.get(f"/rooms/{room}")).text)[ana.id] == seq  # a room of 100
    await connection.execute("INSERT INTO membership (person, room) SELECT max(id), $1 FROM person", room)
    await connection.close()
    page = (await ana.http.get(f"/rooms/{room}")).text
    assert not receipts(page)
    assert f'<span data-readers="0" data-seq="{seq}">' in page
    async with ana.listening(room) as reader, bo.listening(room) as bos:
        await read(bos, seq)
        await reader.until(lambda r: any(f'<span data-readers="1" data-seq="{seq}">' in frame for frame in r.frames))
        assert not told(reader)


async def test_marks_of_many_cost_fewer_statements_than_people(
    servers: Servers, open_house: OpenHouse, tmp_path: Path
) -> None:
    with embedded.socket_folder(tmp_path) as folder:
        async with Statements(servers.database_url, folder) as statements, contextlib.AsyncExitStack() as stack:
            house = await open_house(replace(servers, database_url=statements.url))
            ana = await Visitor.at(house.url).sign_up()
            room = await ana.make_room()
            people = [await (await Visitor.at(house.url).sign_up()).join(room) for _ in range(8)]
            seqs = [articles((await ana.post(room, f"message {n}")).text)[0].seq for n in range(10)]
            readers = [await stack.enter_async_context(person.listening(room)) for person in people]
            for reader in readers:
                await reader.until(lambda r: marks(r, room))
            await asyncio.gather(*[read(reader, seq) for seq in seqs for reader in readers])
            for reader in readers:
                await reader.until(lambda r: marks(r, room)[-1][1] == seqs[-1])
            writes = sum("UPDATE membership" in text and "unnest" in text for text in statements.executed)
            posts = sum("INSERT INTO message" in text and "UPDATE membership" in text for text in statements.executed)
            assert 0 < writes - posts < len(people)
            await stack.aclose()
            await house.close()


async def test_marks_that_wait_are_written_when_the_house_closes(servers: Servers, open_house: OpenHouse) -> None:
    own = await servers.empty_database()
    house = await open_house(on=own)
    ana = await Visitor.at(house.url).sign_up("Ana")
    bo = await Visitor.at(house.url).sign_up("Bo")
    room = await ana.make_room()
    await bo.join(room)
    seq = articles((await ana.post(room, "hello")).text)[0].seq
    async with bo.listening(room) as reader:
        await read(reader, seq)
        await (await reader.socket.ping())  # the mark has arrived
        await house.close()
    connection = await asyncpg.connect(own.database_url)
    assert await connection.fetchval("SELECT seen_seq FROM membership WHERE person = $1", bo.id) == seq
    await connection.close()


async def test_marks_of_many_are_written_together_without_a_deadlock(ana: Visitor, bo: Visitor, second_house) -> None:
    rooms = [await ana.make_room() for _ in range(5)]
    for room in rooms:
        await bo.join(room)
        await ana.say(room, "hello")
    elsewhere = Visitor(bo.http, second_house.url)

    async def read_all(visitor: Visitor, order: list[int]) -> None:
        for room in order:
            async with visitor.listening(room) as reader:
                await reader.until(lambda r, room=room: marks(r, room))
                await read(reader, marks(reader, room)[-1][0])
                await reader.until(lambda r, room=room: marks(r, room)[-1][1] == marks(r, room)[-1][0])

    await asyncio.gather(read_all(bo, rooms), read_all(elsewhere, rooms[::-1]), read_all(ana, rooms))
