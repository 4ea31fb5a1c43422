import asyncio
import json

import pytest
from playwright.async_api import Route

from tests.browser.conftest import PHONE, Arrive
from tests.house import House, Visitor


async def test_two_browsers_on_two_workers_see_each_others_messages_in_one_order_once(
    arrive: Arrive, second_house: House
) -> None:
    ana, bo = await arrive("Ana"), await arrive("Bo", at=second_house, **PHONE)
    room = await ana.make_room("Garden plans")
    await bo.enter(room)

    async def write(who, word: str) -> None:
        for n in range(15):
            await who.type(f"{word} {n}")
            await who.page.click(".send")

    await asyncio.gather(write(ana, "tea"), write(bo, "茶"))
    for person in (ana, bo):
        await person.until("document.querySelectorAll('#messages > .message[data-seq]:not(.system)').length === 30")
        assert await person.seqs() == list(range(2, 32))
    assert await ana.texts() == await bo.texts()
    assert sorted(await ana.texts()) == sorted([f"{word} {n}" for word in ("tea", "茶") for n in range(15)])
    tea = [text for text in await ana.texts() if text.startswith("tea")]
    assert tea == [f"tea {n}" for n in range(15)]  # each in the order in which it was written


async def test_the_own_message_appears_at_once_as_sending_and_becomes_real(arrive: Arrive) -> None:
    ana = await arrive("Ana")
    await ana.make_room("Garden plans")
    answer = asyncio.Event()

    async def hold(route) -> None:
        await answer.wait()
        await route.continue_()

    await ana.page.route("**/messages", hold)
    await ana.send("hello")
    sending = ana.page.locator(".message.sending .body")
    await sending.wait_for()
    assert await sending.inner_text() == "hello"
    element_id = await ana.page.locator(".message.sending").get_attribute("id")
    assert await ana.page.input_value("#composer textarea") == ""
    answer.set()
    await ana.sees("hello")
    assert await ana.page.locator(".message").count() == 1
    assert await ana.page.locator(".message").get_attribute("id") == element_id
    assert await ana.page.locator(".sending").count() == 0


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


async def test_a_message_that_is_too_long_stays_in_the_composer_with_a_sentence(arrive: Arrive) -> None:
    ana = await arrive("Ana")
    await ana.make_room("Garden plans")
    await ana.send("x" * 8001)
    await ana.page.locator("text=This message has 8,001 characters; it can have 8,000.").wait_for()
    assert len(await ana.page.input_value("#composer textarea")) == 8001
    await ana.send("🍵" * 8000)
    await ana.sees("🍵")


async def test_a_double_click_on_send_sends_once(arrive: Arrive) -> None:
    ana = await arrive("Ana")
    await ana.make_room("Garden plans")
    await ana.type("once")
    await ana.page.dblclick(".send")
    await ana.send("the end")
    await ana.sees("the end")
    assert await ana.texts() == ["once", "the end"]


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


async def test_enter_sends_and_shift_enter_breaks(arrive: Arrive) -> None:
    ana = await arrive("Ana")
    await ana.make_room("Garden plans")
    await ana.page.click("#composer textarea")
    await ana.page.keyboard.type("one")
    await ana.page.keyboard.press("Shift+Enter")
    await ana.page.keyboard.type("two")
    assert await ana.page.input_value("#composer textarea") == "one\ntwo"
    await ana.page.keyboard.press("Enter")
    await ana.sees("one")
    assert await ana.texts() == ["one\ntwo"]


