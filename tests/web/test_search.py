"""Messages are found by their words, in any language, and only where one is in the room."""

import asyncio
import random
import re
import unicodedata
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import asyncpg
import pytest

from tests.conftest import Servers
from tests.house import Visitor, articles

NEXT = re.compile(r'href="(/search\?q=[^"]*page=[^"]*)"')


async def found(who: Visitor, query: str) -> list[str]:
    """The ids of all messages found, page after page."""
    ids: list[str] = []
    address = f"/search?q={quote(query)}"
    while address:
        answer = await who.http.get(address)
        assert answer.status_code == 200, answer.text
        ids += [article.id for article in articles(answer.text)]
        following = NEXT.search(answer.text)
        address = following[1].replace("&amp;", "&") if following else ""
    return ids


@pytest.mark.parametrize(
    ("body", "queries", "others"),
    [
        ("我们今天喝绿茶吧", ["茶", "绿茶", "喝绿茶", "我们 绿茶"], ["咖", "红茶", "茶绿", "我们 红茶"]),
        ("東京タワーへ行く", ["タ", "タワー", "東京", "東京 行く"], ["大阪", "タワ行"]),
        ("안녕하세요 여러분", ["안", "안녕", "하세요", "여러분"], ["안세"]),
        ("The Underground railway", ["under", "GROUND rail", "d r", '"ground railway"'], ["overground"]),
        ("100% off_road \\ path", ["100%", "off_road", "\\", "%"], ["1%0", "off-road", "o__"]),
        ("Ｆｕｌｌ　ｗｉｄｔｈ １２３", ["full", "WIDTH", "ｆｕｌｌ", "123"], ["half"]),
        ("ÉCOLE Москва 👩‍🚀", ["école", "МОСКВА", "👩‍🚀", "🚀"], ["ecole"]),
        ("see https://example.org/tea", ["https://example.org", "has:link", "example has:link"], ["-has:link tea"]),
        ('it\'s <b>&amp;</b> "x"', ["it's", "<b>", "&amp;", "&"], ["&lt;"]),
    ],
)
async def test_words_of_any_language_are_found_and_others_are_not(
    ana: Visitor, body: str, queries: list[str], others: list[str]
) -> None:
    room = await ana.make_room()
    await ana.say(room, "nothing of the kind")
    message = await ana.say(room, body)
    for query in queries:
        assert await found(ana, query) == [message], query
    for query in others:
        assert message not in await found(ana, query), query


async def test_only_rooms_one_is_in_now_are_searched(ana: Visitor, bo: Visitor) -> None:
    mine, open_one, closed = await ana.make_room(), await bo.make_room(), await bo.make_room(visibility="closed")
    own = await ana.say(mine, "zebra at home")
    foreign = await bo.say(open_one, "zebra outside")
    await bo.say(closed, "zebra behind the door")
    assert await found(ana, "zebra") == [own]
    await ana.join(open_one)
    assert await found(ana, "zebra") == [foreign, own]
    assert await found(ana, "from:Bo zebra") == [foreign]
    await ana.http.post(f"/rooms/{open_one}/leave")
    assert await found(ana, "zebra") == [own]
    assert await found(ana, "from:Bo zebra") == []


async def test_a_foreign_room_is_found_by_no_operator(ana: Visitor, bo: Visitor) -> None:
    await ana.make_room()
    room = await bo.make_room("Secret garden", visibility="closed")
    await bo.say(room, "http://secret.example")
    for query in ("in:Secret", 'in:"Secret garden"', "from:Bo", "has:link", "after:2020-01-01", "-nothing", "secret"):
        assert await found(ana, query) == [], query
        assert "secret.example" not in (await ana.http.get(f"/search?q={quote(query)}")).text


async def test_a_deleted_message_and_a_system_message_are_never_found(ana: Visitor, servers: Servers) -> None:
    room = await ana.make_room()
    kept, deleted, said_by_nobody = [await ana.say(room, f"walrus {n}") for n in range(3)]
    connection = await asyncpg.connect(servers.database_url)
    await connection.execute("UPDATE message SET deleted_at = now() WHERE id = $1::uuid", deleted)
    await connection.execute("UPDATE message SET kind = 'system' WHERE id = $1::uuid", said_by_nobody)
    await connection.close()
    assert await found(ana, "walrus") == [kept]
    assert await found(ana, "from:me") == [kept]


