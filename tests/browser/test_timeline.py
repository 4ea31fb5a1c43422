"""The timeline as one reads it: it follows the newest and moves nobody about, and says days and times in the reader's
own words."""

import asyncio

import asyncpg

from tests.browser.conftest import PHONE, Arrive, companion, say_many


async def test_history_loads_upward_without_moving_what_is_being_read(arrive: Arrive) -> None:
    ana = await arrive("Ana", **PHONE)
    room = await ana.make_room("Garden plans")
    bo = await companion(ana, room)
    await asyncio.gather(*[bo.say(room, f"message {n}\n" + "and more\n" * (n % 5)) for n in range(160)])
    await ana.page.reload()
    assert min(await ana.seqs()) > 50
    for _ in range(12):
        await ana.page.evaluate("document.querySelector('.timeline').scrollBy(0, -2500)")
        top = await ana.page.evaluate(FIRST_IN_VIEW)
        await ana.until("!document.querySelector('.htmx-request')")
        assert abs((await ana.page.evaluate(PLACE_OF, top["id"])) - top["at"]) < 2
    await ana.until("document.querySelectorAll('#messages > .message').length === 161")
    assert await ana.seqs() == list(range(2, 162))
    assert await ana.page.locator(".older").count() == 0


FIRST_IN_VIEW = """() => {
    const top = document.querySelector('.timeline').getBoundingClientRect().top
    const first = [...document.querySelectorAll('.message')].find(m => m.getBoundingClientRect().bottom > top + 1)
    return {id: first.id, at: first.getBoundingClientRect().top}
}"""
PLACE_OF = "id => document.getElementById(id).getBoundingClientRect().top"


async def test_the_view_follows_the_newest_only_from_the_newest(arrive: Arrive) -> None:
    ana = await arrive("Ana")
    room = await ana.make_room("Garden plans")
    bo = await companion(ana, room)
    await say_many(bo, room, 30)
    await ana.sees("message 29")
    offer = ana.page.locator(".new-messages")
    assert await ana.page.evaluate("document.querySelector('.timeline').scrollTop") == 0
    assert not await offer.is_visible()

    await ana.page.evaluate("document.querySelector('.timeline').scrollTop = -600")
    top = await ana.page.evaluate(FIRST_IN_VIEW)
    await bo.say(room, "came while reading\nwith\nseveral\nlines")
    await offer.wait_for()
    assert await offer.inner_text() == "new messages"
    assert abs((await ana.page.evaluate(PLACE_OF, top["id"])) - top["at"]) < 2
    await offer.click()
    await ana.until("document.querySelector('.timeline').scrollTop > -2")
    await offer.wait_for(state="hidden")
    await ana.page.locator("text=came while reading").wait_for()


async def test_days_are_separated_and_times_are_the_readers_own(arrive: Arrive, servers) -> None:
    ana = await arrive("Ana", timezone_id="Asia/Shanghai", locale="en-GB")
    room = await ana.make_room("Garden plans")
    connection = await asyncpg.connect(servers.database_url)
    await connection.execute(
        "INSERT INTO message (id, room, seq, version, posted_version, author, body, html, created_at) "
        "SELECT gen_random_uuid(), $1, n, n, n, (SELECT person FROM membership WHERE room = $1), 'tea', "
        "'<p>tea</p>', timestamptz '2026-01-02T14:30:00Z' + n * interval '1 hour' FROM generate_series(1, 2) n",
        room,
    )  # 23:30 and 00:30 in Shanghai
    await connection.execute("UPDATE room SET version = 2, last_seq = 2 WHERE id = $1", room)
    await connection.close()
    await companion(ana, room)
    await ana.page.reload()
    await ana.page.locator(".day").nth(2).wait_for()
    assert await ana.page.locator(".day").all_inner_texts() == [
        "Friday 2 January",
        "Saturday 3 January",
        "Today",
    ]
    assert await ana.page.locator("#messages .message:not(.system) time").nth(0).inner_text() == "23:30"
    assert await ana.page.locator("#messages .message:not(.system) time").nth(1).inner_text() == "00:30"


async def test_a_room_of_many_messages_opens_at_the_newest_fifty(arrive: Arrive, servers) -> None:
    ana = await arrive("Ana")
    room = await ana.make_room("Garden plans")
    connection = await asyncpg.connect(servers.database_url)
    await connection.execute(
        "INSERT INTO message (id, room, seq, version, posted_version, author, body, html) "
        "SELECT gen_random_uuid(), $1, n, n, n, (SELECT person FROM membership WHERE room = $1), "
        "'message ' || n, '<p>message ' || n || '</p>' "
        "FROM generate_series(1, 100000) n",
        room,
    )
    await connection.execute("UPDATE room SET version = 100000, last_seq = 100000 WHERE id = $1", room)
    await connection.close()
    page = await ana.page.request.get(f"{ana.url}/rooms/{room}")
    assert (await page.text()).count('<article class="message" id="m-') == 50
    await ana.page.reload()
    await ana.sees("message 100000")
    await ana.send("one more")
    await ana.sees("one more")


async def test_in_a_tab_that_stays_open_over_midnight_today_becomes_yesterday(arrive: Arrive) -> None:
    ana = await arrive()
    await ana.page.clock.install()
    await ana.sign_up("Ana")
    room = await ana.make_room("Garden plans")
    bo = await companion(ana, room)
    await bo.say(room, "good night")
    await ana.sees("good night")
    assert await ana.page.locator(".day").all_inner_texts() == ["Today"]
    await ana.page.clock.fast_forward("24:00:00")
    await bo.say(room, "good morning")  # by the clock of the server it is the same day
    await ana.sees("good morning")
    await ana.page.locator(".day", has_text="Yesterday").wait_for()
    assert await ana.page.locator(".day").count() == 1
