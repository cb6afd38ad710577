"""How long a batch waits for another try: dead services are left alone, and nobody comes back in step."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.delivery.backoff import Backoff

WAITS = 2000


def drawn(tries: int) -> list[float]:
    backoff = Backoff(0.5, 60, random.Random(1))
    return [backoff.wait(tries) for _ in range(WAITS)]


@pytest.mark.parametrize(("tries", "bound"), [(1, 0.5), (2, 1), (3, 2), (7, 32), (8, 60), (100, 60)])
def test_the_bound_doubles_with_each_try_up_to_the_setting_and_all_below_it_is_drawn(tries: int, bound: float) -> None:
    waits = drawn(tries)
    assert bound * 0.99 < max(waits) <= bound
    assert min(waits) < bound * 0.01
    assert sum(waits) / WAITS == pytest.approx(bound / 2, rel=0.05)


@given(st.integers(1, 10**9), st.floats(0.001, 10), st.floats(0.001, 3600), st.integers())
def test_no_number_of_tries_breaks_it_or_makes_it_wait_beyond_the_setting(
    tries: int, base: float, longest: float, seed: int
) -> None:
    assert 0 <= Backoff(base, longest, random.Random(seed)).wait(tries) <= longest


def test_two_replicas_do_not_draw_the_same_waits() -> None:
    one, other = Backoff(0.5, 60), Backoff(0.5, 60)
    assert [one.wait(8) for _ in range(5)] != [other.wait(8) for _ in range(5)]
