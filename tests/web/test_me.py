import asyncio
import re
from collections.abc import AsyncIterator

import asyncpg
import pytest

from app.realtime.listener import CLOSE_SIGNED_OUT
from tests.conftest import Servers
from tests.house import AT_ONCE_SECONDS, PASSWORD, PATIENCE_SECONDS, House, Visitor


async def on_another_device(visitor: Visitor, house: House, user_agent: str = "") -> Visitor:
    device = Visitor.at(house.url)
    device.http.headers["user-agent"] = user_agent
    answer = await device.http.post("/sign-in", data={"email": visitor.email, "password": PASSWORD})
    assert answer.status_code == 303
    return device


def revoke_addresses(page: str) -> list[str]:
    return re.findall(r'action="(/me/devices/\d+/revoke)"', page)


async def test_a_new_name_stands_beside_old_and_new_messages(ana: Visitor) -> None:
    room = await ana.make_room()
    await ana.say(room, "hello")
    assert (await ana.http.post("/me", data={"name": " Ana   Maria "})).status_code == 303
    assert '<b class="author">Ana Maria</b>' in (await ana.http.get(f"/rooms/{room}/messages")).text


@pytest.mark.parametrize("name", ["", " \u200b ", "\u3164 \u2800", "\uffa0\u0301", "x" * 61, "a\0b"])
async def test_a_name_that_cannot_be_seen_or_is_too_long_changes_nothing(ana: Visitor, name: str) -> None:
    answer = await ana.http.post("/me", data={"name": name})
    assert answer.status_code == 422
    assert 'id="name-problem"' in answer.text
    assert f'<span class="name" data-name-of="{ana.id}">Ana</span>' in (await ana.http.get("/me")).text


async def test_a_new_password_counts_and_signs_out_the_other_devices(ana: Visitor, house: House) -> None:
    phone = await on_another_device(ana, house)
    room = await ana.make_room()
    async with phone.listening(room) as reader:
        await ana.say(room, "hello")
        await reader.until(lambda r: r.articles)
        form = {"current": PASSWORD, "password": "another long password"}
        assert (await ana.http.post("/me/password", data=form)).status_code == 303
        await reader.until(lambda r: r.closed_with, seconds=AT_ONCE_SECONDS)
        assert reader.closed_with == CLOSE_SIGNED_OUT
    assert (await phone.http.get("/me")).status_code == 303
    assert (await ana.http.get("/me")).status_code == 200
    old = await phone.http.post("/sign-in", data={"email": ana.email, "password": PASSWORD})
    new = await phone.http.post("/sign-in", data={"email": ana.email, "password": "another long password"})
    assert (old.status_code, new.status_code) == (422, 303)


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"current": "wrong password", "password": "another long password"}, "current"),
        ({"current": PASSWORD, "password": "short"}, "password"),
    ],
)
async def test_a_refused_password_changes_nothing(
    ana: Visitor, house: House, form: dict[str, str], field: str
) -> None:
    phone = await on_another_device(ana, house)
    answer = await ana.http.post("/me/password", data=form)
    assert answer.status_code == 422
    assert f'id="{field}-problem"' in answer.text
    assert (await phone.http.get("/me")).status_code == 200


async def test_of_two_devices_that_change_the_password_at_once_one_does_and_stays(ana: Visitor, house: House) -> None:
    phone = await on_another_device(ana, house)
    forms = [{"current": PASSWORD, "password": f"another long password {n}"} for n in range(2)]
    answers = await asyncio.gather(
        *(device.http.post("/me/password", data=form) for device, form in zip((ana, phone), forms, strict=True))
    )
    changed = [answer.headers.get("location") == "/me?saved=password" for answer in answers]
    assert sorted(changed) == [False, True]
    assert [(await device.http.get("/me")).status_code == 200 for device in (ana, phone)] == changed


async def test_whoever_was_signed_out_while_they_sent_changes_nothing(ana: Visitor, house: House) -> None:
    phone = await on_another_device(ana, house)

    async def form() -> AsyncIterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="name"\r\n\r\nSomebody else'
        assert (await ana.http.post("/me/devices/others/revoke")).status_code == 303
        yield b"\r\n--x--\r\n"

    kind = {"content-type": "multipart/form-data; boundary=x"}
    answer = await phone.http.post("/me", content=form(), headers=kind)
    assert answer.headers["location"] == "/sign-in"
    assert 'value="Ana"' in (await ana.http.get("/me")).text


