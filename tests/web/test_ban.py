"""Administrators of the server ban accounts; nobody else does."""

import asyncio
import re

import asyncpg
import pytest

from app.realtime.listener import CLOSE_NO_ACCESS, CLOSE_SIGNED_OUT
from tests.conftest import Servers
from tests.house import AT_ONCE_SECONDS, PASSWORD, PATIENCE_SECONDS, House, Visitor

SENTENCE = "This account was banned by an administrator of this server."


@pytest.fixture
async def root(house: House, servers: Servers) -> Visitor:
    """An administrator."""
    visitor = await Visitor.at(house.url).sign_up("Root")
    await make_administrator(servers, visitor)
    return visitor


async def make_administrator(servers: Servers, visitor: Visitor) -> None:
    connection = await asyncpg.connect(servers.database_url)
    await connection.execute("UPDATE person SET is_admin = true WHERE id = $1", visitor.id)
    await connection.close()
    async with asyncio.timeout(PATIENCE_SECONDS):  # no event told the workers
        while "/administration" not in (await visitor.http.get("/rooms")).text:
            pass


async def sessions_of(servers: Servers, visitor: Visitor) -> int:
    connection = await asyncpg.connect(servers.database_url)
    count = await connection.fetchval("SELECT count(*) FROM login_session WHERE person = $1", visitor.id)
    await connection.close()
    return count


async def sign_in(visitor: Visitor, at: str, password: str = PASSWORD):
    return await Visitor.at(at).http.post("/sign-in", data={"email": visitor.email, "password": password})


async def test_a_ban_ends_every_sign_in_and_refuses_new_ones(
    root: Visitor, bo: Visitor, house: House, servers: Servers
) -> None:
    room = await root.make_room()
    link = await root.invitation_to(room)
    assert (await sign_in(bo, house.url)).status_code == 303
    answer = await root.http.post(f"/people/{bo.id}/ban")
    assert (answer.status_code, answer.headers["location"]) == (303, "/administration")
    assert await sessions_of(servers, bo) == 0
    for request in (
        bo.http.get("/rooms"),
        bo.http.post(link),
        bo.http.post(f"/rooms/{room}/join"),
        bo.post(room, "hi", htmx=False),
    ):
        assert (await request).headers["location"].startswith("/sign-in")
    right = await sign_in(bo, house.url)
    assert right.status_code == 403
    assert SENTENCE in right.text
    assert "teahouse_session" not in right.cookies
    wrong = await sign_in(bo, house.url, "a wrong password")
    assert wrong.status_code == 422
    assert "banned" not in wrong.text
    again = {"name": "Bo", "email": bo.email, "password": PASSWORD, "invite": link.removeprefix("/join/")}
    assert (await Visitor.at(house.url).http.post("/sign-up", data=again)).status_code == 422
    assert await sessions_of(servers, bo) == 0
    await root.http.post(f"/people/{bo.id}/unban")
    assert (await sign_in(bo, house.url)).status_code == 303


@pytest.mark.parametrize("act", ["ban", "unban"])
@pytest.mark.parametrize("htmx", [False, True])
async def test_nobody_but_an_administrator_bans(ana: Visitor, bo: Visitor, act: str, htmx: bool) -> None:
    headers = {"HX-Request": "true"} if htmx else {}
    await ana.make_room()  # a room's admin is none of the server
    answer = await ana.http.post(f"/people/{bo.id}/{act}", headers=headers)
    assert answer.status_code == 403
    assert "Only administrators of this server can do this." in answer.text
    assert (await bo.http.get("/rooms")).status_code == 200


async def test_the_page_of_accounts_is_for_administrators_and_finds_by_name(
    root: Visitor, ana: Visitor, servers: Servers
) -> None:
    connection = await asyncpg.connect(servers.database_url)
    people = await connection.fetch(
        "INSERT INTO person (email, name, password_hash, is_admin) "
        "SELECT gen_random_uuid() || '@example.org', 'Rare name ' || n, '', false FROM generate_series(1, 52) AS n "
        "RETURNING id"
    )
    await connection.close()
    ids = sorted(row["id"] for row in people)
    assert (await ana.http.get("/administration")).status_code == 403
    assert "/administration" not in (await ana.http.get("/rooms")).text
    assert "/administration" in (await root.http.get("/rooms")).text
    page = (await root.http.get("/administration", params={"q": "rARE name"})).text
    assert f'action="/people/{ids[0]}/ban"' in page
    assert f'data-person="{root.id}"' not in page
    assert page.count("<li data-person=") == 50
    more = (await root.http.get("/administration", params={"q": "rare name", "after": ids[49]})).text
    assert more.count("<li data-person=") == 2
    assert f"after={ids[49]}" in page
    for odd in ("after=-1", "after=99999999999999", "q=%00", "q=%25"):
        assert (await root.http.get(f"/administration?{odd}")).status_code == 200


