"""What is added is uploaded at once: how far it is, what fails, what waits, and what outlives the page."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Dialog

from tests.browser.conftest import DESK, PATIENCE_MILLISECONDS, PHONE, Arrive
from tests.browser.given_files import CHOICE, FIELD, TRAY, Gate, choose, document, loaded, picture, uploaded

NOTE = "#tray-note"
SIZES = pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])


async def test_each_upload_shows_how_far_it_is_and_can_be_cancelled(arrive: Arrive) -> None:
    ana = await arrive("Ana")
    await ana.make_room("Garden plans")
    devtools = await ana.context.new_cdp_session(ana.page)
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 300_000}
    await devtools.send("Network.enable")
    await devtools.send("Network.emulateNetworkConditions", slow)
    ended: list[str] = []
    ana.page.on("requestfailed", lambda request: ended.append(request.url))
    await choose(ana, document("long.pdf", 3_000_000), document("short.pdf", 1000))
    bar = f"document.querySelector('{TRAY}.uploading progress').value"
    await ana.until(f"0 < {bar} && {bar} < 1")
    before = await ana.page.evaluate(bar)
    await ana.until(f"{bar} > {before}")
    await ana.page.locator(TRAY, has_text="long.pdf").locator("[data-remove]").click()
    await devtools.send("Network.emulateNetworkConditions", slow | {"uploadThroughput": -1})
    await uploaded(ana, 1)
    assert await ana.page.locator(f"{TRAY} b").all_inner_texts() == ["short.pdf"]
    assert [url.rsplit("/", 1)[1] for url in ended] == ["files"]
    await ana.send("the short one")
    await ana.sees("the short one")
    assert await ana.page.locator("#messages a.file").count() == 1


async def test_three_are_uploaded_at_a_time_in_their_order(arrive: Arrive) -> None:
    ana = await arrive("Ana")
    await ana.make_room("Garden plans")
    async with Gate(ana) as gate:
        await choose(ana, *[document(f"{n}.pdf") for n in range(5)])
        assert await ana.page.locator(f"{TRAY}.uploading b").all_inner_texts() == ["0.pdf", "1.pdf", "2.pdf"]
        assert await ana.page.locator(f"{TRAY}.queued b").all_inner_texts() == ["3.pdf", "4.pdf"]
        await ana.page.locator(f"{TRAY}.uploading [data-remove]").first.click()
        assert await ana.page.locator(f"{TRAY}.uploading b").all_inner_texts() == ["1.pdf", "2.pdf", "3.pdf"]
        gate.opened.set()
        await uploaded(ana, 4)
    await ana.send("all")
    await ana.sees("all")
    assert await ana.page.locator("#messages a.file b").all_inner_texts() == [f"{n}.pdf" for n in range(1, 5)]


@SIZES
async def test_a_message_sent_early_goes_out_when_its_files_are_there(arrive: Arrive, size: dict) -> None:
    ana = await arrive("Ana", **size)
    await ana.make_room("Garden plans")
    async with Gate(ana) as gate:
        await choose(ana, picture())
        await ana.type("patience")
        await ana.page.click(".send")
        await ana.page.locator(NOTE, has_text="Your message goes out when its files are there.").wait_for()
        assert await ana.page.input_value(FIELD) == "patience"
        assert await ana.page.locator("#messages > .message:not(.system)").count() == 0
        gate.opened.set()
        await ana.sees("patience")
        await loaded(ana)
    assert await ana.page.input_value(FIELD) == ""
    assert await ana.page.inner_text(NOTE) == ""


async def test_who_writes_on_while_a_message_waits_sends_it_themselves(arrive: Arrive) -> None:
    ana = await arrive("Ana")
    await ana.make_room("Garden plans")
    async with Gate(ana) as gate:
        await choose(ana, picture())
        await ana.send("half")
        await ana.page.locator(".waiting .send").wait_for()
        await ana.page.type(FIELD, " a thought")
        assert await ana.page.locator(".waiting").count() == 0
        gate.opened.set()
        await uploaded(ana)
    await ana.page.press(FIELD, "Enter")
    await ana.sees("half a thought")
    assert await ana.texts() == ["half a thought"]


async def test_a_failed_upload_says_so_holds_the_message_and_goes_with_try_again(arrive: Arrive) -> None:
    ana = await arrive("Ana")
    await ana.make_room("Garden plans")
    await ana.page.route("**/rooms/*/files", lambda route: route.abort(), times=1)
    await choose(ana, picture("wall.png"))
    await ana.page.locator(f"{TRAY}.failed", has_text="Not uploaded.").wait_for()
    await ana.send("the wall")
    await ana.page.locator(NOTE, has_text="Not sent yet: try the file again, or remove it.").wait_for()
    assert await ana.page.input_value(FIELD) == "the wall"
    await ana.page.click(f"{TRAY} [data-again]")
    await uploaded(ana)
    await ana.page.press(FIELD, "Enter")
    await loaded(ana)
    assert await ana.texts() == ["the wall"]


async def test_an_upload_that_stands_still_for_a_minute_can_be_tried_again(arrive: Arrive) -> None:
    ana = await arrive("Ana")
    await ana.page.clock.install()
    await ana.make_room("Garden plans")
    async with Gate(ana) as gate:
        await choose(ana, picture())
        await ana.page.locator(f"{TRAY}.uploading").wait_for()
        await ana.page.clock.fast_forward(59_000)
        assert await ana.page.locator(f"{TRAY}.uploading").count() == 1
        await ana.page.clock.fast_forward(2_000)
        await ana.page.locator(f"{TRAY}.failed", has_text="Not uploaded.").wait_for()
        gate.opened.set()
        await ana.page.click(f"{TRAY} [data-again]")
        await uploaded(ana)


async def test_what_failed_without_a_network_is_uploaded_when_it_is_back(arrive: Arrive) -> None:
    ana = await arrive("Ana")
    await ana.make_room("Garden plans")
    await ana.context.set_offline(True)
    await choose(ana, picture())
    await ana.page.locator(f"{TRAY}.failed").wait_for()
    await ana.context.set_offline(False)
    await uploaded(ana)


async def test_who_was_signed_out_reads_so_and_tries_again_when_signed_in(arrive: Arrive) -> None:
    ana = await arrive("Ana")
    await ana.make_room("Garden plans")
    kept = await ana.context.cookies()
    await ana.context.clear_cookies()
    await choose(ana, picture())
    await ana.page.locator(f"{TRAY}.failed .problem", has_text="sign").wait_for()
    await ana.context.add_cookies(kept)
    await ana.page.click(f"{TRAY} [data-again]")
    await uploaded(ana)


async def test_too_large_and_too_many_are_refused_at_once_and_the_others_go_on(arrive: Arrive) -> None:
    ana = await arrive("Ana")
    await ana.make_room("Garden plans")
    await ana.page.evaluate(
        f"""() => {{
            const data = new DataTransfer()
            data.items.add(new File([new Uint8Array(50_000_001)], "film.mov"))
            data.items.add(new File(["beans"], "beans.txt"))
            const choice = document.querySelector("{CHOICE}")
            choice.files = data.files
            choice.dispatchEvent(new Event("change", {{ bubbles: true }}))
        }}"""
    )
    await ana.page.locator(NOTE, has_text="film.mov has 50.1 MB; a file can have 50 MB.").wait_for()
    await uploaded(ana, 1)
    await choose(ana, *[document(f"{n}.pdf") for n in range(11)])
    await ana.page.locator(NOTE, has_text="A message can have 10 files; 2 more were left out.").wait_for()
    await uploaded(ana, 10)
    await ana.send("ten")
    await ana.sees("ten")
    assert await ana.page.locator("#messages a.file").count() == 10


async def test_who_leaves_during_an_upload_is_asked_first(arrive: Arrive) -> None:
    ana = await arrive("Ana")
    await ana.make_room("Garden plans")
    asked = asyncio.Event()

    async def stay(dialog: Dialog) -> None:
        await dialog.dismiss()
        asked.set()

    ana.page.on("dialog", stay)
    async with Gate(ana) as gate:
        await choose(ana, picture())
        await ana.page.click(FIELD)  # a page that nobody touched may not ask
        await ana.page.close(run_before_unload=True)
        await asyncio.wait_for(asked.wait(), PATIENCE_MILLISECONDS / 1000)
        gate.opened.set()
        await uploaded(ana)
    await ana.page.click(".send")
    await loaded(ana)


async def test_uploaded_files_survive_a_reload_and_can_be_removed(arrive: Arrive) -> None:
    ana = await arrive("Ana")
    await ana.make_room("Garden plans")
    await choose(ana, picture("wall.png"), document("plan.pdf"))
    await uploaded(ana, 2)
    await ana.page.reload()
    await uploaded(ana, 2)
    await ana.page.locator(TRAY, has_text="plan.pdf").locator("[data-remove]").click()
    await ana.page.reload()
    await uploaded(ana, 1)
    await ana.send("just the wall")
    await loaded(ana)
    assert await ana.page.locator("#messages a.file").count() == 0


async def test_what_the_server_no_longer_keeps_is_gone_from_the_tray_as_well(arrive: Arrive) -> None:
    ana = await arrive("Ana")
    await ana.make_room("Garden plans")
    await choose(ana, document("plan.pdf"))
    await uploaded(ana)
    await ana.page.clock.set_fixed_time(datetime.now(UTC) + timedelta(hours=5, minutes=1))
    await ana.page.reload()
    await ana.connected()
    assert await ana.page.locator(TRAY).count() == 0


async def test_a_message_that_was_not_sent_keeps_its_files(arrive: Arrive) -> None:
    ana = await arrive("Ana")
    await ana.make_room("Garden plans")
    await ana.page.route("**/messages", lambda route: route.abort())
    await choose(ana, picture("wall.png"), document("plan.pdf"))
    await uploaded(ana, 2)
    await ana.page.click(".send")
    bubble = ana.page.locator(".message.unsent-failed")
    await bubble.wait_for()
    assert await bubble.locator(".files b").all_inner_texts() == ["wall.webp", "plan.pdf"]
    assert await ana.page.locator(TRAY).count() == 0

    await bubble.locator("text=Edit").click()
    await uploaded(ana, 2)
    assert await ana.page.locator(".message:not(.system)").count() == 0
    await ana.send("with words")
    await bubble.wait_for()
    await ana.page.unroute("**/messages")
    await ana.page.reload()
    await ana.sees("with words")
    await loaded(ana)
    assert await ana.page.locator("#messages a.file b").inner_text() == "plan.pdf"
    assert len(await ana.texts()) == 1