async def test_one_device_can_be_signed_out_from_another(ana: Visitor, house: House) -> None:
    phone = await on_another_device(ana, house, "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0) Version/19 Safari/604.1")
    page = (await ana.http.get("/me/devices")).text
    assert "Safari 19 on iPhone" in page
    assert page.index("data-current") < page.index("Safari 19 on iPhone")
    own, other = revoke_addresses(page)
    assert (await ana.http.post(other)).status_code == 303
    assert (await phone.http.get("/me")).status_code == 303
    answer = await ana.http.post(own)
    assert answer.headers["location"] == "/sign-in"
    assert (
        "You were signed out here" not in (await ana.http.get("/sign-in")).text
    )  # as one is who was signed out elsewhere
    assert (await ana.http.get("/me")).status_code == 303


async def test_the_page_of_devices_says_when_each_was_used_last(
    ana: Visitor, house: House, second_house: House, servers: Servers
) -> None:
    phone, _ = [await on_another_device(ana, house) for _ in range(2)]  # both have seen no page yet
    connection = await asyncpg.connect(servers.database_url)
    await connection.execute("UPDATE login_session SET seen_at = '2025-01-02 03:04Z' WHERE person = $1", ana.id)
    await connection.close()

    async def last_used() -> list[bool]:
        """Of the other devices in the order of the page: whether it was lately."""
        page = (await ana.http.get("/me/devices")).text
        return [not day.startswith("2025") for day in re.findall(r'last used <time datetime="([^"]+)"', page)]

    assert await last_used() == [False, False]
    elsewhere = Visitor.at(second_house.url)
    elsewhere.http.cookies = phone.http.cookies
    assert (await elsewhere.http.get("/rooms")).status_code == 200
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await last_used() == [False, False]:
            await asyncio.sleep(0.1)
    assert await last_used() == [True, False]


async def test_two_versions_of_one_browser_can_be_told_apart(ana: Visitor, house: House) -> None:
    for version in (141, 142):
        await on_another_device(ana, house, f"Mozilla/5.0 (X11; Linux x86_64) Chrome/{version}.0.0.0 Safari/537.36")
    await on_another_device(ana, house, "Mozilla/5.0 (Windows NT 10.0) Chrome/142.0 Safari/537.36 Edg/143.0.1")
    page = (await ana.http.get("/me/devices")).text
    names = ["Chrome 141 on Linux", "Chrome 142 on Linux", "Edge 143 on Windows"]
    assert [name for name in names if name in page] == names


async def test_all_others_can_be_signed_out_at_once(ana: Visitor, house: House) -> None:
    others = [await on_another_device(ana, house) for _ in range(2)]
    assert (await ana.http.post("/me/devices/others/revoke")).status_code == 303
    assert [(await other.http.get("/me")).status_code for other in others] == [303, 303]
    assert len(revoke_addresses((await ana.http.get("/me/devices")).text)) == 1


async def test_somebody_elses_device_is_not_there(ana: Visitor, bo: Visitor) -> None:
    (of_ana,) = revoke_addresses((await ana.http.get("/me/devices")).text)
    for address in (of_ana, "/me/devices/0/revoke", "/me/devices/99999999999/revoke"):
        assert (await bo.http.post(address)).status_code == 404
    assert (await ana.http.get("/me")).status_code == 200


async def test_whoever_changed_something_about_themselves_is_told_so(ana: Visitor) -> None:
    passwords = {"current": PASSWORD, "password": "another long password"}
    for address, form, sentence in (
        ("/me", {"name": "Ana of the garden"}, "Your name is changed."),
        ("/me", {"remove-picture": "yes"}, "Your picture is changed."),
        ("/me/password", passwords, "Your password is changed."),
    ):
        assert sentence not in (await ana.http.get("/me")).text
        answer = await ana.http.post(address, data=form)
        assert sentence in (await ana.http.get(answer.headers["location"])).text


async def test_a_device_that_was_signed_out_from_elsewhere_says_why(ana: Visitor, house: House) -> None:
    phone = await on_another_device(ana, house)
    await ana.http.post("/me/devices/others/revoke")
    answer = await phone.http.get((await phone.http.get("/rooms")).headers["location"])
    assert "You were signed out here" in answer.text
    await ana.http.post("/sign-out")  # by oneself
    assert "You were signed out here" not in (await ana.http.get("/sign-in")).text