@pytest.mark.parametrize("person", ["0", "2000000000", "99999999999", "-1", "abc"])
async def test_nobody_is_not_banned(root: Visitor, person: str) -> None:
    assert (await root.http.post(f"/people/{person}/ban")).status_code == 404
    assert (await root.http.post(f"/people/{person}/unban")).status_code == 404


async def test_an_administrator_bans_another_but_not_oneself_so_the_last_one_stays(
    root: Visitor, ana: Visitor, servers: Servers
) -> None:
    await make_administrator(servers, ana)
    answer = await root.http.post(f"/people/{root.id}/ban")
    assert answer.status_code == 403
    assert "You cannot ban yourself." in answer.text
    assert (await root.http.post(f"/people/{ana.id}/ban")).status_code == 303
    assert (await root.http.get("/administration")).status_code == 200


async def test_of_two_administrators_who_ban_each_other_at_once_one_stays(servers: Servers, house: House) -> None:
    for _ in range(6):
        pair = [await Visitor.at(house.url).sign_up() for _ in range(2)]
        for one in pair:
            await make_administrator(servers, one)
        await asyncio.gather(
            pair[0].http.post(f"/people/{pair[1].id}/ban"), pair[1].http.post(f"/people/{pair[0].id}/ban")
        )
        assert sorted([await sessions_of(servers, one) for one in pair]) == [0, 1]


async def test_sign_ins_that_race_a_ban_leave_no_session(
    root: Visitor, house: House, second_house: House, servers: Servers
) -> None:
    for _ in range(4):
        bo = await Visitor.at(house.url).sign_up("Bo")
        tries = [sign_in(bo, url) for url in (house.url, second_house.url) for _ in range(3)]
        await root.http.get("/rooms")  # a connection that idled while Bo signed up may be closing
        await asyncio.gather(*tries[:3], root.http.post(f"/people/{bo.id}/ban"), *tries[3:])
        assert await sessions_of(servers, bo) == 0


async def test_a_banned_persons_sockets_close_on_every_worker_within_a_second(
    root: Visitor, bo: Visitor, second_house: House
) -> None:
    room = await root.make_room()
    await bo.join(room)
    elsewhere = Visitor(bo.http, second_house.url)
    async with bo.listening(room) as here, elsewhere.listening(room) as there, root.listening(room) as stayed:
        await root.say(room, "before")
        for reader in (here, there):
            await reader.until(lambda r: r.articles)
        await root.http.post(f"/people/{bo.id}/ban")
        for reader in (here, there):
            await reader.until(lambda r: r.closed_with, seconds=AT_ONCE_SECONDS)
            assert reader.closed_with == CLOSE_NO_ACCESS
        await root.say(room, "after")
        await stayed.until(lambda r: len(r.articles) == 2)
        assert (len(here.articles), len(there.articles)) == (1, 1)
    for visitor in (bo, elsewhere):
        async with visitor.listening(room) as resumed:
            await resumed.until(lambda r: r.closed_with)
            assert (resumed.closed_with, resumed.frames) == (CLOSE_SIGNED_OUT, [])
    assert f'data-person="{bo.id}"' in (await root.http.get(f"/rooms/{room}/members")).text  # the membership stays


async def test_a_banned_person_is_not_added_and_does_not_inherit_a_room(
    root: Visitor, ana: Visitor, bo: Visitor, house: House
) -> None:
    room = await ana.make_room()
    await bo.join(room)
    cy = await (await Visitor.at(house.url).sign_up("Cy")).join(room)
    await root.http.post(f"/people/{bo.id}/ban")
    other = await ana.make_room()
    assert (await ana.http.post(f"/rooms/{other}/members", data={"person": bo.id})).status_code == 422
    refused = await ana.http.post("/direct", data={"person": bo.id})
    assert (refused.status_code, "Somebody you chose has no account here" in refused.text) == (404, True)
    await ana.http.post(f"/rooms/{room}/leave")
    assert (await cy.http.get(f"/rooms/{room}/settings")).status_code == 200


