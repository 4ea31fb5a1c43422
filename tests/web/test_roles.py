"""Room admins: what they may do, and that nobody else may, by form and by crafted request."""

import asyncio
import re
from uuid import uuid4

import asyncpg
import pytest

from app.realtime.listener import CLOSE_NO_ACCESS
from tests.conftest import Servers
from tests.house import House, Visitor
from tests.web.test_system_messages import events


@pytest.fixture
async def cy(house: House) -> Visitor:
    return await Visitor.at(house.url).sign_up("Cy")


def acts(room: int, subject: int) -> list[tuple[str, dict[str, str]]]:
    """Everything that a room admin can do, as requests."""
    return [
        (f"/rooms/{room}/settings", {"name": "Taken over", "topic": "x", "visibility": "closed"}),
        (f"/rooms/{room}/members", {"person": str(subject)}),
        (f"/rooms/{room}/members/{subject}", {"action": "remove"}),
        (f"/rooms/{room}/members/{subject}", {"action": "make-admin"}),
        (f"/rooms/{room}/members/{subject}", {"action": "make-member"}),
        (f"/rooms/{room}/invitation", {}),
    ]


async def state(servers: Servers, room: int) -> list[str]:
    """All that the database says about a room, to see that nothing changed."""
    connection = await asyncpg.connect(servers.database_url)
    rows = [
        *await connection.fetch("SELECT * FROM room WHERE id = $1", room),
        *await connection.fetch("SELECT * FROM membership WHERE room = $1 ORDER BY id", room),
        *await connection.fetch("SELECT * FROM audit WHERE room = $1 ORDER BY id", room),
    ]
    await connection.close()
    return [str(row) for row in rows]


async def role_of(asker: Visitor, room: int, person: int) -> str:
    page = (await asker.http.get(f"/rooms/{room}/members")).text
    row = re.search(rf'<ul class="members">.*?<li data-person="{person}">(.*?)</li>', page, re.DOTALL)
    return "" if row is None else "admin" if "<small>admin</small>" in row[1] else "member"


@pytest.mark.parametrize("htmx", [False, True])
async def test_a_member_and_a_stranger_can_do_nothing_that_admins_do(
    ana: Visitor, bo: Visitor, cy: Visitor, servers: Servers, htmx: bool
) -> None:
    room, closed = await ana.make_room(), await ana.make_room(visibility="closed")
    await bo.join(room)
    headers = {"HX-Request": "true"} if htmx else {}
    before = await state(servers, room), await state(servers, closed)
    for address, form in acts(room, ana.id):
        answer = await bo.http.post(address, data=form, headers=headers)
        assert answer.status_code == 403, address
        assert "Only admins of this room can do this." in answer.text
        assert (await cy.http.post(address, data=form, headers=headers)).status_code == 403, address
    for address, form in acts(closed, ana.id):
        assert (await cy.http.post(address, data=form, headers=headers)).status_code == 404, address
    assert (await bo.http.get(f"/rooms/{room}/settings")).status_code == 403
    assert (await cy.http.get(f"/rooms/{closed}/settings")).status_code == 404
    assert (await state(servers, room), await state(servers, closed)) == before
    page = (await bo.http.get(f"/rooms/{room}/members")).text
    assert "/settings" not in page
    assert 'name="action"' not in page


async def test_signed_out_all_of_it_leads_to_the_sign_in_page(ana: Visitor, stranger: Visitor) -> None:
    room = await ana.make_room()
    for address, form in acts(room, ana.id):
        assert (await stranger.http.post(address, data=form)).headers["location"].startswith("/sign-in")


