"""Which share of a pixel's newest events Meta refuses."""

import math

from hypothesis import given
from hypothesis import strategies as st

from streamer.delivery.shares import RefusedShares


def test_a_pixel_is_given_up_when_most_of_its_events_are_refused_and_not_before_enough_were_judged() -> None:
    shares = RefusedShares(0.5, 50)
    assert [shares.refused("1") for _ in range(50)] == [False] * 49 + [True]


def test_one_bad_event_among_many_good_ones_never_counts_as_most() -> None:
    shares = RefusedShares(0.5, 50)
    for _ in range(10_000):
        assert not shares.refused("1")
        shares.delivered("1", 2)


def test_a_long_good_past_does_not_hide_a_bad_present() -> None:
    shares = RefusedShares(0.5, 50)
    assert not shares.refused("1")
    shares.delivered("1", 30)
    for _ in range(100):
        shares.refused("1")
        shares.delivered("1", 2)
    assert any(shares.refused("1") for _ in range(250))


def test_what_one_pixel_does_says_nothing_of_another() -> None:
    shares = RefusedShares(0.5, 10)
    for _ in range(100):
        shares.refused("bad")
    assert not shares.refused("good")
    shares.forget("bad")
    assert not shares.refused("bad")


def test_pixels_that_are_well_have_no_row() -> None:
    shares = RefusedShares(0.5, 50)
    for number in range(1000):
        shares.delivered(str(number), 1000)
    assert len(shares) == 0
    shares.refused("1")
    assert len(shares) == 1
    for _ in range(10):
        shares.delivered("1", 100)
    assert len(shares) == 0


@given(st.floats(0.2, 1), st.integers(30, 100), st.lists(st.integers(0, 50), max_size=200))
def test_it_never_trips_while_few_are_refused_and_always_does_when_all_are(
    limit: float, minimum: int, more: list[int]
) -> None:
    shares = RefusedShares(limit, minimum)
    for delivered in more:
        assert not shares.refused("1")
        shares.delivered("1", math.ceil(3 / limit) + delivered)
    assert any(shares.refused("2") for _ in range(minimum + 1)) == (limit < 1)
