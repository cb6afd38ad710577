"""When the parked topic is gone over, as a table."""

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.kafka.passes import (
    LATE_SECONDS,
    WISH_KEY,
    Made,
    Mark,
    Rules,
    Why,
    Wish,
    decode_made,
    decode_wish,
    encode_made,
    encode_wish,
    made_key,
    rest_until,
    wanted,
)

RULES = Rules(sweep_seconds=6 * 3600, pause_seconds=10)
NOW = 1_790_000_000.0
OLD, NEW = Mark(17), Mark(23)


class Case(NamedTuple):
    why: Why | None
    wish: Wish
    last: Made | None
    rests_until: float = 0.0


CASES = {
    "nothing is known of the partition": Case(Why.SWEEP, Wish(), None),
    "no pixel ever came back, and a pass was made": Case(None, Wish(), Made(Mark(), NOW - 60)),
    "a pixel came back after the last pass": Case(Why.RESUMED, Wish(NEW, NOW), Made(OLD, NOW - 60)),
    "the same, but the last pass has just ended": Case(None, Wish(NEW, NOW), Made(OLD, NOW - 60), NOW + 1),
    "the same, and the rest is over": Case(Why.RESUMED, Wish(NEW, NOW), Made(OLD, NOW - 60), NOW),
    "a pixel came back, and it could be told to nobody": Case(
        Why.RESUMED, Wish(OLD._replace(local=1), NOW), Made(OLD, NOW - 60)
    ),
    "a pass was made for it": Case(None, Wish(NEW, NOW - 60), Made(NEW, NOW - 45)),
    "a pass was made for it at once, just now": Case(None, Wish(NEW, NOW - 5), Made(NEW, NOW - 5)),
    "the same, and it is time to look for what came late": Case(Why.LATE, Wish(NEW, NOW - 15), Made(NEW, NOW - 14)),
    "it was looked for what came late": Case(None, Wish(NEW, NOW - 15), Made(NEW, NOW - 4)),
    "a clock stands behind another's, and the topic's order counts": Case(
        Why.RESUMED, Wish(NEW, NOW - 3600), Made(OLD, NOW + 60)
    ),
    "the topic was made anew, and its offsets begin again": Case(Why.RESUMED, Wish(Mark(0), NOW), Made(OLD, NOW - 60)),
    "hours went by": Case(Why.SWEEP, Wish(OLD, NOW - 10**6), Made(OLD, NOW - 6 * 3600)),
    "almost as many hours went by": Case(None, Wish(OLD, NOW - 10**6), Made(OLD, NOW - 6 * 3600 + 1)),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_a_pass_is_wanted_when_there_is_something_to_gain(case: Case) -> None:
    assert wanted(NOW, case.wish, case.last, case.rests_until, RULES) is case.why


def test_a_short_pass_rests_for_the_pause_and_a_long_one_as_long_as_it_took() -> None:
    assert rest_until(NOW, NOW + 2, RULES) == NOW + 2 + 10
    assert rest_until(NOW, NOW + 60, RULES) == NOW + 60 + 60


@given(first_look=st.floats(0, 20), step=st.floats(0.5, 600), takes=st.integers(0, 5))
def test_one_return_costs_two_passes_at_most_however_late_it_is_looked(
    first_look: float, step: float, takes: int
) -> None:
    wish, last, rests, made = Wish(NEW, NOW), Made(OLD, NOW - 60), 0.0, []
    now = NOW + first_look
    while now < NOW + 3600:
        if why := wanted(now, wish, last, rests, RULES):
            made.append(why)
            last, rests = Made(wish.mark, now), rest_until(now, now + takes, RULES)
        now += step
    assert made == ([Why.RESUMED, Why.LATE] if first_look < LATE_SECONDS else [Why.RESUMED])


def test_the_record_of_a_pass_says_what_it_covered_to_the_next_owner() -> None:
    made = Made(NEW._replace(local=3), NOW)
    assert decode_made(made_key(7), encode_made(made, "replica")) == (7, Made(NEW, NOW))


def test_a_wish_says_when_it_was_written() -> None:
    assert decode_wish(encode_wish("1000000000000001", "works", "replica", NOW)) == NOW


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("parked/0", b"junk"),
        ("parked/0", b"[]"),
        ("parked/0", b"{}"),
        ("parked/0", b'{"v":2,"covers":1,"began":1}'),
        ("parked/0", b'{"v":1,"covers":"1","began":1}'),
        ("parked/0", b'{"v":1,"covers":1}'),
        ("parked/x", b'{"v":1,"covers":1,"began":1}'),
        ("parked/", b'{"v":1,"covers":1,"began":1}'),
        (WISH_KEY, b'{"v":1,"covers":1,"began":1}'),
        ("1000000000000001", b'{"v":1,"covers":1,"began":1}'),
    ],
)
def test_what_is_no_record_of_a_pass_is_passed_over(key: str, value: bytes) -> None:
    assert decode_made(key, value) is None


@pytest.mark.parametrize("value", [b"junk", b"7", b'{"v":1}', b'{"v":1,"at":"x"}', b'{"at":1}'])
def test_what_is_no_wish_is_passed_over(value: bytes) -> None:
    assert decode_wish(value) is None
