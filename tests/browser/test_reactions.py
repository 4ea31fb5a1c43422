"""Emoji under a message."""

import asyncio

import pytest

from app.limits import REACTING
from tests.browser.conftest import DESK, PHONE, Arrive
from tests.browser.test_menu import menu_of
from tests.conftest import OpenHouse, Servers
from tests.house import PATIENCE_SECONDS
from tests.web.test_limits import drained


async def test_a_reaction_that_is_refused_says_why(arrive: Arrive, open_house: OpenHouse, servers: Servers) -> None:
    house = await open_house(LIMITS="on")
    ana, bo = await arrive("Ana", at=house), await arrive("Bo", at=house)
    await bo.enter(await ana.make_room("Garden plans"))
    await ana.send("tea?")
    await bo.sees("tea?")
    await menu_of(bo, "tea?")
    await bo.page.click(".react [value='🎉']")
    reaction = ana.page.locator(".reactions [data-emoji='🎉']")
    await reaction.wait_for()
    person = int(await ana.page.get_attribute("body", "data-me"))
    refusal = ana.page.locator(".who-reacted[role=alert]", has_text="Too many tries. Please wait")
    async with drained(servers, REACTING, person), asyncio.timeout(PATIENCE_SECONDS):
        async with ana.page.expect_response("**/reactions") as answer:
            await reaction.click()
        while (await answer.value).status != 429:  # a token came back, and was quicker
            async with ana.page.expect_response("**/reactions") as answer:
                await reaction.click()
        await refusal.wait_for()


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
async def test_reactions_are_live_counted_and_taken_back(arrive: Arrive, size: dict) -> None:
    ana, bo = await arrive("Ana"), await arrive("Bo", **size)
    room = await ana.make_room("Garden plans")
    await bo.enter(room)
    await ana.send("tea?")
    await bo.sees("tea?")
    await menu_of(bo, "tea?")
    await bo.page.locator(".react [data-inside]").click()
    await bo.page.fill(".any-emoji input", "OK")  # no broken heart, and no book
    offered = bo.page.locator(".picker button:visible")
    assert await offered.evaluate_all("all => all.map(button => button.value)") == ["👌", "🆗"]
    await bo.page.fill(".any-emoji input", "teacup")
    assert await offered.evaluate_all("all => all.map(button => button.value)") == ["🍵"]
    if size is DESK:
        await bo.page.press(".any-emoji input", "Enter")  # what was looked for, not its name
    else:
        await offered.click()
    reaction = "[data-emoji='🍵']"
    await ana.page.locator(f"{reaction}[data-count='1']").wait_for()
    await ana.page.click(reaction)
    await bo.page.locator(f"{reaction}[data-count='2']").wait_for()
    await ana.page.locator(f"{reaction}[data-count='2']").wait_for()
    await ana.page.hover("h1")
    await ana.page.hover(reaction)
    await ana.page.locator(".who-reacted", has_text="🍵 Bo, Ana").wait_for()
    if size is PHONE:  # holding it tells who, and takes nothing back
        await bo.page.dispatch_event(reaction, "touchstart")
        await bo.page.locator(".who-reacted", has_text="🍵 Bo, Ana").wait_for()
        await bo.page.dispatch_event(reaction, "touchend")
        await bo.page.dispatch_event(reaction, "click")
        await bo.page.touchscreen.tap(200, 100)
        await bo.page.locator(".who-reacted").wait_for(state="detached")
        await bo.page.tap(reaction)
    else:
        await bo.page.click(reaction)
    await ana.page.locator(f"{reaction}[data-count='1']").wait_for()
    await ana.page.click(reaction)
    await bo.page.locator(reaction).wait_for(state="detached")
