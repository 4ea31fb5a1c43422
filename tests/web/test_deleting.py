from uuid import uuid4

import asyncpg
from redis.asyncio import Redis

from tests.conftest import Servers
from tests.house import Visitor, articles, version
from tests.web.test_unread import counts

FRAGMENT = {"HX-Request": "true"}


async def rows(servers: Servers, query: str, *values: object) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(servers.database_url)
    found = await connection.fetch(query, *values)
    await connection.close()
    return found


async def test_the_author_deletes_a_message_and_its_text_is_gone_everywhere(
    ana: Visitor, bo: Visitor, servers: Servers, second_house
) -> None:
    room = await ana.make_room()
    await bo.join(room)
    message = await ana.say(room, "a secret for @Bo")
    elsewhere = Visitor(bo.http, second_house.url)
    assert (await counts(bo, room))[1] == 1
    before = await ana.version_of(room)
    async with bo.listening(room, before) as here, elsewhere.listening(room, before) as there:
        answer = await ana.http.post(f"/messages/{message}/delete", headers=FRAGMENT)
        assert answer.status_code == 200
        assert articles(answer.text)[0].id == message
        assert 'class="message deleted"' in answer.text
        for reader in (here, there):
            await reader.until(lambda r: r.articles)
            assert (reader.articles[0].id, reader.version) == (message, before + 1)
            assert "secret" not in "".join(reader.frames)
    for address in (f"/rooms/{room}", f"/rooms/{room}/messages", f"/rooms/{room}/changes?since=0"):
        page = (await bo.http.get(address)).text
        assert f'id="m-{message}"' in page
        assert "secret" not in page
    stored = await rows(servers, "SELECT body, html, deleted_at FROM message WHERE id = $1", message)
    assert (stored[0]["body"], stored[0]["html"]) == ("", "")
    assert stored[0]["deleted_at"]
    assert not await rows(servers, "SELECT FROM mention WHERE message = $1", message)
    assert (await counts(bo, room))[1] == 0
    assert not await rows(servers, "SELECT FROM audit WHERE room = $1 AND act = 'delete-message'", room)


async def test_a_room_admin_deletes_what_others_wrote_and_the_audit_knows(
    ana: Visitor, bo: Visitor, servers: Servers
) -> None:
    room = await ana.make_room()
    await bo.join(room)
    message = await bo.say(room, "rude words")
    for _ in range(2):
        answer = await ana.http.post(f"/messages/{message}/delete")
        assert (answer.status_code, answer.headers["location"]) == (303, f"/rooms/{room}?around={message}")
    noted = await rows(servers, "SELECT actor, subject FROM audit WHERE room = $1 AND act = 'delete-message'", room)
    assert [tuple(row) for row in noted] == [(ana.id, bo.id)]


async def test_repeating_a_deletion_changes_nothing_more(ana: Visitor) -> None:
    room = await ana.make_room()
    message = await ana.say(room, "hello")
    await ana.http.post(f"/messages/{message}/delete")
    after = await ana.version_of(room)
    answer = await ana.http.post(f"/messages/{message}/delete", headers=FRAGMENT)
    assert answer.status_code == 200
    assert await ana.version_of(room) == after


async def test_nobody_else_deletes_a_message(ana: Visitor, bo: Visitor, stranger: Visitor) -> None:
    open_one, closed = await ana.make_room(), await ana.make_room(visibility="closed")
    shown, hidden = await ana.say(open_one, "still here"), await ana.say(closed, "still here")
    for visitor, message, status in (
        (bo, shown, 403),
        (bo, hidden, 404),
        (bo, uuid4(), 404),
        (bo, "abc", 404),
        (stranger, shown, 401),
    ):
        answer = await visitor.http.post(f"/messages/{message}/delete", headers=FRAGMENT)
        assert answer.status_code == status
    await bo.join(open_one)
    refused = await bo.http.post(f"/messages/{shown}/delete", headers=FRAGMENT)
    assert refused.status_code == 403
    assert "can delete a message." in refused.text
    for room in (open_one, closed):
        assert "still here" in (await ana.http.get(f"/rooms/{room}")).text


