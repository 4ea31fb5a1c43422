import asyncio
import re
from uuid import uuid4

import asyncpg
import pytest

from tests.conftest import Servers
from tests.house import PATIENCE_SECONDS, House, Visitor, version
from tests.test_pictures import picture


async def test_the_card_says_who_it_is_and_which_rooms_are_shared(ana: Visitor, bo: Visitor) -> None:
    shared = await ana.make_room("Kitchen", "closed")
    await bo.http.post(await ana.invitation_to(shared))
    await bo.make_room("Bo alone", "closed")
    page = (await ana.http.get(f"/people/{bo.id}")).text
    card = (await ana.http.get(f"/people/{bo.id}", headers={"HX-Request": "true"})).text
    assert card.lstrip().startswith('<article class="person-card"')
    for text in (page, card):
        assert ">Bo</h1>" in text
        assert "Kitchen" in text
        assert "Bo alone" not in text
        assert f'<form method="post" action="/direct"><input type="hidden" name="person" value="{bo.id}">' in text


async def test_only_administrators_find_the_way_to_a_ban(ana: Visitor, bo: Visitor, servers: Servers) -> None:
    connection = await asyncpg.connect(servers.database_url)
    await connection.execute("UPDATE person SET is_admin = (id = $1) WHERE id = any($2)", ana.id, [ana.id, bo.id])
    await connection.close()
    async with asyncio.timeout(PATIENCE_SECONDS):  # no event told the workers
        while f'action="/people/{bo.id}/ban"' not in (await ana.http.get(f"/people/{bo.id}")).text:
            pass
        while "/ban" in (await bo.http.get(f"/people/{ana.id}")).text:
            pass


async def test_ones_own_card_leads_to_ones_own_page(ana: Visitor) -> None:
    card = (await ana.http.get(f"/people/{ana.id}", headers={"HX-Request": "true"})).text
    assert 'href="/me"' in card
    assert "/direct" not in card


async def test_nobodys_card_is_not_there_and_strangers_see_none(ana: Visitor, stranger: Visitor) -> None:
    for nobody in ("0", "2147483647", "99999999999"):
        assert (await ana.http.get(f"/people/{nobody}")).status_code == 404
    for page in ("/people", f"/people/{ana.id}"):
        assert (await stranger.http.get(page)).status_code == 303
    assert (await stranger.http.get(f"/people/{ana.id}", headers={"HX-Request": "true"})).status_code == 401


async def test_people_are_found_by_name_and_listed_in_slices(ana: Visitor, servers: Servers) -> None:
    family = f"Zz{uuid4().hex[:8]}"
    connection = await asyncpg.connect(servers.database_url)
    await connection.execute(
        "INSERT INTO person (email, name, password_hash) SELECT $1 || n, $1 || ' ' || lpad(n::text, 2, '0'), ''"
        "FROM generate_series(0, 51) AS n",
        family,
    )
    await connection.close()
    first = (await ana.http.get("/people", params={"q": family.lower()})).text
    assert [*re.findall(rf">{family} (\d\d)</span>", first)] == [f"{number:02}" for number in range(50)]
    more = re.search(r'href="(/people\?q=[^"]+after=\d+)"', first).group(1).replace("&amp;", "&")
    second = (await ana.http.get(more)).text
    assert [*re.findall(rf">{family} (\d\d)</span>", second)] == ["50", "51"]
    assert "after=" not in second
    assert "Nobody here is called that." in (await ana.http.get("/people", params={"q": f"{family}%"})).text


async def test_a_new_name_and_picture_reach_the_pages_of_those_who_share_a_room(
    ana: Visitor, bo: Visitor, second_house: House
) -> None:
    room, other = await ana.make_room(), await bo.make_room()
    await bo.join(room)
    there = Visitor.at(second_house.url)
    there.http.cookies = bo.http.cookies
    async with there.listening(other) as reader:
        await reader.until(lambda r: r.frames)
        await ana.http.post("/me", data={"name": "Ana <b>"})
        await reader.brings("Ana &lt;b&gt;", f'data-person="{ana.id}"')
        await ana.http.post("/me", files={"avatar": ("me.jpg", picture(), "image/jpeg")})
        await reader.until(lambda r: any(re.search('data-avatar="[0-9a-f]+"', frame) for frame in r.frames))
        assert reader.version == await bo.version_of(other)


async def test_a_new_name_reaches_those_who_still_see_what_one_wrote_in_a_room_that_one_left(
    ana: Visitor, bo: Visitor
) -> None:
    room = await ana.make_room()
    await bo.join(room)
    await bo.say(room, "hello")
    await bo.http.post(f"/rooms/{room}/leave")
    async with ana.listening(room) as reader:
        await reader.until(lambda r: r.articles)
        await bo.http.post("/me", data={"name": "Bo the Bard"})
        await reader.brings("Bo the Bard", f'data-person="{bo.id}"')


async def test_a_page_whose_socket_was_down_is_told_of_the_names_and_pictures_that_it_missed(
    ana: Visitor, bo: Visitor
) -> None:
    room = await ana.make_room()
    await bo.join(room)
    page = (await bo.http.get(f"/rooms/{room}")).text
    await ana.http.post("/me", data={"name": "Ana Maria"})
    await ana.http.post("/me", files={"avatar": ("me.jpg", picture(), "image/jpeg")})
    async with bo.listening(room, version(page), faces_of(page)) as reader:
        frame = await reader.brings(f'data-person="{ana.id}" data-name="Ana Maria"')
        assert re.search('data-avatar="[0-9a-f]+"', frame)
        level = faces_of(frame)
    async with bo.listening(room, version(page), level) as reader:
        await ana.http.post("/me", data={"name": "Ana Lee"})
        await reader.brings('data-name="Ana Lee"')
        assert not any('data-name="Ana Maria"' in frame for frame in reader.frames)


@pytest.mark.parametrize("faces", ["0", "x", "-1", "99999999999999999999"])
async def test_a_number_that_no_page_has_does_no_harm(ana: Visitor, faces: str) -> None:
    room = await ana.make_room()
    async with ana.listening(room, faces=faces) as reader:
        await ana.say(room, "hello")
        await reader.until(lambda r: r.articles)
        assert reader.closed_with is None


def faces_of(html: str) -> str:
    return re.findall(r'<data id="faces" value="(\d+)">', html)[-1]


async def test_the_card_says_who_is_here(ana: Visitor, bo: Visitor) -> None:
    room = await ana.make_room()
    await bo.join(room)
    assert "Online" not in (await ana.http.get(f"/people/{bo.id}")).text
    async with bo.listening(room), asyncio.timeout(10):
        while "Online" not in (await ana.http.get(f"/people/{bo.id}")).text:
            pass
