"""Pages that show no room are live: on a phone, the list of rooms is one of them."""

from tests.browser.conftest import PHONE, Arrive, Person
from tests.house import House

PLACE = "document.querySelector('[hx-ws\\\\:connect]')"


def link(room: int) -> str:
    return f"#rooms a[data-room='{room}']"


async def go(person: Person, address: str) -> None:
    await person.page.goto(f"{person.url}{address}")
    await person.connected()


async def test_a_mention_and_a_new_room_arrive_at_the_list_of_rooms_on_a_phone(arrive: Arrive) -> None:
    ana, bo = await arrive("Ana"), await arrive("Bo", **PHONE)
    room = await ana.make_room("Garden")
    await bo.enter(room)
    await go(bo, "/rooms")
    await ana.send("Are you there, @Bo?")
    await bo.page.locator(f"{link(room)}[data-unread='1'][data-mentions='1']").wait_for()
    me = await bo.page.evaluate("document.body.dataset.me")
    await ana.page.goto(f"{ana.url}/people/{me}")
    await ana.page.click("text=Message")
    await ana.connected()
    await bo.page.locator("#rooms a[data-direct] .dot[data-status=online]").wait_for()
    await ana.send("Here")
    await bo.page.locator("#rooms a[data-direct][data-unread='1']").wait_for()


async def test_a_person_who_searches_is_online_for_the_others(arrive: Arrive) -> None:
    ana, bo = await arrive("Ana"), await arrive("Bo", **PHONE)
    room = await ana.make_room("Garden")
    await bo.enter(room)
    me = await bo.page.evaluate("document.body.dataset.me")
    await ana.page.locator(f"#person-{me}[data-status=online]").wait_for()
    await ana.page.evaluate(
        """me => {
            window.seen = new Set()
            const look = () => window.seen.add(document.getElementById(`person-${me}`).dataset.status)
            new MutationObserver(look).observe(document.getElementById("people"), { subtree: true, childList: true })
        }""",
        me,
    )
    for address in ("/search", "/people", "/me", "/rooms"):
        await go(bo, address)
    await bo.page.clock.install()
    await go(bo, "/search")
    await bo.page.clock.fast_forward("05:10")
    await ana.page.locator(f"#person-{me}[data-status=away]").wait_for()
    await bo.page.keyboard.press("Shift")
    await ana.page.locator(f"#person-{me}[data-status=online]").wait_for()
    assert "offline" not in await ana.page.evaluate("[...window.seen]")


async def test_a_list_of_rooms_that_lost_its_socket_comes_level_again(arrive: Arrive) -> None:
    ana, bo = await arrive("Ana"), await arrive("Bo", **PHONE)
    room = await ana.make_room("Garden")
    await bo.enter(room)
    await go(bo, "/rooms")
    await bo.page.fill("[name=name]", "half a na")
    await bo.context.set_offline(True)
    await bo.page.evaluate(f"{PLACE}._htmx.ws.connection.socket.close()")
    await ana.send("You will hear of this, @Bo")
    await ana.page.goto(f"{ana.url}/rooms/{room}/settings")
    await ana.page.fill("[name=name]", "Orchard")
    await ana.page.click("text=Save")
    await bo.context.set_offline(False)
    await bo.page.locator(f"{link(room)}[data-mentions='1'] .name", has_text="Orchard").wait_for()
    assert await bo.page.input_value("[name=name]") == "half a na"


async def test_signing_out_elsewhere_leads_to_the_sign_in_page(arrive: Arrive) -> None:
    ana = await arrive("Ana", **PHONE)
    await go(ana, "/people")
    other = await ana.context.new_page()
    await other.goto(f"{ana.url}/me/devices")
    await other.click("[data-current] button")
    await ana.page.wait_for_url("**/sign-in?next=%2Fpeople")


async def test_on_a_phone_a_direct_room_says_how_present_the_other_one_is(
    arrive: Arrive, second_house: House
) -> None:
    ana, bo = await arrive("Ana", **PHONE), await arrive("Bo", at=second_house)
    await go(bo, "/rooms")
    me = await bo.page.evaluate("document.body.dataset.me")
    await ana.page.goto(f"{ana.url}/people/{me}")
    await ana.page.click("text=Message")
    await ana.connected()
    presence = ana.page.locator(".room-head .presence")
    assert await presence.get_attribute("data-status-of") == me
    assert not await ana.page.locator("#people").is_visible()
    await bo.page.clock.install()
    await go(bo, "/search")
    await ana.page.locator(".room-head .presence[data-status=online] > .dot[data-status=online]").wait_for()
    await bo.page.clock.fast_forward("05:10")
    await ana.page.locator(".room-head .presence[data-status=away] > .dot[data-status=away]").wait_for()
    await bo.page.goto("about:blank")
    await ana.page.locator(".room-head .presence[data-status=offline]", has_text="·").wait_for()


async def test_on_a_phone_a_group_says_how_many_are_online(arrive: Arrive) -> None:
    ana, bo = await arrive("Ana", **PHONE), await arrive("Bo")
    room = await ana.make_room("Garden")
    await ana.page.locator("#here[data-online='1']").wait_for()
    await bo.enter(room)
    await ana.page.locator("#here[data-online='2']").wait_for()
    await bo.page.goto("about:blank")
    await ana.page.locator("#here[data-online='1']").wait_for()


async def test_the_members_of_a_room_have_dots_and_who_is_removed_is_led_away(arrive: Arrive) -> None:
    ana, bo = await arrive("Ana"), await arrive("Bo", **PHONE)
    room = await ana.make_room("Garden")
    await bo.enter(room)
    me = await bo.page.evaluate("document.body.dataset.me")
    dot = f".members [data-person='{me}'] .dot[data-status=%s]"
    await go(ana, f"/rooms/{room}/members")
    await ana.page.locator(dot % "online").wait_for()
    await bo.page.goto("about:blank")
    await ana.page.locator(dot % "offline").wait_for()
    await go(bo, f"/rooms/{room}/members")
    await bo.page.locator(dot % "online").wait_for()
    await ana.page.locator(dot % "online").wait_for()
    await ana.page.click(f".members [data-person='{me}'] summary")
    await ana.page.click(f".members [data-person='{me}'] [value=remove]")
    await bo.page.wait_for_url(f"**/rooms/{room}/gone")


async def test_the_list_of_rooms_comes_alive_again_after_the_browsers_back_button(arrive: Arrive) -> None:
    ana, bo = await arrive("Ana"), await arrive("Bo", **PHONE)
    room = await ana.make_room("Garden")
    await bo.enter(room)
    await go(bo, "/rooms")
    await bo.page.fill("[name=name]", "half a na")
    # What the browser does with a page that it keeps in memory; whether a driven one keeps any, it does not promise.
    await bo.page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))")
    await bo.until(f"!{PLACE}._htmx.ws.connection")
    await ana.send("Are you back, @Bo?")
    await bo.page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    await bo.page.locator(f"{link(room)}[data-mentions='1']").wait_for()
    await ana.send("@Bo!")
    await bo.page.locator(f"{link(room)}[data-mentions='2']").wait_for()
    assert await bo.page.input_value("[name=name]") == "half a na"
