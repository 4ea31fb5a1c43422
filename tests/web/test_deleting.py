from uuid import uuid4

import asyncpg

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
    assert not await rows(servers, "SELECT FROM audit WHERE room = $1 AND act = 'delete message'", room)


async def test_a_room_admin_deletes_what_others_wrote_and_the_audit_knows(
    ana: Visitor, bo: Visitor, servers: Servers
) -> None:
    room = await ana.make_room()
    await bo.join(room)
    message = await bo.say(room, "rude words")
    for _ in range(2):
        answer = await ana.http.post(f"/messages/{message}/delete")
        assert (answer.status_code, answer.headers["location"]) == (303, f"/rooms/{room}?around={message}")
    noted = await rows(servers, "SELECT actor, subject FROM audit WHERE room = $1 AND act = 'delete message'", room)
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
