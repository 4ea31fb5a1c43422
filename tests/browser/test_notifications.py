"""News for somebody who looks elsewhere, told by the browser's notification: once across the tabs."""

import asyncio
import json

import pytest
from playwright.async_api import Page

from tests.browser.conftest import PATIENCE_MILLISECONDS, Arrive, Person
from tests.house import House

# The browser shows its notifications outside the page, where no test sees them: what was asked of it is kept here.
RECORDER = """
window.notices = []
window.asked = 0
window.notes = 0
const Real = window.Notification
window.Notification = class extends EventTarget {
  static get permission() { return Real.permission }
  static requestPermission() { window.asked++; return Real.requestPermission() }
  constructor(title, options) { super(); window.notices.push({ title, ...options }); window.lastNotice = this }
  close() {}
}
const start = OscillatorNode.prototype.start
OscillatorNode.prototype.start = function (...when) { window.notes++; return start.apply(this, when) }
"""


@pytest.fixture
async def ana(arrive: Arrive) -> Person:
    """Ana, who allows notifications, in a room named Garden."""
    ana = await arrive()
    await ana.context.grant_permissions(["notifications"])
    await ana.context.add_init_script(RECORDER)
    await ana.sign_up("Ana")
    await ana.make_room("Garden")
    return ana


async def look_away(person: Person) -> None:
    """Bring another page to the front. (A driven browser tells every page that it is there, unless told not to.)"""
    for page in person.context.pages:
        session = await person.context.new_cdp_session(page)
        await session.send("Emulation.setFocusEmulationEnabled", {"enabled": False})
    elsewhere = await person.context.new_page()
    await elsewhere.bring_to_front()
    for page in person.context.pages[:-1]:
        await until(page, "!document.hasFocus()")


async def look_at(page: Page) -> None:
    await page.bring_to_front()
    await until(page, "document.hasFocus()")


async def until(page: Page, expression: str) -> None:
    """Wait for an expression on a page that may not be in front, where no frames are drawn."""
    async with asyncio.timeout(PATIENCE_MILLISECONDS / 1000):
        while not await page.evaluate(expression):
            await page.evaluate("new Promise(resolve => setTimeout(resolve))")


def room_of(person: Person) -> int:
    return int(person.page.url.rsplit("/", 1)[1])


async def another_tab(person: Person, room: int) -> Page:
    page = await person.context.new_page()
    await page.goto(f"{person.url}/rooms/{room}")
    return page


async def active(
    page: Page, room: int, seq: int, authors: tuple[int, ...] = (999,), mentioned: tuple[int, ...] = (), new: int = 1
) -> None:
    """Something was posted, as the page is told by its unread counts."""
    detail = {"room": room, "lastSeq": seq, "newMessages": new, "authors": authors, "mentioned": mentioned}
    await page.evaluate(
        f"document.dispatchEvent(new CustomEvent('teahouse:activity', {{ detail: {json.dumps(detail)} }}))"
    )


async def notices(*pages: Page) -> list[dict]:
    return [notice for page in pages for notice in await page.evaluate("window.notices")]


async def until_told(count: int, *pages: Page) -> None:
    async with asyncio.timeout(PATIENCE_MILLISECONDS / 1000):
        while len(await notices(*pages)) < count:
            await pages[0].evaluate("new Promise(resolve => setTimeout(resolve))")
    assert len(await notices(*pages)) == count


async def heard(*pages: Page) -> int:
    """Wait for a sound; how many notes were played."""
    async with asyncio.timeout(PATIENCE_MILLISECONDS / 1000):
        while not (notes := sum([await page.evaluate("window.notes") for page in pages])):
            await pages[0].evaluate("new Promise(resolve => setTimeout(resolve))")
    return notes


async def me(person: Person) -> int:
    return int(await person.page.get_attribute("body", "data-me"))


async def choose(person: Person, notify: str) -> None:
    await person.page.click("#bell > summary")
    await person.page.click(f"#notify [value={notify}]")
    await until(person.page, f"document.querySelector('#rooms a[aria-current]').dataset.notify === '{notify}'")
    await person.page.keyboard.press("Escape")
    await person.page.locator("#notify").wait_for(state="hidden")


async def test_a_message_while_looking_elsewhere_is_told_with_the_rooms_name_and_not_its_text(ana: Person) -> None:
    await look_away(ana)
    await active(ana.page, room_of(ana), 1)
    await until(ana.page, "window.notices.length === 1")
    (notice,) = await notices(ana.page)
    assert (notice["title"], notice["body"]) == ("Garden", "New message")
    await active(ana.page, room_of(ana), 2, mentioned=(await me(ana),))
    await until(ana.page, "window.notices.length === 2")
    assert (await notices(ana.page))[1]["body"] == "You were mentioned"


