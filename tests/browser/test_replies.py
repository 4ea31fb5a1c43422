"""An answer and the message that it quotes."""

import pytest

from tests.browser.conftest import DESK, PHONE, Arrive, Person
from tests.browser.test_menu import COMPOSER, menu_of


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
async def test_a_reply_leads_to_its_original_far_back(arrive: Arrive, size: dict) -> None:
    ana = await arrive("Ana", **size)
    room = await ana.make_room("Garden plans")
    for n in range(60):
        answer = await ana.context.request.post(
            f"{ana.url}/rooms/{room}/messages", form={"body": f"message {n}"}, headers={"Origin": ana.url}
        )
        assert answer.ok
    await ana.page.reload()
    await ana.connected()
    oldest = ana.page.locator("#messages > .message[data-seq='1']")
    await ana.page.evaluate("document.querySelector('.older').scrollIntoView()")
    await oldest.wait_for()
    original = (await oldest.get_attribute("id"))[2:]
    await ana.page.goto(f"{ana.url}/rooms/{room}?reply_to={original}")
    await ana.connected()
    assert await ana.page.locator("#replying").is_visible()
    await ana.type("still true")
    await ana.page.click(".send")
    await ana.sees("still true")
    assert await ana.page.locator("#replying").is_hidden()
    quote = ana.page.locator(".message[data-seq='61'] > .quote")
    assert await quote.inner_text() == "Ana message 0"
    await ana.page.reload()
    await ana.connected()
    await quote.click()
    await ana.until(f"location.search === '?around={original}' || !!document.querySelector('.jumped-to')")
    await oldest.wait_for()
    await ana.until(f"document.getElementById('m-{original}').getBoundingClientRect().top >= 0")
    await ana.until(f"document.getElementById('m-{original}').getBoundingClientRect().bottom <= innerHeight")


async def test_answering_from_the_menu_shows_the_quote_at_once_and_for_everybody(arrive: Arrive) -> None:
    ana, bo = await arrive("Ana"), await arrive("Bo")
    room = await ana.make_room("Garden plans")
    await bo.enter(room)
    await ana.send("who brings the cake?")
    await bo.sees("who brings the cake?")
    await menu_of(bo, "who brings")
    await bo.page.locator("[data-reply]").click()
    await bo.until(f"document.activeElement === document.querySelector('{COMPOSER}')")
    assert "who brings the cake?" in await bo.page.inner_text("#replying")
    await bo.page.click("#replying a")
    assert await bo.page.locator("#replying").is_hidden()
    await menu_of(bo, "who brings")
    await bo.page.locator("[data-reply]").click()
    await bo.page.route("**/messages", lambda route: route.abort())
    await bo.send("I do")
    await bo.page.locator("text=Not sent · try again").wait_for()
    assert await bo.page.inner_text(".sending .quote") == "Ana who brings the cake?"
    await bo.page.reload()  # what waits to be sent still knows what it answers
    await bo.page.unroute("**/messages")
    for person in (ana, bo):
        await person.sees("I do")
        assert await person.page.inner_text(".message[data-seq='3'] > .quote") == "Ana who brings the cake?"
    await bo.send("and tea")
    await ana.sees("and tea")
    assert await ana.page.locator(".quote").count() == 1


async def ana_and_bo_who_answers_her(arrive: Arrive) -> tuple[Person, Person]:
    ana, bo = await arrive("Ana"), await arrive("Bo")
    room = await ana.make_room("Garden plans")
    await bo.enter(room)
    await ana.send("between us")
    await bo.sees("between us")
    await menu_of(bo, "between us")
    await bo.page.locator("[data-reply]").click()
    return ana, bo


async def take_back(ana: Person) -> None:
    await menu_of(ana, "between us")
    await ana.page.locator(".menu summary").click()
    await ana.page.locator("text=Delete the message").click()


async def test_the_reply_bar_lets_go_of_what_is_deleted_meanwhile(arrive: Arrive) -> None:
    ana, bo = await ana_and_bo_who_answers_her(arrive)
    await bo.page.locator("#replying", has_text="between us").wait_for()
    await take_back(ana)
    await bo.page.locator("#replying").wait_for(state="hidden")
    await bo.send("never mind")
    await ana.sees("never mind")
    assert await ana.page.locator(".quote").count() == 0


async def test_a_reply_on_its_way_shows_nothing_of_what_is_deleted_meanwhile(arrive: Arrive) -> None:
    ana, bo = await ana_and_bo_who_answers_her(arrive)
    await bo.page.route("**/messages", lambda route: route.abort())
    await bo.send("I know")
    await bo.page.locator(".sending .quote", has_text="between us").wait_for()
    await take_back(ana)
    await bo.page.locator(".sending .quote.of-deleted").wait_for()
    kept = await bo.page.evaluate("JSON.stringify(localStorage)")
    assert "I know" in kept
    assert "between us" not in kept + await bo.page.content()
    await bo.page.unroute("**/messages")
    await bo.page.locator(".unsent .problem", has_text="no longer there").wait_for()
    await bo.page.click("[data-put-back]")
    await bo.page.press(COMPOSER, "Enter")
    await ana.sees("I know")
