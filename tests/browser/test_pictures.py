"""Pictures keep their place, open large, and are gone through by keys and swipes; sound plays in the page."""

import pytest

from tests.browser.conftest import DESK, PHONE, Arrive, Person
from tests.browser.given_files import Gate, choose, film, picture, sound, uploaded

VIEWER = "#viewer[open]"
SIZES = pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])


async def post(person: Person, *names: str, caption: str = "") -> None:
    """Send these pictures in one message, and wait for it."""
    there = await person.page.locator("#messages .picture").count()
    await choose(person, *[picture(name, 1200, 900) for name in names])
    await uploaded(person, len(names))
    await person.type(caption)
    await person.page.click(".send")
    await person.until(f"document.querySelectorAll('#messages .picture').length === {there + len(names)}")


async def shows(person: Person, name: str, place: str) -> None:
    """Wait until the viewer has this picture, in its large preview."""
    await person.page.locator(f"{VIEWER} b", has_text=name).wait_for()
    await person.page.locator(f"{VIEWER} p > span", has_text=place).wait_for()
    await person.until("document.querySelector('#viewer img').currentSrc.endsWith('size=large')")


async def closed(person: Person) -> None:
    await person.until("!document.getElementById('viewer').open")
    await person.until("history.state === null")


async def swipe(person: Person, across: int) -> None:
    """One finger over the screen, as the touch screen tells it."""
    devtools = await person.context.new_cdp_session(person.page)
    start = 195 - across // 2
    for kind, x in (("touchStart", start), ("touchMove", start + across // 2), ("touchMove", start + across)):
        await devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": 400}]})
    await devtools.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


async def test_keys_lead_through_the_pictures_and_the_focus_returns(arrive: Arrive) -> None:
    ana = await arrive("Ana")
    await ana.make_room("Garden plans")
    await post(ana, "one.png", "two.png", caption="a pair")
    await post(ana, "three.png")
    await ana.page.locator("#messages .picture").nth(1).click()
    await shows(ana, "two.webp", "2 / 3")
    for key, name, place in [
        ("ArrowRight", "three.webp", "3 / 3"),
        ("ArrowRight", "three.webp", "3 / 3"),
        ("Home", "one.webp", "1 / 3"),
        ("ArrowLeft", "one.webp", "1 / 3"),
        ("End", "three.webp", "3 / 3"),
        ("ArrowLeft", "two.webp", "2 / 3"),
    ]:
        await ana.page.keyboard.press(key)
        await shows(ana, name, place)
    await ana.page.click(f"{VIEWER} [data-step='1']")
    await shows(ana, "three.webp", "3 / 3")
    address = ana.page.url
    await ana.page.keyboard.press("Escape")
    await closed(ana)
    await ana.until("document.activeElement === document.querySelectorAll('#messages .picture')[1]")
    assert ana.page.url == address
    await ana.page.keyboard.press("Enter")
    await shows(ana, "two.webp", "2 / 3")
    await ana.page.mouse.click(20, 700)  # beside the picture
    await closed(ana)


async def test_swipes_lead_through_the_pictures_and_the_back_button_closes(arrive: Arrive) -> None:
    ana = await arrive("Ana", **PHONE)
    await ana.make_room("Garden plans")
    await post(ana, "one.png", "two.png")
    address = ana.page.url
    await ana.page.locator("#messages .picture").first.tap()
    await shows(ana, "one.webp", "1 / 2")
    await swipe(ana, -200)
    await shows(ana, "two.webp", "2 / 2")
    await swipe(ana, 200)
    await shows(ana, "one.webp", "1 / 2")
    await ana.page.go_back()
    await closed(ana)
    assert ana.page.url == address
    assert await ana.page.evaluate("getComputedStyle(document.getElementById('viewer')).touchAction") == "auto"


async def test_the_viewer_leads_to_the_message_and_to_the_picture_in_full(arrive: Arrive) -> None:
    ana = await arrive("Ana")
    await ana.make_room("Garden plans")
    await post(ana, "one.png")
    link = ana.page.locator("#messages .picture")
    await link.click()
    await shows(ana, "one.webp", "1 / 1")
    assert await ana.page.locator(f"{VIEWER} [data-full]").get_attribute("href") in (
        await link.get_attribute("href"),
        await link.evaluate("link => link.href"),
    )
    await ana.page.click(f"{VIEWER} [data-message]")
    await closed(ana)
    await ana.page.locator(".message.jumped-to .picture").wait_for()


async def test_what_arrives_leaves_the_viewer_alone_and_a_deleted_picture_closes_it(arrive: Arrive) -> None:
    ana, bo = await arrive("Ana"), await arrive("Bo")
    room = await ana.make_room("Garden plans")
    await bo.enter(room)
    await post(ana, "one.png", caption="first")
    await bo.sees("first")
    await bo.page.click("#messages .picture")
    await shows(bo, "one.webp", "1 / 1")
    await post(ana, "two.png", caption="second")
    await shows(bo, "one.webp", "1 / 2")
    await bo.page.keyboard.press("ArrowRight")
    await shows(bo, "two.webp", "2 / 2")
    await bo.page.keyboard.press("ArrowLeft")
    await shows(bo, "one.webp", "1 / 2")

    article = ana.page.locator("#messages > .message", has_text="first")
    await article.hover()
    await article.locator(".more").click()
    await ana.page.click(".message-menu summary")
    await ana.page.click("text=Delete the message")
    await closed(bo)
    await bo.page.locator("#messages > .message.deleted").wait_for()
    assert await bo.page.locator("#messages .picture").count() == 1


@SIZES
async def test_nothing_moves_when_a_picture_comes_in(arrive: Arrive, size: dict) -> None:
    ana, bo = await arrive("Ana"), await arrive("Bo", **size)
    room = await ana.make_room("Garden plans")
    await post(ana, "wide.png", caption="one alone")
    await post(ana, "a.png", "b.png", "c.png", caption="three together")
    await ana.send("the end")
    await ana.sees("the end")
    places = """JSON.stringify([...document.querySelectorAll('#messages :is(.message, .picture)')].map(each => {
        const { x, y, width, height } = each.getBoundingClientRect()
        return [x, y, width, height].map(Math.round)
    }))"""
    seen = "[...document.querySelectorAll('#messages .picture img')].filter(each => each.naturalWidth).length"
    async with Gate(bo, "**/preview*") as gate:
        await bo.page.goto(f"{bo.url}/rooms/{room}")
        await bo.page.click("text=Join the room")
        await bo.sees("the end")
        before = await bo.page.evaluate(places)
        assert await bo.page.evaluate(seen) == 0
        heights = "[...document.querySelectorAll('#messages .picture')].map(picture => picture.offsetHeight)"
        assert min(await bo.page.evaluate(heights)) > 80
        gate.opened.set()
        await bo.until(f"{seen} > 0")
        await bo.page.evaluate("document.querySelector('#messages .picture').scrollIntoView()")
        await bo.until(f"{seen} === 4")
    await bo.page.evaluate("document.querySelector('.timeline').scrollTo({ top: 0, behavior: 'instant' })")
    assert await bo.page.evaluate(places) == before


@SIZES
async def test_sound_plays_in_the_page_from_any_place(arrive: Arrive, size: dict) -> None:
    ana = await arrive("Ana", **size)
    await ana.make_room("Garden plans")
    await choose(ana, sound("thrush.wav", seconds=60))
    await uploaded(ana)
    await ana.page.click(".send")
    player = ana.page.locator("#messages .media audio")
    await player.wait_for()
    await ana.page.reload()  # the sender gets the message twice, by the answer and by the socket
    reached = await player.evaluate(
        """player => new Promise((done, failed) => {
            player.onerror = () => failed(player.error.message)
            player.onseeked = () => player.play()
            player.ontimeupdate = () => { if (player.currentTime > 40) done([player.currentTime, player.duration]) }
            const seek = () => { player.currentTime = 40 }
            player.readyState ? seek() : player.onloadedmetadata = seek
        })"""
    )
    assert 40 < reached[0] < 50
    assert reached[1] == 60
    assert await ana.page.locator("#messages .media figcaption a").inner_text() == "thrush.wav"


@SIZES
async def test_a_film_plays_in_the_page_in_a_place_that_does_not_change(arrive: Arrive, size: dict) -> None:
    ana = await arrive("Ana", **size)
    await ana.make_room("Garden plans")
    await choose(ana, await film(ana))
    await uploaded(ana)
    await ana.page.click(".send")
    player = ana.page.locator("#messages .media video")
    await player.wait_for()
    async with Gate(ana, "**/files/*/pump.webm") as gate:
        await ana.page.reload()
        await player.wait_for()
        before = await player.bounding_box()
        gate.opened.set()
        width = await player.evaluate(
            """player => new Promise((done, failed) => {
                player.onerror = () => failed(player.error.message)
                player.ontimeupdate = () => { if (player.currentTime > 0.3) done(player.videoWidth) }
                player.muted = true
                player.play()
            })"""
        )
    assert width == 320
    assert await player.bounding_box() == before
    if size is PHONE:
        assert before["width"] > 270


async def test_a_reaction_does_not_interrupt_what_is_playing(arrive: Arrive) -> None:
    ana, bo = await arrive("Ana"), await arrive("Bo")
    room = await ana.make_room("Garden plans")
    await bo.enter(room)
    await choose(ana, sound("thrush.wav", seconds=60))
    await uploaded(ana)
    await ana.page.click(".send")
    player = bo.page.locator("#messages .media audio")
    await player.wait_for()
    await player.evaluate("player => { window.playing = player; player.currentTime = 20; player.play() }")
    await bo.until("window.playing.currentTime > 20")
    article = ana.page.locator("#messages > .message[data-seq]:not(.system)")
    await article.hover()
    await article.locator(".more").click()
    await ana.page.locator(".react button").first.click()
    await bo.page.locator(".message [data-count='1']").wait_for()
    at = await bo.page.evaluate("window.playing.currentTime")
    assert at > 20
    await bo.until(f"!window.playing.paused && window.playing.isConnected && window.playing.currentTime > {at}")


async def test_a_picture_gets_its_words_later_and_is_answered_by_its_name(arrive: Arrive) -> None:
    ana = await arrive("Ana")
    await ana.make_room("Garden plans")
    await post(ana, "wall.png")
    await ana.page.press("#composer textarea", "ArrowUp")
    await ana.page.fill(".message > .edit textarea", "the wall in May")
    await ana.page.press(".message > .edit textarea", "Enter")
    await ana.page.locator(".message.edited .body", has_text="the wall in May").wait_for()
    assert await ana.page.locator(".message.edited .picture").count() == 1

    await post(ana, "pond.png")
    article = ana.page.locator("#messages > .message").last
    await article.hover()
    await article.locator(".more").click()
    await ana.page.click(".message-menu [data-reply]")
    await ana.page.locator("#replying span", has_text="pond.webp").wait_for()
    await ana.send("how deep?")
    await ana.sees("how deep?")
    await ana.page.locator("#messages > .message[data-seq] .quote span", has_text="pond.webp").wait_for()
