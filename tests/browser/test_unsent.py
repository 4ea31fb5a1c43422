"""What could not be sent: it is kept, tried again in its order, and stored once."""

import asyncio
import json

import pytest
from playwright.async_api import Route

from tests.browser.conftest import Arrive
from tests.house import Visitor


async def test_a_message_that_was_not_sent_says_so_and_goes_with_try_again(arrive: Arrive) -> None:
    ana = await arrive("Ana")
    await ana.make_room("Garden plans")
    await ana.page.route("**/messages", lambda route: route.abort())
    await ana.send("first try")
    again = ana.page.locator("text=Not sent · try again")
    await again.wait_for()
    await ana.page.unroute("**/messages")
    await again.click()
    await ana.sees("first try")
    assert await ana.texts() == ["first try"]


async def test_a_message_that_was_not_sent_can_be_taken_back_for_editing(arrive: Arrive) -> None:
    ana = await arrive("Ana")
    await ana.make_room("Garden plans")
    await ana.page.route("**/messages", lambda route: route.abort())
    await ana.send("frist try")
    await ana.page.locator("text=Edit").click()
    assert await ana.page.input_value("#composer textarea") == "frist try"
    assert await ana.page.locator(".message").count() == 0


async def test_one_that_failed_takes_its_place_by_seq_when_it_is_stored_later(arrive: Arrive) -> None:
    ana = await arrive("Ana")
    room = await ana.make_room("Garden plans")
    bo = await Visitor.at(ana.url).sign_up("Bo")
    await bo.join(room)
    await ana.page.route("**/messages", lambda route: route.abort())
    await ana.send("tried first, stored second")
    await ana.page.locator("text=Not sent · try again").wait_for()
    await bo.say(room, "stored first")
    await ana.sees("stored first")
    await ana.page.unroute("**/messages")
    await ana.page.locator("text=Not sent · try again").click()
    await ana.sees("tried first, stored second")
    assert await ana.seqs() == [2, 3]
    assert await ana.texts() == ["stored first", "tried first, stored second"]


async def test_what_is_written_after_one_that_failed_is_stored_after_it(arrive: Arrive) -> None:
    ana = await arrive("Ana")
    await ana.make_room("Garden plans")
    await ana.page.route("**/messages", lambda route: route.abort(), times=1)
    await ana.send("first")
    await ana.page.locator("text=Not sent · try again").wait_for()
    await ana.send("second")
    await ana.sees("second")
    assert await ana.texts() == ["first", "second"]
    assert await ana.seqs() == [1, 2]


@pytest.mark.parametrize("by_hand", [False, True], ids=["by itself", "by hand"])
async def test_what_stands_in_line_behind_one_that_fails_does_not_overtake_it(arrive: Arrive, by_hand: bool) -> None:
    ana = await arrive("Ana")
    await ana.make_room("Garden plans")
    fail = asyncio.Event()

    async def hold(route: Route) -> None:
        await fail.wait()
        await route.abort()

    await ana.page.route("**/messages", hold, times=1)
    await ana.send("first")
    await ana.page.locator(".sending", has_text="first").wait_for()
    await ana.send("second")
    await ana.page.locator(".sending", has_text="second").wait_for()
    fail.set()
    if by_hand:
        await ana.page.locator(".unsent-failed", has_text="second").locator("text=Not sent · try again").click()
    await ana.sees("second")
    assert await ana.texts() == ["first", "second"]
    assert await ana.seqs() == [1, 2]


async def test_one_that_breaks_the_server_holds_up_no_other(arrive: Arrive) -> None:
    ana = await arrive("Ana")
    await ana.make_room("Garden plans")

    async def break_on_the_first(route: Route) -> None:
        if "first" in route.request.post_data:
            await route.fulfill(status=500, body="")
        else:
            await route.continue_()

    await ana.page.route("**/messages", break_on_the_first)
    await ana.send("first")
    await ana.page.locator(".unsent-failed", has_text="first").wait_for()
    await ana.send("second")
    await ana.sees("second")
    assert await ana.page.locator(".unsent-failed").inner_text() != ""