async def test_an_admin_changes_name_topic_and_visibility(ana: Visitor, bo: Visitor) -> None:
    room = await ana.make_room("Garden")
    await bo.join(room)
    assert 'value="Garden"' in (await ana.http.get(f"/rooms/{room}/settings")).text
    form = {"name": "Tea <garden>", "topic": "Leaves & water", "visibility": "closed"}
    answer = await ana.http.post(f"/rooms/{room}/settings", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/rooms/{room}")
    page = (await bo.http.get(f"/rooms/{room}")).text
    assert ">Tea &lt;garden&gt;</h1>" in page
    assert 'title="Leaves &amp; water"' in page
    assert 'data-visibility="closed"' in page
    assert (await events(bo, room))[-1] == ("Ana", "renamed", "Tea &lt;garden&gt;")
    await ana.http.post(f"/rooms/{room}/settings", data=form)  # the same again says nothing
    await ana.http.post(f"/rooms/{room}/settings", data={"topic": ""})  # what is not sent stays
    page = (await bo.http.get(f"/rooms/{room}")).text
    assert ">Tea &lt;garden&gt;</h1>" in page
    assert "Leaves" not in page
    assert len(await events(bo, room)) == 2


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"name": " \u200b"}, "Please give the room a name."),
        ({"name": "x" * 81}, "This name has 81 characters; it can have 80."),
        ({"topic": "x" * 201}, "This topic has 201 characters; it can have 200."),
        ({"topic": "a\0b"}, "This topic contains a NUL character"),
        ({"visibility": "ajar"}, "A room is either open or closed."),
    ],
)
async def test_settings_that_cannot_be_are_refused_beside_the_field(
    ana: Visitor, servers: Servers, form: dict[str, str], sentence: str
) -> None:
    room = await ana.make_room()
    before = await state(servers, room)
    answer = await ana.http.post(f"/rooms/{room}/settings", data=form)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert await state(servers, room) == before


async def test_a_topic_of_two_hundred_characters_is_taken(ana: Visitor) -> None:
    room = await ana.make_room()
    assert (await ana.http.post(f"/rooms/{room}/settings", data={"topic": "茶" * 200})).status_code == 303
    assert "茶" * 200 in (await ana.http.get(f"/rooms/{room}")).text


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


async def test_an_admin_makes_others_admin_and_member_again(ana: Visitor, bo: Visitor) -> None:
    room = await ana.make_room()
    await bo.join(room)
    for action, role in (("make-admin", "admin"), ("make-admin", "admin"), ("make-member", "member")):
        answer = await ana.http.post(f"/rooms/{room}/members/{bo.id}", data={"action": action})
        assert answer.status_code == 303
        assert await role_of(ana, room, bo.id) == role


async def test_a_new_role_shows_on_the_open_pages_of_the_others(
    ana: Visitor, bo: Visitor, second_house: House
) -> None:
    room = await ana.make_room()
    await bo.join(room)
    line = f'id="person-{bo.id}"'
    async with Visitor(bo.http, second_house.url).listening(room) as reader:
        await reader.brings(line, f'id="person-{ana.id}"')  # the whole list, to a newcomer
        await ana.http.post(f"/rooms/{room}/members/{bo.id}", data={"action": "make-admin"})
        await reader.brings(line, 'data-role="admin"', without=f'id="person-{ana.id}"')
        await ana.http.post(f"/rooms/{room}/members/{bo.id}", data={"action": "make-member"})
        await reader.until(lambda r: line in r.frames[-1] and "data-role" not in r.frames[-1])


async def test_the_last_admin_stays_one(ana: Visitor, bo: Visitor) -> None:
    room = await ana.make_room()
    await bo.join(room)
    answer = await ana.http.post(f"/rooms/{room}/members/{ana.id}", data={"action": "make-member"})
    assert answer.status_code == 403
    assert "This is the last admin. Make somebody else an admin first." in answer.text
    assert await role_of(bo, room, ana.id) == "admin"


async def test_two_admins_who_unmake_each_other_at_once_leave_one(ana: Visitor, bo: Visitor) -> None:
    for _ in range(8):
        room = await ana.make_room()
        await bo.join(room)
        await ana.http.post(f"/rooms/{room}/members/{bo.id}", data={"action": "make-admin"})
        answers = await asyncio.gather(
            ana.http.post(f"/rooms/{room}/members/{bo.id}", data={"action": "make-member"}),
            bo.http.post(f"/rooms/{room}/members/{ana.id}", data={"action": "make-member"}),
        )
        assert sorted(answer.status_code for answer in answers) == [303, 403]
        roles = [await role_of(ana, room, person) for person in (ana.id, bo.id)]
        assert sorted(roles) == ["admin", "member"]


