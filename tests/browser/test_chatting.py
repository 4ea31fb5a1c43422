import asyncio

import pytest

from tests.browser.conftest import PHONE, Arrive
from tests.house import House


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
