"""Nothing harmful comes out of a text, and none takes for ever."""

import asyncio
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.formatting import render
from app.formatting.clean import ALLOWED_CLASSES, TAGS
from app.formatting.code import COLOURED_LENGTH_MAX, LANGUAGES, coloured
from tests.test_formatting import PEOPLE, html, text_of
from tests.test_links import HERE, MESSAGE, with_links

LENGTH_MAX = 8_000
PATIENCE_SECONDS = 60


# -- harmless


class Checked(HTMLParser):
    """Reads HTML and notes everything that is outside the allow-list, and every tag out of order."""

    VOID = {"br"}  # noqa: RUF012
    LINKS = {"href", "target", "rel", "class"}  # noqa: RUF012
    ATTRIBUTES = {"a": LINKS, "ol": {"start"}, "span": {"class", "data-mention"}, "p": {"class"}}  # noqa: RUF012

    def __init__(self) -> None:
        super().__init__()
        self.wrong: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in TAGS:
            self.wrong.append(tag)
        if tag not in self.VOID:
            self.open.append(tag)
        here = bool(re.fullmatch(r"/rooms/[0-9]+|/messages/[0-9a-f-]{36}", dict(attrs).get("href") or ""))
        for name, value in attrs:
            if name not in self.ATTRIBUTES.get(tag, ()):
                self.wrong.append(f"{tag} {name}")
            if (
                name == "href"
                and not (value or "").lower().startswith(("http://", "https://", "mailto:"))
                and not here
            ):
                self.wrong.append(f"{tag} {name}={value}")
            if name == "class" and not set((value or "").split()) <= ALLOWED_CLASSES[tag]:
                self.wrong.append(f"{tag} {name}={value}")
        if tag == "a" and dict(attrs).get("rel") != "noopener nofollow":
            self.wrong.append("a link that hands on where it came from")
        if tag == "a" and dict(attrs).get("target") != (None if here else "_blank"):
            self.wrong.append("a link in the wrong tab")

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"/{tag}")

    def handle_comment(self, data: str) -> None:
        self.wrong.append("comment")

    def handle_decl(self, decl: str) -> None:
        self.wrong.append("declaration")

    def handle_pi(self, data: str) -> None:
        self.wrong.append("instruction")


def assert_harmless(html: str) -> None:
    parser = Checked()
    parser.feed(html)
    parser.close()
    assert parser.wrong == []
    assert parser.open == []


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<template><hx-partial hx-target='body'>x</hx-partial></template>",
    "<hx-upsert hx-target='#messages'><p>x</p></hx-upsert>",
    '<a hx-get="/sign-out" hx-trigger="load">x</a>',
    '<span data-hx-post="/rooms/1/leave" class="mention" data-mention="1">x</span>',
    '<div id="room-version" class="message" data-seq="1">',
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\nscript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](\x01javascript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:x) [y](file:///etc/passwd) [z](blob:https://tea.org/1)",
    "<javascript:alert(1)>",
    "javascript://tea.org/%0aalert(1)",
    "![x](javascript:alert(1))",
    '[x](https://tea.org"onclick="alert(1))',
    "[x](https://tea.org 'x\" onclick=\"alert(1)')",
    '<https://tea.org/"onmouseover="alert(1)>',
    'https://tea.org/"onmouseover="alert(1)',
    "[x]: javascript:alert(1)\n\n[x]",
    "[<script>](https://tea.org)",
    "[a [b](https://b.org) c](https://c.org)",
    "`</code><script>alert(1)</script>`",
    "```\n</code></pre><script>alert(1)</script>\n```",
    '```x" onclick="alert(1)\ny\n```',
    "```html\n<script hx-get='/x'>alert(1)</script><template>\n```",
    "```python\n'</span><script>alert(1)</script>'\n```",
    "**bold *both** italic* ~~`x~~`",
    "> - > 1. > ```\n> x",
    "</p></div></article><article class='message' id='m-1'>",
    "<!-- --><![CDATA[x]]><?php ?><!doctype html>",
    "@<b>x</b>",
    "<style>body{display:none}</style><link rel=stylesheet href=//x>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
]


