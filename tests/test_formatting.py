"""What becomes of a text: what is understood, what is shown as typed, and that nothing harmful comes out."""

import asyncio
import re
from functools import partial
from html import escape
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.formatting import WORDS, formatted, render
from app.formatting.clean import ALLOWED_CLASSES, TAGS
from app.formatting.code import COLOURED_LENGTH_MAX, LANGUAGES, coloured
from app.links import link_to

LENGTH_MAX = 8_000
PATIENCE_SECONDS = 60
PEOPLE = {"Ana": 7, "Ana Lee": 8, "Mary Ann": 9, "小明": 3, "小明明": 4, "a*b": 5, "K": 6}
LINK = 'target="_blank" rel="noopener nofollow"'


def html(body: str) -> str:
    return render(body, PEOPLE).html


def mention(person: int, text: str) -> str:
    return f'<span class="mention" data-mention="{person}">{text}</span>'


@given(st.from_regex(WORDS, fullmatch=True))
@settings(max_examples=500, deadline=None)
def test_a_line_of_words_becomes_what_markdown_makes_of_it(body: str) -> None:
    assert render(body, PEOPLE) == formatted(body, PEOPLE)


@given(st.text("ab1 -.)(#=+'\"<>&*_~`[]\\!@:/\n茶"))
@settings(max_examples=500, deadline=None)
def test_what_only_looks_like_a_line_of_words_does_so_too(body: str) -> None:
    assert render(body, PEOPLE) == formatted(body, PEOPLE)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("hello", "<p>hello</p>"),
        (
            "**bold** *italic* _too_ ~~gone~~",
            "<p><strong>bold</strong> <em>italic</em> <em>too</em> <s>gone</s></p>",
        ),
        ("a `**b**` c", "<p>a <code>**b**</code> c</p>"),
        ("snake_case_name 2*3*4", "<p>snake_case_name 2<em>3</em>4</p>"),
        ("one\ntwo\n\nthree", "<p>one<br>\ntwo</p>\n<p>three</p>"),
        ("> said\n> so\n\nno", "<blockquote>\n<p>said<br>\nso</p>\n</blockquote>\n<p>no</p>"),
        ("- a\n- b", "<ul>\n<li>\n<p>a</p>\n</li>\n<li>\n<p>b</p>\n</li>\n</ul>"),
        ("3. a\n4. b", '<ol start="3">\n<li>\n<p>a</p>\n</li>\n<li>\n<p>b</p>\n</li>\n</ol>'),
        ("[tea](https://tea.org)", f'<p><a href="https://tea.org" {LINK}>tea</a></p>'),
        ('[tea](https://tea.org "title")', f'<p><a href="https://tea.org" {LINK}>tea</a></p>'),
        ("[](https://tea.org)", f'<p><a href="https://tea.org" {LINK}>https://tea.org</a></p>'),
        ("<https://tea.org>", f'<p><a href="https://tea.org" {LINK}>https://tea.org</a></p>'),
        ("(https://tea.org/a_b_c).", f'<p>(<a href="https://tea.org/a_b_c" {LINK}>https://tea.org/a_b_c</a>).</p>'),
        (
            "看https://tea.org/茶。好",
            f'<p>看<a href="https://tea.org/%E8%8C%B6" {LINK}>https://tea.org/茶</a>。好</p>',
        ),
        ("me@tea.org", f'<p><a href="mailto:me@tea.org" {LINK}>me@tea.org</a></p>'),
        ("main.rs and setup.py", "<p>main.rs and setup.py</p>"),
        ("at 10:30:45 :tea: `:tea:`", "<p>at 10:30:45 🍵 <code>:tea:</code></p>"),
        ("https://tea.org/:tea:", f'<p><a href="https://tea.org/:tea:" {LINK}>https://tea.org/:tea:</a></p>'),
        ("```\na <b>\n  c\n```", "<pre><code>a &lt;b&gt;\n  c</code></pre>"),
        ("```nosuch\n**x**\n```", "<pre><code>**x**</code></pre>"),
        ("```first line\nx\n```", "<pre><code>first line\nx</code></pre>"),
        (
            "```python\nreturn 1\n```",
            '<pre><code><span class="k">return</span> <span class="mi">1</span></code></pre>',
        ),
    ],
)
def test_markdown_is_understood_as_chat_knows_it(body: str, expected: str) -> None:
    assert html(body) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("# Title", "<p># Title</p>"),
        ("Title\n===", "<p>Title<br>\n===</p>"),
        ("a\n\n---", "<p>a</p>\n<p>---</p>"),
        ("![a](/b.png)", "<p>![a](/b.png)</p>"),
        ("[![a](/b.png)](https://tea.org)", f'<p><a href="https://tea.org" {LINK}>![a](/b.png)</a></p>'),
        ("| a |\n|---|\n| b |", "<p>| a |<br>\n|---|<br>\n| b |</p>"),
        ("<b>x</b> <!-- c -->", "<p>&lt;b&gt;x&lt;/b&gt; &lt;!-- c --&gt;</p>"),
        ("&lt; &amp;", "<p>&amp;lt; &amp;amp;</p>"),
        ("    four spaces", "<p>four spaces</p>"),
        ("[a]: https://tea.org", f'<p>[a]: <a href="https://tea.org" {LINK}>https://tea.org</a></p>'),
        ("[a](/rooms/5) [b](//tea.org)", "<p>[a](/rooms/5) [b](//tea.org)</p>"),
        ("-", "<p>-</p>"),
        (">", "<p>&gt;</p>"),
        ("```", "<p>```</p>"),
        (">" * 30 + " deep", f"<p>{'&gt;' * 30} deep</p>"),
    ],
)
def test_what_belongs_in_documents_is_shown_as_its_source(body: str, expected: str) -> None:
    assert html(body) == expected


