import re

import pytest

from app import emojis
from app.actions.reactions import EMOJI_PER_MESSAGE_MAX
from tests.house import Visitor


def reactions(html: str) -> dict[str, tuple[int, str]]:
    """emoji → (count, people)."""
    found = re.findall(r'data-emoji="([^"]+)" data-count="(\d+)" data-people="([^"]*)"', html)
    return {emoji: (int(count), people) for emoji, count, people in found}


async def test_reacting_adds_and_reacting_again_takes_back_live(ana: Visitor, bo: Visitor) -> None:
    room = await ana.make_room()
    await bo.join(room)
    message = await ana.say(room, "tea?")
    since = await ana.version_of(room)
    async with ana.listening(room, since) as reader:
        answer = await bo.act(f"/messages/{message}/reactions", emoji="🍵")
        assert reactions(answer.text) == {"🍵": (1, str(bo.id))}
        await reader.until(lambda r: r.version == since + 1)
        assert reactions(reader.news_of(message)) == {"🍵": (1, str(bo.id))}
        assert [article.id for article in reader.articles] == [message]
        await ana.act(f"/messages/{message}/reactions", emoji="🍵")
        await reader.until(lambda r: r.version == since + 2)
        assert reactions(reader.news_of(message)) == {"🍵": (2, f"{bo.id} {ana.id}")}
        await bo.act(f"/messages/{message}/reactions", emoji="🍵")
        await ana.act(f"/messages/{message}/reactions", emoji="🍵")
        await reader.until(lambda r: r.version == since + 4)
        assert reactions(reader.news_of(message)) == {}


async def test_reactions_stand_in_page_history_and_changes_in_the_order_they_came(ana: Visitor) -> None:
    room = await ana.make_room()
    message = await ana.say(room, "tea?")
    await ana.say(room, "quiet")
    for emoji in ("🙏", "👍🏽", "❤"):
        assert (await ana.act(f"/messages/{message}/reactions", emoji=emoji)).status_code == 200
    for address in (f"/rooms/{room}", f"/rooms/{room}/messages", f"/rooms/{room}/changes?since=1"):
        page = (await ana.http.get(address)).text
        assert list(reactions(page)) == ["🙏", "👍🏽", "❤️"]


@pytest.mark.parametrize(
    "emoji",
    ["🍵", "👍🏿", "👩‍👩‍👧‍👦", "🧑🏽‍🚒", "🏳️‍🌈", "🇹🇼", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "1️⃣", "#️⃣", "❤️", "❤", "™", " 🎉 "],
)
async def test_any_single_emoji_is_taken(ana: Visitor, emoji: str) -> None:
    message = await ana.say(await ana.make_room(), "tea?")
    answer = await ana.act(f"/messages/{message}/reactions", emoji=emoji)
    assert (answer.status_code, len(reactions(answer.text))) == (200, 1)


@pytest.mark.parametrize(
    "emoji",
    [
        "",
        "a",
        "1",
        "#",
        "🍵🍵",
        "tea",
        "<b>",
        "\0",
        "\ufe0f",
        "\u200d",
        "🇹",
        "🏽",
        "👍" * 1000,
        "🍵\u200d🍵",
        "茶",
        ":tea:",
    ],
)
async def test_anything_else_is_refused(ana: Visitor, emoji: str) -> None:
    room = await ana.make_room()
    message = await ana.say(room, "tea?")
    answer = await ana.act(f"/messages/{message}/reactions", emoji=emoji)
    assert (answer.status_code, "one emoji" in answer.text) == (422, True)
    assert await ana.version_of(room) == 1


async def test_a_message_has_a_bounded_number_of_different_reactions(ana: Visitor, bo: Visitor) -> None:
    room = await ana.make_room()
    await bo.join(room)
    message = await ana.say(room, "tea?")
    several = [emoji for emoji, _ in emojis.offered()[: EMOJI_PER_MESSAGE_MAX + 1]]
    answers = [await ana.act(f"/messages/{message}/reactions", emoji=emoji) for emoji in several]
    assert [answer.status_code for answer in answers] == [200] * EMOJI_PER_MESSAGE_MAX + [422]
    assert (await bo.act(f"/messages/{message}/reactions", emoji=several[0])).status_code == 200
    assert len(reactions((await ana.http.get(f"/rooms/{room}")).text)) == EMOJI_PER_MESSAGE_MAX


async def test_nobody_from_outside_reacts_or_learns_who_did(ana: Visitor, bo: Visitor) -> None:
    room = await ana.make_room()
    message = await ana.say(room, "tea?")
    assert (await bo.act(f"/messages/{message}/reactions", emoji="🍵")).status_code == 403
    assert (await bo.fragment(f"/messages/{message}/reactions")).status_code == 403
    await bo.join(room)
    assert (await bo.act(f"/messages/{message}/reactions", emoji="🍵")).status_code == 200
    await ana.act(f"/messages/{message}/reactions", emoji="🍵")
    who = (await bo.fragment(f"/messages/{message}/reactions")).text
    assert "<span>🍵</span> Bo, Ana" in who


async def test_a_deleted_message_takes_no_reactions_and_keeps_none(ana: Visitor) -> None:
    room = await ana.make_room()
    message = await ana.say(room, "tea?")
    await ana.act(f"/messages/{message}/reactions", emoji="🍵")
    gone = await ana.act(f"/messages/{message}/delete")
    assert reactions(gone.text) == {}
    answer = await ana.act(f"/messages/{message}/reactions", emoji="🍵")
    assert (answer.status_code, "was deleted" in answer.text) == (422, True)
    assert reactions((await ana.http.get(f"/rooms/{room}")).text) == {}


async def test_without_javascript_a_reaction_leads_back_to_the_message(ana: Visitor) -> None:
    room = await ana.make_room()
    message = await ana.say(room, "tea?")
    menu = (await ana.http.get(f"/messages/{message}/menu")).text
    assert f'action="/messages/{message}/reactions"' in menu
    assert f'href="/messages/{message}/reactions/picker"' in menu
    answer = await ana.http.post(f"/messages/{message}/reactions", data={"emoji": "👍"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/rooms/{room}?around={message}")


async def test_the_picker_offers_only_what_is_taken(ana: Visitor) -> None:
    message = await ana.say(await ana.make_room(), "tea?")
    picker = (await ana.fragment(f"/messages/{message}/reactions/picker")).text
    offered = re.findall(r'name="emoji" value="([^"]+)" title="([^"]+)"', picker)
    assert len(offered) > 190
    assert all(emojis.one(emoji) == emoji for emoji, _ in offered)
    assert ("🍵", "teacup without handle") in offered
