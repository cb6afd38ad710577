import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.admin import html

DURATIONS = {
    0.0: "0.0 s",
    4.26: "4.2 s",
    9.99: "9.9 s",
    10: "10 s",
    59.9: "59 s",
    60: "1 min 0 s",
    3_599.9: "59 min 59 s",
    3_600: "1 h 0 min",
    86_399: "23 h 59 min",
    276_000: "3 d 4 h",
}
SIZES = {0: "0 B", 1023: "1023 B", 1024: "1 KiB", 96 * 2**20: "96 MiB", 3 * 2**30: "3.0 GiB", 5 * 2**40: "5120.0 GiB"}

SHARES = {
    None: html.NOTHING,
    0.0: "0 %",
    0.0004: "<0.1 %",
    0.0123: "1.2 %",
    0.0999: "9.9 %",
    0.1: "10 %",
    0.64: "64 %",
    0.9999: "99 %",
    1.0: "100 %",
}


@pytest.mark.parametrize(("seconds", "words"), DURATIONS.items())
def test_a_length_of_time_is_never_rounded_up_to_more_than_it_is(seconds: float, words: str) -> None:
    assert html.duration(seconds) == words


@pytest.mark.parametrize(("share", "words"), SHARES.items())
def test_only_all_of_it_is_a_hundred_percent_and_only_nothing_is_none(share: float | None, words: str) -> None:
    assert html.percent(share) == words


@pytest.mark.parametrize(("value", "words"), SIZES.items())
def test_a_size_has_the_unit_that_fits(value: int, words: str) -> None:
    assert html.size(value) == words


@given(st.text())
def test_no_text_can_become_markup(text: str) -> None:
    for piece in (html.text(text), html.code(text), html.right(text), html.figure(text, text), html.heading(text, "")):
        inside = piece
        for tag in ("td", "code", "div", "b", "span", "h2", "small"):
            for markup in (f"<{tag}>", f"</{tag}>", f'<{tag} class="n">', f'<{tag} class="figure">'):
                inside = inside.replace(markup, "")
        assert "<" not in inside
        assert ">" not in inside


def test_an_attribute_cannot_be_broken_out_of() -> None:
    for piece in (
        html.text("", 'a"><b'),
        html.row(kind='a"><b'),
        html.bar([('a"><b', 1)], 1, 'a"><b'),
        html.sliver([('a"><b', 1)], 1),
    ):
        assert 'a"><b' not in piece


def test_a_bar_never_grows_over_its_end_and_shows_nothing_of_nothing() -> None:
    assert "<rect" not in html.bar([("delivered", 0)], 0, "outcomes")
    assert "<rect" not in html.bar([("delivered", -5)], 10, "outcomes")
    drawn = html.bar([("delivered", 1), ("skipped", 3)], 4, "outcomes")
    assert 'class="delivered" x="0.000" width="25.000"' in drawn
    assert 'class="skipped" x="25.000" width="75.000"' in drawn


def test_a_thin_bar_shows_its_parts_side_by_side_and_nothing_of_nothing() -> None:
    assert html.sliver([("fresh", 0)], 0) == "<svg></svg>"
    drawn = html.sliver([("fresh", 1), ("good", 0), ("lost", 3)], 4)
    assert drawn == (
        '<svg><rect class="fresh" x="0.0%" width="25.0%" height="4"/>'
        '<rect class="lost" x="25.0%" width="75.0%" height="4"/></svg>'
    )


def test_what_is_not_known_looks_different_from_nought() -> None:
    assert html.number(None) == f'<td class="n zero">{html.NOTHING}</td>'
    assert html.number(0) == '<td class="n zero">0</td>'
    assert html.number(1234567) == '<td class="n">1,234,567</td>'
