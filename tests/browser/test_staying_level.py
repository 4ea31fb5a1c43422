"""A page that stays level with its room, whatever happens to its connection."""

import asyncio
import os
import signal

import httpx
from playwright.async_api import Route

from tests.browser.conftest import Arrive, Person, companion, say_many
from tests.house import AT_ONCE_SECONDS, House, Visitor
from tests.proxy import Network

NOTICE = "#connection"


async def test_going_offline_and_back_loses_and_doubles_nothing(arrive: Arrive) -> None:
    ana = await arrive("Ana")
    room = await ana.make_room("Garden plans")
    bo = await companion(ana, room)
    await bo.say(room, "before")
    await ana.sees("before")
    await ana.context.set_offline(True)
    await ana.page.evaluate("document.querySelector('main')._htmx.ws.connection.socket.close()")
    await ana.page.locator(NOTICE).wait_for()
    assert await ana.page.locator(NOTICE).inner_text() == "connecting…"
    await bo.say(room, "while away")
    await ana.send("written while away")
    await ana.page.locator("text=Not sent · try again").wait_for()
    await ana.context.set_offline(False)
    await ana.sees("while away")
    await ana.sees("written while away")
    await ana.page.locator(NOTICE).wait_for(state="hidden")
    assert await ana.seqs() == [2, 3, 4]


async def test_where_websockets_are_blocked_the_page_polls(arrive: Arrive) -> None:
    ana = await arrive("Ana")
    await ana.page.route_web_socket("**/socket**", lambda socket: asyncio.ensure_future(socket.close(code=1006)))
    await ana.page.goto(f"{ana.url}/rooms")
    await ana.page.fill("[name=name]", "Garden plans")
    await ana.page.click("text=Make the room")
    await ana.page.wait_for_url("**/rooms/*")
    room = int(ana.page.url.rsplit("/", 1)[1])
    bo = await companion(ana, room)
    await say_many(bo, room, 3)
    await ana.sees("message 2")
    await ana.send("own")
    await bo.say(room, "last")
    await ana.sees("last")
    assert await ana.seqs() == [2, 3, 4, 5, 6]


async def test_a_page_notices_a_connection_that_died_without_a_word_while_it_slept_an_hour(
    arrive: Arrive, house: House
) -> None:
    async with Network(house.url) as network:
        ana = await arrive(at=house)
        ana.url = network.url
        await ana.page.clock.install()
        await ana.sign_up("Ana")
        room = await ana.make_room("Garden plans")
        bo = await Visitor.at(house.url).sign_up("Bo")
        await bo.join(room)
        await bo.say(room, "before")
        await ana.sees("before")
        network.fall_silent()
        await bo.say(room, "while asleep")
        await ana.page.clock.fast_forward("01:00:00")
        await ana.sees("while asleep")
        await ana.until("document.querySelector('main')._htmx.ws.connection.socket?.readyState === 1")
        await bo.say(room, "live again")
        await ana.sees("live again")
        assert await ana.seqs() == [2, 3, 4]


async def hold_answers(person: Person, address: str) -> tuple[asyncio.Event, asyncio.Event]:
    """The first answer to `address` is kept back: (it has been given, it may go on). Once it is done with, the page's
    body has `data-answered`."""
    given, go_on = asyncio.Event(), asyncio.Event()

    async def hold(route: Route) -> None:
        answer = await route.fetch()
        given.set()
        await go_on.wait()
        await route.fulfill(response=answer)

    await person.page.route(address, hold, times=1)
    await person.page.evaluate(
        "document.addEventListener('htmx:finally:request', () => document.body.dataset.answered = '')"
    )
    return given, go_on


ANSWERED = "'answered' in document.body.dataset"


async def test_a_late_answer_to_a_reaction_takes_no_newer_reaction_away(arrive: Arrive) -> None:
    ana = await arrive("Ana")
    room = await ana.make_room("Garden plans")
    bo = await companion(ana, room)
    message = await bo.say(room, "tea?")
    await bo.act(f"/messages/{message}/reactions", emoji="🍵")
    await ana.page.locator("[data-emoji='🍵']").wait_for()
    given, go_on = await hold_answers(ana, "**/reactions")
    await ana.page.click("[data-emoji='🍵']")
    await asyncio.wait_for(given.wait(), 15)
    await bo.act(f"/messages/{message}/reactions", emoji="🎉")
    await ana.page.locator("[data-emoji='🎉']").wait_for()
    go_on.set()
    await ana.until(ANSWERED)
    assert await ana.page.locator(".reactions [data-emoji]").evaluate_all(
        "all => all.map(each => each.dataset.emoji + each.dataset.count)"
    ) == ["🍵2", "🎉1"]


