from tests.browser.conftest import PHONE, Arrive

TEXT = """**Tea** for @Ana, see https://tea.org

- green
- black

```python
def brew(leaves: int, minutes: float) -> str:
    return f"{leaves} leaves for {minutes} minutes, and then a very long line that goes on and on to the right"
```
"""


async def test_a_formatted_message_looks_right_and_its_code_scrolls_inside_its_block(arrive: Arrive) -> None:
    ana = await arrive("Ana", **PHONE)
    await ana.make_room("Garden plans")
    await ana.type(TEXT)
    await ana.page.tap(".send")
    await ana.sees("green")
    body = ana.page.locator("#messages > .message[data-seq] .body")
    assert await body.locator("strong").inner_text() == "Tea"
    assert await body.locator(".mention").inner_text() == "@Ana"
    assert await body.locator("ul > li").all_inner_texts() == ["green", "black"]
    assert await body.locator("a").get_attribute("rel") == "noopener nofollow"
    colour = "element => getComputedStyle(element).color"
    plain = await body.locator("pre").evaluate(colour)
    keyword = await body.locator("pre .k").first.evaluate(colour)
    assert plain != keyword
    pre = body.locator("pre")
    assert await pre.evaluate("pre => pre.scrollWidth > pre.clientWidth + 100")
    assert await pre.evaluate("pre => { pre.scrollLeft = 80; return pre.scrollLeft }") == 80
    assert await ana.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert await ana.page.locator(".timeline").evaluate("timeline => timeline.scrollWidth <= timeline.clientWidth")


async def test_line_breaks_are_kept_once_and_long_words_wrap(arrive: Arrive) -> None:
    ana = await arrive("Ana", **PHONE)
    await ana.make_room("Garden plans")
    await ana.type("one\ntwo")
    await ana.page.tap(".send")
    await ana.sees("two")
    lines = await ana.page.locator("#messages .body p").evaluate(
        "p => p.getBoundingClientRect().height / parseFloat(getComputedStyle(p).lineHeight)"
    )
    assert round(lines) == 2
    assert await ana.texts() == ["one\ntwo"]
    await ana.type("w" * 200)
    await ana.page.tap(".send")
    await ana.sees("w" * 200)
    assert await ana.page.locator(".timeline").evaluate("timeline => timeline.scrollWidth <= timeline.clientWidth")


async def test_the_preview_opens_and_closes_and_sends_nothing(arrive: Arrive) -> None:
    ana = await arrive("Ana")
    await ana.make_room("Garden plans")
    preview = ana.page.locator("#preview")
    await ana.page.click("[data-preview]")  # nothing is written, so nothing opens
    assert await preview.is_hidden()
    await ana.type("some **tea**")
    await ana.page.click("[data-preview]")
    assert await preview.locator("strong").inner_text() == "tea"
    await ana.until("document.querySelector('[data-preview]').ariaExpanded === 'true'")
    assert await ana.texts() == []
    await ana.page.click("[data-preview]")
    assert await preview.is_hidden()
    assert await ana.page.input_value("#composer textarea") == "some **tea**"
    await ana.page.click("[data-preview]")
    await preview.locator("strong").wait_for()
    await ana.page.press("#composer textarea", "Enter")
    await ana.sees("some tea")
    assert await preview.is_hidden()


async def test_without_javascript_there_is_no_preview_button(arrive: Arrive) -> None:
    ana = await arrive("Ana", java_script_enabled=False)
    await ana.page.goto(f"{ana.url}/rooms")
    await ana.page.fill("[name=name]", "Garden plans")
    await ana.page.click("text=Make the room")
    await ana.page.wait_for_selector(".send")
    assert await ana.page.locator("[data-preview]").is_hidden()
