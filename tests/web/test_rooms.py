import asyncio
import re
from html import unescape

import asyncpg
import pytest

from tests.conftest import Servers, somebody_waits
from tests.house import House, Visitor


async def test_whoever_makes_a_room_is_in_it_as_its_admin(ana: Visitor) -> None:
    room = await ana.make_room("Garden plans")
    page = await ana.http.get(f"/rooms/{room}")
    assert ">Garden plans</h1>" in page.text
    members = await ana.http.get(f"/rooms/{room}/members")
    assert re.search(
        r'class="name" href="/people/\d+">Ana</a>(<span[^>]*></span>)* <small>admin</small>', members.text
    )


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"name": ""}, "Please give the room a name."),
        ({"name": " \u200b "}, "Please give the room a name."),
        ({"name": "x" * 81}, "This name has 81 characters; it can have 80."),
        ({"name": "Tea", "visibility": "ajar"}, "A room is either open or closed."),
    ],
)
async def test_a_room_that_cannot_be_made_is_refused_beside_the_field(
    ana: Visitor, form: dict[str, str], sentence: str
) -> None:
    answer = await ana.http.post("/rooms", data=form)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert f'value="{form["name"]}"' in answer.text


async def test_an_open_room_is_in_the_directory_and_anyone_signed_in_joins(ana: Visitor, bo: Visitor) -> None:
    room = await ana.make_room("An open room to find")
    directory = await bo.http.get("/rooms")
    assert "An open room to find" in directory.text
    outside = await bo.http.get(f"/rooms/{room}")
    assert "Join the room" in outside.text
    await bo.join(room)
    await bo.join(room)  # safe to repeat
    assert (await bo.post(room, "hello")).status_code == 200
    members = await ana.http.get(f"/rooms/{room}/members")
    assert members.text.count(f'<li data-person="{bo.id}"') == 1


async def test_a_closed_room_is_in_no_directory_and_is_entered_by_its_link(ana: Visitor, bo: Visitor) -> None:
    room = await ana.make_room("A closed room to hide", "closed")
    assert "A closed room to hide" not in (await bo.http.get("/rooms")).text
    assert (await bo.http.post(f"/rooms/{room}/join")).status_code == 404
    link = await ana.invitation_to(room)
    invitation = await bo.http.get(link)
    assert "A closed room to hide" in invitation.text
    answer = await bo.http.post(link)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/rooms/{room}")
    assert (await bo.http.get(f"/rooms/{room}")).status_code == 200


async def test_only_admins_see_the_invitation_link(ana: Visitor, bo: Visitor) -> None:
    room = await ana.make_room()
    await bo.join(room)
    assert "/join/" not in (await bo.http.get(f"/rooms/{room}/members")).text


async def test_a_made_up_invitation_leads_nowhere(ana: Visitor) -> None:
    for answer in (await ana.http.get("/join/made-up"), await ana.http.post("/join/made-up")):
        assert answer.status_code == 404
        assert "This invitation is no longer valid." in answer.text


def addresses(room: int | str) -> list[tuple[str, str]]:
    return [
        ("GET", f"/rooms/{room}"),
        ("GET", f"/rooms/{room}?before=5"),
        ("GET", f"/rooms/{room}/messages"),
        ("GET", f"/rooms/{room}/messages?before=5"),
        ("GET", f"/rooms/{room}/changes?since=0"),
        ("GET", f"/rooms/{room}/members"),
        ("GET", f"/rooms/{room}/mentionable?q=a"),
        ("POST", f"/rooms/{room}/notify"),
        ("POST", f"/rooms/{room}/messages"),
        ("POST", f"/rooms/{room}/join"),
        ("POST", f"/rooms/{room}/leave"),
    ]


@pytest.mark.parametrize("htmx", [False, True])
async def test_a_closed_room_answers_an_outsider_exactly_like_one_that_does_not_exist(
    ana: Visitor, bo: Visitor, htmx: bool
) -> None:
    room = await ana.make_room(visibility="closed")
    await ana.say(room, "between us")
    missing = 2_000_000_000
    headers = {"HX-Request": "true"} if htmx else {}
    for (method, closed), (_, nowhere) in zip(addresses(room), addresses(missing), strict=True):
        answers = [
            await bo.http.request(method, address, headers=headers, data={"body": "hi"} if method == "POST" else None)
            for address in (closed, nowhere)
        ]
        assert [answer.status_code for answer in answers] == [404, 404], closed
        assert answers[0].text.replace(f"/rooms/{room}", "") == answers[1].text.replace(f"/rooms/{missing}", ""), (
            closed
        )
        assert set(answers[0].headers) == set(answers[1].headers)
    assert await ana.version_of(room) == 1


