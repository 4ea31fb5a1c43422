import pytest

from tests.browser.conftest import DESK, PHONE, Arrive


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
async def test_a_link_to_a_message_leads_there_in_the_same_tab_and_on_the_same_page_where_it_can(
    arrive: Arrive, size: dict
) -> None:
    ana = await arrive("Ana", **size)
    garden = await ana.make_room("Garden plans")
    await ana.type("roses by the wall")
    await ana.page.click(".send")
    await ana.sees("roses by the wall")
    message = (await ana.page.locator(".message", has_text="roses").get_attribute("id"))[2:]
    await ana.type(f"as I said: {ana.url}/messages/{message}")
    await ana.page.click(".send")
    link = ana.page.locator(".body a.to-message")
    await link.wait_for()
    assert await link.inner_text() == "#Garden plans"
    address = ana.page.url
    await link.click()
    await ana.page.locator(f"#m-{message}.jumped-to").wait_for()
    assert ana.page.url == address

    await ana.make_room("Kitchen")
    await ana.type(f"{ana.url}/rooms/{garden}?around={message}")
    await ana.page.click(".send")
    await link.wait_for()
    assert await link.inner_text() == "#Garden plans"
    await link.click()
    await ana.page.wait_for_url(f"**/rooms/{garden}?around={message}")
    await ana.page.locator(f"#m-{message}.target").wait_for()
    assert len(ana.context.pages) == 1


async def test_a_page_shows_its_readers_own_rooms_by_the_names_that_they_have_now(arrive: Arrive) -> None:
    ana, bo = await arrive("Ana"), await arrive("Bo")
    kitchen = await ana.make_room("Kitchen")
    await bo.enter(kitchen)
    await ana.page.goto(f"{ana.url}/rooms")
    await ana.page.fill("[name=name]", "Surprise for Bo")
    await ana.page.check("[name=visibility][value=closed]")
    await ana.page.click("text=Make the room")
    await ana.page.wait_for_url("**/rooms/*")
    await ana.connected()
    closed = int(ana.page.url.rsplit("/", 1)[1])
    await ana.enter(kitchen)
    await ana.send(f"in {ana.url}/rooms/{closed}")
    link = "#messages .to-room"
    await ana.page.locator(link, has_text="#Surprise for Bo").wait_for()
    await bo.page.locator(link).wait_for()
    assert await bo.page.inner_text(link) == f"/rooms/{closed}"
    await ana.page.reload()
    await ana.page.locator(link, has_text="#Surprise for Bo").wait_for()
    settings = {"name": "A cake for tea", "topic": "", "visibility": "closed"}
    await ana.context.request.post(f"{ana.url}/rooms/{closed}/settings", form=settings, headers={"Origin": ana.url})
    await ana.page.locator(link, has_text="#A cake for tea").wait_for()
    assert "A cake" not in await bo.page.content()
