"""Links to rooms and messages of this server: shown by a name where everybody may know it, and nowhere else."""

import re
from uuid import uuid4

from tests.house import Visitor

LINK = re.compile(r'<a href="([^"]+)" class="to-(room|message)(?: unnamed)?" rel="noopener nofollow">([^<]*)</a>')


def links(html: str) -> list[tuple[str, str, str]]:
    """(path, kind, text) of the links to here in messages, which all open in the same tab."""
    return LINK.findall(html)


async def said(who: Visitor, room: int, body: str) -> list[tuple[str, str, str]]:
    answer = await who.post(room, body)
    assert answer.status_code == 200, answer.text
    return links(answer.text)


async def test_a_link_to_an_open_room_or_its_messages_is_shown_by_the_rooms_name(ana: Visitor, bo: Visitor) -> None:
    garden, kitchen = await bo.make_room("Garden <b>"), await ana.make_room("Kitchen")
    message = await bo.say(garden, "a rose")
    assert await said(ana, kitchen, f"{ana.url}/rooms/{garden} {ana.url}/messages/{message}") == [
        (f"/rooms/{garden}", "room", "#Garden &lt;b&gt;"),
        (f"/messages/{message}", "message", "#Garden &lt;b&gt;"),
    ]
    around = f"{ana.url}/rooms/{garden}?around={message}"
    assert await said(ana, kitchen, around) == [(f"/messages/{message}", "message", "#Garden &lt;b&gt;")]
    page = (await ana.http.get(f"/rooms/{kitchen}")).text
    assert "a rose" not in page
    assert len(links(page)) == 3


async def test_a_closed_rooms_name_is_not_told_in_another_room_not_even_by_its_own_people(ana: Visitor) -> None:
    """Whoever reads cannot tell a closed room from one that does not exist."""
    secret, kitchen = await ana.make_room("Surprise for Bo", visibility="closed"), await ana.make_room("Kitchen")
    message, nothing = await ana.say(secret, "a cake"), str(uuid4())
    body = " ".join(
        f"{ana.url}{path}"
        for path in (f"/rooms/{secret}", f"/messages/{message}", "/rooms/999999999", f"/messages/{nothing}")
    )
    expected = [
        (f"/rooms/{secret}", "room", f"/rooms/{secret}"),
        (f"/messages/{message}", "message", f"/messages/{message[:8]}…"),
        ("/rooms/999999999", "room", "/rooms/999999999"),
        (f"/messages/{nothing}", "message", f"/messages/{nothing[:8]}…"),
    ]
    assert await said(ana, kitchen, body) == expected
    preview = await ana.act(f"/rooms/{kitchen}/preview", body=body)
    assert links(preview.text) == expected
    other = await ana.say(kitchen, "harmless")
    edited = await ana.act(f"/messages/{other}", body=body)
    assert links(edited.text) == expected
    reply = await ana.reply(kitchen, other, "look")
    bo = await (await Visitor.at(ana.url).sign_up("Bo")).join(kitchen)
    for address in (f"/rooms/{kitchen}", f"/messages/{reply}/menu", "/search?q=rooms", f"/rooms/{kitchen}/changes"):
        html = (await bo.http.get(address)).text
        assert "Surprise" not in html
        assert "a cake" not in html


async def test_in_the_closed_room_itself_its_own_name_is_shown(ana: Visitor, bo: Visitor) -> None:
    room, other = (
        await ana.make_room("Hideout", visibility="closed"),
        await ana.make_room("Cave", visibility="closed"),
    )
    message = await ana.say(room, "hello")
    assert await said(ana, room, f"{ana.url}/rooms/{room} {ana.url}/messages/{message} {ana.url}/rooms/{other}") == [
        (f"/rooms/{room}", "room", "#Hideout"),
        (f"/messages/{message}", "message", "#Hideout"),
        (f"/rooms/{other}", "room", f"/rooms/{other}"),
    ]
    answer = await ana.http.post("/direct", data={"person": bo.id})
    direct = int(answer.headers["location"].rsplit("/", 1)[1])
    assert await said(ana, direct, f"{ana.url}/rooms/{direct}") == [
        (f"/rooms/{direct}", "room", f"/rooms/{direct}"),
    ]


async def test_a_link_to_a_message_shows_nothing_of_its_text_before_or_after_it_is_deleted(ana: Visitor) -> None:
    room = await ana.make_room("Garden")
    secret = uuid4().hex
    message = await ana.say(room, secret)
    link = (await ana.post(room, f"{ana.url}/messages/{message}")).text
    assert links(link) == [(f"/messages/{message}", "message", "#Garden")]
    assert secret not in link
    await ana.act(f"/messages/{message}/delete")
    page = (await ana.http.get(f"/rooms/{room}")).text
    assert links(page) == [(f"/messages/{message}", "message", "#Garden")]
    assert secret not in page


async def test_an_edit_names_rooms_as_they_are_called_then(ana: Visitor) -> None:
    garden, kitchen = await ana.make_room("Garden"), await ana.make_room("Kitchen")
    message = await ana.say(kitchen, f"{ana.url}/rooms/{garden}")
    settings = {"name": "Orchard", "topic": "", "visibility": "open"}
    await ana.http.post(f"/rooms/{garden}/settings", data=settings)
    edited = await ana.act(f"/messages/{message}", body=f"see {ana.url}/rooms/{garden}")
    assert links(edited.text) == [(f"/rooms/{garden}", "room", "#Orchard")]
    await ana.http.post(f"/rooms/{garden}/settings", data=settings | {"visibility": "closed"})
    edited = await ana.act(f"/messages/{message}", body=f"do see {ana.url}/rooms/{garden}")
    assert links(edited.text) == [(f"/rooms/{garden}", "room", f"/rooms/{garden}")]


async def test_a_link_by_any_configured_address_is_one_to_here_and_others_are_not(open_house) -> None:
    house = await open_house(BASE_URL="http://tea.example/", ALLOWED_ORIGINS="https://chat.example http://10.0.0.5")
    visitor = await Visitor.at(house.url).sign_up("Cy")
    room = await visitor.make_room("Attic")
    for origin in ("http://tea.example", "https://chat.example", "http://10.0.0.5"):
        assert await said(visitor, room, f"{origin}/rooms/{room}") == [(f"/rooms/{room}", "room", "#Attic")]
    for origin in ("https://evil.example", house.url, "https://tea.example"):
        assert await said(visitor, room, f"{origin}/rooms/{room}") == []


async def test_nobody_makes_a_link_that_looks_like_a_room_and_leads_elsewhere(ana: Visitor) -> None:
    """Whoever says that they came in by another name of the host gets a link to here all the same."""
    room = await ana.make_room("Garden")
    answer = await ana.http.post(
        f"/rooms/{room}/messages",
        data={"body": f"https://evil.example/rooms/{room}"},
        headers={"HX-Request": "true", "Host": "evil.example"},
    )
    assert links(answer.text) == [(f"/rooms/{room}", "room", "#Garden")]
    assert "evil.example" not in answer.text
