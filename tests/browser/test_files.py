"""Pictures and files are added by every way there is, uploaded one by one, and sent with a message."""

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import FileChooser

from tests.browser.conftest import DESK, PATIENCE_MILLISECONDS, PHONE, Arrive
from tests.browser.given_files import (
    CHOICE,
    FIELD,
    TRAY,
    Drag,
    choose,
    document,
    loaded,
    paste,
    picture,
    png,
    uploaded,
)

NOTE = "#tray-note"
SIZES = pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])


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
    choices: asyncio.Queue[FileChooser] = asyncio.Queue()
    ana.page.on("filechooser", choices.put_nowait)

    async def choice() -> FileChooser:
        return await asyncio.wait_for(choices.get(), PATIENCE_MILLISECONDS / 1000)

    await ana.page.click("#composer .attach")
    await (await choice()).set_files([picture("wall.png"), picture("pond.png")])
    await uploaded(ana, 2)
    await ana.until(f"document.activeElement.matches('{FIELD}')")  # the caption can be written at once
    await ana.page.keyboard.press("Shift+Tab")
    await ana.until(f"document.activeElement.matches('{CHOICE}')")
    await ana.page.keyboard.press("Enter")
    await (await choice()).set_files([document()])
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


async def test_without_javascript_one_form_sends_text_and_files(arrive: Arrive) -> None:
    ana = await arrive("Ana", java_script_enabled=False)
    await ana.page.goto(f"{ana.url}/rooms")
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
