from tests.browser.conftest import PHONE, Arrive


async def test_searching_on_a_phone_with_suggestions_and_the_match_marked(arrive: Arrive) -> None:
    ana = await arrive("Ana", **PHONE)
    await ana.make_room("Garden plans")
    await ana.type("我们今天喝绿茶吧, plant the roses")
    await ana.page.tap("#composer .send")
    await ana.sees("喝绿茶")
    await ana.page.goto(f"{ana.url}/rooms")
    await ana.page.click("a[href='/search']")
    await ana.page.locator("#query").press_sequentially("绿茶 in:gar")
    await ana.page.locator("#suggestions a", has_text="Garden plans").tap()
    assert await ana.page.input_value("#query") == '绿茶 in:"Garden plans" '
    await ana.page.press("#query", "Enter")
    await ana.page.locator(".results .message mark", has_text="绿茶").wait_for()
    assert await ana.page.locator(".results > li").count() == 1
    assert (await ana.page.locator(".place").get_attribute("href")).startswith("/messages/")
    assert await ana.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    heights = await ana.page.evaluate(
        "[...document.querySelectorAll('.search-field :is(input, button), .place')].map(e => e.offsetHeight)"
    )
    assert min(heights) >= 44


async def test_the_keys_walk_the_suggestions_and_escape_closes_them(arrive: Arrive) -> None:
    ana = await arrive("Ana")
    await ana.page.goto(f"{ana.url}/search")
    await ana.page.locator("#query").press_sequentially("tea h")
    await ana.page.locator("#suggestions a", has_text="has:").wait_for()
    await ana.page.keyboard.press("ArrowDown")
    await ana.page.keyboard.press("Enter")
    await ana.page.locator("#suggestions a", has_text="has:link").wait_for()
    assert await ana.page.input_value("#query") == "tea has:"
    await ana.page.keyboard.press("Escape")
    await ana.page.locator("#suggestions").wait_for(state="hidden")


async def test_what_is_deleted_goes_from_open_results_and_what_is_new_pushes_nothing_out(arrive: Arrive) -> None:
    ana = await arrive("Ana")
    await ana.make_room("Garden plans")
    for number in range(21):
        await ana.send(f"tea number {number}")
    await ana.sees("tea number 20")
    looking = await ana.context.new_page()
    await looking.goto(f"{ana.url}/search?q=tea")
    assert await looking.locator(".results .message").count() == 20
    gone = await looking.locator(".message", has_text="number 7").get_attribute("id")
    oldest = looking.locator(".message .body", has_text="tea number 1").last
    await ana.send("tea at last")
    await ana.sees("tea at last")
    deleted = await ana.context.request.post(f"{ana.url}/messages/{gone[2:]}/delete", headers={"HX-Request": "true"})
    assert deleted.ok
    await looking.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await looking.locator(f"#{gone}").wait_for(state="detached")
    assert await looking.locator(".results .message").count() == 19
    assert await oldest.is_visible()
    assert await looking.locator(".message", has_text="tea at last").count() == 0


async def test_searching_works_without_javascript(arrive: Arrive) -> None:
    ana = await arrive("Ana", java_script_enabled=False)
    await ana.page.goto(f"{ana.url}/rooms")
    await ana.page.fill("[name=name]", "Kitchen")
    await ana.page.click("text=Make the room")
    await ana.page.fill("#composer textarea", "green tea")
    await ana.page.click("#composer .send")
    await ana.page.goto(f"{ana.url}/search")
    await ana.page.fill("#query", "TEA")
    await ana.page.press("#query", "Enter")
    await ana.page.locator(".results mark", has_text="tea").wait_for()
