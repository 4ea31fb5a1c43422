import re
from datetime import UTC, date, datetime
from html import escape, unescape

from hypothesis import given
from hypothesis import strategies as st

from app.marking import mark
from app.search_terms import HINTS, TERMS_MAX, Filter, days, last_part, parse

ANYTHING = st.text(st.characters(), max_size=300)
PARTS = st.lists(
    st.sampled_from(
        ["from:", "in:", "has:", "before:", "after:", "-", '"', "：", "link", "2026-01-31", "茶", "\0", " "]
    ),
    max_size=20,
).map("".join)


@given(ANYTHING | PARTS)
def test_any_text_is_a_query(text: str) -> None:
    query = parse(text)
    for word in [*query.words, *query.without, *(each.value for each in query.filters)]:
        assert word.strip()
        assert "\0" not in word
        word.encode()
    assert len(query.words) + len(query.without) + len(query.filters) <= TERMS_MAX
    last_part(text)


@given(st.lists(st.from_regex(r"\A[a-z茶绿]{1,6}\Z"), max_size=8))
def test_plain_words_are_all_looked_for(words: list[str]) -> None:
    assert parse("  ".join(words)).words == words


def test_operators_phrases_and_negation_are_told_apart() -> None:
    query = parse('tea "green  tea" -coffee from:"Ana Lee" -in:Kitchen HAS:Link before:2026-01-31 after:2026-01-01')
    assert query.words == ["tea", "green  tea"]
    assert query.without == ["coffee"]
    assert query.filters == [
        Filter("from", "Ana Lee", False),
        Filter("in", "Kitchen", True),
        Filter("has", "link", False),
    ]
    assert (query.since, query.until) == (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 31, tzinfo=UTC))
    assert query.hints == []


def test_what_only_looks_like_an_operator_is_a_word() -> None:
    query = parse("http://x.example note:this -")
    assert query.words == ["http://x.example", "note:this", "-"]


def test_an_operator_without_a_usable_value_is_left_out_with_a_hint() -> None:
    for operator, value in (("from", ""), ("in", '""'), ("before", "2026-02-30"), ("after", "soon"), ("has", "x")):
        query = parse(f"tea {operator}:{value}")
        assert query.words == ["tea"]
        assert query.hints == [HINTS[operator]]


def test_what_is_being_typed_is_the_last_part() -> None:
    assert last_part("tea fr") == ("tea ", "fr")
    assert last_part('tea in:"Garden p') == ("tea ", 'in:"Garden p')
    assert last_part("tea ") == ("tea ", "")
    assert last_part("") == ("", "")


def test_the_days_that_are_offered_are_ones_that_are_understood() -> None:
    offered = days(date(2026, 3, 1))
    assert offered == ["2026-03-01", "2026-02-28", "2026-02-22", "2026-01-01", "2025-01-01"]
    for day in offered:
        assert parse(f"before:{day} after:{day}").hints == []


TAGS = ("<p>", "</p>", "<b>", "</b>", '<a href="/x?a=1&amp;b=2" title="a > b">', "</a>", "<br>", "<code>", "</code>")
TEXTS = st.text("abcAB茶绿&<>\"' ", max_size=8)


@given(st.lists(st.sampled_from(TAGS) | TEXTS), st.lists(st.text("ab茶& <>", min_size=1, max_size=3), max_size=3))
def test_marking_changes_neither_tags_nor_text(pieces: list[str], words: list[str]) -> None:
    html = "".join(piece if piece in TAGS else escape(piece) for piece in pieces)
    marked = mark(html, words)
    without = re.sub("</?mark>", "", marked)
    tag = re.compile(r'<a href="[^"]*" title="[^"]*">|<[^>]*>')
    assert tag.findall(without) == tag.findall(html)
    assert unescape(tag.sub("", without)) == unescape(tag.sub("", html))
    for piece in re.findall("<mark>(.*?)</mark>", marked):
        assert "<" not in piece


def test_a_match_across_a_tag_is_marked_in_pieces_and_attributes_are_left_alone() -> None:
    assert mark("<p>gr<b>een t</b>ea</p>", ["green tea"]) == (
        "<p><mark>gr</mark><b><mark>een t</mark></b><mark>ea</mark></p>"
    )
    assert mark('<a href="/tea">Ｔea</a>', ["tea"]) == '<a href="/tea"><mark>Ｔea</mark></a>'
    assert mark("<p>x &amp; y</p>", ["&"]) == "<p>x <mark>&amp;</mark> y</p>"
    assert mark("<p>nothing</p>", ["tea"]) == "<p>nothing</p>"
