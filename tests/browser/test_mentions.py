"""An @ completes names: by keyboard on a desk, by touch on a phone."""

import pytest

from tests.browser.conftest import PHONE, Arrive, Person
from tests.house import Visitor

FIELD = "#composer textarea"
LIST = "#mentionable"
PHONE_WITH_KEYBOARD = PHONE | {"viewport": {"width": 390, "height": 460}}
TOUCH_PIXELS = 44


async def offered(person: Person, *names: str) -> None:
    """Wait for the list to offer exactly these names."""
    wanted = "|".join(names)
    await person.until(
        "[...document.querySelectorAll('#mentionable:not([hidden]) [role=option]:not([hidden])')]"
        f".map(option => option.dataset.name).join('|') === {wanted!r}"
    )


async def closed(person: Person) -> None:
    await person.page.locator(LIST).wait_for(state="hidden")


async def written(person: Person) -> str:
    return await person.page.input_value(FIELD)


async def chosen(person: Person) -> str:
    """The option that Enter would take, as a screen reader is told."""
    return await person.page.evaluate(
        "document.getElementById(document.querySelector('#composer textarea').getAttribute('aria-activedescendant'))"
        ".dataset.name"
    )


@pytest.fixture
async def ana(arrive: Arrive) -> Person:
    """Ana at her desk, in a room with Bo, Boris, Anna Lee and 小明."""
    return await in_company(arrive)


async def in_company(arrive: Arrive, **options: object) -> Person:
    ana = await arrive("Ana", **options)
    room = await ana.make_room("Garden plans")
    for name in ("Bo", "Boris", "Anna Lee", "小明"):
        await (await Visitor.at(ana.url).sign_up(name)).join(room)
    await ana.page.focus(FIELD)
    return ana


async def test_arrow_keys_move_and_enter_chooses_without_sending(ana: Person) -> None:
    keyboard = ana.page.keyboard
    await keyboard.type("hello @bo")
    await offered(ana, "Bo", "Boris")
    assert await ana.page.get_attribute(LIST, "role") == "listbox"
    assert await chosen(ana) == "Bo"
    await keyboard.press("ArrowDown")
    assert await chosen(ana) == "Boris"
    await keyboard.press("ArrowDown")
    assert await chosen(ana) == "Bo"
    await keyboard.press("ArrowUp")
    await keyboard.press("Enter")
    assert await written(ana) == "hello @Boris "
    await closed(ana)
    assert await ana.texts() == []
    await keyboard.type("tea?")
    await keyboard.press("Enter")
    await ana.sees("hello @Boris tea?")
    assert await ana.page.locator("#messages .mention").inner_text() == "@Boris"


async def test_tab_chooses_and_a_name_with_a_space_is_whole(ana: Person) -> None:
    await ana.page.keyboard.type("@anna l")
    await offered(ana, "Anna Lee")
    await ana.page.keyboard.press("Tab")
    assert await written(ana) == "@Anna Lee "
    assert await ana.page.evaluate("document.activeElement.name") == "body"
    await ana.page.keyboard.press("Enter")
    await ana.sees("@Anna Lee")


async def test_a_chinese_name_is_completed_in_running_text_and_mentioned(ana: Person) -> None:
    await ana.page.keyboard.insert_text("你好@小")
    await offered(ana, "小明")
    await ana.page.keyboard.press("Enter")
    assert await written(ana) == "你好@小明 "
    await ana.page.keyboard.press("Backspace")
    await ana.page.keyboard.insert_text("你好吗")
    await ana.page.keyboard.press("Enter")
    await ana.sees("你好@小明你好吗")
    assert await ana.page.locator("#messages .mention").inner_text() == "@小明"


async def test_escape_closes_the_list_and_then_enter_sends(ana: Person) -> None:
    await ana.page.keyboard.type("@bo")
    await offered(ana, "Bo", "Boris")
    await ana.page.keyboard.press("Escape")
    await closed(ana)
    await ana.page.keyboard.type("r")
    assert not await ana.page.locator(LIST).is_visible()
    await ana.page.keyboard.press("Enter")
    await ana.sees("@bor")


