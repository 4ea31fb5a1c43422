import asyncio
import re
from uuid import uuid4

import asyncpg
import pytest

from app.views import BODY_LENGTH_MAX
from tests.conftest import Servers
from tests.house import PATIENCE_SECONDS, Visitor, articles


async def shown(visitor: Visitor, room: int, message: str) -> str:
    """The article of a message as the room's page has it."""
    page = (await visitor.http.get(f"/rooms/{room}")).text
    return re.search(rf'<article [^>]*id="m-{message}".*?</article>', page, re.DOTALL).group()


async def test_an_author_edits_and_everybody_in_the_room_sees_it(ana: Visitor, bo: Visitor) -> None:
    room = await ana.make_room()
    await bo.join(room)
    message = await ana.say(room, "frist")
    await bo.say(room, "second")
    since = await bo.version_of(room)
    async with bo.listening(room, since) as reader:
        answer = await ana.act(f"/messages/{message}", body="first")
        assert answer.status_code == 200
        assert "first" in answer.text
        assert "room-version" not in answer.text
        await reader.until(lambda r: r.version == since + 1)
        assert [(article.id, article.seq) for article in reader.articles] == [(message, 2)]
        assert "outerMorph" in reader.news_of(message)
    article = await shown(bo, room, message)
    assert '<article class="message edited"' in article
    assert ">first<" in article
    changes = (await bo.http.get(f"/rooms/{room}/changes?since={since}")).text
    assert [article.id for article in articles(changes)] == [message]
    assert "<hx-upsert" not in changes  # a page that has not loaded it must not get it at the top


async def test_nobody_else_edits_it_not_even_an_admin(ana: Visitor, bo: Visitor) -> None:
    room = await ana.make_room()
    await bo.join(room)
    message = await bo.say(room, "mine")
    answer = await ana.act(f"/messages/{message}", body="yours")
    assert (answer.status_code, "Only its author" in answer.text) == (403, True)
    assert (await ana.fragment(f"/messages/{message}/edit")).status_code == 403
    assert ">mine<" in await shown(ana, room, message)


async def test_somebody_who_left_the_room_edits_nothing_there(ana: Visitor, bo: Visitor) -> None:
    room = await ana.make_room()
    await bo.join(room)
    message = await bo.say(room, "mine")
    await bo.http.post(f"/rooms/{room}/leave")
    assert (await bo.act(f"/messages/{message}", body="changed")).status_code == 403
    assert ">mine<" in await shown(ana, room, message)


@pytest.mark.parametrize("body", ["", "  \n ", "a\0b", "x" * (BODY_LENGTH_MAX + 1)])
async def test_what_could_not_be_posted_cannot_be_edited_in(ana: Visitor, body: str) -> None:
    room = await ana.make_room()
    message = await ana.say(room, "good")
    version = await ana.version_of(room)
    answer = await ana.act(f"/messages/{message}", body=body)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert await ana.version_of(room) == version
    assert ">good<" in await shown(ana, room, message)


async def test_the_same_text_again_is_no_change(ana: Visitor) -> None:
    room = await ana.make_room()
    message = await ana.say(room, "as it is")
    version = await ana.version_of(room)
    answer = await ana.act(f"/messages/{message}", body="as it is")
    assert (answer.status_code, "edited" in answer.text) == (200, False)
    assert await ana.version_of(room) == version


async def test_a_deleted_message_cannot_be_edited(ana: Visitor) -> None:
    room = await ana.make_room()
    message = await ana.say(room, "gone")
    await ana.act(f"/messages/{message}/delete")
    answer = await ana.act(f"/messages/{message}", body="back")
    assert (answer.status_code, "was deleted" in answer.text) == (422, True)
    assert "back" not in await shown(ana, room, message)


