"""The line above the first message that its reader has not read."""

from playwright.async_api import expect

from tests.browser.conftest import Arrive, Person
from tests.browser.test_reading import id_of, under


async def one_of_two_elsewhere(arrive: Arrive) -> tuple[Person, Person, int]:
    """Ana in a room where Bo, who is on another page now, has read everything."""
    ana, bo = await arrive("Ana"), await arrive("Bo")
    room = await ana.make_room("Garden plans")
    await bo.enter(room)
    await bo.send("read before")
    await ana.sees("read before")
    await bo.page.goto(f"{bo.url}/me")
    return ana, bo, room


async def test_a_line_marks_where_the_reader_stopped_and_stays(arrive: Arrive) -> None:
    ana, bo, room = await one_of_two_elsewhere(arrive)
    for n in range(3):
        await ana.send(f"unread {n}")
        await ana.sees(f"unread {n}")
    await bo.enter(room)
    line = bo.page.locator("#messages > .new-line + .message", has_text="unread 0")
    await line.wait_for()
    await ana.send("and one more")
    await bo.sees("and one more")
    assert await bo.page.locator(".new-line").count() == 1
    await line.wait_for()
    await bo.page.locator(f'#rooms a[data-room="{room}"][data-unread="0"]').wait_for()
    await line.wait_for()
    await under(ana, await id_of(bo), "and one more")  # written down
    await bo.page.locator(f'#rooms a[data-room="{room}"]').click()
    await bo.sees("and one more")
    await expect(bo.page.locator(".new-line")).to_have_count(0)


async def test_a_page_with_more_unread_than_fits_opens_at_the_line(arrive: Arrive) -> None:
    ana, bo, room = await one_of_two_elsewhere(arrive)
    for n in range(30):
        await ana.send(f"unread {n}")
    await ana.sees("unread 29")
    await ana.until("document.querySelectorAll('.sending').length === 0")
    await bo.enter(room)
    await expect(bo.page.locator(".new-line")).to_be_in_viewport()


async def test_mark_as_unread_from_here_holds_until_the_page_is_left(arrive: Arrive) -> None:
    ana, bo = await arrive("Ana"), await arrive("Bo")
    room = await ana.make_room("Garden plans")
    await bo.enter(room)
    for text in ("first", "second", "third"):
        await ana.send(text)
        await bo.sees(text)
    link = bo.page.locator(f'#rooms a[data-room="{room}"]')
    await under(ana, await id_of(bo), "third")
    message = bo.page.locator(".message", has_text="second")
    await message.hover()
    await message.locator(".more").click()
    await bo.page.click("text=Mark as unread from here")
    await expect(link).to_have_attribute("data-unread", "2")
    await bo.page.locator("#messages > .new-line + .message", has_text="second").wait_for()
    await expect(bo.page.locator("dialog.message-menu")).to_be_hidden()
    message = bo.page.locator(".message", has_text="first")
    await message.hover()
    await message.locator(".more").click()
    await bo.page.click("text=Mark as unread from here")
    await bo.page.locator("#messages > .new-line + .message", has_text="first").wait_for()
    assert await bo.page.locator(".new-line").count() == 1
    await expect(link).to_have_attribute("data-unread", "3")
    await ana.send("fourth")
    await bo.sees("fourth")
    await expect(link).to_have_attribute("data-unread", "4")
    await bo.page.goto(f"{bo.url}/rooms")
    await expect(link).to_have_attribute("data-unread", "4")
    await bo.enter(room)
    await bo.page.locator("#messages > .new-line + .message", has_text="first").wait_for()
    await expect(link).to_have_attribute("data-unread", "0")