async def test_whoever_wrote_the_whole_name_sends_with_one_enter(ana: Person) -> None:
    await ana.page.keyboard.type("hello @Bo")
    await offered(ana, "Bo", "Boris")
    await ana.page.keyboard.press("Enter")
    await ana.sees("hello @Bo")
    assert await written(ana) == ""
    await closed(ana)
    await ana.page.keyboard.type("@Bo")
    await offered(ana, "Bo", "Boris")
    await ana.page.keyboard.press("ArrowDown")
    await ana.page.keyboard.press("Enter")
    assert await written(ana) == "@Boris "


async def test_an_address_and_a_name_of_nobody_open_nothing(ana: Person) -> None:
    await ana.page.keyboard.type("write to x@")
    await ana.page.keyboard.type("bo")
    assert not await ana.page.locator(LIST).is_visible()
    await ana.page.keyboard.type(" @b")
    await offered(ana, "Bo", "Boris")
    await ana.page.keyboard.type("x")
    await closed(ana)
    await ana.page.keyboard.press("Enter")
    await ana.sees("write to x@bo @bx")


async def test_what_no_longer_fits_is_never_chosen(ana: Person) -> None:
    """Enter right after a key, before the server has answered."""
    await ana.page.keyboard.type("@bo")
    await offered(ana, "Bo", "Boris")
    await ana.page.route("**/mentionable?*", lambda route: None)  # no answer ever comes
    await ana.page.keyboard.type("r")
    assert await chosen(ana) == "Boris"
    await ana.page.keyboard.press("Enter")
    assert await written(ana) == "@Boris "


async def test_an_enter_of_an_input_method_neither_chooses_nor_sends(ana: Person) -> None:
    await ana.page.keyboard.type("@bo")
    await offered(ana, "Bo", "Boris")
    session = await ana.context.new_cdp_session(ana.page)
    await session.send("Input.imeSetComposition", {"text": "ni", "selectionStart": 2, "selectionEnd": 2})
    await session.send(
        "Input.dispatchKeyEvent",
        {"type": "rawKeyDown", "key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 229},
    )
    assert await written(ana) == "@boni"
    await session.send("Input.insertText", {"text": "你"})
    assert await written(ana) == "@bo你"
    assert await ana.texts() == []


async def test_moving_away_from_the_name_closes_the_list(ana: Person) -> None:
    await ana.page.keyboard.type("hello @bo")
    await offered(ana, "Bo", "Boris")
    await ana.page.keyboard.press("Home")
    await closed(ana)


async def test_on_a_phone_a_tap_chooses_above_the_open_keyboard(arrive: Arrive) -> None:
    ana = await in_company(arrive, **PHONE_WITH_KEYBOARD)
    await ana.page.tap(FIELD)
    await ana.page.keyboard.type("@")
    await offered(ana, "Anna Lee", "Bo", "Boris", "小明")
    for option in await ana.page.locator(f"{LIST} [role=option]").all():
        assert (await option.bounding_box())["height"] >= TOUCH_PIXELS
    box = await ana.page.locator(LIST).bounding_box()
    assert box["y"] >= 0
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    assert box["y"] + box["height"] <= (await ana.page.locator("#composer").bounding_box())["y"]
    await ana.page.locator(f"{LIST} [data-name=小明]").tap()
    assert await written(ana) == "@小明 "
    assert await ana.page.evaluate("document.activeElement.name") == "body"  # the keyboard stays
    await closed(ana)
    await ana.page.tap(".send")
    await ana.sees("@小明")


async def test_ones_own_mention_looks_unlike_another(arrive: Arrive) -> None:
    ana, bo = await arrive("Ana"), await arrive("Bo")
    room = await ana.make_room("Garden plans")
    await bo.enter(room)
    await ana.send("@Bo and @Ana")
    colours = {}
    for person in (ana, bo):
        await person.sees("@Bo and @Ana")
        colours[person.page] = await person.page.evaluate(
            "[...document.querySelectorAll('.mention')].map(one => getComputedStyle(one).backgroundColor)"
        )
    to_bo, to_ana = colours[bo.page]
    assert to_bo != to_ana
    assert colours[ana.page] == [to_ana, to_bo]