@pytest.mark.parametrize(
    ("form", "status"), [({}, 422), ({"action": ""}, 422), ({"action": "promote"}, 422), ({"action": "remove"}, 403)]
)
async def test_an_unknown_action_and_removing_oneself_are_refused(
    ana: Visitor, servers: Servers, form: dict[str, str], status: int
) -> None:
    room = await ana.make_room()
    before = await state(servers, room)
    assert (await ana.http.post(f"/rooms/{room}/members/{ana.id}", data=form)).status_code == status
    assert await state(servers, room) == before


async def test_somebody_who_is_not_in_the_room_is_neither_removed_nor_made_admin(ana: Visitor, bo: Visitor) -> None:
    room = await ana.make_room()
    for person in (bo.id, 2_000_000_000, 99_999_999_999):
        for action in ("remove", "make-admin", "make-member"):
            answer = await ana.http.post(f"/rooms/{room}/members/{person}", data={"action": action})
            assert answer.status_code == 404
            assert "This person is not in the room." in answer.text


async def test_a_renewed_invitation_ends_the_old_one(ana: Visitor, bo: Visitor) -> None:
    room = await ana.make_room(visibility="closed")
    old = await ana.invitation_to(room)
    assert (await ana.http.post(f"/rooms/{room}/invitation")).status_code == 303
    new = await ana.invitation_to(room)
    assert (await bo.http.post(old)).status_code == 404
    assert (await bo.http.post(new)).status_code == 303


async def test_a_direct_room_has_no_roles_and_nobody_leaves_it(
    ana: Visitor, bo: Visitor, cy: Visitor, servers: Servers
) -> None:
    room = await ana.make_room(visibility="closed")
    await bo.http.post(await ana.invitation_to(room))
    connection = await asyncpg.connect(servers.database_url)
    await connection.execute("UPDATE room SET kind = 'direct', name = '' WHERE id = $1", room)
    await connection.close()
    before = await state(servers, room)
    for address, form in [*acts(room, bo.id), (f"/rooms/{room}/leave", {})]:
        answer = await ana.http.post(address, data=form)
        assert answer.status_code == 403, address
        assert "This is a conversation between fixed people" in answer.text
    assert (await ana.http.get(f"/rooms/{room}/settings")).status_code == 403
    page = (await ana.http.get(f"/rooms/{room}/members")).text
    assert "/leave" not in page
    assert 'name="action"' not in page
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
            await reader.until(lambda r: r.closed_with, seconds=1)
            assert reader.closed_with == CLOSE_NO_ACCESS
        await stayed.until(lambda r: r.articles[-1].id == last)
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
                await reader.until(lambda r: r.closed_with, seconds=1)
                assert all(seq < removed_at for seq in reader.seqs)


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


async def test_a_new_topic_and_visibility_show_on_open_pages(ana: Visitor, bo: Visitor, second_house: House) -> None:
    room = await ana.make_room()
    await bo.join(room)
    async with Visitor(bo.http, second_house.url).listening(room) as reader:
        await reader.until(lambda r: r.frames)
        await ana.http.post(f"/rooms/{room}/settings", data={"topic": "Leaves & water", "visibility": "closed"})
        frame = await reader.brings(f"[data-about='{room}']", "Leaves &amp; water", 'data-visibility="closed"')
        assert f"[data-room='{room}'] .hash" in frame
        assert "<svg" in frame  # the lock


async def test_a_new_name_shows_in_the_lists_of_those_who_look_at_another_room(
    ana: Visitor, bo: Visitor, second_house: House
) -> None:
    room, other = await ana.make_room(), await bo.make_room()
    await bo.join(room)
    elsewhere = Visitor(bo.http, second_house.url)
    async with elsewhere.listening(other) as reader:
        await reader.until(lambda r: r.frames)
        await ana.http.post(f"/rooms/{room}/settings", data={"name": "Tea <garden>"})
        await reader.until(lambda r: any(f"[data-room='{room}'] .name" in frame for frame in r.frames))
        assert any(">Tea &lt;garden&gt;</span>" in frame for frame in reader.frames)
