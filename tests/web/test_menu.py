from uuid import uuid4

import pytest

from tests.house import Visitor, articles

FRAGMENT = {"HX-Request": "true"}


async def test_a_menu_offers_what_its_reader_may_do(ana: Visitor, bo: Visitor) -> None:
    room = await ana.make_room()
    await bo.join(room)
    message = await ana.say(room, "hello")
    for headers in ({}, FRAGMENT):
        of_author = await ana.http.get(f"/messages/{message}/menu", headers=headers)
        of_other = await bo.http.get(f"/messages/{message}/menu", headers=headers)
        assert ("<html" in of_author.text) == (not headers)
        assert f'action="/messages/{message}/delete"' in of_author.text
        assert f'action="/messages/{message}/delete"' not in of_other.text
        for menu in (of_author.text, of_other.text):
            assert f'action="/messages/{message}/unread"' in menu
            assert f'href="/messages/{message}/readers"' in menu


async def test_a_room_admin_may_delete_what_others_wrote(ana: Visitor, bo: Visitor) -> None:
    room = await ana.make_room()
    await bo.join(room)
    message = await bo.say(room, "hello")
    assert "/delete" in (await ana.http.get(f"/messages/{message}/menu", headers=FRAGMENT)).text


async def test_every_message_has_a_way_to_its_menu(ana: Visitor) -> None:
    room = await ana.make_room()
    message = await ana.say(room, "hello")
    assert f'<a class="more" href="/messages/{message}/menu"></a>' in (await ana.http.get(f"/rooms/{room}")).text


@pytest.mark.parametrize("way", ["", "/menu", "/readers"])
async def test_messages_of_rooms_one_is_not_in_have_no_menu(
    ana: Visitor, bo: Visitor, stranger: Visitor, way: str
) -> None:
    open_one, closed = await ana.make_room(), await ana.make_room(visibility="closed")
    shown, hidden = await ana.say(open_one, "open"), await ana.say(closed, "closed")
    assert (await bo.http.get(f"/messages/{shown}{way}")).status_code == 403
    for message in (hidden, uuid4(), "abc", shown.replace("-", ""), "1"):
        assert (await bo.http.get(f"/messages/{message}{way}")).status_code == 404
    assert (await stranger.http.get(f"/messages/{shown}{way}")).headers["location"].startswith("/sign-in")
    assert (await stranger.http.get(f"/messages/{shown}{way}", headers=FRAGMENT)).status_code == 401


async def test_the_address_of_a_message_leads_to_its_place(ana: Visitor) -> None:
    room = await ana.make_room()
    ids = [await ana.say(room, f"message {n}") for n in range(120)]
    answer = await ana.http.get(f"/messages/{ids[40]}")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/rooms/{room}?around={ids[40]}")
    page = (await ana.http.get(answer.headers["location"])).text
    shown = [article.id for article in articles(page)]
    assert len(shown) == 50
    assert ids[40] in shown[10:-10]
    assert f'data-around="m-{ids[40]}"' in page
    assert "To the newest messages" in page
    newest = (await ana.http.get(f"/rooms/{room}?around={ids[-1]}")).text
    assert articles(newest)[-1].id == ids[-1]
    assert "To the newest messages" not in newest


async def test_around_a_message_of_another_room_there_is_nothing(ana: Visitor, bo: Visitor) -> None:
    room, other, foreign = await bo.make_room(), await bo.make_room(), await ana.make_room(visibility="closed")
    for message in (await bo.say(other, "other room"), await ana.say(foreign, "foreign"), uuid4(), "abc"):
        assert (await bo.http.get(f"/rooms/{room}?around={message}")).status_code == 404