@pytest.mark.parametrize("body", HOSTILE)
def test_hostile_text_comes_out_harmless(body: str) -> None:
    assert_harmless(html(body))
    assert_harmless(html(f"**{body}** > {body}\n- {body}\n\n[{body}](https://tea.org)"))


def test_a_persons_hostile_name_is_escaped_in_a_mention() -> None:
    name = "<img src=x onerror=alert(1)>"
    written = render(f"@{name}", {name: 7})
    assert written.mentioned == (7,)
    assert_harmless(written.html)


# -- bounded


ENDLESS = [
    *("*", "_", "**a ", "*a_ ", "*a **b ", "~~", "`", "[", "](", "[a](", "[](", "![](", "![[]", "*_~`[", "[a](<"),
    *("<", "<a", "<https://", "://", "http://a.", "https://a。", "https://a.b/(", "mailto:", "a@a.", "@Ana", "@"),
    *("> ", ">", "- ", "1. ", "- a\n - b\n", "> a\n", "```\n", "\n", " ", "\t", ":", ":a", ":tea:", "\\", "&", "🍵"),
    *("<div>", "</div>", "<template>", "\u200d", "\u202e"),
]


@pytest.mark.parametrize("unit", ENDLESS)
async def test_no_repetition_takes_for_ever(unit: str) -> None:
    body = (unit * LENGTH_MAX)[:LENGTH_MAX]
    written = await asyncio.wait_for(asyncio.to_thread(render, body, PEOPLE), PATIENCE_SECONDS)
    assert_harmless(written.html)


@pytest.mark.parametrize("body", [
    ">" * 10_000 + "x", "> " * 10_000 + "x", "- " * 10_000 + "x", "[" * 10_000 + "x" + "]" * 10_000,
    "*" * 10_000 + "x" + "*" * 10_000,
    "\n".join("  " * n + "- x" for n in range(500)),
])  # fmt: skip
async def test_nesting_is_bounded_and_loses_no_text(body: str) -> None:
    written = await asyncio.wait_for(asyncio.to_thread(render, body, {}), PATIENCE_SECONDS)
    assert_harmless(written.html)
    assert written.html.count("x") == body.count("x")


@pytest.mark.parametrize("language", sorted(LANGUAGES))
async def test_every_language_colours_harmlessly_whatever_it_is_given(language: str) -> None:
    for unit in ("(", "{", "<a ", "/*", '"\\', "'", "#\n", "a b\n", "${", "\n", "<<a\n"):
        code = (unit * LENGTH_MAX)[:COLOURED_LENGTH_MAX]
        done = await asyncio.wait_for(asyncio.to_thread(coloured, code, language), PATIENCE_SECONDS)
        assert_harmless(done)
        assert text_of(done) == code


SCRAPS = st.sampled_from(
    [*HOSTILE, *ENDLESS, *"*_~`[]()<>!#-+.:@|\\&\n ", "Ana", "小明", "\n\n", "> ", "https://tea.org"]
)


@settings(deadline=None)
@given(st.text(max_size=300) | st.lists(SCRAPS | st.text(max_size=5), max_size=30).map("".join))
def test_no_text_fails_or_leaves_the_allow_list(body: str) -> None:
    written = render(body, PEOPLE)
    assert_harmless(written.html)
    assert written.html.startswith("<")


@settings(deadline=None)
@given(st.lists(SCRAPS | st.sampled_from([*HERE, "/rooms/5", "/messages/", MESSAGE, "?around=", "#m-"]), max_size=20))
def test_no_link_to_here_leaves_the_allow_list(scraps: list[str]) -> None:
    assert_harmless(with_links("".join(scraps)))
