import asyncio
import re

import asyncpg
import pytest

from tests.conftest import OpenHouse, Servers
from tests.house import PASSWORD, House, Visitor

GOOD = {"name": "Mei Lin", "email": "mei@example.org", "password": PASSWORD}


def set_cookies(answer) -> dict[str, str]:
    """The Set-Cookie headers by cookie name."""
    return {header.split("=")[0]: header for header in answer.headers.get_list("set-cookie")}


async def test_signing_up_leads_into_the_house_with_a_guarded_cookie(stranger: Visitor) -> None:
    answer = await stranger.http.post("/sign-up", data=GOOD | {"email": "guarded@example.org"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = set_cookies(answer)["teahouse_session"]
    assert "HttpOnly" in cookie
    assert "samesite=lax" in cookie.lower()
    assert "secure" not in cookie.lower()  # this house is served over plain http


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"name": ""}, "Please enter a name that others can see."),
        ({"name": " \u200b\u2060\u3000 "}, "Please enter a name that others can see."),
        ({"name": "\u3164\u115f\u2800"}, "Please enter a name that others can see."),  # letters, but nothing is drawn
        ({"name": "x" * 61}, "This name has 61 characters; it can have 60."),
        ({"email": "nobody"}, "This does not look like an email address."),
        ({"email": "a@b c"}, "This does not look like an email address."),
        ({"email": "a@" + "x" * 300}, "This does not look like an email address."),
        ({"email": "a\0@example.org"}, "This does not look like an email address."),
        ({"password": "short"}, "Please choose a password of at least 8 characters."),
        ({"password": "x" * 201}, "This password is longer than 200 characters."),
    ],
)
async def test_a_refused_sign_up_comes_back_with_what_was_typed(
    stranger: Visitor, wrong: dict[str, str], sentence: str
) -> None:
    form = GOOD | {"name": "<Typed> & kept", "email": "typed@example.org"} | wrong
    answer = await stranger.http.post("/sign-up", data=form)
    assert answer.status_code == 422
    field = next(iter(wrong))
    assert f'id="{field}-problem">{sentence}</p>' in answer.text
    assert form["password"] not in answer.text
    if field != "name":
        assert 'value="&lt;Typed&gt; &amp; kept"' in answer.text
    if field != "email":
        assert 'value="typed@example.org"' in answer.text
    assert (await stranger.http.get("/rooms")).status_code == 303  # nobody was let in


async def test_an_email_has_one_account_however_it_is_written(stranger: Visitor, ana: Visitor) -> None:
    answer = await stranger.http.post("/sign-up", data=GOOD | {"email": f" {ana.email.upper()} "})
    assert answer.status_code == 422
    assert "There is already an account with this email." in answer.text


