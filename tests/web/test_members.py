"""People whom an admin adds to a room or removes from it."""

import asyncio
from uuid import uuid4

import asyncpg
import pytest

from app.realtime.listener import CLOSE_NO_ACCESS
from tests.conftest import Servers, somebody_waits
from tests.house import AT_ONCE_SECONDS, House, Visitor
from tests.web import test_roles
from tests.web.test_roles import state
from tests.web.test_system_messages import events

cy = test_roles.cy  # the fixture


async def test_an_admin_adds_several_people_whom_the_page_offers(ana: Visitor, bo: Visitor, cy: Visitor) -> None:
    room = await ana.make_room(visibility="closed")
    name = f"Bo {uuid4().hex}"  # there are many people here, and only some are offered at once
    await bo.http.post("/me", data={"name": name})
    offered = (await ana.http.get(f"/rooms/{room}/members", params={"q": name})).text
    assert f'name="person" value="{bo.id}"' in offered
    assert f'name="person" value="{cy.id}"' not in offered
    answer = await ana.http.post(f"/rooms/{room}/members", data={"person": [bo.id, cy.id, ana.id]})
    assert answer.status_code == 303
    assert await events(bo, room) == [("Ana", "added", name), ("Ana", "added", "Cy")]
    assert (await cy.http.get(f"/rooms/{room}")).status_code == 200
    offered = (await ana.http.get(f"/rooms/{room}/members", params={"q": name})).text
    assert f'name="person" value="{bo.id}"' not in offered


@pytest.mark.parametrize("unknown", ["2000000000", "abc", "0", "-1", "99999999999999"])
async def test_adding_somebody_unknown_changes_nothing(
    ana: Visitor, bo: Visitor, servers: Servers, unknown: str
) -> None:
    room = await ana.make_room()
    before = await state(servers, room)
    answer = await ana.http.post(f"/rooms/{room}/members", data={"person": [str(bo.id), unknown]})
    assert answer.status_code == 422
    assert "Somebody you chose has no account here. Nobody was added." in answer.text
    assert (await ana.http.post(f"/rooms/{room}/members", data={})).status_code == 422
    assert await state(servers, room) == before


async def test_a_removed_person_gets_no_further_byte_on_any_worker(
    ana: Visitor, bo: Visitor, second_house: House
) -> None:
    room = await ana.make_room(visibility="closed")
    await bo.http.post(await ana.invitation_to(room))
    elsewhere = Visitor(bo.http, second_house.url)
    async with bo.listening(room) as here, elsewhere.listening(room) as there, ana.listening(room) as stayed:
        await ana.say(room, "before")
        for reader in (here, there):
            await reader.until(lambda r: r.articles)
        answer = await ana.http.post(f"/rooms/{room}/members/{bo.id}", data={"action": "remove"})
        assert answer.status_code == 303
        last = await ana.say(room, "after")
        for reader in (here, there):
            await reader.until(lambda r: r.closed_with, seconds=AT_ONCE_SECONDS)
            assert reader.closed_with == CLOSE_NO_ACCESS
        await stayed.until(lambda r: r.articles and r.articles[-1].id == last)
        for reader in (here, there):
            assert len(reader.articles) == 1
            assert "removed" not in "".join(reader.frames)
    assert (await events(ana, room))[-1] == ("Ana", "removed", "Bo")
    for address in (
        f"/rooms/{room}",
        f"/rooms/{room}/messages",
        f"/rooms/{room}/changes?since=0",
        f"/rooms/{room}/members",
    ):
        assert (await bo.http.get(address)).status_code == 404, address
    assert (await bo.post(room, "hi")).status_code == 404
    for visitor in (bo, elsewhere):
        async with visitor.listening(room) as resumed:
            await resumed.until(lambda r: r.closed_with)
            assert (resumed.closed_with, resumed.frames) == (CLOSE_NO_ACCESS, [])
    assert f'data-room="{room}"' not in (await bo.http.get("/rooms")).text


async def test_messages_that_race_a_removal_never_follow_it_to_the_removed(
    ana: Visitor, bo: Visitor, second_house: House
) -> None:
    """Whatever worker stores them: what stands after the removal in the room's order is not delivered."""
    elsewhere = Visitor(bo.http, second_house.url)
    ana_elsewhere = Visitor(ana.http, second_house.url)
    for _ in range(5):
        room = await ana.make_room()
        await bo.join(room)
        async with bo.listening(room) as here, elsewhere.listening(room) as there, ana.listening(room) as stayed:
            for reader in (here, there, stayed):
                await reader.until(lambda r: r.events)
            posts = [who.post(room, f"message {n}") for n in range(15) for who in (ana, ana_elsewhere)]
            removal = ana.http.post(f"/rooms/{room}/members/{bo.id}", data={"action": "remove"})
            await asyncio.gather(*posts[:10], removal, *posts[10:])
            await stayed.until(lambda r: (len(r.articles), len(r.events)) == (30, 2))  # joined, removed
            removed_at = stayed.events[-1].seq
            for reader in (here, there):
                await reader.until(lambda r: r.closed_with, seconds=AT_ONCE_SECONDS)
                assert all(seq < removed_at for seq in reader.seqs)


async def test_what_is_read_for_somebody_who_is_removed_meanwhile_is_not_answered(
    ana: Visitor, bo: Visitor, servers: Servers
) -> None:
    room = await ana.make_room("Tea", "closed")
    await bo.http.post(await ana.invitation_to(room))
    connection = await asyncpg.connect(servers.database_url)
    try:
        async with connection.transaction():
            await connection.execute("LOCK TABLE message IN ACCESS EXCLUSIVE MODE")
            asking = asyncio.create_task(bo.http.get(f"/rooms/{room}/changes?since=0"))
            await somebody_waits(connection)
            await connection.execute("DELETE FROM membership WHERE room = $1 AND person = $2", room, bo.id)
        answer = await asking
        assert answer.status_code == 404
        assert "<article" not in answer.text
    finally:
        await connection.close()


async def test_the_page_for_those_who_are_gone_says_the_same_about_every_room(
    ana: Visitor, bo: Visitor, stranger: Visitor
) -> None:
    room = await ana.make_room("A secret name", "closed")
    answers = [await who.http.get(f"/rooms/{room}/gone") for who in (bo, stranger)]
    nowhere = [await who.http.get("/rooms/2000000000/gone") for who in (bo, stranger)]
    for there, not_there in zip(answers, nowhere, strict=True):
        assert there.status_code == 200
        assert "You are no longer in this room" in there.text
        assert "A secret name" not in there.text
        assert there.text == not_there.text.replace("2000000000", str(room))
    assert 'href="/sign-in"' in answers[1].text
    member = await ana.http.get(f"/rooms/{room}/gone")
    assert (member.status_code, member.headers["location"]) == (303, f"/rooms/{room}")
    assert (await ana.http.get("/rooms/99999999999/gone")).status_code == 200