@pytest.mark.parametrize(
    ("body", "mentioned"),
    [
        ("@Ana", (7,)),
        ("hi @ana, and @Mary Ann!", (7, 9)),
        ("@Ana Lee", (8,)),
        ("@Ana Leeds", (7,)),
        ("**@Ana** (@Ana) 你好@Ana你好", (7,)),
        ("@小明你好", (3,)),
        ("@小明明 @小明", (4, 3)),
        ("@Ana/@小明", (7, 3)),
        ("@Anabel", ()),
        ("@Ana2", ()),
        ("x@Ana", ()),
        ("`@Ana`", ()),
        ("```\n@Ana\n```", ()),
        ("[@Ana](https://tea.org)", ()),
        ("https://tea.org/@Ana", ()),
        ("@\u212a", (6,)),  # the Kelvin sign is a K in another case
        ("@Nobody", ()),
    ],
)
def test_an_at_and_a_whole_name_is_a_mention(body: str, mentioned: tuple[int, ...]) -> None:
    written = render(body, PEOPLE)
    assert written.mentioned == mentioned
    for person in PEOPLE.values():
        assert (f'data-mention="{person}"' in written.html) == (person in mentioned)


def test_a_mention_is_a_span_with_the_text_as_typed() -> None:
    assert html("hi @ana!") == f"<p>hi {mention(7, '@ana')}!</p>"
    assert render("hi @ana!", {}) == ("<p>hi @ana!</p>", ())


@pytest.mark.parametrize(("body", "is_large"), [
    ("🍵", True), (":tea: 👍🏽", True), ("👨‍👩‍👧❤️🎉", True),
    ("🍵🍵🍵🍵", False), ("🍵 tea", False), ("1", False), ("> 🍵", False),
])  # fmt: skip
def test_up_to_three_emoji_alone_are_shown_large(body: str, is_large: bool) -> None:
    assert html(body).startswith('<p class="only-emoji">') == is_large
    assert ("only-emoji" in html(body)) == is_large


