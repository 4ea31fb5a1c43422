"""The menu of a message."""

import pytest

from tests.browser.conftest import DESK, PHONE, Arrive, Person

COMPOSER = "#composer textarea"


async def menu_of(person: Person, text: str) -> None:
    """Open the menu of the message with this text."""
    article = person.page.locator("#messages > .message[data-seq]", has_text=text).first
    await article.hover()
    await article.locator(".more").click()
    await person.page.locator(".message-menu .menu").wait_for()


async def test_the_link_to_a_message_is_copied_and_opens_the_room_around_it(arrive: Arrive) -> None:
    ana = await arrive("Ana", permissions=["clipboard-read", "clipboard-write"])
    room = await ana.make_room("Garden plans")
    await ana.send("here")
    await ana.sees("here")
    await menu_of(ana, "here")
    await ana.page.click("[data-copy-link]")
    await ana.page.locator(".message-menu .menu").wait_for(state="hidden")
    link = await ana.page.evaluate("navigator.clipboard.readText()")
    assert link.startswith(f"{ana.url}/messages/")
    await ana.page.goto(link)
    assert ana.page.url == f"{ana.url}/rooms/{room}?around={link.rsplit('/', 1)[1]}"
    await ana.sees("here")


@pytest.mark.parametrize("device", [DESK, PHONE])
async def test_the_menu_button_is_large_and_stands_beside_the_bubble_and_its_menu_opens_there(
    arrive: Arrive, device: dict
) -> None:
    ana, bo = await arrive("Ana", **device), await arrive("Bo")
    room = await ana.make_room("Garden plans")
    await bo.enter(room)
    for person, text in ((bo, "others stand left"), (ana, "own ones right"), (bo, "long " * 200)):
        await person.type(text)
        await person.page.click(".send")
        await ana.sees(text.strip())
    for text, own in (("others stand left", False), ("own ones right", True), ("long", False)):
        article = ana.page.locator("#messages > .message[data-seq]", has_text=text).last
        bubble = await article.locator(".body").bounding_box()
        button = await article.locator(".more").bounding_box()
        assert min(button["width"], button["height"]) >= 44
        left, right = (button, bubble) if own else (bubble, button)
        assert 0 <= right["x"] - left["x"] - left["width"] < 12, text
        assert 0 <= button["x"] <= device["viewport"]["width"] - button["width"]
    if device is DESK:
        await menu_of(ana, "own ones right")
        button = await ana.page.locator(".message", has_text="own ones right").locator(".more").bounding_box()
        menu = await ana.page.locator(".message-menu").bounding_box()
        assert menu["x"] - 1 <= button["x"] < menu["x"] + menu["width"]
        assert min(abs(menu["y"] - button["y"] - button["height"]), abs(menu["y"] + menu["height"] - button["y"])) < 3
