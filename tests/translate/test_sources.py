"""Sources: what tables, units and scales make of a value before its rule sees it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.translate.notes import Drop, NoteReason
from streamer.translate.plan import Source, Table, Unit
from streamer.translate.sources import NOT_TO_BE_SENT, first_of, milliseconds, read_source

MALFORMED = Drop(NoteReason.MALFORMED)
NOON = 1_790_251_200_000


@pytest.mark.parametrize(
    ("unit", "value", "ms"),
    [
        ("seconds", 1_790_251_200, NOON),
        ("seconds", 1_790_251_200.25, NOON + 250),
        ("seconds", "1790251200", NOON),
        ("milliseconds", NOON, NOON),
        ("microseconds", NOON * 1000 + 999, NOON),
        ("nanoseconds", NOON * 1_000_000 + 999, NOON),
        ("days", 20_720, 20_720 * 86_400_000),
        ("iso8601", "2026-09-24T12:00:00Z", NOON),
        ("iso8601", "2026-09-24T14:00:00+02:00", NOON),
        ("iso8601", " 2026-09-24 12:00:00.000 ", NOON),
        ("iso8601", "2026-09-24", NOON - 43_200_000),
        ("iso8601", "yesterday", MALFORMED),
        ("iso8601", NOON, MALFORMED),
        ("seconds", "yesterday", MALFORMED),
        ("seconds", True, MALFORMED),
        ("seconds", float("nan"), MALFORMED),
        ("seconds", 1e308, MALFORMED),
        ("microseconds", None, MALFORMED),
    ],
)
def test_a_time_is_read_in_its_own_unit(unit: Unit, value: Any, ms: object) -> None:
    assert milliseconds(value, unit) == ms


@pytest.mark.parametrize(
    ("unit", "value", "day"),
    [
        ("days", 7_363, "1990-02-28"),
        ("days", -25_567, "1900-01-01"),
        ("milliseconds", 636_163_200_000, "1990-02-28"),
        ("iso8601", "1990-02-28", "1990-02-28"),
        ("days", 10**9, Drop(NoteReason.IMPOSSIBLE)),
        ("days", "x", MALFORMED),
    ],
)
def test_a_birthday_that_is_stored_as_a_number_becomes_a_date(unit: Unit, value: Any, day: object) -> None:
    assert read_source(Source("born", unit=unit), dates=True)({"born": value}) == day


@pytest.mark.parametrize(
    ("value", "scale", "number"),
    [
        (1999, 2, 19.99),
        ("1999", 2, 19.99),
        (b"\x07\xcf", 2, 19.99),
        (b"\xff\xff", 2, -0.01),
        (12_340_000, 6, 12.34),
        (5.0, 0, 5.0),
        ("12,50", 2, MALFORMED),
        ("$5", 2, MALFORMED),
        ("1_000", 0, MALFORMED),
        ("nan", 0, MALFORMED),
        ("", 0, Drop(NoteReason.EMPTY)),
        (b"\x7f" * 200, 0, MALFORMED),
    ],
)
def test_cents_and_decimals_become_money_and_what_is_no_number_is_left_out(
    value: Any, scale: int, number: object
) -> None:
    assert read_source(Source("price", scale=scale))({"price": value}) == number


NAMES = (("order", "Purchase"), ("cart", "AddToCart"), ("1", "one"), ("true", "yes"))


@pytest.mark.parametrize(
    ("value", "otherwise", "found"),
    [
        ("order", "keep", "Purchase"),
        ("ORDER ", "keep", "Purchase"),
        (1, "keep", "one"),
        (True, "keep", "yes"),
        ("wishlist", "keep", "wishlist"),
        ("wishlist", "drop", Drop(NoteReason.UNKNOWN)),
        ("wishlist", "skip", NOT_TO_BE_SENT),
        ({"a": 1}, "keep", MALFORMED),
        (["order", "wishlist"], "drop", ["Purchase"]),
    ],
)
def test_a_table_gives_the_value_that_stands_for_another(value: Any, otherwise: Any, found: object) -> None:
    assert read_source(Source("kind", table=Table(NAMES, otherwise)))({"kind": value}) == found


def test_an_exact_match_goes_before_one_without_case() -> None:
    table = Table((("order", "lower"), ("ORDER", "upper")))
    read = read_source(Source("kind", table=table))
    assert [read({"kind": kind}) for kind in ("order", "ORDER", "Order")] == ["lower", "upper", "lower"]


def test_the_first_source_that_has_a_value_counts_and_a_constant_is_the_last_resort() -> None:
    read = first_of([Source("a"), Source("b", unit="iso8601"), Source(constant="x")])
    assert read({"a": 1, "b": "2026-09-24"}) == 1
    assert read({"a": None, "b": "2026-09-24T12:00Z"}) == NOON
    assert read({}) == "x"
    assert first_of([Source("a"), Source("b", unit="iso8601")])({"b": "junk"}) == MALFORMED


def test_a_constant_stands_for_what_is_not_there_and_not_for_what_cannot_be_read() -> None:
    read = first_of([Source("a", scale=2), Source(constant=1)])
    assert read({"a": "3,0"}) == MALFORMED
    assert [read({"a": value}) for value in (None, "")] == [1, 1]
    table = first_of([Source("a", table=Table((("web", "website"),), "drop")), Source(constant="other")])
    assert [table({"a": value}) for value in ("web", "fax", None)] == ["website", "other", "other"]


def test_an_exact_match_to_nothing_is_a_match() -> None:
    read = read_source(Source("a", table=Table((("DONE", ""), ("done", "finished")))))
    assert [read({"a": value}) for value in ("DONE", "done", "Done")] == ["", "finished", ""]


def test_nothing_to_read_is_nothing() -> None:
    assert first_of([Source("a"), Source("b")])({}) is None


_ANY = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.lists(st.integers())
_ANY_SOURCE = st.one_of(
    st.sampled_from(["days", "seconds", "milliseconds", "microseconds", "nanoseconds", "iso8601"]).map(
        lambda unit: Source("x", unit=unit)  # type: ignore[arg-type] # a unit
    ),
    st.integers(0, 12).map(lambda scale: Source("x", scale=scale)),
    st.just(Source("x", table=Table(NAMES, "drop"))),
)


@given(value=_ANY, source=_ANY_SOURCE, dates=st.booleans())
def test_no_value_makes_a_source_fail(value: Any, source: Source, *, dates: bool) -> None:
    read_source(source, dates=dates)({"x": value})