async def test_whoever_reads_the_room_is_not_told_nor_of_ones_own_messages(ana: Person) -> None:
    room = room_of(ana)
    await look_at(ana.page)
    await active(ana.page, room, 1)
    await look_away(ana)
    await active(ana.page, room, 2, authors=(await me(ana),))
    await active(ana.page, room, 3, authors=())
    await active(ana.page, room, 4, new=0)
    await active(ana.page, 123456789, 4)
    await active(ana.page, room, 5, authors=(await me(ana), 999))
    await until(ana.page, "window.notices.length > 0")
    assert len(await notices(ana.page)) == 1  # the last one alone, which somebody else had a part in


async def test_of_two_tabs_exactly_one_tells(ana: Person) -> None:
    room = room_of(ana)
    second = await another_tab(ana, room)
    await look_away(ana)
    for seq in range(1, 6):
        for page in (ana.page, second):
            await active(page, room, seq)
        await until_told(seq, ana.page, second)
    await active(second, room, 6)
    await until_told(6, ana.page, second)


async def test_a_tab_in_front_that_shows_the_room_keeps_the_others_quiet(ana: Person) -> None:
    room = room_of(ana)
    second = await another_tab(ana, room)
    await look_away(ana)
    await look_at(second)
    assert not await ana.page.evaluate("document.hasFocus()")
    await active(ana.page, room, 1)
    await active(second, room, 1)
    await look_away(ana)
    await active(ana.page, room, 2)
    await until(ana.page, "window.notices.length > 0")
    assert len(await notices(ana.page, second)) == 1


async def test_a_click_on_it_opens_the_room(ana: Person) -> None:
    garden = room_of(ana)
    await ana.make_room("Kitchen")
    await look_away(ana)
    await active(ana.page, garden, 1)
    await until(ana.page, "window.notices.length === 1")
    await ana.page.evaluate("lastNotice.dispatchEvent(new Event('click'))")
    await ana.page.wait_for_url(f"**/rooms/{garden}")


async def test_pages_outside_of_rooms_tell_once_of_what_a_room_brings(ana: Person, arrive: Arrive) -> None:
    room = room_of(ana)
    bo = await arrive("Bo")
    await bo.enter(room)
    await ana.page.goto(f"{ana.url}/search")
    await ana.connected()
    other = await ana.context.new_page()
    await other.goto(f"{ana.url}/rooms")
    await look_away(ana)
    for count, text, body in ((1, "Hello @Ana", "You were mentioned"), (2, "And again", "New message")):
        await bo.send(text)
        for page in (ana.page, other):
            await until(page, f"document.title.startsWith('({count}) ')")
        await until_told(count, ana.page, other)
        told = [(notice["title"], notice["body"]) for notice in await notices(ana.page, other)]
        assert ("Garden", body) in told


async def test_a_mention_on_another_worker_is_told_once_and_counted_and_what_else_is_said_there_is_not(
    ana: Person, arrive: Arrive, second_house: House
) -> None:
    """The whole way, from the @ that Bo types to what a hidden tab of Ana's does."""
    room = room_of(ana)
    bo = await arrive("Bo", at=second_house)
    await bo.enter(room)
    await choose(ana, "mentions")
    second = await another_tab(ana, room)
    await look_at(ana.page)
    link = "document.querySelector('#rooms a[aria-current]').dataset"
    await until(ana.page, f"{link}.lastSeq === '1' && {link}.unread === '0'")  # that Bo joined was seen
    await look_away(ana)
    await bo.send("hello everybody")
    await until(ana.page, f"{link}.unread === '1'")
    assert await ana.page.title() == "Garden · Teahouse"
    await bo.page.focus("#composer textarea")
    await bo.page.keyboard.type("@an")
    await bo.page.locator("#mentionable [data-name=Ana]").wait_for()
    await bo.page.keyboard.press("Enter")
    await bo.page.keyboard.type("tea?")
    await bo.page.keyboard.press("Enter")
    await until_told(1, ana.page, second)
    assert [(notice["title"], notice["body"]) for notice in await notices(ana.page, second)] == [
        ("Garden", "You were mentioned")
    ]
    for tab in (ana.page, second):
        await until(tab, "document.title === '(1) Garden · Teahouse'")
        await until(tab, "document.querySelector('link[rel=icon]').href.startsWith('data:image/png')")
        await until(tab, f"{link}.unread === '2' && {link}.mentions === '1'")
    assert await ana.page.inner_text("#messages .mention") == "@Ana"
    assert await heard(ana.page, second) == 2  # one sound of two notes
    await look_at(ana.page)
    for tab in (ana.page, second):
        await until(tab, f"{link}.unread === '0' && {link}.mentions === '0'")
        await until(tab, "document.title === 'Garden · Teahouse'")
    assert len(await notices(ana.page, second)) == 1
