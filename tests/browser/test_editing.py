"""Messages are edited where they stand."""

import asyncpg
from playwright.async_api import Locator

from tests.browser.conftest import PHONE, Arrive, Person
from tests.browser.test_menu import COMPOSER, menu_of
from tests.conftest import Servers

EDITING = ".message > .edit textarea"


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
