from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.sandbox.store import Keep, Store
from tests.sandbox.examples import ABSENT, NOW, PIXEL, event


def counts(store: Store, pixel: str = PIXEL) -> tuple[int, int, int, int, int]:
    page = store.ledger(0, {}).pixels[pixel]
    return page.events, page.distinct, page.doubles, page.conflicts, page.time_conflicts


@pytest.mark.parametrize("keep", ["ids", "bodies"])
def test_a_double_is_counted_and_a_differing_one_is_a_conflict(keep: Keep) -> None:
    store = Store(keep)
    store.take(PIXEL, [event()])
    store.take(PIXEL, [event(), event(event_id="o-982"), event(event_name="Lead")])
    assert counts(store) == (4, 3, 1, 0, 0)
    store.take(PIXEL, [event(event_time=NOW - 6)])
    assert counts(store) == (5, 3, 2, 1, 1)
    store.take(PIXEL, [event(opt_out=True)])
    assert counts(store) == (6, 3, 3, 2, 1)


def test_the_same_event_for_another_pixel_is_no_double() -> None:
    store = Store("ids")
    store.take(PIXEL, [event()])
    store.take("99", [event()])
    assert counts(store) == (1, 1, 0, 0, 0)
    assert counts(store, "99") == (1, 1, 0, 0, 0)
    assert store.ledger(0, {}).total.distinct == 2


def test_events_without_an_id_are_no_doubles_of_each_other() -> None:
    store = Store("ids")
    store.take(PIXEL, [event(event_id=ABSENT)] * 3)
    assert counts(store) == (3, 3, 0, 0, 0)
    assert store.ledger(0, {}).total.without_id == 3


def test_what_is_kept_can_be_read_and_nothing_more() -> None:
    bodies, ids, none = Store("bodies"), Store("ids"), Store("none")
    for store in (bodies, ids, none):
        store.take(PIXEL, [event(), event(event_id="o-982")])
    assert bodies.events(PIXEL) == [event(), event(event_id="o-982")]
    assert ids.events(PIXEL) == none.events(PIXEL) == []
    assert bodies.ids(PIXEL) == ids.ids(PIXEL) == {("Purchase", "o-981"), ("Purchase", "o-982")}
    assert none.ids(PIXEL) == set()
    assert counts(none) == (2, 0, 0, 0, 0)


@given(st.lists(st.integers(0, 20), max_size=200))
def test_every_event_is_either_distinct_or_a_double(numbers: list[int]) -> None:
    store = Store("ids")
    store.take(PIXEL, [event(event_id=f"o-{number}") for number in numbers])
    total = store.ledger(0, {}).total
    assert (total.distinct, total.doubles) == (len(set(numbers)), len(numbers) - len(set(numbers)))
    assert total.conflicts == 0
    assert store.ids(PIXEL) == {("Purchase", f"o-{number}") for number in numbers}


@given(st.integers(1, 20), st.integers(0, 100))
def test_a_bounded_memory_knows_the_last_ids_and_stays_small(remember: int, arrived: int) -> None:
    store = Store("ids", remember=remember)
    for number in range(arrived):
        store.take(PIXEL, [event(event_id=f"o-{number}")])
    known = store.ids(PIXEL)
    assert known >= {("Purchase", f"o-{number}") for number in range(max(0, arrived - remember), arrived)}
    assert len(known) <= 2 * remember


def test_an_id_remembered_through_both_halves_is_still_known() -> None:
    store = Store("ids", remember=2)
    ids: list[dict[str, Any]] = [event(event_id=name) for name in "abc"]
    store.take(PIXEL, ids)
    store.take(PIXEL, [event(event_id="a")])
    assert counts(store) == (4, 3, 1, 0, 0)
