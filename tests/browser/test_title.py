"""Title and icon of a tab that nobody looks at count what is unread."""

from tests.browser import test_notifications
from tests.browser.conftest import Person
from tests.browser.test_notifications import choose, look_at, look_away, until

ana = test_notifications.ana  # the fixture: Ana, who allows notifications


async def test_title_and_icon_count_what_is_unread_until_the_tab_is_looked_at(ana: Person) -> None:
    assert await ana.page.title() == "Garden · Teahouse"
    icon = await ana.page.get_attribute("link[rel=icon]", "href")
    await look_away(ana)
    unread = "document.querySelector('#rooms a[aria-current]').dataset.unread = "
    await ana.page.evaluate(f"{unread}3")
    await until(ana.page, "document.title === '(3) Garden · Teahouse'")
    await until(ana.page, "document.querySelector('link[rel=icon]').href.startsWith('data:image/png')")
    await ana.page.evaluate(f"{unread}0")  # read on another device
    await until(ana.page, "document.title === 'Garden · Teahouse'")
    await ana.page.evaluate(f"{unread}2")
    await until(ana.page, "document.title === '(2) Garden · Teahouse'")
    await look_at(ana.page)
    await until(ana.page, "document.title === 'Garden · Teahouse'")
    await until(ana.page, f"document.querySelector('link[rel=icon]').getAttribute('href').endsWith({icon!r})")


async def test_a_title_that_changes_meanwhile_keeps_its_new_name(ana: Person) -> None:
    await look_away(ana)
    unread = "document.querySelector('#rooms a[aria-current]').dataset.unread = "
    await ana.page.evaluate(f"{unread}3")
    await until(ana.page, "document.title === '(3) Garden · Teahouse'")
    await ana.page.evaluate("document.title = 'Orchard · Teahouse'")
    await ana.page.evaluate(f"{unread}4")
    await until(ana.page, "document.title === '(4) Orchard · Teahouse'")
    await look_at(ana.page)
    await until(ana.page, "document.title === 'Orchard · Teahouse'")


async def test_the_count_leaves_out_what_a_room_shall_not_tell(ana: Person) -> None:
    """The list of rooms comes anew after a choice, so what it is to say is put in again."""
    count = "Object.assign(document.querySelector('#rooms a[aria-current]').dataset, { unread: 9, mentions: 1 })"
    await choose(ana, "mentions")
    await look_away(ana)
    await until(ana.page, f"({count}, document.title === '(1) Garden · Teahouse')")
    await look_at(ana.page)
    await choose(ana, "nothing")
    await look_away(ana)
    title = await ana.page.evaluate(f"new Promise(done => {{ {count}; setTimeout(() => done(document.title), 50) }})")
    assert title == "Garden · Teahouse"
