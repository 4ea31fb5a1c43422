import asyncio

import asyncpg
import pytest
from playwright.async_api import Locator

from app.limits import REACTING
from tests.browser.conftest import DESK, PHONE, Arrive, Person
from tests.conftest import OpenHouse, Servers
from tests.house import PATIENCE_SECONDS
from tests.web.test_limits import drained

COMPOSER = "#composer textarea"
EDITING = ".message > .edit textarea"


async def menu_of(person: Person, text: str) -> None:
    """Open the menu of the message with this text."""
    article = person.page.locator("#messages > .message[data-seq]", has_text=text).first
    await article.hover()
    await article.locator(".more").click()
    await person.page.locator(".message-menu .menu").wait_for()


async def test_arrow_up_edits_the_own_last_message_escape_cancels_and_enter_saves(arrive: Arrive) -> None:
    ana, bo = await arrive("Ana"), await arrive("Bo")
    room = await ana.make_room("Garden plans")
    await bo.enter(room)
    await ana.send("tae at four")
    await ana.sees("tae at four")
    await bo.sees("tae at four")
    await bo.send("fine")
    await ana.sees("fine")

    await ana.page.press(COMPOSER, "ArrowUp")
    await ana.page.locator(EDITING).wait_for()
    assert await ana.page.input_value(EDITING) == "tae at four"
    await ana.page.fill(EDITING, "something else")
    await ana.page.press(EDITING, "Escape")
    assert await ana.page.locator(EDITING).count() == 0
    await ana.until(f"document.activeElement === document.querySelector('{COMPOSER}')")
    assert await ana.texts() == ["tae at four", "fine"]

    await ana.page.press(COMPOSER, "ArrowUp")
    await ana.page.locator(EDITING).wait_for()
    await ana.page.fill(EDITING, "tea at four")
    await ana.page.press(EDITING, "Enter")
    for person in (ana, bo):
        await person.page.locator(".message.edited .body", has_text="tea at four").wait_for()
        assert await person.texts() == ["tea at four", "fine"]
    assert await ana.page.locator(EDITING).count() == 0
    await ana.until(f"document.activeElement === document.querySelector('{COMPOSER}')")


async def test_on_a_phone_a_long_press_opens_the_menu_from_which_a_message_is_edited_and_answered(
    arrive: Arrive,
) -> None:
    ana, bo = await arrive("Ana", **PHONE), await arrive("Bo")
    room = await ana.make_room("Garden plans")
    await bo.enter(room)
    await ana.type("tae at four")
    await ana.page.tap(".send")
    for person in (ana, bo):
        await person.sees("tae at four")
    await hold(ana, "tae at four")
    await ana.page.tap("[data-edit]")
    await ana.page.locator(EDITING).wait_for()
    assert await ana.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    heights = await ana.page.evaluate(
        "[...document.querySelectorAll('.edit .small-button')].map(b => b.offsetHeight)"
    )
    assert min(heights) >= 44
    await ana.page.fill(EDITING, "tea at four")
    await ana.page.press(EDITING, "Enter")  # breaks the line there
    assert await ana.page.input_value(EDITING) == "tea at four\n"
    await ana.page.tap(".edit >> text=Cancel")
    await ana.page.locator(EDITING).wait_for(state="detached")
    assert await bo.texts() == ["tae at four"]
    await hold(ana, "tae at four")
    await ana.page.tap("[data-edit]")
    await ana.page.fill(EDITING, "tea at four")
    await ana.page.tap(".edit >> text=Save")
    await bo.page.locator(".message.edited .body", has_text="tea at four").wait_for()
    await ana.page.locator(EDITING).wait_for(state="detached")
    await bo.send("at five")
    await ana.sees("at five")
    await hold(ana, "at five")
    await ana.page.tap("[data-reply]")
    await ana.page.locator("#replying", has_text="at five").wait_for()
    await ana.type("at five, then")
    await ana.page.tap(".send")
    await bo.page.locator(".message .quote", has_text="at five").wait_for()


async def hold(person: Person, text: str) -> None:
    """A long press on the message with this text, with a finger."""
    body = person.page.locator("#messages > .message[data-seq] > .body", has_text=text).first
    await body.dispatch_event("touchstart", {"touches": [await finger(body)]})
    await person.page.locator(".message-menu .menu").wait_for()
    await body.dispatch_event("touchend")


async def finger(element: Locator) -> dict[str, float]:
    box = await element.bounding_box()
    return {"identifier": 0, "clientX": box["x"] + 5, "clientY": box["y"] + 5}


