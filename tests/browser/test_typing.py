from tests.browser.conftest import PHONE, Arrive
from tests.house import House


async def test_typing_shows_on_another_worker_and_goes_when_the_message_is_sent(
    arrive: Arrive, second_house: House
) -> None:
    ana, bo = await arrive("Ana"), await arrive("Bo", at=second_house, **PHONE)
    room = await ana.make_room("Garden plans")
    await bo.enter(room)
    await ana.page.click("#composer textarea")
    await ana.page.keyboard.type("hello")
    await bo.page.locator("#typing [data-person]", has_text="Ana").wait_for()
    assert await bo.page.evaluate("getComputedStyle(document.getElementById('typing'), '::after').content") == (
        '" is typing"'
    )
    assert not await ana.page.locator("#typing [data-person]").is_visible()  # not told about oneself
    await ana.page.keyboard.press("Enter")
    await bo.sees("hello")
    await bo.page.locator("#typing [data-person]").wait_for(state="detached")


async def test_typing_goes_by_itself_and_when_the_page_is_left(arrive: Arrive) -> None:
    ana, bo = await arrive("Ana"), await arrive("Bo")
    room = await ana.make_room("Garden plans")
    await bo.enter(room)
    await ana.page.click("#composer textarea")
    await ana.page.keyboard.type("hello")
    await bo.page.locator("#typing [data-person]").wait_for()
    await bo.page.locator("#typing [data-person]").wait_for(state="detached")
    await ana.page.keyboard.type("again")
    await bo.page.locator("#typing [data-person]").wait_for()
    await ana.page.goto(f"{ana.url}/rooms")
    await bo.page.locator("#typing [data-person]").wait_for(state="detached", timeout=3000)


async def test_of_many_who_type_two_are_named_and_the_others_counted(arrive: Arrive) -> None:
    reader = await arrive("Reader")
    room = await reader.make_room("Garden plans")
    writers = [await arrive(name) for name in ("Ana", "Bo", "Chen", "Dora")]
    for writer in writers:
        await writer.enter(room)
    for _ in range(2):
        for writer in writers:
            await writer.page.click("#composer textarea")
            await writer.page.keyboard.type("x")
    await reader.until("document.getElementById('typing').dataset.more === '2'")
    assert await reader.page.evaluate("getComputedStyle(document.getElementById('typing'), '::after').content") == (
        '" and 2 more are typing"'
    )
    assert await reader.page.locator("#typing [data-person]:visible").count() == 2
