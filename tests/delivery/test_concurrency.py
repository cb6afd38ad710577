"""The limit on requests in flight for one pixel: it finds out what the pixel can bear."""

import heapq
import random
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.delivery.concurrency import START, Concurrency, Limits


def load(
    limit: Concurrency, seconds: float, latency: Callable[[int], float], *, wanted: int = 10**6, began: float = 0.0
) -> tuple[list[int], int]:
    """Keep as many requests in flight as are wanted and allowed; return the limits on the way, and how many landed."""
    now, landed, limits = began, 0, [limit.limit]
    flying: list[tuple[float, float]] = []
    while now < began + seconds:
        while len(flying) < min(limit.limit, wanted):
            limit.started(len(flying) + 1)
            heapq.heappush(flying, (now + latency(len(flying) + 1), now))
        now, started = heapq.heappop(flying)
        limit.answered(now - started, now)
        landed += 1
        limits.append(limit.limit)
    return limits, landed


def test_a_pixel_that_answers_steadily_gets_all_that_it_may_have_and_by_one_at_a_time() -> None:
    limits, _ = load(Concurrency(16), 60, lambda _: 0.3)
    assert limits[0] == START
    assert limits[-1] == 16
    assert all(after - before <= 1 for before, after in pairwise(limits))


def test_noise_in_the_answers_does_not_keep_the_limit_down() -> None:
    draw = random.Random(3)
    limits, _ = load(Concurrency(16), 300, lambda _: draw.uniform(0.2, 0.6))
    assert sum(limits[len(limits) // 2 :]) / len(limits[len(limits) // 2 :]) > 8


def test_the_limit_does_not_grow_beyond_what_is_wanted() -> None:
    limits, _ = load(Concurrency(16), 60, lambda _: 0.3, wanted=2)
    assert set(limits) == {START}


def test_a_pixel_that_grows_slower_with_each_request_more_keeps_the_few_that_it_can_bear() -> None:
    limits, landed = load(Concurrency(16), 120, lambda flying: 0.3 + 0.3 * max(0, flying - 4))
    assert max(limits) <= 6
    assert landed > 0.6 * 4 / 0.3 * 120, "nearly as much gets through as with the best limit there is"


def test_a_pixel_that_is_slow_from_now_on_is_taken_as_it_is_after_a_while() -> None:
    limit = Concurrency(16)
    load(limit, 60, lambda _: 0.3)
    limits, _ = load(limit, 120, lambda _: 1.5, began=60)
    assert min(limits) < 16
    assert limits[-1] == 16


def test_answers_that_do_not_come_halve_the_limit_once_a_round_trip_and_never_to_nothing() -> None:
    limit = Concurrency(16)
    load(limit, 60, lambda _: 1.0)
    for number in range(16):  # all that were in flight fail together
        limit.failed(100 + number / 100)
    assert limit.limit == 8
    for number in range(100):
        limit.failed(200 + 10.0 * number)
    assert limit.limit == 1


@given(
    st.integers(1, 64),
    st.lists(st.tuples(st.sampled_from(["start", "answer", "fail"]), st.floats(0, 100), st.integers(0, 70))),
)
def test_whatever_happens_the_limit_stays_between_one_and_the_ceiling_and_moves_once_a_round_trip(
    ceiling: int, story: list[tuple[str, float, int]]
) -> None:
    limit, now = Concurrency(ceiling), 0.0
    for what, seconds, flying in story:
        now += seconds
        before = limit.limit
        if what == "start":
            limit.started(flying)
            assert limit.limit == before
        elif what == "answer":
            limit.answered(seconds, now)
            assert limit.limit - before <= 1
        else:
            limit.failed(now)
            assert limit.limit >= before // 2
        assert 1 <= limit.limit <= ceiling


@pytest.mark.parametrize(("ceiling", "start"), [(1, 1), (3, 3), (16, START)])
def test_a_pixel_nobody_knows_begins_with_a_few(ceiling: int, start: int) -> None:
    limits = Limits(ceiling)
    assert limits.of("1") == start
    limits.failed("1", 0.0)
    limits.answered("1", 1.0, 0.0)
    assert len(limits) == 0, "a pixel that was never sent to has no limit of its own"


def test_each_pixel_has_a_limit_of_its_own_until_it_is_forgotten() -> None:
    limits = Limits(16)
    for _ in range(3):
        limits.started("bad", 4)
        limits.failed("bad", 1000.0 * _)
    limits.started("good", 1)
    assert limits.of("bad") == 1
    assert limits.of("good") == START
    limits.forget("bad")
    limits.forget("never seen")
    assert limits.of("bad") == START
    assert len(limits) == 1
