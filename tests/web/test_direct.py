import asyncio
import re

import httpx
import pytest

from tests.house import House, Visitor


async def open_direct(visitor: Visitor, *people: object, **headers: str) -> httpx.Response:
    return await visitor.http.post("/direct", data={"person": [str(person) for person in people]}, headers=headers)


def room_in(answer: httpx.Response) -> int:
    assert answer.status_code == 303, answer.text
    return int(answer.headers["location"].rsplit("/", 1)[1])


async def test_both_sides_come_to_the_same_room_which_bears_the_others_name(ana: Visitor, bo: Visitor) -> None:
    room = room_in(await open_direct(ana, bo.id))
    assert room_in(await open_direct(bo, ana.id, bo.id)) == room
    assert re.search(r"<h1[^>]*>Bo</h1>", (await ana.http.get(f"/rooms/{room}")).text)
    assert re.search(r"<h1[^>]*>Ana</h1>", (await bo.http.get(f"/rooms/{room}")).text)
    await ana.say(room, "hello")
    assert "hello" in (await bo.http.get(f"/rooms/{room}")).text


async def test_both_clicking_at_once_on_two_houses_come_to_one_room(ana: Visitor, second_house: House) -> None:
    for _ in range(5):
        bo = await Visitor.at(second_house.url).sign_up("Bo")
        answers = await asyncio.gather(
            *[open_direct(ana, bo.id) for _ in range(3)], *[open_direct(bo, ana.id) for _ in range(3)]
        )
        assert len({room_in(answer) for answer in answers}) == 1


async def test_three_people_have_a_room_of_their_own_whoever_opens_it(
    ana: Visitor, bo: Visitor, house: House
) -> None:
    cy = await Visitor.at(house.url).sign_up("Cy")
    room = room_in(await open_direct(ana, bo.id, cy.id))
    assert room_in(await open_direct(cy, bo.id, ana.id, bo.id)) == room
    assert room_in(await open_direct(ana, bo.id)) != room


async def test_nobody_else_gets_in_and_there_is_no_invitation(ana: Visitor, bo: Visitor, house: House) -> None:
    room = room_in(await open_direct(ana, bo.id))
    cy = await Visitor.at(house.url).sign_up("Cy")
    assert (await cy.http.get(f"/rooms/{room}")).status_code == 404
    assert (await cy.http.post(f"/rooms/{room}/join")).status_code == 404
    page = (await ana.http.get(f"/rooms/{room}/members")).text
    assert 'href="/join/' not in page
    assert f"/rooms/{room}/leave" not in page


async def test_htmx_is_told_where_to_go(ana: Visitor, bo: Visitor) -> None:
    answer = await open_direct(ana, bo.id, **{"HX-Request": "true"})
    assert answer.status_code == 200
    assert answer.headers["hx-redirect"] == f"/rooms/{room_in(await open_direct(ana, bo.id))}"


@pytest.mark.parametrize(
    ("people", "status", "sentence"),
    [
        ([], 422, "A direct conversation needs somebody else."),
        (["me"], 422, "A direct conversation needs somebody else."),
        (["2147483647"], 404, "Somebody you chose has no account here"),
        (["99999999999999999999"], 404, "Somebody you chose has no account here"),
        (["-1"], 404, "Somebody you chose has no account here"),
        (["x"], 404, "Somebody you chose has no account here"),
        ([str(number) for number in range(1_000_000, 1_000_020)], 422, "at most 20 people"),
    ],
)
async def test_with_nobody_or_unknown_or_too_many_nothing_is_opened(
    ana: Visitor, people: list[str], status: int, sentence: str
) -> None:
    answer = await open_direct(ana, *[ana.id if person == "me" else person for person in people])
    assert answer.status_code == status
    assert sentence in answer.text
    assert "data-direct" not in (await ana.http.get("/rooms")).text


async def test_somebody_signed_out_is_sent_to_the_door(bo: Visitor, stranger: Visitor) -> None:
    assert (await open_direct(stranger, bo.id)).headers["location"].startswith("/sign-in")


async def test_the_list_has_groups_and_direct_rooms_apart_newest_activity_first(
    ana: Visitor, bo: Visitor, house: House
) -> None:
    cy = await Visitor.at(house.url).sign_up("Cy")
    groups = [await ana.make_room(name) for name in ("Attic", "Cellar", "Balcony")]
    direct = [room_in(await open_direct(ana, other.id)) for other in (bo, cy)]
    await ana.say(groups[1], "hello")
    await bo.say(direct[0], "hello")
    page = (await ana.http.get("/rooms")).text
    rooms = [int(room) for room in re.findall(r'data-room="(\d+)"', page)]
    assert rooms == [groups[1], groups[2], groups[0], direct[0], direct[1]]
    assert f'id="dot-{bo.id}" class="dot" data-status="unknown"' in page


async def test_a_new_direct_room_appears_on_the_open_pages_of_both(
    ana: Visitor, bo: Visitor, second_house: House
) -> None:
    room = await ana.make_room()
    await bo.join(room)
    there = Visitor.at(second_house.url)
    there.http.cookies = bo.http.cookies
    async with there.listening(room) as reader:
        await reader.until(lambda r: r.frames)
        direct = room_in(await open_direct(ana, bo.id))
        lists = await reader.brings('hx-target="#room-lists"', f'data-room="{direct}"')
        assert "aria-current" not in lists


async def test_a_room_that_was_left_goes_from_the_other_open_pages(ana: Visitor) -> None:
    stays, goes = await ana.make_room(), await ana.make_room()
    async with ana.listening(stays) as reader:
        await reader.until(lambda r: r.frames)
        await ana.http.post(f"/rooms/{goes}/leave")
        await reader.brings('hx-target="#room-lists"', f'data-room="{stays}"', without=f'data-room="{goes}"')


async def test_a_room_that_one_makes_shows_on_ones_other_pages(ana: Visitor, second_house: House) -> None:
    room = await ana.make_room()
    elsewhere = Visitor(ana.http, second_house.url)
    async with elsewhere.listening(room) as reader:
        await reader.until(lambda r: r.frames)
        new = await ana.make_room("Kitchen")
        await reader.until(lambda r: any(f'data-room="{new}"' in frame for frame in r.frames))
        await ana.say(new, "the soup is on")  # and its activity is heard
        await reader.until(lambda r: any(f'data-room="{new}" data-last-seq="1"' in frame for frame in r.frames))
