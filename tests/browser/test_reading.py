import asyncpg
from playwright.async_api import expect

from tests.browser.conftest import PHONE, Arrive
from tests.browser.test_notifications import look_at, look_away, until
from tests.conftest import Servers
from tests.house import House


def receipt(who, of: int):
    return who.page.locator(f'.message .readers [data-read-by="{of}"]')


async def id_of(who) -> int:
    return int(await who.page.get_attribute("body", "data-me"))


async def under(who, of: int, text: str) -> None:
    """Wait for this person's portrait to stand under the message with this text."""
    await who.page.locator(".message", has_text=text).locator(f'.readers [data-read-by="{of}"]').wait_for()


async def test_a_portrait_stands_under_the_message_that_somebody_has_read_and_moves_on(
    arrive: Arrive, second_house: House
) -> None:
    ana, bo = await arrive("Ana"), await arrive("Bo", at=second_house, **PHONE)
    room = await ana.make_room("Garden plans")
    await bo.enter(room)
    reader = await id_of(bo)
    await ana.send("first")
    await under(ana, reader, "first")
    await ana.send("second")
    await under(ana, reader, "second")
    assert await receipt(ana, reader).count() == 1
    await bo.page.goto(f"{bo.url}/me")
    await ana.send("not read by Bo")
    await ana.sees("not read by Bo")
    await under(ana, reader, "second")
    await ana.page.reload()
    await under(ana, reader, "second")
    assert await receipt(bo, reader).count() == 0
    assert await ana.seqs() == sorted(await ana.seqs())


async def test_a_count_takes_the_place_of_portraits_when_a_room_grows_beyond_a_hundred(
    arrive: Arrive, servers: Servers
) -> None:
    ana, bo = await arrive("Ana"), await arrive("Bo")
    room = await ana.make_room("Garden plans")
    await bo.enter(room)
    await ana.send("among few")
    await under(ana, await id_of(bo), "among few")
    connection = await asyncpg.connect(servers.database_url)
    await connection.execute(
        "WITH many AS (INSERT INTO person (email, name, password_hash, is_admin)"
        " SELECT 'reader' || n, 'Reader ' || n, '', false FROM generate_series(1, 100) n RETURNING id)"
        " INSERT INTO membership (person, room) SELECT id, $1 FROM many",
        room,
    )
    await connection.close()
    await ana.send("among many")
    await ana.page.locator(".message", has_text="among many").locator('[data-readers="1"]').wait_for()
    assert await ana.page.locator("[data-read-by]").count() == 0


async def test_one_does_not_see_ones_own_portrait(arrive: Arrive) -> None:
    ana, bo = await arrive("Ana"), await arrive("Bo")
    room = await ana.make_room("Garden plans")
    await bo.enter(room)
    await ana.send("first")
    await under(ana, await id_of(bo), "first")
    await bo.page.reload()
    await receipt(bo, await id_of(bo)).wait_for(state="attached")
    assert not await receipt(bo, await id_of(bo)).is_visible()


async def test_the_count_of_a_room_that_is_not_open_is_live_and_reading_elsewhere_clears_it(
    arrive: Arrive, second_house: House
) -> None:
    ana, bo = await arrive("Ana"), await arrive("Bo")
    garden = await ana.make_room("Garden plans")
    await bo.enter(garden)
    await bo.make_room("Kitchen")
    link = bo.page.locator(f'#rooms a[data-room="{garden}"]')
    before = int(await link.get_attribute("data-unread"))
    await ana.send("hello")
    await expect(link).to_have_attribute("data-unread", str(before + 1))
    await ana.send("hello @Bo")
    await expect(link).to_have_attribute("data-unread", str(before + 2))
    await expect(link).to_have_attribute("data-mentions", "1")
    phone = await arrive(at=second_house, **PHONE)
    await phone.context.add_cookies(await bo.context.cookies())
    await phone.page.goto(f"{second_house.url}/rooms/{garden}")
    await expect(link).to_have_attribute("data-unread", "0")
    await expect(link).to_have_attribute("data-mentions", "0")
    await bo.page.reload()
    await expect(link).to_have_attribute("data-unread", "0")


async def test_a_room_in_which_something_is_said_comes_first_in_the_list(arrive: Arrive) -> None:
    ana, bo = await arrive("Ana"), await arrive("Bo")
    garden = await ana.make_room("Garden plans")
    await bo.enter(garden)
    kitchen = await bo.make_room("Kitchen")
    order = "[...document.querySelectorAll('#rooms a[data-room]')].map(link => Number(link.dataset.room))"
    assert await bo.page.evaluate(order) == [kitchen, garden]
    await ana.send("the roses are out")
    await bo.until(f"{order}[0] === {garden}")


async def test_what_is_on_the_screen_is_read_and_ones_own_is_never_unread(arrive: Arrive) -> None:
    ana, bo = await arrive("Ana"), await arrive("Bo")
    room = await ana.make_room("Garden plans")
    await bo.enter(room)
    link = bo.page.locator(f'#rooms a[data-room="{room}"]')
    await ana.send("hello")
    await bo.sees("hello")
    await expect(link).to_have_attribute("data-unread", "0")
    await bo.send("hello to you")
    await ana.sees("hello to you")
    for who in (ana, bo):
        await expect(who.page.locator(f'#rooms a[data-room="{room}"]')).to_have_attribute("data-unread", "0")


