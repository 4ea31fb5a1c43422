"""Whom an @ means, in every kind of name and text."""

import re

import hypothesis
import pytest
from hypothesis import strategies

from app.formatting import render
from app.mentions import EVERYBODY_MARK, NAMESAKES_MAX, named

PEOPLE = {
    "Ana": 1,
    "Ana Maria": 2,
    "小明": 3,
    "小明明": 4,
    "C++ (dev).*": 5,
    "🦊": 6,
    "Émile": 7,
    "O'Neil": 8,
    "김민수": 9,
    "<b>": 10,
    "Zoë 3": 11,
    "İvan": 12,
    "Straße": 13,
    "-": 14,
    "👩": 15,
}


@pytest.mark.parametrize(
    ("body", "mentioned"),
    [
        ("@Ana", (1,)),
        ("hello @Ana, and @小明!", (1, 3)),
        ("@ana @ANA", (1,)),
        ("(@Ana)", (1,)),
        ("@@Ana", (1,)),
        ("@Ana's tea", (1,)),
        ("@Ana\nand more", (1,)),
        ("＠Ana ＠小明", (1, 3)),
        ("@Ana Maria is not @Ana", (2, 1)),
        ("@Ana Mariano", (1,)),  # the longer name does not end there, the shorter one does
        ("@小明你好", (3,)),
        ("@小明明你好", (4,)),
        ("你好@小明", (3,)),
        ("你好@Ana你好", (1,)),
        ("@小明abc", (3,)),
        ("@김민수는", (9,)),
        ("see @C++ (dev).* here", (5,)),
        ("@🦊🦊", (6,)),
        ("@émile @ÉMILE", (7,)),
        ("@O'Neil", (8,)),
        ("@<b>", (10,)),
        ("@zoë 3", (11,)),
        ("@- well", (14,)),
        ("@Ana@小明", (1,)),  # nothing that is written in one word with a name before the mark
        ("@小明@Ana", (3, 1)),
    ],
)
def test_a_whole_name_after_the_mark_is_a_mention(body: str, mentioned: tuple[int, ...]) -> None:
    assert render(body, PEOPLE).mentioned == mentioned


@pytest.mark.parametrize(
    "body",
    [
        "Ana",
        "@ Ana",
        "x@Ana",
        "x@Ana.example.org",
        "some.one+tag@ana.org",
        "é@Ana",
        "9@Ana",
        "_@Ana",
        "@Anabel",
        "@Ana2",
        "@Ana_x",
        "@Anaé",
        "@Ana\u0301",
        "@👩\u200d💻",
        "@👩🏽",
        "https://example.org/@Ana",
        "https://example.org/?q=小@Ana",
        "@Bo",
        "@",
        "@C++ (dev)xx",
        "@all",
        "",
    ],
)
def test_anything_else_is_plain_text(body: str) -> None:
    written = render(body, PEOPLE)
    assert written.mentioned == ()
    assert "mention" not in written.html


@pytest.mark.parametrize("body", ["@ivan", "@İVAN", "@ıvan", "@i\u0307van", "@STRASSE", "@straſſe", "@ſtraße"])
def test_letters_without_a_simple_other_case_never_fail(body: str) -> None:
    assert set(render(body, PEOPLE).mentioned) <= {12, 13}


def test_a_mention_is_marked_with_its_person_and_escaped() -> None:
    assert render("hi @<b> & @ANA", PEOPLE).html == (
        '<p>hi <span class="mention" data-mention="10">@&lt;b&gt;</span> &amp; '
        '<span class="mention" data-mention="1">@ANA</span></p>'
    )


def test_of_a_name_that_several_bear_all_are_meant_up_to_a_bound() -> None:
    people = named({"Ana": [1, 2], "Bo": list(range(1000))})
    written = render("@ana", people)
    assert written.mentioned == (1, 2)
    assert 'data-mention="1 2"' in written.html
    assert len(render("@Bo", people).mentioned) == NAMESAKES_MAX


@pytest.mark.parametrize("name", ["@all", "@ALL", "@所有人", "@所有人你好"])
def test_everybody_is_one_mark_however_many_they_are(name: str) -> None:
    written = render(name, named({}, tuple(range(1, 101))))
    assert written.mentioned == tuple(range(1, 101))
    assert f'data-mention="{EVERYBODY_MARK}"' in written.html
    assert render("@allen", named({}, (1, 2))).mentioned == ()


@hypothesis.given(
    strategies.lists(strategies.text(min_size=1, max_size=8), min_size=1, max_size=6, unique=True),
    strategies.lists(strategies.text(max_size=8) | strategies.integers(0, 5), max_size=8),
)
def test_whatever_the_names_the_text_stays_as_it_was(names: list[str], parts: list[str | int]) -> None:
    people = {name: number for number, name in enumerate(names)}
    body = "".join(part if isinstance(part, str) else f" @{names[part % len(names)]}" for part in parts)
    written = render(body, people)
    assert set(written.mentioned) <= set(people.values())
    plain = re.sub(r"</?(p|span)[^>]*>", "", written.html)
    assert plain == render(body, {}).html.removeprefix("<p>").removesuffix("</p>")
