from tests.browser.conftest import PHONE, Arrive
from tests.house import House
from tests.test_pictures import picture


async def test_a_new_name_and_picture_show_on_a_page_that_is_open(arrive: Arrive, second_house: House) -> None:
    ana, bo = await arrive("Ana"), await arrive("Bo", at=second_house, **PHONE)
    room = await ana.make_room("Garden plans")
    await ana.send("hello")
    await bo.enter(room)
    await bo.sees("hello")
    me = await ana.context.new_page()
    await me.goto(f"{ana.url}/me")
    await me.fill("[name=name]", "Ana Maria")
    await me.click("text=Change the name")
    await bo.page.locator(".message .author", has_text="Ana Maria").wait_for()
    await me.set_input_files("[name=avatar]", {"name": "me.jpg", "mimeType": "image/jpeg", "buffer": picture()})
    await me.click("text=Use this picture")
    await bo.page.locator(".message > .portrait img").wait_for()
    await bo.until("document.querySelector('.message > .portrait img').naturalWidth === 256")
    box = await bo.page.locator(".message > .portrait").bounding_box()
    assert abs(box["width"] - box["height"]) < 1


async def test_a_page_that_was_offline_meanwhile_shows_the_new_name_everywhere(arrive: Arrive) -> None:
    ana, bo = await arrive("Ana"), await arrive("Bo")
    await ana.make_room("Garden plans")
    number = await ana.page.get_attribute("body", "data-me")
    await bo.page.goto(f"{bo.url}/people/{number}")
    await bo.page.click(".person-card >> text=Message")
    await bo.page.wait_for_selector("body.direct")
    await bo.connected()
    room = int(bo.page.url.rsplit("/", 1)[1])
    await ana.enter(room)
    await ana.send("hello")
    await bo.sees("hello")
    original = (await bo.page.get_attribute("#messages > .message:not(.system)", "id")).removeprefix("m-")
    await bo.page.goto(f"{bo.url}/rooms/{room}?reply_to={original}")
    await bo.connected()
    await bo.send("answer")
    await ana.sees("answer")
    await bo.context.set_offline(True)
    await bo.page.evaluate("document.querySelector('main')._htmx.ws.connection.socket.close()")
    await bo.page.locator("#connection").wait_for()
    me = await ana.context.new_page()
    await me.goto(f"{ana.url}/me")
    await me.fill("[name=name]", "Ana Maria $& <b>")
    await me.click("text=Change the name")
    await me.wait_for_load_state()
    await bo.context.set_offline(False)
    places = (".message .author", ".quote b", "h1", "#room-lists a[data-direct] .name", "#people .name")
    for place in places:
        await bo.page.locator(place, has_text="Ana Maria $& <b>").first.wait_for()
    assert await bo.page.title() == "Ana Maria $& <b> · Teahouse"
    assert await bo.page.get_attribute("#write", "placeholder") == "Message Ana Maria $& <b>"


async def test_a_click_on_a_portrait_opens_the_card_which_leads_to_a_direct_room(arrive: Arrive) -> None:
    ana, bo = await arrive("Ana"), await arrive("Bo")
    room = await ana.make_room("Garden plans")
    await ana.send("hello")
    await bo.enter(room)
    await bo.page.click(".message > .portrait")
    card = bo.page.locator("#card[open] .person-card")
    await card.wait_for()
    assert await card.locator("h1").inner_text() == "Ana"
    await bo.page.keyboard.press("Escape")
    assert await bo.page.locator("#card[open]").count() == 0
    name = bo.page.locator("#people a.name", has_text="Ana")
    await name.focus()
    await name.press("Enter")
    await card.wait_for()
    await bo.page.keyboard.press("Escape")
    assert await bo.page.evaluate("document.activeElement.textContent") == "Ana"
    await name.click()
    await card.locator("text=Message").click()
    await bo.page.wait_for_selector("body.direct")
    assert await bo.page.locator("h1").first.inner_text() == "Ana"
    link = ana.page.locator("#room-lists a[data-direct]", has_text="Bo")  # on the page that stayed open
    await link.wait_for()
    assert await ana.page.locator("#room-lists [aria-current]").get_attribute("data-room") == str(room)


async def test_without_javascript_the_members_page_leads_to_the_card_and_the_conversation(arrive: Arrive) -> None:
    ana = await arrive("Ana")
    room = await ana.make_room("Garden plans")
    bo = await arrive("Bo", java_script_enabled=False)
    await bo.page.goto(f"{bo.url}/rooms/{room}")
    await bo.page.click("text=Join the room")
    await bo.page.click("[aria-label='People in this room']")
    await bo.page.click(".members >> text=Ana")
    await bo.page.click(".person-card >> text=Message")
    await bo.page.fill("#composer textarea", "hello")
    await bo.page.click(".send")
    assert await bo.texts() == ["hello"]
