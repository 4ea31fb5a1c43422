"""What becomes of a text: what is understood, and what is shown as typed."""

from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.formatting import WORDS, formatted, render

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


@settings(deadline=None)
@given(st.text(alphabet=st.characters(categories=["L", "N"], include_characters=" \n,!?"), min_size=1, max_size=200))
def test_plain_words_lose_nothing(body: str) -> None:
    assert text_of(html(body)).split() == body.split()