async def test_a_late_answer_to_a_poll_does_not_set_the_page_back(arrive: Arrive) -> None:
    ana = await arrive("Ana")
    room = await ana.make_room("Garden plans")
    bo = await companion(ana, room)
    await bo.say(room, "before")
    await ana.sees("before")
    version = "document.getElementById('room-version').value"
    stood_at = await ana.page.evaluate(version)
    given, go_on = await hold_answers(ana, "**/changes?*")
    await ana.page.evaluate("document.querySelector('main')._htmx.ws.connection.socket.close()")
    await ana.until("document.querySelector('main')._htmx.ws.connection.socket?.readyState !== 1")
    await bo.say(room, "while away")
    await ana.page.evaluate("document.getElementById('poll').dispatchEvent(new Event('teahouse:poll'))")
    await asyncio.wait_for(given.wait(), 15)
    await ana.connected()
    await bo.say(room, "by the socket")
    await ana.sees("by the socket")
    stands_at = await ana.page.evaluate(version)
    assert int(stands_at) > int(stood_at) + 1
    await ana.page.evaluate("dispatchEvent(new Event('offline'))")
    await ana.page.evaluate("document.getElementById('poll').dispatchEvent(new Event('teahouse:poll'))")  # is dropped
    go_on.set()
    await ana.until(ANSWERED)
    assert await ana.page.evaluate(version) == stands_at
    assert await ana.seqs() == [2, 3, 4]
    await ana.page.evaluate("dispatchEvent(new Event('online'))")
    await bo.say(room, "live again")
    await ana.sees("live again")
    assert await ana.seqs() == [2, 3, 4, 5]


async def test_a_network_that_is_cut_again_and_again_loses_and_doubles_nothing(arrive: Arrive, house: House) -> None:
    async with Network(house.url) as network:
        ana = await arrive(at=house)
        ana.url = network.url
        await ana.sign_up("Ana")
        room = await ana.make_room("Garden plans")
        bo = await Visitor.at(house.url).sign_up("Bo")
        await bo.join(room)
        for n in range(5):
            await bo.say(room, f"said {n}")
            network.cut()
            await ana.send(f"answered {n}")
            await bo.say(room, f"said again {n}")
            await ana.sees(f"answered {n}")
        await ana.sees("said again 4")
        assert await ana.seqs() == list(range(2, 17))


async def test_a_dead_worker_is_replaced_and_pages_come_back(arrive: Arrive, open_house) -> None:
    house: House = await open_house()
    ana = await arrive("Ana", at=house)
    room = await ana.make_room("Garden plans")
    bo = await companion(ana, room)
    await bo.say(room, "before")
    await ana.sees("before")
    os.kill(house.workers()[0], signal.SIGKILL)
    async with asyncio.timeout(20):
        while True:
            try:
                await bo.say(room, "after")
                break
            except httpx.TransportError:
                continue
    await ana.sees("after")
    await ana.page.locator(NOTICE).wait_for(state="hidden")
    assert await ana.seqs() == [2, 3]


async def test_a_page_back_from_the_cache_is_level_and_live(arrive: Arrive) -> None:
    ana = await arrive("Ana")
    room = await ana.make_room("Garden plans")
    bo = await companion(ana, room)
    await bo.say(room, "before")
    await ana.sees("before")
    await ana.page.click("[aria-label='People in this room']")
    await ana.page.wait_for_url("**/members")
    await bo.say(room, "while on another page")
    await ana.page.go_back()
    await ana.sees("while on another page")
    await ana.connected()
    await bo.say(room, "live again")
    await ana.sees("live again")
    assert await ana.seqs() == [2, 3, 4]


async def test_a_page_that_slept_long_takes_the_timeline_afresh_and_keeps_what_was_not_sent(
    arrive: Arrive,
) -> None:
    ana = await arrive("Ana")
    room = await ana.make_room("Garden plans")
    bo = await companion(ana, room)
    await bo.say(room, "before")
    await ana.sees("before")
    await ana.context.set_offline(True)
    await ana.page.evaluate("document.querySelector('main')._htmx.ws.connection.socket.close()")
    await ana.send("written asleep")
    await ana.page.locator("text=Not sent · try again").wait_for()
    await asyncio.gather(*[bo.say(room, f"message {n}") for n in range(320)])
    await ana.context.set_offline(False)
    await ana.sees("written asleep")
    await ana.until("document.getElementById('room-version').value === '323'")
    seqs = await ana.seqs()
    assert seqs == list(range(seqs[0], 324))


CLOSE_A_DIALOG = """() => {
    const dialog = document.body.appendChild(document.createElement("dialog"))
    dialog.innerHTML = "<form method=dialog><button>Close</button></form>"
    dialog.showModal()
    dialog.querySelector("button").click()
}"""


async def test_signing_out_in_one_tab_leads_the_other_to_the_sign_in_page(arrive: Arrive) -> None:
    ana = await arrive("Ana")
    room = await ana.make_room("Garden plans")
    other = await ana.context.new_page()
    await other.goto(f"{ana.url}/rooms")
    await other.click(".me summary")
    await ana.page.evaluate(CLOSE_A_DIALOG)  # which leads nowhere
    broken_off: list[str] = []
    other.on("requestfailed", lambda request: broken_off.append(request.url))
    await other.click("text=Sign out")
    await ana.page.wait_for_url(f"**/sign-in?next=*{room}", timeout=AT_ONCE_SECONDS * 2000)
    await other.wait_for_url("**/sign-in")
    assert broken_off == []
