"""Mentions through the front door: who is marked in a message, and whom the list after an @ offers."""

import re

import asyncpg
import pytest

from tests.conftest import Servers
from tests.house import House, Visitor, articles


async def mentioned_in(servers: Servers, message_id: str) -> set[int]:
    """Whom the mention rows of a message name."""
    connection = await asyncpg.connect(servers.database_url)
    try:
        return {
            row["person"]
            for row in await connection.fetch("SELECT person FROM mention WHERE message = $1", message_id)
        }
    finally:
        await connection.close()


async def member(house: House, room: int, name: str) -> Visitor:
    return await (await Visitor.at(house.url).sign_up(name)).join(room)


async def names(visitor: Visitor, room: int, q: str) -> list[str]:
    answer = await visitor.http.get(f"/rooms/{room}/mentionable", params={"q": q})
    assert answer.status_code == 200, answer.text
    return re.findall(r'data-name="([^"]*)"', answer.text)


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("Bo", "hello @Bo"),
        ("Bo", "hello @bO!"),
        ("Bo", "＠Bo"),
        ("Anna Lee", "@Anna Lee, tea?"),
        ("小明", "你好@小明你好"),
        ("Émile", "@ÉMILE"),
        ("🦊", "a fox: @🦊!"),
        ("a.*|(b", "@a.*|(b"),
        ("100%_", "@100%_ sure"),
        ("<i>", "@<i>"),
    ],
)
async def test_a_person_of_the_room_is_mentioned(
    ana: Visitor, house: House, servers: Servers, name: str, body: str
) -> None:
    room = await ana.make_room()
    other = await member(house, room, name)
    answer = await ana.post(room, body)
    assert f'<span class="mention" data-mention="{other.id}">' in answer.text
    assert await mentioned_in(servers, articles(answer.text)[0].id) == {other.id}


@pytest.mark.parametrize("body", ["x@Bo", "@Bob", "Bo", "mail bo@Bo.example.org"])
async def test_what_is_no_whole_name_mentions_nobody(ana: Visitor, bo: Visitor, servers: Servers, body: str) -> None:
    room = await ana.make_room()
    await bo.join(room)
    answer = await ana.post(room, body)
    assert "data-mention" not in answer.text
    assert await mentioned_in(servers, articles(answer.text)[0].id) == set()


async def test_somebody_outside_the_room_is_not_mentioned(ana: Visitor, bo: Visitor, servers: Servers) -> None:
    room = await ana.make_room()
    answer = await ana.post(room, "@Bo")
    assert "data-mention" not in answer.text
    assert await mentioned_in(servers, articles(answer.text)[0].id) == set()


async def test_mentioning_oneself_is_shown_and_tells_nobody(ana: Visitor, servers: Servers) -> None:
    room = await ana.make_room()
    answer = await ana.post(room, "I, @Ana")
    assert f'data-mention="{ana.id}"' in answer.text
    assert await mentioned_in(servers, articles(answer.text)[0].id) == set()


async def test_of_one_name_that_two_bear_both_are_mentioned(ana: Visitor, house: House, servers: Servers) -> None:
    room = await ana.make_room()
    first, second = await member(house, room, "Chen"), await member(house, room, "Chen")
    answer = await ana.post(room, "@chen")
    assert f'data-mention="{first.id} {second.id}"' in answer.text
    assert await mentioned_in(servers, articles(answer.text)[0].id) == {first.id, second.id}


@pytest.mark.parametrize("name", ["@all", "@All", "@所有人请看"])
async def test_everybody_is_mentioned_together(
    ana: Visitor, bo: Visitor, house: House, servers: Servers, name: str
) -> None:
    room = await ana.make_room()
    await bo.join(room)
    chen = await member(house, room, "Chen")
    answer = await ana.post(room, f"tea, {name}")
    assert 'data-mention="all"' in answer.text
    assert await mentioned_in(servers, articles(answer.text)[0].id) == {bo.id, chen.id}


async def test_in_a_room_of_more_than_a_hundred_nobody_calls_everybody(ana: Visitor, servers: Servers) -> None:
    room = await ana.make_room()
    await fill(servers, room, 99)
    assert len(await mentioned_in(servers, await ana.say(room, "@all"))) == 99
    assert "all" in await names(ana, room, "al")
    await fill(servers, room, 1)
    answer = await ana.post(room, "@all")
    assert "data-mention" not in answer.text
    assert await mentioned_in(servers, articles(answer.text)[0].id) == set()
    assert "all" not in await names(ana, room, "al")


async def fill(servers: Servers, room: int, count: int) -> None:
    """Let many new people into a room at once."""
    connection = await asyncpg.connect(servers.database_url)
    try:
        await connection.execute(
            """
            WITH people AS (
                INSERT INTO person (email, name, password_hash, is_admin)
                SELECT gen_random_uuid()::text, 'Guest ' || n, '', false FROM generate_series(1, $2) AS n RETURNING id
            )
            INSERT INTO membership (person, room) SELECT id, $1 FROM people
            """,
            room,
            count,
        )
    finally:
        await connection.close()


async def test_ones_own_stylesheet_makes_ones_mentions_stand_out(ana: Visitor) -> None:
    page = (await ana.http.get("/rooms")).text
    address = re.search(r'href="(/people/\d+/mine\.css\?[^"]+)"', page).group(1)
    styles = (await ana.http.get(address)).text
    assert f'.mention[data-mention~="{ana.id}"]' in styles
    assert '.mention[data-mention="all"]' in styles


async def test_the_list_offers_names_that_contain_what_is_typed_first_those_that_begin_so(
    ana: Visitor, house: House
) -> None:
    room = await ana.make_room()
    for name in ("Bo", "Rambo", "bonnie", "小明", "王小明", "Zoë"):
        await member(house, room, name)
    assert await names(ana, room, "bo") == ["Bo", "bonnie", "Rambo"]
    assert await names(ana, room, "小明") == ["小明", "王小明"]
    assert await names(ana, room, "ZOË") == ["Zoë"]
    assert set(await names(ana, room, "")) == {"Bo", "Rambo", "bonnie", "小明", "王小明", "Zoë"}
    for nobody in ("xyz", "%", "_", "\0", "b" * 61):
        assert await names(ana, room, nobody) == []


async def test_the_list_offers_neither_oneself_nor_strangers_and_eight_at_most(
    ana: Visitor, bo: Visitor, servers: Servers
) -> None:
    room = await ana.make_room()
    assert await names(ana, room, "a") == ["all"]
    assert await names(ana, room, "Bo") == []
    assert await names(ana, room, "所有") == ["所有人"]
    await fill(servers, room, 20)
    assert len(await names(ana, room, "guest")) == 8


async def test_the_list_is_for_people_of_the_room(ana: Visitor, bo: Visitor) -> None:
    opened, closed = await ana.make_room(), await ana.make_room(visibility="closed")
    assert (await bo.http.get(f"/rooms/{opened}/mentionable?q=")).status_code == 403
    assert (await bo.http.get(f"/rooms/{closed}/mentionable?q=")).status_code == 404