BADGES = """
const link = document.querySelector("#rooms a[aria-current]")
window.badges = []
new MutationObserver(() => badges.push(link.dataset.unread)).observe(link, { attributeFilter: ["data-unread"] })
"""


# What was read some time ago, and is told only after something newer: events of two workers have no order.
OLD_MARK = """room => {
    const mark = document.createElement("data")
    Object.assign(mark.dataset, { room, lastSeq: 5, readSeq: 4, mentions: 1, moved: "on" })
    document.getElementById("marks").append(mark)
    document.dispatchEvent(new Event("htmx:after:swap"))
}"""


async def test_the_room_that_is_looked_at_never_counts_as_unread(arrive: Arrive) -> None:
    ana, bo = await arrive("Ana"), await arrive("Bo")
    room = await ana.make_room("Garden plans")
    await bo.enter(room)
    await bo.page.evaluate(BADGES)
    for n in range(25):  # for some seconds: counts are told once in a second
        await ana.send(f"number {n} of many, @Bo")
        await bo.sees(f"number {n} of many")
        if n % 5 == 0:
            await bo.send(f"yes to number {n}")
    await bo.until("badges.length > 2")
    await under(ana, await id_of(bo), "number 24 of many")
    await bo.page.evaluate(OLD_MARK, room)
    await ana.send("after an old mark")
    await under(ana, await id_of(bo), "after an old mark")  # reading goes on
    assert set(await bo.page.evaluate("badges")) == {"0"}


async def test_what_comes_into_a_tab_without_the_focus_is_not_read(arrive: Arrive) -> None:
    ana, bo = await arrive("Ana"), await arrive("Bo")
    room = await ana.make_room("Garden plans")
    await bo.enter(room)
    reader = await id_of(bo)
    await ana.send("read at once")
    await under(ana, reader, "read at once")
    await look_away(bo)
    own = "document.querySelector('#rooms a[aria-current]').dataset"
    for n in (1, 2):
        await ana.send(f"not looked at {n}")
        await until(bo.page, f"{own}.unread === '{n}'")  # a second or more after it came
    await under(ana, reader, "read at once")
    await look_at(bo.page)
    await under(ana, reader, "not looked at 2")
    await until(bo.page, f"{own}.unread === '0'")


async def test_a_menu_stays_open_whatever_happens_to_its_message_and_escape_gives_the_focus_back(
    arrive: Arrive,
) -> None:
    ana, bo = await arrive("Ana"), await arrive("Bo")
    room = await ana.make_room("Garden plans")
    await bo.enter(room)
    await ana.send("soon gone")
    await bo.sees("soon gone")
    message = bo.page.locator(".message:not(.system)")
    await message.locator(".more").focus()
    await bo.page.keyboard.press("Enter")
    await bo.page.locator("dialog[open] >> text=Who has read it").wait_for()
    await ana.page.locator(".message:not(.system)").hover()
    await ana.page.locator(".message .more").click()
    await ana.page.click("text=Delete…")
    await ana.page.click("text=Delete the message")
    for who in (ana, bo):
        await who.page.locator(".message.deleted").wait_for()
        assert "soon gone" not in await who.page.content()
    assert await bo.page.locator("dialog[open]").count() == 1
    await bo.page.keyboard.press("Escape")
    await expect(bo.page.locator("dialog.message-menu")).to_be_hidden()
    await expect(message.locator(".more")).to_be_focused()


async def test_a_receipt_outlives_a_change_to_its_message(arrive: Arrive) -> None:
    ana, bo = await arrive("Ana"), await arrive("Bo")
    room = await ana.make_room("Garden plans")
    await bo.enter(room)
    await ana.send("soon gone")
    await bo.sees("soon gone")
    reader = await id_of(bo)
    await under(ana, reader, "soon gone")
    await ana.page.locator(".message:not(.system)").hover()
    await ana.page.locator(".message .more").click()
    await ana.page.click("text=Delete…")
    await ana.page.click("text=Delete the message")
    await ana.page.locator(f'.message.deleted .readers [data-read-by="{reader}"]').wait_for()


async def test_a_page_opened_for_a_message_shows_it_marked(arrive: Arrive) -> None:
    ana = await arrive("Ana")
    room = await ana.make_room("Garden plans")
    for n in range(30):
        await ana.send(f"number {n} of many")
    await ana.sees("number 29 of many")
    await ana.until("document.querySelectorAll('.sending').length === 0")
    element = await ana.page.locator(".message", has_text="number 4 of").get_attribute("id")
    await ana.page.goto(f"{ana.url}/messages/{element.removeprefix('m-')}")
    assert f"/rooms/{room}?around=" in ana.page.url
    await ana.page.locator(".message.target", has_text="number 4 of").wait_for()
    await expect(ana.page.locator(".message.target")).to_be_in_viewport()
