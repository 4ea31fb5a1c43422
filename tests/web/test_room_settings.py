"""Name, topic and visibility of a room, as its admins change them."""

import pytest

from tests.conftest import Servers
from tests.house import House, Visitor
from tests.web.test_roles import state
from tests.web.test_system_messages import events


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
