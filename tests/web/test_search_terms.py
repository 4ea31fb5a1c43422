"""What a search may say: its operators, what is suggested for them, and that any input is a legal search."""

import re
from datetime import UTC, date, datetime
from urllib.parse import quote

import asyncpg
import pytest

from app.search_terms import days
from tests.conftest import Servers
from tests.house import Visitor
from tests.web.test_search import found


async def test_each_operator_keeps_what_fits_and_drops_the_rest(ana: Visitor, bo: Visitor, servers: Servers) -> None:
    garden, kitchen = await ana.make_room("Garden plans"), await ana.make_room("Kitchen")
    await bo.join(garden)
    old = await ana.say(garden, "green tea, then")
    connection = await asyncpg.connect(servers.database_url)
    await connection.execute("UPDATE message SET created_at = '2026-01-30 12:00Z' WHERE id = $1::uuid", old)
    await connection.close()
    by_bo = await bo.say(garden, "tea is green, see http://tea.example")
    in_kitchen = await ana.say(kitchen, "green tea and coffee")
    for query, expected in {
        "tea": [in_kitchen, by_bo, old],
        '"green tea"': [in_kitchen, old],
        "“green tea”": [in_kitchen, old],
        "tea -coffee": [by_bo, old],
        '-"green tea" tea': [by_bo],
        "tea from:bo": [by_bo],
        "tea from:me": [in_kitchen, old],
        "tea -from:Bo": [in_kitchen, old],
        "tea from:Nobody": [],
        "from:Bo from:Ana in:kit": [in_kitchen],
        'tea in:"garden plans"': [by_bo, old],
        "tea in:garden -from:bo": [old],
        "tea -in:garden": [in_kitchen],
        "tea in:cellar": [],
        "tea has:link": [by_bo],
        "tea -has:link": [in_kitchen, old],
        "tea has:image": [],
        "tea has:file": [],
        "tea before:2026-01-31": [old],
        "tea before:2026-01-30": [],
        "tea after:2026-01-30 before:2026-02-01": [old],
        "tea after:2026-01-31": [in_kitchen, by_bo],
        "tea has:link has:image": [],
        "ｆｒｏｍ：Bo tea": [by_bo],
    }.items():
        assert await found(ana, query) == expected, query


@pytest.mark.parametrize(
    "query",
    [
        "",
        " ",
        "%00",
        "a%00b",
        "%ff%fe",
        "%ed%a0%80",
        "%25",
        "_",
        "%5C",
        "%22",
        "%22%22",
        "%22open",
        "-",
        "--",
        "-%22",
        "from:",
        "-from:",
        "from:%22",
        "in:",
        "has:",
        "has:dragons",
        "before:",
        "before:tomorrow",
        "before:2026-13-45",
        "before:0001-01-01",
        "after:9999-12-31",
        "after:0000-00-00",
        "-before:2026-01-01",
        "x%0a%09y",
        "{}",
        "%27;--",
        "a" * 5000,
        "a+" * 1000,
        "from:a+" * 100,
        "&&&&&",
        "tea&page=nonsense",
        "tea&page=%00",
        "tea&page=LTEuMS4x",
        "tea&page=OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTkuMS4x",
        "%F0%9F%8D%B5",
        "%CC%81",
    ],
)
async def test_any_input_is_a_legal_search(ana: Visitor, query: str) -> None:
    await ana.say(await ana.make_room(), "tea \U0001f375")
    for address in ("/search", "/search/suggestions"):
        answer = await ana.http.get(f"{address}?q={query}")
        assert answer.status_code == 200, answer.text


async def test_what_cannot_be_understood_is_said_in_a_sentence(ana: Visitor) -> None:
    await ana.make_room()
    page = (await ana.http.get("/search?q=tea+before:soon+from:")).text
    assert "“before:” needs a date, such as before:2026-01-31." in page
    assert "“from:” needs a name" in page
    assert "needs a" not in (await ana.http.get("/search?q=tea+before:2026-01-31")).text


async def test_suggestions_name_operators_rooms_and_people_one_shares_a_room_with(ana: Visitor, bo: Visitor) -> None:
    room = await ana.make_room("Garden plans")
    await bo.join(room)
    await bo.make_room("Bo's own", visibility="closed")
    other = await Visitor.at(ana.url).sign_up("Bora Outside")

    async def suggested(query: str) -> list[str]:
        answer = await ana.http.get(f"/search/suggestions?q={quote(query)}")
        return re.findall(r'data-query="([^"]*)"', answer.text)

    assert await suggested("tea fr") == ["tea from:"]
    assert await suggested("tea from:b") == ["tea from:Bo "]
    assert await suggested("in:gar") == ["in:&quot;Garden plans&quot; "]
    assert await suggested('-in:"garden p') == ["-in:&quot;Garden plans&quot; "]
    assert await suggested("in:own") == []
    assert await suggested("has:") == ["has:image ", "has:file ", "has:link "]
    today = datetime.now(UTC).date().isoformat()
    assert await suggested("tea before:") == [f"tea before:{day} " for day in days(date.fromisoformat(today))]
    assert (await suggested(f"after:{today[:4]}"))[0] == f"after:{today} "
    assert await suggested("before:soon") == []
    assert await suggested("tea") == []
    assert other.name not in (await ana.http.get("/search/suggestions?q=from:")).text