async def test_a_page_has_twenty_results_and_the_way_to_the_rest(ana: Visitor) -> None:
    room = await ana.make_room()
    ids = [await ana.say(room, f"pagination {n}") for n in range(45)]
    first = (await ana.http.get("/search?q=pagination")).text
    assert [article.id for article in articles(first)] == ids[:24:-1]
    following = NEXT.search(first)[1].replace("&amp;", "&")
    newer = await ana.say(room, "pagination goes on")
    second = (await ana.http.get(following)).text
    assert [article.id for article in articles(second)] == ids[24:4:-1]
    assert await found(ana, "pagination") == [newer, *reversed(ids)]


async def test_messages_of_the_same_moment_are_neither_lost_nor_doubled(ana: Visitor, servers: Servers) -> None:
    rooms = [await ana.make_room() for _ in range(3)]
    ids = {await ana.say(room, "simultaneous") for _ in range(15) for room in rooms}
    connection = await asyncpg.connect(servers.database_url)
    await connection.execute("UPDATE message SET created_at = '2026-02-03' WHERE room = any($1::int[])", rooms)
    await connection.close()
    got = await found(ana, "simultaneous")
    assert len(got) == 45
    assert set(got) == ids


async def test_the_match_is_marked_and_the_text_stays_text(ana: Visitor) -> None:
    room = await ana.make_room("Marked")
    message = await ana.say(room, "Green <script>alert(1)</script> TEA & more")
    page = (await ana.http.get("/search?q=tea+script")).text
    assert "Green &lt;<mark>script</mark>&gt;alert(1)&lt;/<mark>script</mark>&gt; <mark>TEA</mark> &amp; more" in page
    assert "<script>alert" not in page
    assert f'href="/messages/{message}"' in page
    assert "Marked" in page


INDEX_USES = "SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = $1"
ALPHABET = "茶绿喝天ab cA\n"


async def test_search_finds_the_same_rows_as_a_plain_scan(servers: Servers, open_house) -> None:
    """Thousands of random texts in many rooms, so that the newest of each room are not enough: both ways of
    searching have their turn."""
    own = await servers.empty_database()
    house = await open_house(own)
    ana = await Visitor.at(house.url).sign_up("Ana")
    bo = await Visitor.at(house.url).sign_up("Bo")
    rooms = [await ana.make_room() for _ in range(2)] + [await bo.make_room()]
    chance = random.Random(4)
    messages = []
    start = datetime(2026, 1, 1, tzinfo=UTC)
    connection = await asyncpg.connect(own.database_url)
    for seq in range(1, 7_001):
        body = "".join(chance.choice(ALPHABET) for _ in range(chance.randint(3, 14)))
        room, author = chance.choice(rooms), chance.choice([ana.id, bo.id])
        if seq < 500:
            body += chance.choice(["古老的茶", "Ancient b", "ａｎＣient", ""])
        messages.append((seq, room, author, body, start + timedelta(minutes=seq // 3)))
    await connection.executemany(
        "INSERT INTO message (id, room, seq, version, posted_version, author, body, html, created_at) "
        "VALUES (gen_random_uuid(), $2, $1, $1, $1, $3, $4, '', $5)",
        messages,
    )
    ids = {row["seq"]: str(row["id"]) for row in await connection.fetch("SELECT id, seq FROM message")}
    await connection.execute("ANALYZE message")
    inside = sorted((m for m in messages if m[1] in rooms[:2]), key=lambda m: (m[4], m[1], m[0]), reverse=True)

    def scanned(words: list[str], without: list[str]) -> list[str]:
        def folded(text: str) -> str:
            return unicodedata.normalize("NFKC", text).lower()

        return [
            ids[m[0]]
            for m in inside
            if all(folded(word) in folded(m[3]) for word in words)
            and not any(folded(word) in folded(m[3]) for word in without)
        ]

    queries = [["古老"], ["老"], ["ancient"], ["ANCIENT b"], ["古老的茶", "a"], ["茶绿喝天"], ["no such thing"]]
    for _ in range(40):
        queries.append(
            [
                "".join(chance.choice("茶绿喝天abcA") for _ in range(chance.randint(2, 5)))
                for _ in range(chance.randint(1, 2))
            ]
        )
    for words in queries:
        without = [chance.choice("茶绿喝ab")] if chance.random() < 0.3 else []
        quoted = " ".join([f'"{word}"' for word in words] + [f"-{word}" for word in without])
        got = await found(ana, quoted)
        assert got == scanned(words, without), quoted
    for index in ("message_search", "message_room_created_at"):
        async with asyncio.timeout(20):  # the server writes its statistics down within seconds
            while not await connection.fetchval(INDEX_USES, index):
                pass
    await connection.close()
