"""Admins and members of a room: what admins may do, and that nobody else may, by form and by crafted request."""

import asyncio
import re

import asyncpg
import pytest

from tests.conftest import Servers
from tests.house import House, Visitor


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
