from tests.browser.conftest import PHONE, Arrive
from tests.house import House

FIVE_MINUTES = "05:10"


async def test_a_dot_goes_online_away_and_offline_on_another_worker(arrive: Arrive, second_house: House) -> None:
    ana, bo = await arrive("Ana"), await arrive("Bo", at=second_house, **PHONE)
    room = await ana.make_room("Garden plans")
    await bo.page.clock.install()
    await bo.enter(room)
    me = await bo.page.evaluate("document.body.dataset.me")
    line = ana.page.locator(f"#people [data-person='{me}']")
    await ana.page.locator(f"#person-{me}[data-status=online]").wait_for()
    await bo.page.clock.fast_forward(FIVE_MINUTES)
    await ana.page.locator(f"#person-{me}[data-status=away]").wait_for()
    await bo.page.keyboard.press("Shift")
    await ana.page.locator(f"#person-{me}[data-status=online]").wait_for()
    await bo.page.goto("about:blank")
    await ana.page.locator(f"#person-{me}[data-status=offline]").wait_for()
    assert await line.count() == 1