@pytest.mark.parametrize("room", ["abc", "0", "-1", "99999999999", "1.5"])
async def test_an_address_of_no_room_is_not_there(ana: Visitor, room: str) -> None:
    for method, address in addresses(room):
        answer = await ana.http.request(method, address, data={"body": "hi"} if method == "POST" else None)
        assert answer.status_code == 404, address


async def test_an_open_room_shows_an_outsider_its_door_and_nothing_that_was_said(ana: Visitor, bo: Visitor) -> None:
    room = await ana.make_room()
    await ana.say(room, "said inside")
    assert "said inside" not in (await bo.http.get(f"/rooms/{room}")).text
    for method, address in addresses(room)[2:]:
        if not address.endswith("/join"):
            answer = await bo.http.request(method, address, data={"body": "hi"} if method == "POST" else None)
            assert answer.status_code == 403, address
            assert "said inside" not in answer.text


async def test_leaving_ends_what_one_may_see(ana: Visitor, bo: Visitor) -> None:
    room = await ana.make_room(visibility="closed")
    await bo.http.post(await ana.invitation_to(room))
    answer = await bo.http.post(f"/rooms/{room}/leave")
    assert (answer.status_code, answer.headers["location"]) == (303, "/rooms")
    assert (await bo.http.get(f"/rooms/{room}")).status_code == 404
    assert (await bo.post(room, "hi")).status_code == 404


async def test_when_the_last_admin_leaves_the_longest_standing_member_takes_over(
    ana: Visitor, bo: Visitor, house: House
) -> None:
    cy = await Visitor.at(house.url).sign_up("Cy")
    room = await ana.make_room()
    await bo.join(room)
    await cy.join(room)
    await bo.http.post(f"/rooms/{room}/leave")
    await bo.join(room)  # the first to come, but not the longest here
    await ana.http.post(f"/rooms/{room}/leave")
    assert "/join/" in (await cy.http.get(f"/rooms/{room}/members")).text
    assert "/join/" not in (await bo.http.get(f"/rooms/{room}/members")).text


async def test_whoever_comes_first_into_a_room_that_all_have_left_is_its_admin(ana: Visitor, bo: Visitor) -> None:
    room = await ana.make_room()
    await ana.http.post(f"/rooms/{room}/leave")
    await bo.join(room)
    await ana.join(room)
    assert "/join/" in (await bo.http.get(f"/rooms/{room}/members")).text
    assert "/join/" not in (await ana.http.get(f"/rooms/{room}/members")).text


async def test_the_last_to_leave_a_closed_room_comes_back_with_its_invitation_and_is_its_admin(ana: Visitor) -> None:
    room = await ana.make_room(visibility="closed")
    await ana.say(room, "said inside")
    invitation = await ana.invitation_to(room)
    assert "You can only come back with an invitation link." in (await ana.http.get(f"/rooms/{room}/members")).text
    await ana.http.post(f"/rooms/{room}/leave")
    assert (await ana.http.get(f"/rooms/{room}")).status_code == 404
    assert (await ana.http.post(invitation)).status_code == 303
    assert "said inside" in (await ana.http.get(f"/rooms/{room}")).text
    assert await ana.invitation_to(room) == invitation  # which only admins are shown


async def test_an_admin_and_the_heir_leaving_at_once_leave_a_room_with_an_admin(
    ana: Visitor, bo: Visitor, house: House
) -> None:
    last = await Visitor.at(house.url).sign_up("Last")
    for _ in range(10):
        room = await ana.make_room()
        await bo.join(room)
        await last.join(room)
        await asyncio.gather(*[who.http.post(f"/rooms/{room}/leave") for who in (ana, bo)])
        assert "/join/" in (await last.http.get(f"/rooms/{room}/members")).text


