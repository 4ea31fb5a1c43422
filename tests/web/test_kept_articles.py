"""Articles are rendered once: pages show what the bus brought, for as long as it is what the message looks like."""

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape
from uuid import uuid4

import asyncpg
import msgspec
import pytest
from redis.asyncio.client import PubSub

from app.realtime.bus import connect
from app.realtime.events import RoomChanged, decode, encode, topic_of_room
from app.rendering import fragments
from app.views import Html, MessageLine
from tests.conftest import Servers
from tests.house import PATIENCE_SECONDS, House, Visitor
from tests.test_pictures import picture


@contextlib.asynccontextmanager
async def bus_of(servers: Servers, room: int) -> AsyncIterator[PubSub]:
    redis = connect(servers.redis_url)
    async with redis.pubsub() as pubsub:
        await pubsub.subscribe(topic_of_room(room))
        yield pubsub
    await redis.aclose()


async def next_change(bus: PubSub) -> RoomChanged:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            item = await bus.get_message(ignore_subscribe_messages=True, timeout=1)
            if item and isinstance(event := decode(item["data"]), RoomChanged):
                return event


def elsewhere(visitor: Visitor, house: House) -> Visitor:
    """The same person in another house on the same servers."""
    other = Visitor.at(house.url)
    other.http.cookies = visitor.http.cookies
    return other


async def test_a_page_shows_the_article_that_the_bus_brought(
    ana: Visitor, servers: Servers, second_house: House
) -> None:
    room = await ana.make_room()
    second = elsewhere(ana, second_house)
    since = await ana.version_of(room)
    async with bus_of(servers, room) as bus, second.listening(room, since) as reader:
        message = await ana.say(room, "green tea")
        event = await next_change(bus)
        await reader.brings(message)
        told_again = msgspec.structs.replace(event, html=event.html.replace("green tea", "black tea"))
        redis = connect(servers.redis_url)
        assert await redis.publish(topic_of_room(room), encode(told_again)) >= 2
        await redis.aclose()
        await next_change(bus)
        async with asyncio.timeout(PATIENCE_SECONDS):  # nobody but the bus says black
            while "black tea" not in (await second.http.get(f"/rooms/{room}/messages")).text:
                await asyncio.sleep(0.02)
    assert len([frame for frame in reader.frames if message in frame]) == 1
    await ana.act(f"/messages/{message}", body="white tea")
    page = (await second.http.get(f"/rooms/{room}/messages")).text
    assert ("white tea" in page, "black tea" in page) == (True, False)


async def test_pages_show_what_was_told_last(
    ana: Visitor, bo: Visitor, servers: Servers, second_house: House
) -> None:
    room = await ana.make_room()
    await bo.join(room)
    second = elsewhere(bo, second_house)
    async with bus_of(servers, room) as bus, second.listening(room):

        async def told_and_shown() -> str:
            """What a change told, after seeing that pages of both houses show exactly that."""
            articles = [article for _, article in (await next_change(bus)).articles]
            for visitor in (bo, second):
                page = (await visitor.http.get(f"/rooms/{room}")).text
                assert [article for article in articles if article not in page] == []
            return "\n".join(articles)

        original = await ana.say(room, "茶 <b>")
        assert "茶 &lt;b&gt;" in await told_and_shown()
        reply = await bo.reply(room, original, "yes")
        assert "茶 &lt;b&gt;" in await told_and_shown()
        await bo.act(f"/messages/{original}/reactions", emoji="👍")
        assert 'data-emoji="👍"' in await told_and_shown()
        await bo.act(f"/messages/{original}/reactions", emoji="👍")
        assert "data-emoji" not in await told_and_shown()
        await ana.act(f"/messages/{original}", body="coffee")
        told = await told_and_shown()
        assert (told.count("coffee"), told.count("茶"), told.count("<article")) == (2, 0, 2)

        await ana.http.post("/me", data={"name": "Anastasia"})
        for visitor in (bo, second):
            page = (await visitor.http.get(f"/rooms/{room}/messages")).text
            assert page.count(">Anastasia</b>") == 2  # the message and the quote
            assert ">Ana</b>" not in page
        await ana.http.post("/me", data={}, files={"avatar": ("me.jpg", picture(), "image/jpeg")})
        for visitor in (bo, second):
            page = (await visitor.http.get(f"/rooms/{room}/messages")).text
            assert page.count(f"/people/{ana.id}/avatar?v=") == 1

        await ana.act(f"/messages/{original}/delete")
        told = await told_and_shown()
        assert (f'id="m-{reply}"' in told, "coffee" in told, ">Anastasia</b>" in told) == (True, False, True)


async def test_a_version_that_is_given_out_twice_shows_what_was_written_last(
    ana: Visitor, servers: Servers, second_house: House
) -> None:
    room = await ana.make_room()
    ana = elsewhere(ana, second_house)
    message = await ana.say(room, "coffee")
    before = await ana.version_of(room)
    await ana.act(f"/messages/{message}", body="green tea")
    assert "green tea" in (await ana.http.get(f"/rooms/{room}/messages")).text
    connection = await asyncpg.connect(servers.database_url)  # a copy of yesterday is put in its place
    await connection.execute(
        "UPDATE message SET body = 'coffee', html = '<p>coffee</p>', edited_at = NULL, version = $2 WHERE id = $1",
        message,
        before,
    )
    await connection.execute("UPDATE room SET version = $2 WHERE id = $1", room, before)
    await connection.close()
    answer = await ana.act(f"/messages/{message}", body="black tea")
    assert "black tea" in answer.text
    for address in (f"/rooms/{room}", f"/rooms/{room}/messages", f"/rooms/{room}/changes?since={before}"):
        page = (await ana.http.get(address)).text
        assert ("black tea" in page, "green tea" in page) == (True, False)


async def test_the_bubble_of_a_message_on_its_way_is_its_authors_own_also_among_people_of_one_name(
    house: House, second_house: House
) -> None:
    first, second = [await Visitor.at(second_house.url).sign_up("Alex") for _ in range(2)]
    room = await first.make_room()
    await second.join(room)
    for visitor in (first, second):
        _, _, unsent = unescape((await visitor.http.get(f"/rooms/{room}")).text).partition('id="unsent"')
        assert f'data-author="{visitor.id}"' in unsent


def test_of_many_articles_those_asked_for_last_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fragments, "ARTICLES_KEPT_MAX", 2)
    monkeypatch.setattr(fragments, "_kept", OrderedDict())
    line = MessageLine(
        uuid4(), 1, 1, 1, 1, 1, "Ana", None, "text", "tea", Html("<p>tea</p>"), False, datetime.now(UTC)
    )
    one, two, three = (replace(line, id=uuid4()) for _ in range(3))
    for each in (one, two):
        fragments.message(each)
    first, second = fragments.message(one), fragments.message(two)
    assert fragments.message(one) is first
    fragments.message(three)
    assert fragments.message(one) is first
    assert fragments.message(two) is not second
    long = replace(line, id=uuid4(), html=Html("x" * (fragments.ARTICLE_KEPT_LENGTH_MAX + 1)))
    fragments.message(long)
    assert fragments.message(long) is not fragments.message(long)
