"""What happens in a room is a message of it, written with the change itself."""

import asyncio
import re

import asyncpg

from tests.conftest import Servers
from tests.house import AT_ONCE_SECONDS, PASSWORD, House, Visitor, all_articles

EVENT = re.compile(
    r'<b class="author">([^<]*)</b> <span data-event="(\w+)"></span>(?: <span class="detail">([^<]*)</span>)?'
)


async def events(visitor: Visitor, room: int) -> list[tuple[str, str, str]]:
    """Who, what and whom, as the room's page shows it."""
    return EVENT.findall((await visitor.http.get(f"/rooms/{room}")).text)


async def test_joining_and_leaving_are_said_in_the_room_and_repeating_says_nothing_more(
    ana: Visitor, bo: Visitor
) -> None:
    room = await ana.make_room()
    for _ in range(3):
        await bo.join(room)
    await bo.http.post(f"/rooms/{room}/leave")
    assert (await bo.http.post(f"/rooms/{room}/leave")).status_code == 403
    assert await events(ana, room) == [("Bo", "joined", ""), ("Bo", "left", "")]


async def test_joining_at_once_from_many_requests_is_said_once(ana: Visitor, bo: Visitor) -> None:
    room = await ana.make_room()
    await asyncio.gather(*[bo.join(room) for _ in range(12)])
    assert await events(ana, room) == [("Bo", "joined", "")]


async def test_every_way_of_joining_is_said(ana: Visitor, bo: Visitor, house: House) -> None:
    room = await ana.make_room(visibility="closed")
    link = await ana.invitation_to(room)
    await bo.http.post(link)
    await Visitor.at(house.url).sign_up("Cy", invite=link.removeprefix("/join/"))
    assert await events(ana, room) == [("Bo", "joined", ""), ("Cy", "joined", "")]


async def test_a_name_with_markup_is_only_text(ana: Visitor, house: House) -> None:
    room = await ana.make_room()
    await (await Visitor.at(house.url).sign_up("<img src=x>")).join(room)
    page = (await ana.http.get(f"/rooms/{room}")).text
    assert "<img src=x>" not in page
    assert await events(ana, room) == [("&lt;img src=x&gt;", "joined", "")]


async def test_open_pages_are_told_and_who_left_is_not(ana: Visitor, bo: Visitor, second_house: House) -> None:
    room = await ana.make_room()
    elsewhere = Visitor(bo.http, second_house.url)
    async with ana.listening(room) as reader:
        await bo.join(room)
        await reader.until(lambda r: len(r.events) == 1)
        async with elsewhere.listening(room) as leaver:
            await leaver.until(lambda r: r.events)
            await bo.http.post(f"/rooms/{room}/leave")
            await reader.until(lambda r: len(r.events) == 2)
            await leaver.until(lambda r: r.closed_with, seconds=AT_ONCE_SECONDS)
            assert len(leaver.events) == 1


async def test_whoever_comes_has_nothing_unread(ana: Visitor, bo: Visitor, house: House, servers: Servers) -> None:
    room = await ana.make_room()
    await ana.say(room, "said before")
    await bo.join(room)
    cy = await Visitor.at(house.url).sign_up("Cy")
    await ana.http.post(f"/rooms/{room}/members", data={"person": cy.id})
    connection = await asyncpg.connect(servers.database_url)
    rows = await connection.fetch("SELECT person, last_read_seq, seen_seq FROM membership WHERE room = $1", room)
    await connection.close()
    marks = {row["person"]: (row["last_read_seq"], row["seen_seq"]) for row in rows}
    assert marks == {ana.id: (3, 3), bo.id: (2, 0), cy.id: (3, 0)}  # and Bo and Cy have seen nothing yet


async def test_seqs_have_no_gap_while_people_come_and_go_and_write(ana: Visitor, house: House) -> None:
    room = await ana.make_room()
    people = [await Visitor.at(house.url).sign_up() for _ in range(4)]

    async def come_and_go(person: Visitor) -> None:
        for _ in range(4):
            await person.join(room)
            await person.post(room, "hello")
            await person.http.post(f"/rooms/{room}/leave")

    async with ana.listening(room) as reader:
        await asyncio.gather(*[come_and_go(person) for person in people], *[ana.say(room, "tea") for _ in range(10)])
        await reader.until(lambda r: len(r.articles) + len(r.events) >= 4 * 4 * 3 + 10)
        seqs = [article.seq for article in (*reader.articles, *reader.events)]
    assert sorted(seqs) == list(range(1, 4 * 4 * 3 + 11))
    page = all_articles((await ana.http.get(f"/rooms/{room}")).text)
    assert [article.seq for article in page] == list(range(page[0].seq, 4 * 4 * 3 + 11))


async def test_a_message_after_a_system_message_stands_under_a_name_of_its_own(ana: Visitor, bo: Visitor) -> None:
    room = await ana.make_room()
    await ana.say(room, "one")
    await bo.join(room)
    assert 'class="message follows"' not in (await ana.post(room, "two")).text
    assert 'class="message follows"' in (await ana.post(room, "three")).text


async def test_nobody_can_send_a_system_message(ana: Visitor) -> None:
    room = await ana.make_room()
    await ana.http.post(f"/rooms/{room}/messages", data={"body": "joined\n", "kind": "system"})
    assert await events(ana, room) == []


async def test_a_refused_sign_up_joins_nothing(ana: Visitor, stranger: Visitor) -> None:
    room = await ana.make_room()
    code = (await ana.invitation_to(room)).removeprefix("/join/")
    form = {"name": "Bo", "email": "no address", "password": PASSWORD, "invite": code}
    assert (await stranger.http.post("/sign-up", data=form)).status_code == 422
    assert await events(ana, room) == []
