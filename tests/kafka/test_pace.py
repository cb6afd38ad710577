"""A limit on how fast is read: met evenly, and never made up for."""

from hypothesis import given
from hypothesis import strategies as st

from streamer.kafka.pace import Pace


class Clock:
    """Stands where time.monotonic does."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def _read(pace: Pace, clock: Clock, seconds: float, step: float = 0.005) -> int:
    """Read as much as may be for so long, and return how much that was."""
    total, until = 0, clock.now + seconds
    while clock.now < until:
        clock.now += step
        count = pace.allowance()
        pace.took(count)
        total += count
    return total


def test_as_much_is_read_as_the_rate_allows_and_no_more() -> None:
    clock = Clock()
    assert 9_950 <= _read(Pace(1000, clock), clock, 10) <= 10_010


def test_a_rate_below_one_a_second_still_moves() -> None:
    clock = Clock()
    assert 9 <= _read(Pace(0.1, clock), clock, 100) <= 11


def test_what_could_not_be_read_is_not_made_up_for_in_a_burst() -> None:
    clock = Clock()
    pace = Pace(1000, clock)
    clock.now += 3600
    assert pace.allowance() == 200


def test_a_record_may_be_read_at_once() -> None:
    assert Pace(0.001, Clock()).allowance() == 1


@given(st.floats(0.01, 1e6), st.lists(st.floats(0.001, 5), max_size=50))
def test_no_schedule_of_asking_beats_the_rate(rate: float, waits: list[float]) -> None:
    clock = Clock()
    pace, total = Pace(rate, clock), 0
    for wait in waits:
        clock.now += wait
        count = pace.allowance()
        pace.took(count)
        total += count
    assert total <= 1 + rate * sum(waits) + 1e-6 * rate