async def test_over_a_link_that_hangs_a_message_is_tried_once_at_a_time(arrive: Arrive) -> None:
    ana = await arrive()
    await ana.page.clock.install()
    await ana.sign_up("Ana")
    await ana.make_room("Garden plans")
    go_on = asyncio.Event()
    tried: list[str] = []

    async def fail_then_hang(route: Route) -> None:
        tried.append(route.request.post_data)
        if len(tried) == 1:
            await route.abort()
        else:
            await go_on.wait()
            await route.continue_()

    await ana.page.route("**/messages", fail_then_hang)
    await ana.send("once")
    await ana.page.locator(".unsent-failed").wait_for()
    for _ in range(3):  # of what waits 5 seconds for its next try, and 20 for an answer
        await ana.page.clock.run_for(5_000)
    go_on.set()
    await ana.sees("once")
    await ana.send("the end")
    await ana.sees("the end")
    assert len(tried) == 3, tried
    assert await ana.seqs() == [1, 2]


async def test_one_that_was_stored_long_ago_is_not_put_above_what_the_page_shows(arrive: Arrive) -> None:
    ana = await arrive("Ana")
    room = await ana.make_room("Garden plans")
    await ana.send("stored, but the tab was killed")
    await ana.sees("stored, but the tab was killed")
    message = (await ana.page.locator(".message").get_attribute("id")).removeprefix("m-")
    bo = await Visitor.at(ana.url).sign_up("Bo")
    await bo.join(room)
    for n in range(60):
        await bo.say(room, f"message {n}")
    key = await ana.page.evaluate(f"`teahouse:outbox:${{document.body.dataset.me}}:{room}`")
    entry = json.dumps([{"id": message, "body": "stored, but the tab was killed", "files": [], "reply_to": ""}])
    await ana.page.evaluate("([key, entry]) => localStorage.setItem(key, entry)", [key, entry])
    go_on = asyncio.Event()

    async def hold(route: Route) -> None:
        await go_on.wait()
        await route.continue_()

    await ana.page.route("**/messages?before=*", hold)  # until the first answer has come
    await ana.page.reload()
    await ana.until(f"!localStorage.getItem('{key}')")
    await ana.until("document.querySelectorAll('.sending').length === 0")
    seqs = await ana.seqs()
    assert seqs == list(range(seqs[0], 63))
    go_on.set()
    while await ana.page.locator(".older").count():
        await ana.page.evaluate("document.querySelector('.older')?.scrollIntoView()")
    assert await ana.seqs() == [1, *range(3, 63)]


async def test_a_reload_while_sending_loses_and_doubles_nothing(arrive: Arrive) -> None:
    ana = await arrive("Ana")
    await ana.make_room("Garden plans")

    async def store_but_never_answer(route) -> None:
        await route.fetch()

    await ana.page.route("**/messages", store_but_never_answer, times=1)
    await ana.page.evaluate("document.querySelector('main')._htmx.ws.connection.config.reconnect = false")
    await ana.page.evaluate("document.querySelector('main')._htmx.ws.connection.socket.close(1000)")
    await ana.send("stored, but the answer was lost")
    await ana.page.reload()
    await ana.sees("stored, but the answer was lost")
    await ana.page.route("**/messages", lambda route: route.abort(), times=1)
    await ana.send("not even stored")
    await ana.page.locator("text=Not sent · try again").wait_for()
    await ana.page.reload()
    await ana.sees("not even stored")
    assert await ana.texts() == ["stored, but the answer was lost", "not even stored"]
    assert await ana.seqs() == [1, 2]


async def test_what_two_tabs_could_not_send_survives_both(arrive: Arrive) -> None:
    ana = await arrive("Ana")
    room = await ana.make_room("Garden plans")
    other = await ana.context.new_page()
    await other.goto(f"{ana.url}/rooms/{room}")
    await ana.context.route("**/messages", lambda route: route.abort())
    await ana.send("written in tab one")
    await other.fill("#composer textarea", "written in tab two")
    await other.press("#composer textarea", "Enter")
    await other.locator(".unsent-failed", has_text="written in tab two").wait_for()
    await other.close()
    await ana.context.unroute("**/messages")
    await ana.page.reload()
    await ana.sees("written in tab one")
    await ana.sees("written in tab two")
    assert await ana.seqs() == [1, 2]


async def test_unsent_text_survives_a_reload(arrive: Arrive) -> None:
    ana = await arrive("Ana")
    await ana.make_room("Garden plans")
    await ana.type("half a thought")
    await ana.page.reload()
    assert await ana.page.input_value("#composer textarea") == "half a thought"
