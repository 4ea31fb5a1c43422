import asyncio
import re
from uuid import uuid4

import pytest

from app.actions.drafts import REPLIES_MAX
from app.actions.stamps import CHANGES_TOLD_MAX
from tests.house import Visitor, articles


def quotes(html: str) -> list[tuple[str, str, str]]:
    """(original, its author, its beginning) of every reply."""
    pattern = (
        r'<a class="quote[^"]*" href="/messages/([^"]+)"><b data-name-of="\d+">([^<]*)</b> <span>([^<]*)</span></a>'
    )
    return re.findall(pattern, html)


async def test_a_reply_quotes_its_original_wherever_it_is_shown(ana: Visitor, bo: Visitor) -> None:
    room = await ana.make_room()
    await bo.join(room)
    original = await ana.say(room, f"one <b>\n{'long ' * 60}")
    since = await ana.version_of(room)
    async with ana.listening(room, since) as reader:
        answer = await bo.act(f"/rooms/{room}/messages", body="yes", reply_to=original)
        await reader.until(lambda r: r.version == since + 1)
    expected = [(original, "Ana", f"one &lt;b&gt; {'long ' * 60}"[: 120 + 6].rstrip() + "…")]
    for html in (
        answer.text,
        reader.news_of(articles(answer.text)[0].id),
        (await ana.http.get(f"/rooms/{room}")).text.split('id="unsent"')[0],
        (await ana.http.get(f"/rooms/{room}/changes?since={since}")).text,
        (await ana.http.get(f"/rooms/{room}/messages")).text,
    ):
        assert quotes(html) == expected


async def test_a_reply_into_another_room_is_refused_and_nothing_is_stored(ana: Visitor, bo: Visitor) -> None:
    room, secret = await ana.make_room(), await bo.make_room(visibility="closed")
    hidden = await bo.say(secret, "between us")
    own = await ana.say(await ana.make_room(), "elsewhere")
    for crafted in (hidden, own, str(uuid4()), "not a uuid", "'; --"):
        answer = await ana.act(f"/rooms/{room}/messages", body="hm", reply_to=crafted)
        assert (answer.status_code, "no longer there" in answer.text) == (422, True)
        assert "between us" not in answer.text
    assert await ana.version_of(room) == 0
    page = await ana.http.get(f"/rooms/{room}?reply_to={hidden}")
    assert (page.status_code, "between us" in page.text) == (200, False)


async def test_a_deleted_message_cannot_be_answered(ana: Visitor) -> None:
    room = await ana.make_room()
    original = await ana.say(room, "gone")
    await ana.act(f"/messages/{original}/delete")
    answer = await ana.act(f"/rooms/{room}/messages", body="hm", reply_to=original)
    assert answer.status_code == 422
    assert await ana.version_of(room) == 2


@pytest.mark.parametrize("replies", [2, CHANGES_TOLD_MAX + 5])
async def test_what_is_deleted_is_gone_from_every_quote_also_on_open_pages(
    ana: Visitor, bo: Visitor, replies: int
) -> None:
    room = await ana.make_room()
    await bo.join(room)
    secret = uuid4().hex
    original = await ana.say(room, secret)
    ids = [await bo.reply(room, original, f"reply {n}") for n in range(replies)]
    since = await bo.version_of(room)
    async with bo.listening(room, since) as reader:
        await ana.act(f"/messages/{original}/delete")
        await reader.until(lambda r: r.version == since + 1 + replies)
        assert {article.id for article in reader.articles} == {original, *ids}
        assert all(secret not in frame for frame in reader.frames)
    page = (await bo.http.get(f"/rooms/{room}?before={2 * replies}")).text
    assert secret not in page
    assert f'<a class="quote of-deleted" href="/messages/{original}">' in page


async def test_a_quote_follows_an_edit(ana: Visitor) -> None:
    room = await ana.make_room()
    original = await ana.say(room, "frist")
    reply = await ana.reply(room, original, "typo")
    answer = await ana.act(f"/messages/{original}", body="first")
    assert answer.status_code == 200
    changes = (await ana.http.get(f"/rooms/{room}/changes?since=2")).text
    assert quotes(changes) == [(original, "Ana", "first")]
    assert f"m-{reply}" in changes
    assert await ana.version_of(room) == 4


async def test_without_javascript_the_page_knows_what_is_answered(ana: Visitor) -> None:
    room = await ana.make_room()
    original = await ana.say(room, "which one?")
    assert f"/rooms/{room}?reply_to={original}" in (await ana.http.get(f"/messages/{original}/menu")).text
    page = (await ana.http.get(f"/rooms/{room}?reply_to={original}")).text
    assert f'name="reply_to" value="{original}"' in page
    bar = rf'<div id="replying">\s*<p>Replying to <b data-name-of="{ana.id}">Ana</b> <span>which one\?</span>'
    assert re.search(bar, page)
    form = {"id": str(uuid4()), "body": "this one", "reply_to": original}
    assert (await ana.http.post(f"/rooms/{room}/messages", data=form)).status_code == 303
    again = await ana.http.post(f"/rooms/{room}/messages", data=form)  # sending twice is harmless
    assert again.status_code == 303
    assert len(quotes((await ana.http.get(f"/rooms/{room}/messages")).text)) == 1


async def test_a_post_that_is_repeated_is_answered_with_its_quote(ana: Visitor) -> None:
    room = await ana.make_room()
    original = await ana.say(room, "which one?")
    form = {"id": str(uuid4()), "body": "this one", "reply_to": original}
    first, second = [await ana.act(f"/rooms/{room}/messages", **form) for _ in range(2)]
    assert quotes(first.text) == quotes(second.text) == [(original, "Ana", "which one?")]


async def test_a_reply_that_races_with_the_deletion_never_shows_the_text_afterwards(
    ana: Visitor, bo: Visitor
) -> None:
    room = await ana.make_room()
    await bo.join(room)
    for _ in range(5):
        secret = uuid4().hex
        original = await ana.say(room, secret)
        since = await ana.version_of(room)
        async with ana.listening(room, since) as reader:
            posts = [bo.act(f"/rooms/{room}/messages", body="hm", reply_to=original) for _ in range(6)]
            answers = await asyncio.gather(*posts, ana.act(f"/messages/{original}/delete"))
            assert {answer.status_code for answer in answers} <= {200, 422}
            version = await ana.version_of(room)
            await reader.until(lambda r, version=version: r.version >= version)
            latest = {}
            for frame in reader.frames:
                for article in re.findall(r"<article .*?</article>", frame, re.DOTALL):
                    latest[re.search(r'id="([^"]+)"', article).group(1)] = article
            assert latest
            assert all(secret not in article for article in latest.values())


async def test_the_replies_to_one_message_are_bounded_and_it_can_still_be_deleted(ana: Visitor) -> None:
    room = await ana.make_room()
    original = await ana.say(room, "tea?")
    for _ in range(0, REPLIES_MAX, 20):
        await asyncio.gather(*[ana.reply(room, original, "yes") for _ in range(20)])
    refused = await ana.act(f"/rooms/{room}/messages", body="yes", reply_to=original)
    assert (refused.status_code, "without the quote" in refused.text) == (422, True)
    assert (await ana.act(f"/messages/{original}/delete")).status_code == 200
    assert "tea?" not in (await ana.http.get(f"/rooms/{room}")).text.split('id="unsent"')[0]