async def test_an_edit_that_could_not_be_saved_says_so_and_keeps_its_text(arrive: Arrive) -> None:
    ana = await arrive("Ana")
    await ana.make_room("Garden plans")
    await ana.send("tae at four")
    await ana.sees("tae at four")
    await ana.page.press(COMPOSER, "ArrowUp")
    await ana.page.locator(EDITING).wait_for()
    await ana.page.fill(EDITING, "tea " * 2001)
    await ana.page.press(EDITING, "Enter")
    await ana.page.locator(".edit .problem", has_text="it can have 8,000").wait_for()
    await ana.page.route("**/messages/*", lambda route: route.abort())
    await ana.page.fill(EDITING, "tea at four")
    await ana.page.press(EDITING, "Enter")
    await ana.page.locator(".edit .problem", has_text="could not be saved").wait_for()
    assert await ana.page.input_value(EDITING) == "tea at four"
    await ana.page.unroute("**/messages/*")
    await ana.page.press(EDITING, "Enter")
    await ana.page.locator(".message.edited .body", has_text="tea at four").wait_for()
    await ana.page.locator(EDITING).wait_for(state="detached")


async def test_an_edit_half_done_outlives_a_timeline_taken_afresh(arrive: Arrive, servers: Servers) -> None:
    ana = await arrive("Ana")
    room = await ana.make_room("Garden plans")
    await ana.send("hello")
    await ana.sees("hello")
    await ana.page.press(COMPOSER, "ArrowUp")
    await ana.page.locator(EDITING).wait_for()
    await ana.page.fill(EDITING, "half a thought")
    await ana.page.evaluate("void (document.getElementById('messages').dataset.old = 1)")
    await ana.context.set_offline(True)
    await ana.page.evaluate("document.querySelector('main')._htmx.ws.connection.socket.close()")
    connection = await asyncpg.connect(servers.database_url)  # so much happened that the page is given all anew
    await connection.execute("UPDATE room SET version = version + 1000 WHERE id = $1", room)
    await connection.close()
    await ana.context.set_offline(False)
    await ana.page.locator("#messages:not([data-old])").wait_for(state="attached")
    assert await ana.page.input_value(EDITING) == "half a thought"
    await ana.page.press(EDITING, "Enter")
    await ana.page.locator(".message.edited .body", has_text="half a thought").wait_for()
    await ana.send("newer")
    await ana.sees("newer")
    await ana.page.press(COMPOSER, "ArrowUp")
    await ana.page.locator(EDITING).wait_for()
    assert await ana.page.input_value(EDITING) == "newer"


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


async def test_a_text_in_the_composer_keeps_arrow_up_for_itself(arrive: Arrive) -> None:
    ana = await arrive("Ana")
    await ana.make_room("Garden plans")
    await ana.send("hello")
    await ana.sees("hello")
    await ana.type("half a thought")
    await ana.page.press(COMPOSER, "ArrowUp")
    await ana.send("a whole one")
    await ana.sees("a whole one")
    assert await ana.page.locator(EDITING).count() == 0


async def test_a_reaction_of_somebody_else_disturbs_neither_who_edits_nor_who_reads_the_menu(arrive: Arrive) -> None:
    ana, bo = await arrive("Ana"), await arrive("Bo")
    room = await ana.make_room("Garden plans")
    await bo.enter(room)
    await ana.send("hello")
    await ana.sees("hello")
    await bo.sees("hello")

    await ana.page.press(COMPOSER, "ArrowUp")
    await ana.page.locator(EDITING).wait_for()
    await ana.page.fill(EDITING, "hello everybody")
    await ana.page.evaluate(f"document.querySelector('{EDITING}').setSelectionRange(5, 5)")
    await ana.page.evaluate(
        f"void (document.querySelector('{EDITING}').onblur = event => event.target.dataset.disturbed = 1)"
    )
    await menu_of(bo, "hello")
    await bo.page.locator(".react [value='🎉']").click()
    await ana.page.locator(".message [data-emoji='🎉'][data-count='1']").wait_for(state="attached")
    assert await ana.page.input_value(EDITING) == "hello everybody"
    assert await ana.page.get_attribute(EDITING, "data-disturbed") is None
    await ana.page.keyboard.type(" to")
    assert await ana.page.input_value(EDITING) == "hello to everybody"

    await menu_of(bo, "hello")
    await ana.page.press(EDITING, "Enter")
    await bo.page.locator(".message.edited .body", has_text="hello to everybody").wait_for()
    assert await bo.page.locator(".message-menu .menu").is_visible()


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


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
async def test_reactions_are_live_counted_and_taken_back(arrive: Arrive, size: dict) -> None:
    ana, bo = await arrive("Ana"), await arrive("Bo", **size)
    room = await ana.make_room("Garden plans")
    await bo.enter(room)
    await ana.send("tea?")
    await bo.sees("tea?")
    await menu_of(bo, "tea?")
    await bo.page.locator(".react [data-inside]").click()
    await bo.page.fill(".any-emoji input", "teacup")
    offered = bo.page.locator(".picker button:visible")
    assert await offered.evaluate_all("all => all.map(button => button.value)") == ["🍵"]
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


