"""Pictures and files are added by every way there is, uploaded one by one, and sent with a message."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.async_api import Dialog

from tests.browser.conftest import DESK, PATIENCE_MILLISECONDS, PHONE, Arrive, Person
from tests.browser.given_files import CHOICE, TRAY, Drag, Gate, choose, document, paste, picture, png, uploaded

FIELD = "#composer textarea"
NOTE = "#tray-note"
PICTURES = "#messages > .message[data-seq] .picture img"
SIZES = pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])


async def loaded(person: Person, count: int = 1) -> None:
    """Wait until so many pictures are in the timeline, and can be seen."""
    seen = f"[...document.querySelectorAll('{PICTURES}')].filter(each => each.complete && each.naturalWidth)"
    await person.until(f"{seen}.length === {count}")


@SIZES
async def test_pictures_and_files_are_chosen_by_the_button_and_arrive_with_their_caption(
    arrive: Arrive, size: dict
) -> None:
    ana, bo = await arrive("Ana", **size), await arrive("Bo", **size)
    room = await ana.make_room("Garden plans")
    await bo.enter(room)
    await choose(ana, picture("wall.png"), picture("pond.png", 300, 900), document("plan.pdf", 2_500_000))
    await uploaded(ana, 3)
    await ana.type("the bed as it is")
    await ana.page.click(".send")
    for person in (ana, bo):
        await person.sees("the bed as it is")
        await loaded(person, 2)
        article = person.page.locator("#messages > .message[data-seq]", has_text="the bed as it is")
        assert await article.locator("a.picture img").evaluate_all("all => all.map(each => each.alt)") == [
            "wall.webp",
            "pond.webp",
        ]
        assert await article.locator("a.file").inner_text() == "plan.pdf\n2.5 MB"
    assert await ana.page.locator(TRAY).count() == 0
    assert await ana.seqs() == await bo.seqs()
    width = await bo.page.evaluate("document.documentElement.scrollWidth")
    assert width == size["viewport"]["width"]  # nothing stands out at the side


async def test_the_button_opens_the_systems_choice_by_mouse_and_by_keyboard(arrive: Arrive) -> None:
    ana = await arrive("Ana")
    await ana.make_room("Garden plans")
    async with ana.page.expect_file_chooser() as choice:
        await ana.page.click("#composer .attach")
    await (await choice.value).set_files([picture("wall.png"), picture("pond.png")])
    await uploaded(ana, 2)
    await ana.until(f"document.activeElement.matches('{FIELD}')")  # the caption can be written at once
    await ana.page.keyboard.press("Shift+Tab")
    async with ana.page.expect_file_chooser() as choice:
        await ana.page.keyboard.press("Enter")
    await (await choice.value).set_files([document()])
    await uploaded(ana, 3)


@SIZES
async def test_a_picture_needs_no_text(arrive: Arrive, size: dict) -> None:
    ana = await arrive("Ana", **size)
    await ana.make_room("Garden plans")
    await ana.page.click(".send")  # nothing at all isn't sent
    await choose(ana, picture())
    await uploaded(ana)
    await ana.page.click(".send")
    await loaded(ana)
    assert await ana.texts() == [""]
    assert not await ana.page.locator("#messages > .message:not(.system) .body").is_visible()
    await ana.page.reload()
    await loaded(ana)
    assert await ana.page.locator(TRAY).count() == 0


@SIZES
async def test_a_copied_picture_is_pasted(arrive: Arrive, size: dict) -> None:
    ana = await arrive("Ana", **size, permissions=["clipboard-read", "clipboard-write"])
    await ana.make_room("Garden plans")
    await ana.page.click(FIELD)
    await ana.page.evaluate(
        """async () => {
            const canvas = Object.assign(document.createElement("canvas"), { width: 60, height: 40 })
            canvas.getContext("2d").fillRect(0, 0, 30, 40)
            const blob = await new Promise(done => canvas.toBlob(done, "image/png"))
            await navigator.clipboard.write([new ClipboardItem({ "image/png": blob })])
        }"""
    )
    await ana.page.keyboard.press("Control+V")
    await uploaded(ana)
    await ana.page.click(".send")
    await loaded(ana)


async def test_pasted_text_stays_text_even_with_a_picture_of_itself_beside_it(arrive: Arrive) -> None:
    ana = await arrive("Ana")
    await ana.make_room("Garden plans")
    await ana.page.click(FIELD)
    words = {"text/plain": "12 beans", "text/html": "<td>12 beans</td>"}
    await paste(ana, **words, **{"cells.png": png()})
    assert await ana.page.locator(TRAY).count() == 0
    await paste(ana, **{"text/plain": "wall.png", "wall.png": png()})  # a file, by its name
    await uploaded(ana)


@SIZES
async def test_files_are_dropped_on_the_conversation(arrive: Arrive, size: dict, tmp_path: Path) -> None:
    ana = await arrive("Ana", **size)
    await ana.make_room("Garden plans")
    (tmp_path / "wall.png").write_bytes(png())
    (tmp_path / "plan.txt").write_text("beans, peas")
    (tmp_path / "folder").mkdir()
    zone = ana.page.locator("#drop")
    assert await zone.is_hidden()
    drag = await Drag(ana, [tmp_path / "wall.png", tmp_path / "plan.txt", tmp_path / "folder"]).over(".timeline")
    await zone.wait_for()
    await drag.leave()
    await zone.wait_for(state="hidden")
    await drag.over(".timeline")
    await drag.drop()
    await zone.wait_for(state="hidden")
    await uploaded(ana, 2)
    await ana.page.click(".send")
    await loaded(ana)
    assert await ana.page.locator("#messages a.file b").inner_text() == "plan.txt"


async def test_dropping_text_is_not_disturbed(arrive: Arrive) -> None:
    ana = await arrive("Ana")
    await ana.make_room("Garden plans")
    drag = await Drag(ana, text="beans").over(FIELD)
    assert await ana.page.locator("#drop").is_hidden()
    await drag.drop()
    await ana.until(f"document.querySelector('{FIELD}').value === 'beans'")
    assert await ana.page.locator(TRAY).count() == 0


async def test_a_phone_offers_its_camera_until_something_is_written(arrive: Arrive) -> None:
    ana, bo = await arrive("Ana", **PHONE), await arrive("Bo")
    room = await ana.make_room("Garden plans")
    camera = ana.page.locator(".camera input")
    assert await camera.get_attribute("capture") == "environment"
    assert await ana.page.locator(".camera").is_visible()
    await choose(ana, picture("photo.png"), by=".camera input")
    await uploaded(ana)
    await ana.type("look")
    assert await ana.page.locator(".camera").is_hidden()
    await ana.page.click(".send")
    await loaded(ana)
    await bo.enter(room)
    assert await bo.page.locator(".camera").is_hidden()


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


async def test_without_javascript_one_form_sends_text_and_files(arrive: Arrive) -> None:
    ana = await arrive("Ana", java_script_enabled=False)
    await ana.page.fill("[name=name]", "Garden plans")
    await ana.page.click("text=Make the room")
    assert await ana.page.locator(CHOICE).is_visible()
    await ana.page.fill(FIELD, "plain old form")
    await choose(ana, picture("wall.png"), document("plan.pdf"))
    await ana.page.click(".send")
    await ana.sees("plain old form")
    assert await ana.page.locator("#messages a.file b").inner_text() == "plan.pdf"
    await ana.page.click("#messages .picture")
    await ana.page.wait_for_url("**/files/*/wall.webp")  # the link opens the picture itself