MESSAGE = "0199c2f1-aaaa-7bbb-8ccc-0123456789ab"
HERE = {"https://tea.org", "http://10.0.0.5:8000"}
NAMES = {"/rooms/5": "Garden <b>", f"/messages/{MESSAGE}": "Kitchen"}


def with_links(body: str) -> str:
    return render(body, {}, partial(link_to, here=HERE, names=NAMES)).html


@pytest.mark.parametrize(
    ("address", "kind", "path", "text"),
    [
        ("https://tea.org/rooms/5", "room", "/rooms/5", "#Garden &lt;b&gt;"),
        ("HTTPS://TEA.ORG/rooms/5/", "room", "/rooms/5", "#Garden &lt;b&gt;"),
        ("http://10.0.0.5:8000/rooms/5", "room", "/rooms/5", "#Garden &lt;b&gt;"),
        ("https://tea.org/rooms/6", "room", "/rooms/6", "/rooms/6"),
        (f"https://tea.org/messages/{MESSAGE}", "message", f"/messages/{MESSAGE}", "#Kitchen"),
        (f"https://tea.org/rooms/5?around={MESSAGE}", "message", f"/messages/{MESSAGE}", "#Kitchen"),
        (f"https://tea.org/rooms/5#m-{MESSAGE}", "message", f"/messages/{MESSAGE}", "#Kitchen"),
        (
            f"https://tea.org/messages/{MESSAGE[:-1]}c",
            "message",
            f"/messages/{MESSAGE[:-1]}c",
            f"/messages/{MESSAGE[:8]}…",
        ),
    ],
)
def test_a_bare_link_to_here_is_shown_as_what_it_is_and_opens_in_this_tab(
    address: str, kind: str, path: str, text: str
) -> None:
    classes = f"to-{kind}" if text.startswith("#") else f"to-{kind} unnamed"
    expected = f'<a href="{path}" class="{classes}" rel="noopener nofollow">{text}</a>'
    for body in (address, f"<{address}>"):
        assert with_links(body) == f"<p>{expected}</p>"
    assert with_links(f"see [there]({address})!") == (
        f'<p>see <a href="{path}" rel="noopener nofollow">there</a>!</p>'
    )


@pytest.mark.parametrize(
    "address",
    [
        "https://tea.org",
        "https://tea.org/rooms",
        "https://tea.org/rooms/05",
        "https://tea.org/rooms/99999999999",
        "https://tea.org/rooms/5/members",
        "https://tea.org/rooms/5?before=7",
        f"https://tea.org/rooms/5?around={MESSAGE}&x=1",
        f"https://tea.org/messages/{MESSAGE}/delete",
        "https://tea.org/messages/1",
        "https://tea.org//evil.example/rooms/5",
        "https://tea.org/join/abc",
        "https://tea.org.evil.example/rooms/5",
        "https://tea.org@evil.example/rooms/5",
        "https://x@tea.org/rooms/5",
        "https://tea.org:8443/rooms/5",
        "http://tea.org/rooms/5",
        "https://evil.example/rooms/5?https://tea.org/rooms/5",
    ],
)
def test_a_link_to_anywhere_else_stays_as_it_is(address: str) -> None:
    written = with_links(address)
    assert LINK in written
    assert "class=" not in written
    assert f'href="{escape(address)}"' in written
    assert "Garden" not in written


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


def test_code_that_is_too_long_for_colours_is_shown_without() -> None:
    assert "<span" in html("```python\n" + "return\n" * 10 + "```")
    assert "<span" not in html("```python\n" + "return\n" * 1000 + "```")


class Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.text = ""

    def handle_data(self, data: str) -> None:
        self.text += data


def text_of(html: str) -> str:
    parser = Text()
    parser.feed(html)
    parser.close()
    return parser.text


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


@settings(deadline=None)
@given(st.text(alphabet=st.characters(categories=["L", "N"], include_characters=" \n,!?"), min_size=1, max_size=200))
def test_plain_words_lose_nothing(body: str) -> None:
    assert text_of(html(body)).split() == body.split()
