"""Roles in the browser: who was sent out is told so at once."""

from tests.browser.conftest import PHONE, Arrive
from tests.conftest import Servers
from tests.house import House, Visitor
from tests.web.test_ban import make_administrator


async def test_a_removed_persons_page_says_so_and_holds_nothing_of_the_room(
    arrive: Arrive, second_house: House
) -> None:
    ana = await arrive("Ana")
    room = await ana.make_room("Garden plans")
    bo = await arrive("Bo", at=second_house)
    await bo.enter(room)
    await ana.send("said inside")
    await bo.sees("said inside")
    about = {"topic": "Leaves & water", "visibility": "closed"}
    await ana.context.request.post(f"{ana.url}/rooms/{room}/settings", form=about)
    await bo.page.locator(".room-head p", has_text="Leaves & water").wait_for()
    assert await bo.page.locator(f"#rooms [data-room='{room}'] .hash svg").count() == 1
    word = "getComputedStyle(document.querySelector('.room-head [data-visibility]'), '::after').content"
    assert await bo.page.evaluate(word) == '"Closed room"'
    await ana.page.goto(f"{ana.url}/rooms/{room}/members")
    await ana.page.click("[aria-label='Change Bo']")
    await ana.page.click("text=Remove from the room")
    await bo.page.wait_for_url(f"**/rooms/{room}/gone")
    await bo.page.locator("h1", has_text="You are no longer in this room").wait_for()
    assert "Garden plans" not in await bo.page.content()
    await ana.page.goto(f"{ana.url}/rooms/{room}")
    lines = ana.page.locator(".message.system")
    assert await lines.count() == 2
    word = "getComputedStyle(document.querySelector('[data-event=removed]'), '::after').content"
    assert await ana.page.evaluate(word) == '"removed"'
    style = "getComputedStyle(document.querySelectorAll('.message.system .body')[1]).backgroundColor"
    assert await ana.page.evaluate(style) == "rgba(0, 0, 0, 0)"  # her own act is no bubble of hers


async def test_a_banned_persons_page_says_so_and_their_other_pages_let_them_in_nowhere(
    arrive: Arrive, house: House, second_house: House, servers: Servers
) -> None:
    root = await Visitor.at(house.url).sign_up("Root")
    await make_administrator(servers, root)
    room, other = await root.make_room("Garden plans"), await root.make_room("Kitchen")
    bo = await arrive("Bo", at=second_house)
    await bo.page.goto(f"{bo.url}/rooms")
    await bo.enter(room)
    person = await bo.page.evaluate("document.body.dataset.me")
    elsewhere = await bo.context.new_page()
    await elsewhere.goto(f"{bo.url}/people")
    await root.http.post(f"/people/{person}/ban")
    await bo.page.wait_for_url(f"**/rooms/{room}/gone")
    await bo.page.locator("h1", has_text="You are no longer in this room").wait_for()
    assert "Garden plans" not in await bo.page.content()
    await elsewhere.goto(f"{bo.url}/rooms/{other}")
    assert "/sign-in" in elsewhere.url
    await bo.page.go_back()
    await bo.page.wait_for_url("**/sign-in*")


async def test_a_button_that_opens_stays_where_it_is_and_a_long_name_ends_before_it(arrive: Arrive) -> None:
    ana, bo = await arrive("Ana", **PHONE), await arrive("Bo, who looks after the Northern Archive since long ago")
    room = await ana.make_room("Garden plans")
    await bo.enter(room)
    await ana.page.goto(f"{ana.url}/rooms/{room}/members")
    button = ana.page.locator(".act > summary")
    before = await button.bounding_box()
    name = await ana.page.locator(".members a.name", has_text="Bo").bounding_box()
    assert name["x"] + name["width"] <= before["x"]
    await button.click()
    await ana.page.locator("text=Make an admin").wait_for()
    after = await button.bounding_box()
    assert (after["x"], after["width"]) == (before["x"], before["width"])
    assert await ana.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
