"""What was said before: a room's history in slices, and what changed since a version."""

import asyncio

import pytest

from tests.house import Visitor, articles, version


async def test_history_comes_in_slices_that_join_without_gap_or_overlap(ana: Visitor) -> None:
    room = await ana.make_room()
    await asyncio.gather(*[ana.say(room, f"message {n}") for n in range(120)])
    page = await ana.http.get(f"/rooms/{room}")
    seqs = [article.seq for article in articles(page.text)]
    assert seqs == list(range(71, 121))
    while seqs[0] > 1:
        older = await ana.http.get(f"/rooms/{room}/messages", params={"before": seqs[0]})
        assert ("older" in older.text) == (seqs[0] > 51)
        seqs = [article.seq for article in articles(older.text)] + seqs
    assert seqs == list(range(1, 121))


async def test_from_the_middle_history_leads_both_ways(ana: Visitor) -> None:
    room = await ana.make_room()
    ids = [await ana.say(room, f"message {n}") for n in range(160)]
    page = (await ana.http.get(f"/rooms/{room}?around={ids[79]}")).text
    seqs = [article.seq for article in articles(page)]
    assert 80 in seqs[20:30]
    assert f'class="older" href="/rooms/{room}?before={seqs[0]}"' in page
    while (link := f'class="newer" href="/rooms/{room}?after={seqs[-1]}"') in page:
        whole = (await ana.http.get(f"/rooms/{room}?after={seqs[-1]}")).text
        assert articles(whole)[0].seq == seqs[-1] + 1
        page = (await ana.http.get(f"/rooms/{room}/messages", params={"after": seqs[-1]})).text
        assert 'class="older"' not in page
        seqs += [article.seq for article in articles(page)]
    assert link not in page
    assert seqs == list(range(seqs[0], 161))
    older = (await ana.http.get(f"/rooms/{room}/messages", params={"before": seqs[0]})).text
    assert 'class="newer"' not in older
    nothing = await ana.http.get(f"/rooms/{room}/messages?after=160")
    assert (nothing.status_code, nothing.text.strip()) == (200, "")
    beyond = (await ana.http.get(f"/rooms/{room}?after=160")).text
    assert articles(beyond)[-1].seq == 160
    assert 'class="newer"' not in beyond


async def test_without_javascript_older_messages_are_a_link_away_and_the_newest_as_well(ana: Visitor) -> None:
    room = await ana.make_room()
    await asyncio.gather(*[ana.say(room, f"message {n}") for n in range(60)])
    page = await ana.http.get(f"/rooms/{room}")
    assert f'href="/rooms/{room}?before=11"' in page.text
    older = await ana.http.get(f"/rooms/{room}?before=11")
    assert [article.seq for article in articles(older.text)] == list(range(1, 11))
    assert "To the newest messages" in older.text
    assert f'class="newer" href="/rooms/{room}?after=10"' in older.text
    assert 'class="newer"' not in page.text


async def test_changes_bring_what_came_after_a_version_and_nothing_else(ana: Visitor) -> None:
    room = await ana.make_room()
    for n in range(5):
        await ana.say(room, f"message {n}")
    for since in range(5):
        answer = await ana.http.get(f"/rooms/{room}/changes", params={"since": since})
        assert [article.seq for article in articles(answer.text)] == list(range(since + 1, 6))
        assert version(answer.text) == 5
    assert (await ana.http.get(f"/rooms/{room}/changes?since=5")).status_code == 204


async def test_a_page_too_far_behind_or_from_the_future_gets_the_timeline_afresh(ana: Visitor) -> None:
    room = await ana.make_room()
    await asyncio.gather(*[ana.say(room, f"message {n}") for n in range(310)])
    for since in (0, 9, 311, 10**15):
        answer = await ana.http.get(f"/rooms/{room}/changes", params={"since": since})
        assert 'id="messages"' in answer.text
        assert [article.seq for article in articles(answer.text)] == list(range(261, 311))
        assert version(answer.text) == 310
    answer = await ana.http.get(f"/rooms/{room}/changes", params={"since": 10})
    assert 'id="messages"' not in answer.text
    assert len(articles(answer.text)) == 300


@pytest.mark.parametrize(
    "query", ["before=abc", "before=-1", f"before={10**22}", "after=-1", "after=0", f"after={10**22}"]
)
async def test_a_nonsensical_place_in_the_history_gives_no_error_page(ana: Visitor, query: str) -> None:
    room = await ana.make_room()
    await ana.say(room, "hi")
    assert (await ana.http.get(f"/rooms/{room}/messages?{query}")).status_code in (200, 400)
    assert (await ana.http.get(f"/rooms/{room}?{query}")).status_code in (200, 400)


@pytest.mark.parametrize("query", ["since=abc", "since=-1", "since=99999999999999999999999"])
async def test_a_nonsensical_version_gives_no_error_page(ana: Visitor, query: str) -> None:
    room = await ana.make_room()
    assert (await ana.http.get(f"/rooms/{room}/changes?{query}")).status_code in (200, 204, 400)