async def test_enter_that_ends_a_composition_never_sends(arrive: Arrive) -> None:
    """The events of Chromium while an input method composes, through the protocol that drives it."""
    ana = await arrive("Ana")
    await ana.make_room("Garden plans")
    await ana.page.click("#composer textarea")
    devtools = await ana.context.new_cdp_session(ana.page)
    await devtools.send("Input.imeSetComposition", {"text": "cha", "selectionStart": 3, "selectionEnd": 3})
    enter = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 229}
    await devtools.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **enter})
    await devtools.send("Input.dispatchKeyEvent", {"type": "keyUp", **enter})
    await devtools.send("Input.insertText", {"text": "茶"})
    assert await ana.page.input_value("#composer textarea") == "茶"
    # Safari ends the composition first and then reports the Enter with the key code 229.
    await ana.page.evaluate(
        "document.querySelector('#composer textarea').dispatchEvent("
        "new KeyboardEvent('keydown', {key: 'Enter', keyCode: 229, bubbles: true, cancelable: true}))"
    )
    assert await ana.page.locator(".message").count() == 0
    await ana.page.keyboard.press("Enter")
    await ana.sees("茶")


async def test_on_a_touch_screen_enter_breaks_and_the_button_sends(arrive: Arrive) -> None:
    ana = await arrive("Ana", **PHONE)
    await ana.make_room("Garden plans")
    await ana.page.tap("#composer textarea")
    await ana.page.keyboard.type("one")
    await ana.page.keyboard.press("Enter")
    await ana.page.keyboard.type("two")
    assert await ana.page.input_value("#composer textarea") == "one\ntwo"
    await ana.page.tap(".send")
    await ana.sees("one")


async def test_without_javascript_from_sign_up_to_a_sent_message(arrive: Arrive) -> None:
    ana, bo = await arrive("Ana", java_script_enabled=False), await arrive(java_script_enabled=False, **PHONE)
    await ana.page.goto(f"{ana.url}/rooms")
    await ana.page.fill("[name=name]", "Tea room")
    await ana.page.check("[name=visibility][value=closed]")
    await ana.page.click("text=Make the room")
    await ana.page.fill("#composer textarea", "one\ntwo")
    await ana.page.click(".send")
    assert await ana.texts() == ["one\ntwo"]
    await ana.page.click("[aria-label='People in this room']")
    link = await ana.page.get_attribute("a[href^='/join/']", "href")

    await bo.page.goto(f"{bo.url}{link}")
    await bo.page.click("a.main-button")
    await bo.page.fill("[name=name]", "Bo")
    await bo.page.fill("[name=email]", "not an email")
    await bo.page.fill("[name=password]", "a good long password")
    await bo.page.click(".main-button")
    assert await bo.page.locator("#email-problem").inner_text() == "This does not look like an email address."
    assert await bo.page.input_value("[name=name]") == "Bo"
    await bo.page.fill("[name=email]", f"bo-{ana.url[-5:]}-{id(bo)}@example.org")
    await bo.page.fill("[name=password]", "a good long password")
    await bo.page.click(".main-button")
    assert await bo.texts() == ["one\ntwo"]
    await bo.page.fill("#composer textarea", "x" * 8001)
    await bo.page.click(".send")
    assert "8,001 characters" in await bo.page.locator(".problem").inner_text()
    assert len(await bo.page.input_value("#composer textarea")) == 8001
    await bo.page.fill("#composer textarea", "三")
    await bo.page.click(".send")
    assert await bo.texts() == ["one\ntwo", "三"]
    await bo.page.click("[aria-label='People in this room']")
    await bo.page.click("text=Leave this room…")
    await bo.page.click("text=/^Leave$/")
    assert bo.page.url.endswith("/rooms")
    await bo.page.click(".me summary")
    await bo.page.click("text=Sign out")
    assert bo.page.url.endswith("/sign-in")


@pytest.mark.parametrize("text", ["<img src=x onerror=alert(1)>", "<hx-partial hx-target='body'>gone</hx-partial>"])
async def test_what_a_person_writes_stays_text(arrive: Arrive, text: str) -> None:
    ana = await arrive("Ana")
    await ana.make_room("Garden plans")
    await ana.send(text)
    await ana.sees(text)
    assert await ana.texts() == [text]