@pytest.mark.parametrize(
    ("method", "address", "data"),
    [
        ("GET", "/join/%00", None),
        ("POST", "/join/%00", {}),
        ("GET", "/sign-up?invite=%00", None),
        ("POST", "/sign-up", {"invite": "\0", "name": "x"}),
        ("POST", "/sign-in", {"email": "\0", "password": "\0"}),
        ("POST", "/theme", {"next": "/茶"}),
        ("GET", "/sign-in?next=/茶", None),
        ("GET", "/%ff%fe", None),
        ("GET", "/rooms/%00", None),
        ("PUT", "/rooms", {}),
    ],
)
async def test_odd_input_never_is_our_mistake(stranger: Visitor, method: str, address: str, data) -> None:
    answer = await stranger.http.request(method, address, data=data)
    assert answer.status_code < 500


@pytest.mark.parametrize("charset", ["nonsense", "rot13", "hex", "unicode_escape", "punycode", "utf-16"])
async def test_a_part_in_an_unknown_charset_is_refused(ana: Visitor, charset: str) -> None:
    room = await ana.make_room()
    part = (
        f'--x\r\nContent-Disposition: form-data; name="body"\r\nContent-Type: text/plain; charset={charset}\r\n\r\n'
    )
    answer = await ana.http.post(
        f"/rooms/{room}/messages",
        content=part.encode() + b"\\ud800\r\n--x--\r\n",
        headers={"Content-Type": "multipart/form-data; boundary=x", "HX-Request": "true"},
    )
    assert answer.status_code in (400, 422)
    assert await ana.version_of(room) == 0


async def test_the_front_door_leads_to_the_last_room(ana: Visitor, bo: Visitor) -> None:
    assert (await ana.http.get("/")).headers["location"] == "/rooms"
    first, second = await ana.make_room(), await ana.make_room()
    await ana.http.get(f"/rooms/{first}")
    assert (await ana.http.get("/")).headers["location"] == f"/rooms/{first}"
    await ana.http.post(f"/rooms/{first}/leave")
    assert (await ana.http.get("/")).headers["location"] == f"/rooms/{second}"
    for nowhere in ("0", "-1", "tea", str(2**31), "9" * 18, "9" * 30):
        cookies = f"teahouse_session={ana.http.cookies['teahouse_session']}; teahouse_room={nowhere}"
        assert (await ana.http.get("/", headers={"Cookie": cookies})).headers["location"] == f"/rooms/{second}"


async def test_signed_out_nothing_of_a_room_can_be_reached(ana: Visitor, stranger: Visitor) -> None:
    room = await ana.make_room()
    await ana.say(room, "said inside")
    for method, address in addresses(room):
        answer = await stranger.http.request(method, address, data={"body": "hi"} if method == "POST" else None)
        assert answer.status_code == 303, address
        assert answer.headers["location"].startswith("/sign-in")
        htmx = await stranger.http.request(method, address, headers={"HX-Request": "true"})
        assert htmx.status_code == 401, address
    assert await ana.version_of(room) == 1


async def test_who_is_not_in_an_open_room_finds_its_door_where_its_members_and_its_join_form_are(
    ana: Visitor, bo: Visitor
) -> None:
    room = await ana.make_room()
    answer = await bo.http.get(f"/rooms/{room}/members")
    assert answer.status_code == 403
    assert f'action="/rooms/{room}/join"' in unescape(answer.text)
    assert (await bo.http.get(f"/rooms/{room}/join")).headers["location"] == f"/rooms/{room}"
    closed = await ana.make_room(visibility="closed")
    for address in ("members", "join"):
        assert (await bo.http.get(f"/rooms/{closed}/{address}")).status_code == 404


@pytest.mark.parametrize("by", ["the directory", "an invitation"])
async def test_whoever_joins_while_the_room_is_being_closed_to_them_stays_outside(
    ana: Visitor, bo: Visitor, servers: Servers, by: str
) -> None:
    room = await ana.make_room(visibility="open" if by == "the directory" else "closed")
    way = f"/rooms/{room}/join" if by == "the directory" else await ana.invitation_to(room)
    connection = await asyncpg.connect(servers.database_url)
    async with connection.transaction():
        await connection.execute("SELECT FROM room WHERE id = $1 FOR UPDATE", room)
        joining = asyncio.create_task(bo.http.post(way))
        await somebody_waits(connection)
        await connection.execute(
            "UPDATE room SET visibility = 'closed', invite_code = 'another ' || id WHERE id = $1", room
        )
    assert (await joining).status_code == 404
    people = await connection.fetchval("SELECT count(*) FROM membership WHERE room = $1", room)
    await connection.close()
    assert people == 1
