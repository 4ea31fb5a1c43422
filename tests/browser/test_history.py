"""A page that was opened in the middle of a room: history both ways, live all the same, and the way to the newest."""

import asyncio

import pytest
from playwright.async_api import Route, expect

from tests.browser.conftest import DESK, PHONE, Arrive, Person, companion, say_many
from tests.browser.test_timeline import FIRST_IN_VIEW, PLACE_OF
from tests.house import Visitor

SEQS = "[...document.querySelectorAll('#messages > .message')].map(m => Number(m.dataset.seq))"


async def in_the_middle(arrive: Arrive, size: dict, at: int = 40) -> tuple[Person, Visitor, int, list[str]]:
    """Ana at one of 120 messages by Bo, and the ids of all of them."""
    ana = await arrive("Ana", **size)
    room = await ana.make_room("Garden plans")
    bo = await companion(ana, room)
    ids = [await bo.say(room, f"message {n}\nof many") for n in range(120)]
    await ana.page.goto(f"{ana.url}/messages/{ids[at]}")
    await ana.connected()
    return ana, bo, room, ids


async def read_on(ana: Person) -> None:
    """Scroll down until the page has the newest; what is in view never jumps."""
    while await ana.page.locator("#messages > .newer").count():
        await ana.page.evaluate("document.querySelector('.timeline').scrollBy(0, 1500)")
        top = await ana.page.evaluate(FIRST_IN_VIEW)
        await ana.until("!document.querySelector('.htmx-request')")
        assert abs((await ana.page.evaluate(PLACE_OF, top["id"])) - top["at"]) < 2


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
async def test_history_loads_both_ways_without_moving_what_is_read(arrive: Arrive, size: dict) -> None:
    ana, bo, room, ids = await in_the_middle(arrive, size)
    marked = ana.page.locator(f"#m-{ids[40]}.target")
    await expect(marked).to_be_in_viewport()
    newest = ana.page.locator(".newest")
    await expect(newest).to_be_visible()
    await read_on(ana)
    seqs = await ana.page.evaluate(SEQS)
    assert seqs == list(range(seqs[0], 122))
    await expect(newest).to_be_hidden()
    await expect(ana.page.locator(".new-messages")).to_be_hidden()
    await bo.say(room, "live from here on")
    await ana.sees("live from here on")
    await ana.page.evaluate("document.querySelector('.older').scrollIntoView()")
    await ana.until(f"{SEQS}[0] === 1")
    assert await ana.page.evaluate(SEQS) == list(range(1, 123))
    await expect(marked).to_have_count(1)


async def test_what_changes_shows_there_too_and_what_is_new_waits_for_its_turn(arrive: Arrive) -> None:
    ana, bo, room, ids = await in_the_middle(arrive, DESK)
    await bo.act(f"/messages/{ids[41]}", body="edited meanwhile")
    await bo.act(f"/messages/{ids[42]}/delete")
    await ana.page.locator(f"#m-{ids[41]}.edited", has_text="edited meanwhile").wait_for()
    await ana.page.locator(f"#m-{ids[42]}.deleted").wait_for()
    await bo.act(f"/messages/{ids[119]}", body="changed where nobody looks")
    await say_many(bo, room, 3, "fresh")
    await bo.act(f"/messages/{ids[40]}/reactions", emoji="🍵")
    await ana.page.locator(f"#m-{ids[40]} [data-emoji='🍵']").wait_for()  # so all that came before it is here
    assert max(await ana.page.evaluate(SEQS)) < 100
    await read_on(ana)
    seqs = await ana.page.evaluate(SEQS)
    assert seqs == list(range(seqs[0], 125))
    await ana.sees("changed where nobody looks")


@pytest.mark.parametrize("way", ["older", "newer"])
async def test_a_slice_on_its_way_never_brings_back_what_was_deleted_meanwhile(arrive: Arrive, way: str) -> None:
    at = 40 if way == "older" else 80  # so that the newer slice is the last one
    ana, bo, room, ids = await in_the_middle(arrive, DESK, at)
    edge = await ana.page.evaluate(SEQS)
    victim = ids[edge[0] - 5 if way == "older" else edge[-1] + 1]
    held, go_on = asyncio.Event(), asyncio.Event()

    async def hold(route: Route) -> None:
        answer = await route.fetch()
        held.set()
        await go_on.wait()
        await route.fulfill(response=answer)

    await ana.page.route("**/messages?*", hold)
    await ana.page.evaluate(f"document.querySelector('.{way}').scrollIntoView()")
    await asyncio.wait_for(held.wait(), 15)
    await bo.act(f"/messages/{victim}/delete")
    await bo.say(room, "after the slice was read")
    await bo.act(f"/messages/{ids[at]}/reactions", emoji="🍵")
    await ana.page.locator(f"#m-{ids[at]} [data-emoji='🍵']").wait_for(state="attached")
    go_on.set()
    await ana.page.locator(f"#m-{victim}.deleted").wait_for(state="attached")
    assert f"message {ids.index(victim)}\n" not in "\n".join(await ana.texts())
    await read_on(ana)
    await ana.sees("after the slice was read")
    seqs = await ana.page.evaluate(SEQS)
    assert seqs == list(range(seqs[0], 123))


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
async def test_whoever_writes_there_is_brought_to_the_newest(arrive: Arrive, size: dict) -> None:
    ana, _, room, _ = await in_the_middle(arrive, size)
    await ana.type("back to now")
    await ana.page.click(".send")
    await ana.page.wait_for_url(f"**/rooms/{room}")
    await ana.sees("back to now")
    assert (await ana.texts())[-2:] == ["message 119\nof many", "back to now"]
    await ana.until("document.querySelectorAll('.sending').length === 0")


async def test_where_the_browser_keeps_nothing_what_is_written_there_stays_in_the_composer(arrive: Arrive) -> None:
    ana, _, _, ids = await in_the_middle(arrive, DESK)
    address = ana.page.url
    await ana.page.evaluate(
        "void (Storage.prototype.setItem = () => { throw new DOMException('', 'QuotaExceededError') })"
    )
    await ana.send("not to be lost")
    await ana.page.locator("text=This browser has no room to take your text along").wait_for()
    assert await ana.page.input_value("#composer textarea") == "not to be lost"
    assert ana.page.url == address
    assert await ana.page.locator(f"#m-{ids[40]}").count() == 1


async def test_a_jump_over_unread_messages_does_not_count_them_as_read(arrive: Arrive) -> None:
    ana, bo = await arrive("Ana"), await arrive("Bo")
    room = await ana.make_room("Garden plans")
    await bo.enter(room)
    await ana.send("read by Bo")
    await bo.sees("read by Bo")
    link = bo.page.locator(f'#rooms a[data-room="{room}"]')
    await expect(link).to_have_attribute("data-unread", "0")
    await ana.page.locator(".readers [title=Bo]").wait_for()
    await bo.page.goto(f"{bo.url}/me")
    cy = await companion(ana, room)
    ids = [await cy.say(room, f"message {n}\nof many") for n in range(120)]
    await bo.page.goto(f"{bo.url}/messages/{ids[60]}")
    await bo.connected()
    await expect(bo.page.locator(f"#m-{ids[60]}.target")).to_be_in_viewport()
    await cy.say(room, "and one more")
    await expect(link).to_have_attribute("data-unread", "122")
    await bo.page.click(".newest")
    await bo.sees("and one more")
    await expect(link).to_have_attribute("data-unread", "0")