async def test_a_system_message_cannot_be_deleted(ana: Visitor, servers: Servers) -> None:
    room = await ana.make_room()
    message = await ana.say(room, "stands for what happened")
    await rows(servers, "UPDATE message SET kind = 'system' WHERE id = $1 RETURNING id", message)
    answer = await ana.http.post(f"/messages/{message}/delete", headers=FRAGMENT)
    assert answer.status_code == 403
    assert "cannot be deleted" in answer.text
    assert "/delete" not in (await ana.http.get(f"/messages/{message}/menu", headers=FRAGMENT)).text


async def test_a_page_that_missed_the_deletion_is_told_when_it_comes_back(ana: Visitor) -> None:
    room = await ana.make_room()
    message = await ana.say(room, "hello")
    since = version((await ana.http.get(f"/rooms/{room}")).text)
    await ana.http.post(f"/messages/{message}/delete")
    async with ana.listening(room, since) as reader:
        await reader.until(lambda r: r.articles)
        assert reader.articles[0].id == message
        assert f'hx-target="#m-{message}"' in reader.frames[0]


TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
IN_THE_INDEX = """
SELECT EXISTS (
    SELECT FROM message
    WHERE kind = 'text' AND deleted_at IS NULL AND search_terms(body, room, author, files) @> $1::text[]
)
"""


async def test_no_trace_is_left_in_any_table_the_index_redis_or_search(
    ana: Visitor, bo: Visitor, servers: Servers
) -> None:
    room = await ana.make_room()
    await bo.join(room)
    secret = f"vanishing{uuid4().hex}"
    message = await ana.say(room, f"{secret} for @Bo https://example.org/{secret}")
    await ana.act(f"/messages/{message}", body=f"{secret} again, for @Bo")
    await bo.reply(room, message, "what do you mean?")
    await bo.act(f"/messages/{message}/reactions", emoji="🍵")
    for way in ("menu", "edit", "wordings", "readers"):
        await ana.fragment(f"/messages/{message}/{way}")
    assert message in [article.id for article in articles((await bo.http.get(f"/search?q={secret}")).text)]
    assert await traces(servers, secret) == {"message", "wording", "index"}
    answer = await bo.act(f"/messages/{message}/delete")
    assert answer.status_code == 403
    answer = await ana.act(f"/messages/{message}/delete")
    assert answer.status_code == 200
    assert secret not in answer.text
    assert await traces(servers, secret) == set()
    assert not await rows(servers, "SELECT FROM reaction WHERE message = $1", message)
    for who in (ana, bo):
        found = (await who.http.get(f"/search?q={secret}")).text
        assert articles(found) == []
        for address in (f"/messages/{message}/menu", f"/rooms/{room}?around={message}", f"/rooms/{room}?after=1"):
            assert secret not in (await who.http.get(address)).text
    redis = Redis.from_url(servers.redis_url)
    async for key in redis.scan_iter("*"):
        assert secret.encode() not in key + (await redis.dump(key) or b"")
    await redis.aclose()


async def traces(servers: Servers, secret: str) -> set[str]:
    """The tables that hold the text in any of their columns, and `index` if the search index knows it."""
    connection = await asyncpg.connect(servers.database_url)
    found = {
        row["tablename"]
        for row in await connection.fetch(TABLES)
        if await connection.fetchval(
            f'SELECT EXISTS (SELECT FROM "{row["tablename"]}" t WHERE strpos(t::text, $1) > 0)', secret
        )
    }
    await connection.execute("SET enable_seqscan = off")
    pairs = sorted({secret[at : at + 2] for at in range(len(secret) - 1)})
    is_indexed = await connection.fetchval(IN_THE_INDEX, pairs)
    await connection.close()
    return found | ({"index"} if is_indexed else set())