async def test_room_admins_see_how_it_read_before_and_others_do_not(ana: Visitor, bo: Visitor) -> None:
    room = await ana.make_room()
    await bo.join(room)
    message = await bo.say(room, "wording one")
    await bo.act(f"/messages/{message}", body="wording two")
    await bo.act(f"/messages/{message}", body="wording three")
    seen = await ana.fragment(f"/messages/{message}/wordings")
    assert re.findall(r"wording \w+", seen.text) == ["wording two", "wording one"]
    assert f"/messages/{message}/wordings" in (await ana.fragment(f"/messages/{message}/menu")).text
    refused = await bo.fragment(f"/messages/{message}/wordings")
    assert (refused.status_code, "wording" in refused.text) == (403, False)
    assert "wordings" not in (await bo.fragment(f"/messages/{message}/menu")).text


async def test_mentions_are_those_of_the_new_text(servers: Servers, ana: Visitor) -> None:
    room = await ana.make_room()
    names = [f"Eve{uuid4().hex[:6]}", f"Ida{uuid4().hex[:6]}"]
    eve, ida = [await (await Visitor.at(ana.url).sign_up(name)).join(room) for name in names]
    message = await ana.say(room, f"@{eve.name} look")
    await ana.act(f"/messages/{message}", body=f"@{ida.name} look")
    connection = await asyncpg.connect(servers.database_url)
    rows = await connection.fetch("SELECT person FROM mention WHERE message = $1", message)
    await connection.close()
    assert [row["person"] for row in rows] == [ida.id]


async def test_deleting_takes_the_earlier_wordings_along(servers: Servers, ana: Visitor) -> None:
    room = await ana.make_room()
    secret = uuid4().hex
    message = await ana.say(room, secret)
    await ana.act(f"/messages/{message}", body="harmless")
    await ana.act(f"/messages/{message}/delete")
    assert secret not in (await ana.fragment(f"/messages/{message}/wordings")).text
    connection = await asyncpg.connect(servers.database_url)
    left = await connection.fetchval("SELECT count(*) FROM wording WHERE message = $1", message)
    await connection.close()
    assert left == 0


async def test_without_javascript_there_is_a_page_for_it(ana: Visitor) -> None:
    room = await ana.make_room()
    message = await ana.say(room, "before <b>")
    page = await ana.http.get(f"/messages/{message}/edit")
    assert "before &lt;b&gt;</textarea>" in page.text
    assert page.text.startswith("<!doctype html>")
    answer = await ana.http.post(f"/messages/{message}", data={"body": "after"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/rooms/{room}?around={message}")
    too_long = await ana.http.post(f"/messages/{message}", data={"body": "y" * (BODY_LENGTH_MAX + 1)})
    assert too_long.status_code == 422
    assert "y" * (BODY_LENGTH_MAX + 1) in too_long.text  # what was typed is not lost


WAITING = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%FROM room WHERE id = % FOR UPDATE%'
"""


@pytest.mark.parametrize(
    ("way", "form"), [("", {"body": "changed"}), ("/delete", {}), ("/reactions", {"emoji": "🍵"})]
)
async def test_whoever_is_removed_while_they_wait_their_turn_changes_nothing(
    servers: Servers, ana: Visitor, bo: Visitor, way: str, form: dict[str, str]
) -> None:
    room = await ana.make_room()
    await bo.join(room)
    message = await bo.say(room, "mine")
    before = await shown(ana, room, message)
    connection = await asyncpg.connect(servers.database_url)
    async with connection.transaction():  # as it is while an admin removes somebody
        await connection.execute("SELECT FROM room WHERE id = $1 FOR UPDATE", room)
        asking = asyncio.create_task(bo.act(f"/messages/{message}{way}", **form))
        watcher = await asyncpg.connect(servers.database_url)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not await watcher.fetchval(WAITING):
                pass
        await watcher.close()
        await connection.execute("DELETE FROM membership WHERE room = $1 AND person = $2", room, bo.id)
    await connection.close()
    answer = await asking
    assert (answer.status_code, "You are not in this room" in answer.text) == (403, True)
    assert await shown(ana, room, message) == before