async def test_a_message_deleted_by_an_admin_closes_the_form_that_edits_it(arrive: Arrive) -> None:
    ana, bo = await arrive("Ana"), await arrive("Bo")
    room = await ana.make_room("Garden plans")
    await bo.enter(room)
    await bo.send("hello")
    await bo.sees("hello")
    await ana.sees("hello")
    await bo.page.press(COMPOSER, "ArrowUp")
    await bo.page.locator(EDITING).wait_for()
    await menu_of(ana, "hello")
    await ana.page.locator(".menu summary").click()
    await ana.page.locator("text=Delete the message").click()
    await bo.page.locator(".message.deleted").wait_for()
    await bo.page.locator(EDITING).wait_for(state="detached")


async def test_the_reply_bar_lets_go_of_what_is_deleted_meanwhile(arrive: Arrive) -> None:
    ana, bo = await arrive("Ana"), await arrive("Bo")
    room = await ana.make_room("Garden plans")
    await bo.enter(room)
    await ana.send("between us")
    await bo.sees("between us")
    await menu_of(bo, "between us")
    await bo.page.locator("[data-reply]").click()
    await bo.page.locator("#replying", has_text="between us").wait_for()
    await menu_of(ana, "between us")
    await ana.page.locator(".menu summary").click()
    await ana.page.locator("text=Delete the message").click()
    await bo.page.locator("#replying").wait_for(state="hidden")
    await bo.send("never mind")
    await ana.sees("never mind")
    assert await ana.page.locator(".quote").count() == 0


async def test_earlier_wordings_that_are_being_read_go_with_their_message(arrive: Arrive) -> None:
    ana, bo = await arrive("Ana"), await arrive("Bo")
    room = await ana.make_room("Garden plans")
    await bo.enter(room)
    await bo.send("a slip of the tongue")
    await bo.sees("a slip of the tongue")
    await bo.page.press(COMPOSER, "ArrowUp")
    await bo.page.locator(EDITING).wait_for()
    await bo.page.fill(EDITING, "harmless")
    await bo.page.press(EDITING, "Enter")
    await ana.page.locator(".message.edited .body", has_text="harmless").wait_for()
    await menu_of(ana, "harmless")
    await ana.page.click("text=Earlier wordings")
    await ana.page.locator(".wordings", has_text="a slip of the tongue").wait_for()
    await menu_of(bo, "harmless")
    await bo.page.locator(".menu summary").click()
    await bo.page.locator("text=Delete the message").click()
    await ana.page.locator(".message.deleted").wait_for(state="attached")
    await ana.page.locator(".wordings").wait_for(state="detached")
    assert "a slip of the tongue" not in await ana.page.content()


async def test_a_reply_on_its_way_shows_nothing_of_what_is_deleted_meanwhile(arrive: Arrive) -> None:
    ana, bo = await arrive("Ana"), await arrive("Bo")
    room = await ana.make_room("Garden plans")
    await bo.enter(room)
    await ana.send("between us")
    await bo.sees("between us")
    await menu_of(bo, "between us")
    await bo.page.locator("[data-reply]").click()
    await bo.page.route("**/messages", lambda route: route.abort())
    await bo.send("I know")
    await bo.page.locator(".sending .quote", has_text="between us").wait_for()
    await menu_of(ana, "between us")
    await ana.page.locator(".menu summary").click()
    await ana.page.locator("text=Delete the message").click()
    await bo.page.locator(".sending .quote.of-deleted").wait_for()
    kept = await bo.page.evaluate("JSON.stringify(localStorage)")
    assert "I know" in kept
    assert "between us" not in kept + await bo.page.content()
    await bo.page.unroute("**/messages")
    await bo.page.locator(".unsent .problem", has_text="no longer there").wait_for()
    await bo.page.click("[data-put-back]")
    await bo.page.press(COMPOSER, "Enter")
    await ana.sees("I know")


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