async def test_a_banned_admins_rooms_pass_to_whoever_has_been_there_longest(
    root: Visitor, ana: Visitor, bo: Visitor, house: House, second_house: House
) -> None:
    cy = await Visitor.at(house.url).sign_up("Cy")
    orphaned, shared, empty = await ana.make_room("Orphaned"), await ana.make_room(), await ana.make_room()
    for room in (orphaned, shared):
        await bo.join(room)
        await cy.join(room)
    await ana.http.post(f"/rooms/{shared}/members/{cy.id}", data={"action": "make-admin"})
    answer = await ana.http.post("/direct", data={"person": bo.id})
    direct = answer.headers["location"]
    admin = re.compile(rf'id="person-{bo.id}".*data-role="admin"')
    assert not admin.search((await cy.http.get(f"/rooms/{orphaned}")).text)  # and now it is kept
    async with Visitor(cy.http, second_house.url).listening(orphaned) as reader:
        await reader.brings(f'id="person-{bo.id}"')
        await root.http.post(f"/people/{ana.id}/ban")
        await reader.until(lambda r: any(admin.search(frame) for frame in r.frames))
    assert admin.search((await cy.http.get(f"/rooms/{orphaned}")).text)
    assert (await bo.http.get(f"/rooms/{orphaned}/settings")).status_code == 200
    assert (await cy.http.get(f"/rooms/{orphaned}/settings")).status_code == 403
    assert (await cy.http.get(f"/rooms/{shared}/settings")).status_code == 200
    assert (await bo.http.get(f"/rooms/{shared}/settings")).status_code == 403
    assert (await bo.http.get(f"{direct}/settings")).status_code == 403
    lines = [line for line in (await root.http.get("/audit")).text.split("<li ") if 'data-act="make-admin"' in line]
    assert any(all(f">{name}</" in line for name in ("Root", "Bo", "Orphaned")) for line in lines)
    await root.http.post(f"/people/{ana.id}/unban")
    await sign_in_again(ana)
    for room in (orphaned, shared, empty):
        assert (await ana.http.get(f"/rooms/{room}/settings")).status_code == 200


async def test_an_admin_beside_whom_all_others_are_banned_stays_one(root: Visitor, ana: Visitor, bo: Visitor) -> None:
    room = await ana.make_room()
    await bo.join(room)
    await ana.http.post(f"/rooms/{room}/members/{bo.id}", data={"action": "make-admin"})
    await root.http.post(f"/people/{bo.id}/ban")
    answer = await ana.http.post(f"/rooms/{room}/members/{ana.id}", data={"action": "make-member"})
    assert answer.status_code == 403
    assert "This is the last admin." in answer.text
    assert (await ana.http.get(f"/rooms/{room}/settings")).status_code == 200


async def test_whoever_comes_back_to_a_room_of_banned_people_looks_after_it(
    root: Visitor, ana: Visitor, bo: Visitor
) -> None:
    room = await ana.make_room()
    await bo.join(room)
    for person in (bo, ana):
        await root.http.post(f"/people/{person.id}/ban")
    await root.http.post(f"/people/{bo.id}/unban")
    await sign_in_again(bo)
    assert (await bo.http.get(f"/rooms/{room}/settings")).status_code == 200


async def sign_in_again(visitor: Visitor) -> None:
    answer = await visitor.http.post("/sign-in", data={"email": visitor.email, "password": PASSWORD})
    assert answer.status_code == 303


async def test_who_was_banned_is_not_among_the_people_and_marked_in_the_list_of_members(
    root: Visitor, bo: Visitor, house: House
) -> None:
    room = await root.make_room()
    await bo.join(room)
    assert f'id="person-{bo.id}" data-person="{bo.id}"' in (await root.http.get(f"/rooms/{room}")).text
    members = (await root.http.get(f"/rooms/{room}/members")).text
    assert "make-admin" in members
    assert ">banned<" not in members
    async with root.listening(room) as reader:
        async with bo.listening(room):
            await reader.brings(f'data-person="{bo.id}" data-status="online"')
            await root.http.post(f"/people/{bo.id}/ban")
        await reader.brings(f'id="person-{bo.id}" hidden')
    assert f'data-person="{bo.id}"' not in (await root.http.get(f"/rooms/{room}")).text.split('id="people"')[1]
    members = (await root.http.get(f"/rooms/{room}/members")).text
    assert ">banned<" in members
    assert "make-admin" not in members
    assert "Change…" not in members
    assert "Remove…</summary>" in members
    assert 'value="remove"' in members


async def test_the_page_of_who_was_banned_says_so(root: Visitor, bo: Visitor) -> None:
    room = await root.make_room()
    await bo.join(room)
    await root.http.post(f"/people/{bo.id}/ban")
    page = (await bo.http.get(f"/rooms/{room}/gone")).text
    assert "You are no longer in this room" in page
    assert "banned your account" in page
    elsewhere = (await root.http.get(f"/rooms/{room + 1_000_000}/gone")).text
    assert "You are no longer in this room" in elsewhere
    assert "banned" not in elsewhere
