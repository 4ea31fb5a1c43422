"""The bell: what a room shall tell, and what this device may do to tell it."""

from tests.browser import test_notifications
from tests.browser.conftest import PHONE, Arrive, Person
from tests.browser.test_notifications import (
    RECORDER,
    active,
    another_tab,
    choose,
    look_at,
    look_away,
    me,
    notices,
    room_of,
    until,
)

ana = test_notifications.ana  # the fixture: Ana, who allows notifications


async def test_a_room_tells_nothing_or_mentions_only_as_chosen_and_every_tab_knows(ana: Person) -> None:
    room = room_of(ana)
    second = await another_tab(ana, room)
    await look_at(ana.page)
    await choose(ana, "nothing")
    await until(second, "document.querySelector('#rooms a[aria-current]').dataset.notify === 'nothing'")
    await look_away(ana)
    for page in (ana.page, second):
        await active(page, room, 1, mentioned=(await me(ana),))
    await look_at(ana.page)
    await choose(ana, "mentions")
    await look_away(ana)
    await active(ana.page, room, 2)
    await active(ana.page, room, 3, mentioned=(await me(ana),))
    await until(ana.page, "window.notices.length > 0")
    assert [notice["body"] for notice in await notices(ana.page, second)] == ["You were mentioned"]
    await ana.page.reload()
    assert await ana.page.get_attribute("#rooms a[aria-current]", "data-notify") == "mentions"


async def test_a_soft_sound_that_can_be_switched_off(ana: Person) -> None:
    room = room_of(ana)
    await ana.page.click("#bell > summary")  # a page that was never touched makes no sound
    await look_away(ana)
    await active(ana.page, room, 1)
    await until(ana.page, "window.notes === 2")
    await look_at(ana.page)
    await ana.page.click("#device [data-sound]")
    assert await ana.page.get_attribute("#device [data-sound]", "aria-pressed") == "false"
    await ana.page.reload()
    await ana.page.click("#bell > summary")
    assert await ana.page.get_attribute("#device [data-sound]", "aria-pressed") == "false"
    await look_away(ana)
    await active(ana.page, room, 2)
    await until(ana.page, "window.notices.length === 1")
    assert await ana.page.evaluate("window.notes") == 0


async def test_permission_is_asked_by_a_button_alone(arrive: Arrive) -> None:
    ana = await arrive(**PHONE)
    await ana.context.add_init_script(RECORDER.replace("return Real.permission", "return window.answer ?? 'default'"))
    await ana.sign_up("Ana")
    await ana.make_room("Garden")
    await active(ana.page, room_of(ana), 1)
    assert await ana.page.evaluate("window.asked") == 0
    await ana.page.tap("#bell > summary")
    lines = ana.page.locator("#device [data-permission]:visible")
    assert await lines.all_inner_texts() == ["Notify me on this device"]
    await ana.page.evaluate("window.answer = 'denied'")
    await lines.tap()
    await until(ana.page, "window.asked === 1")
    await ana.page.locator("#device [data-permission=denied]").wait_for()
    assert "blocked" in await lines.inner_text()


async def test_granted_the_page_says_so(ana: Person) -> None:
    await ana.page.click("#bell > summary")
    lines = ana.page.locator("#device [data-permission]:visible")
    assert await lines.all_inner_texts() == ["Notifications are on."]
    assert await ana.page.evaluate("window.asked") == 0


async def test_without_javascript_the_choice_is_a_form(arrive: Arrive) -> None:
    ana = await arrive("Ana", java_script_enabled=False)
    await ana.page.goto(f"{ana.url}/rooms")
    await ana.page.fill("[name=name]", "Garden")
    await ana.page.click("text=Make the room")
    await ana.page.click("#bell > summary")
    assert not await ana.page.locator("#device").is_visible()
    await ana.page.click("#notify [value=nothing]")
    await ana.page.wait_for_load_state()
    assert await ana.page.get_attribute("#rooms a[aria-current]", "data-notify") == "nothing"