async def test_signing_in_gives_a_new_token_each_time(ana: Visitor, stranger: Visitor) -> None:
    form = {"email": ana.email.upper(), "password": PASSWORD}
    answers = [await stranger.http.post("/sign-in", data=form) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    tokens = {set_cookies(answer)["teahouse_session"] for answer in answers}
    assert len(tokens) == 2
    assert (await stranger.http.get("/rooms")).status_code == 200


async def test_a_token_that_the_visitor_chose_is_not_adopted(stranger: Visitor, ana: Visitor) -> None:
    stranger.http.cookies.set("teahouse_session", "chosen")
    assert (await stranger.http.get("/rooms")).status_code == 303
    await stranger.http.post("/sign-in", data={"email": ana.email, "password": PASSWORD})
    assert "chosen" not in stranger.http.cookies.jar._cookies.values()


async def test_an_unknown_email_and_a_wrong_password_look_the_same(ana: Visitor, stranger: Visitor) -> None:
    pages = []
    for email, password in ((ana.email, "wrong password"), ("nobody@example.org", PASSWORD)):
        answer = await stranger.http.post("/sign-in", data={"email": email, "password": password})
        assert answer.status_code == 422
        assert f'value="{email}"' in answer.text
        pages.append(answer.text.replace(email, ""))
    assert pages[0] == pages[1]
    assert "Wrong email or password." in pages[0]


async def test_signing_out_ends_the_session_for_good(ana: Visitor, house: House) -> None:
    token = ana.http.cookies["teahouse_session"]
    answer = await ana.http.post("/sign-out")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    thief = Visitor.at(house.url)
    thief.http.cookies.set("teahouse_session", token)
    assert (await thief.http.get("/rooms")).status_code == 303


async def test_signed_out_pages_lead_to_the_sign_in_page_and_back(stranger: Visitor, ana: Visitor) -> None:
    room = await ana.make_room()
    answer = await stranger.http.get(f"/rooms/{room}")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/sign-in?next=/rooms/{room}")
    assert (await stranger.http.get("/")).headers["location"] == "/sign-in"
    assert (await stranger.http.get("/rooms", headers={"HX-Request": "true"})).status_code == 401
    form = {"email": ana.email, "password": PASSWORD, "next": f"/rooms/{room}"}
    assert (await stranger.http.post("/sign-in", data=form)).headers["location"] == f"/rooms/{room}"


@pytest.mark.parametrize("elsewhere", ["https://example.com/", "//example.com", "/\\example.com", "/a\r\nX: y", "x"])
async def test_signing_in_leads_to_no_other_site(stranger: Visitor, ana: Visitor, elsewhere: str) -> None:
    form = {"email": ana.email, "password": PASSWORD, "next": elsewhere}
    assert (await stranger.http.post("/sign-in", data=form)).headers["location"] == "/"


async def test_of_many_first_accounts_at_once_one_administers(servers: Servers, open_house: OpenHouse) -> None:
    own = await servers.empty_database()
    house = await open_house(own, WORKERS="2")
    visitors = [Visitor.at(house.url) for _ in range(6)]
    assert (await visitors[0].http.get("/sign-in")).headers["location"] == "/sign-up"
    await asyncio.gather(*[visitor.sign_up() for visitor in visitors])
    connection = await asyncpg.connect(own.database_url)
    assert await connection.fetchval("SELECT count(*) FROM person WHERE is_admin") == 1
    await connection.close()


async def test_by_invitation_only_the_first_account_and_invited_ones_come_in(
    servers: Servers, open_house: OpenHouse
) -> None:
    own = await servers.empty_database()
    house = await open_house(own, SIGN_UP="invited")
    host = await Visitor.at(house.url).sign_up("Host")
    room = await host.make_room("Tea room", "closed")
    uninvited = Visitor.at(house.url)
    assert (await uninvited.http.get("/sign-up")).status_code == 403
    refused = await uninvited.http.post("/sign-up", data=GOOD | {"invite": "made-up"})
    assert refused.status_code == 403
    assert "You need an invitation link" in refused.text

    link = await host.invitation_to(room)
    page = await uninvited.http.get(link)
    assert "Tea room" in page.text
    invite = re.search(r'href="/sign-up\?invite=([^"]+)"', page.text).group(1)
    assert "Tea room" in (await uninvited.http.get(f"/sign-up?invite={invite}")).text
    answer = await uninvited.http.post("/sign-up", data=GOOD | {"invite": invite})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/rooms/{room}")
    assert (await uninvited.http.get(f"/rooms/{room}")).status_code == 200


async def test_cookies_are_secure_behind_https(open_house: OpenHouse) -> None:
    house = await open_house(BASE_URL="https://chat.example.org")
    answer = await Visitor.at(house.url).http.post("/sign-up", data=GOOD | {"email": "secure@example.org"})
    assert "secure" in set_cookies(answer)["teahouse_session"].lower()


async def test_sign_in_attempts_are_limited_but_the_owners_device_still_gets_in(
    open_house: OpenHouse,
) -> None:
    house = await open_house(WORKERS="2", LIMITS="on")
    owner = await Visitor.at(house.url).sign_up()
    await owner.http.post("/sign-out")
    guesser = Visitor.at(house.url)
    guess = {"email": owner.email, "password": "a wrong guess"}
    answers = await asyncio.gather(*[guesser.http.post("/sign-in", data=guess) for _ in range(16)])
    statuses = [answer.status_code for answer in answers]
    assert statuses.count(422) == 10  # the bucket's ten, counted once over both workers
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert int(refused.headers["retry-after"]) > 0
    assert "Too many tries. Please wait" in refused.text
    assert f'value="{owner.email}"' in refused.text

    right = {"email": owner.email, "password": PASSWORD}
    assert (await guesser.http.post("/sign-in", data=right)).status_code == 429
    assert (await owner.http.post("/sign-in", data=right)).status_code == 303
    other = await Visitor.at(house.url).sign_up()  # another account is not concerned
    assert (await other.http.get("/rooms")).status_code == 200


async def test_the_theme_is_kept_without_an_account(stranger: Visitor) -> None:
    await stranger.http.post("/theme", data={"theme": "dark", "next": "/sign-in"})
    assert 'data-theme="dark"' in (await stranger.http.get("/sign-in")).text
    await stranger.http.post("/theme", data={"theme": "<b>"})
    assert "data-theme" not in (await stranger.http.get("/sign-in")).text
