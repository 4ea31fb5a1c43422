from app.views import BODY_LENGTH_MAX
from tests.house import Visitor, articles

HTMX = {"HX-Request": "true"}


async def test_a_preview_is_the_body_as_the_message_will_have_it_and_stores_nothing(ana: Visitor) -> None:
    room = await ana.make_room()
    text = "**tea** for @Ana\n\n```python\nreturn 1\n```"
    answer = await ana.http.post(f"/rooms/{room}/preview", data={"body": text}, headers=HTMX)
    assert answer.status_code == 200
    assert "<strong>tea</strong>" in answer.text
    assert f'data-mention="{ana.id}"' in answer.text
    assert articles(answer.text) == []
    assert articles((await ana.http.get(f"/rooms/{room}")).text) == []
    posted = await ana.post(room, text)
    assert answer.text.strip() in posted.text


async def test_a_preview_of_what_could_not_be_sent_is_refused_in_a_sentence(ana: Visitor) -> None:
    room = await ana.make_room()
    for body, sentence in ((" ", "empty"), ("x" * (BODY_LENGTH_MAX + 1), "it can have 8,000"), ("a\0", "NUL")):
        answer = await ana.http.post(f"/rooms/{room}/preview", data={"body": body}, headers=HTMX)
        assert (answer.status_code, sentence in answer.text) == (422, True)
    answer = await ana.http.post(f"/rooms/{room}/preview", data={"body": "x" * BODY_LENGTH_MAX}, headers=HTMX)
    assert answer.status_code == 200


async def test_only_members_see_a_preview(ana: Visitor, bo: Visitor, stranger: Visitor) -> None:
    is_open, closed = await ana.make_room(), await ana.make_room(visibility="closed")
    statuses = {
        (who.name, room): (
            await who.http.post(f"/rooms/{room}/preview", data={"body": "hi @Ana"}, headers=HTMX)
        ).status_code
        for who in (bo, stranger)
        for room in (is_open, closed)
    }
    assert statuses == {("Bo", is_open): 403, ("Bo", closed): 404, ("", is_open): 401, ("", closed): 401}


async def test_hostile_markdown_is_harmless_on_the_page(ana: Visitor) -> None:
    room = await ana.make_room()
    await ana.say(room, "<script>alert(1)</script> [x](javascript:alert(1)) <b hx-get='/x'>")
    page = (await ana.http.get(f"/rooms/{room}")).text
    assert "<script>alert" not in page
    assert 'href="javascript' not in page
    assert "<b hx-get" not in page
