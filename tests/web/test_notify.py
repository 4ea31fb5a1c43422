"""What a room tells a person of: everything, mentions, nothing."""

import re

import pytest

from tests.house import House, Visitor


async def choice(visitor: Visitor, room: int) -> tuple[str, str]:
    """What is chosen, as the list of rooms and as the room's form says it."""
    page = (await visitor.http.get(f"/rooms/{room}")).text
    link = re.search(rf'<a href="/rooms/{room}"[^>]* data-notify="(\w+)"', page).group(1)
    return link, re.search(r'value="(\w+)" aria-pressed="true"', page).group(1)


async def test_a_room_tells_of_everything_until_something_else_is_chosen(ana: Visitor, bo: Visitor) -> None:
    room, other = await ana.make_room(), await ana.make_room()
    await bo.join(room)
    assert await choice(ana, room) == ("everything", "everything")
    for notify in ("mentions", "nothing", "everything", "nothing"):
        answer = await ana.http.post(f"/rooms/{room}/notify", data={"notify": notify})
        assert (answer.status_code, answer.headers["location"]) == (303, f"/rooms/{room}")
        assert await choice(ana, room) == (notify, notify)
    assert await choice(ana, other) == ("everything", "everything")
    assert await choice(bo, room) == ("everything", "everything")


async def test_what_is_chosen_reaches_ones_other_devices_and_nobody_else(
    ana: Visitor, bo: Visitor, second_house: House
) -> None:
    room, other = await ana.make_room(), await ana.make_room()
    await bo.join(room)
    phone = Visitor(ana.http, second_house.url)
    async with phone.listening(room) as here, phone.listening(other) as elsewhere, bo.listening(room) as of_bo:
        for reader in (here, elsewhere, of_bo):
            await reader.until(lambda r: r.frames)
        await ana.http.post(f"/rooms/{room}/notify", data={"notify": "nothing"})
        await here.brings(f'data-room="{room}" data-notify="nothing"', 'value="nothing" aria-pressed="true"')
        listed = re.compile(rf'<a href="/rooms/{room}"[^>]* data-notify="nothing"')
        await elsewhere.until(lambda r: any(listed.search(frame) for frame in r.frames))
        await ana.say(room, "the end")
        await of_bo.until(lambda r: r.articles)
        assert not any("nothing" in frame for frame in of_bo.frames)


async def test_htmx_is_given_the_form_as_it_is_now(ana: Visitor) -> None:
    room = await ana.make_room()
    answer = await ana.http.post(f"/rooms/{room}/notify", data={"notify": "mentions"}, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert answer.text.startswith('<form id="notify"')
    assert 'data-notify="mentions"' in answer.text
    assert 'value="mentions" aria-pressed="true"' in answer.text


@pytest.mark.parametrize("form", [{}, {"notify": ""}, {"notify": "loudly"}, {"notify": "NOTHING"}])
async def test_another_word_is_refused_and_changes_nothing(ana: Visitor, form: dict[str, str]) -> None:
    room = await ana.make_room()
    await ana.http.post(f"/rooms/{room}/notify", data={"notify": "mentions"})
    answer = await ana.http.post(f"/rooms/{room}/notify", data=form)
    assert answer.status_code == 422
    assert "A room tells you of everything, of mentions only, or of nothing." in answer.text
    assert await choice(ana, room) == ("mentions", "mentions")


async def test_only_people_of_a_room_choose(ana: Visitor, bo: Visitor, stranger: Visitor) -> None:
    opened, closed = await ana.make_room(), await ana.make_room(visibility="closed")
    form = {"notify": "nothing"}
    assert (await bo.http.post(f"/rooms/{opened}/notify", data=form)).status_code == 403
    assert (await bo.http.post(f"/rooms/{closed}/notify", data=form)).status_code == 404
    answer = await stranger.http.post(f"/rooms/{opened}/notify", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    await bo.join(opened)
    assert await choice(bo, opened) == ("everything", "everything")
    assert await choice(ana, opened) == ("everything", "everything")
