"""How far a replay is, and how long it takes."""

import pytest

from streamer.replay.watch import SPAN_SECONDS, Standing, Watch, spell


def test_the_time_left_follows_from_the_rate() -> None:
    watch = Watch(1000)
    watch.mark(0, 0)
    assert watch.mark(10, 200) == Standing(200, 1000, 20.0, 40.0)


def test_a_replay_that_has_just_begun_or_stands_still_promises_nothing() -> None:
    watch = Watch(1000)
    assert watch.mark(5, 0).left_seconds is None
    assert watch.mark(6, 0).left_seconds is None


def test_the_rate_is_that_of_the_last_half_minute() -> None:
    watch = Watch(100_000)
    for second in range(100):
        watch.mark(second, second * 1000)
    assert watch.mark(100, 99_000).a_second == pytest.approx(1000, rel=0.05)
    for second in range(101, 140):
        standing = watch.mark(second, 99_000)
    assert standing.a_second == 0
    assert SPAN_SECONDS == 30


def test_a_replay_that_is_done_has_no_time_left() -> None:
    watch = Watch(10)
    assert watch.mark(0, 10).left_seconds == 0
    assert Watch(0).mark(0, 0).share == 1.0


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "unknown"), (0, "0 s"), (59.4, "59 s"), (60, "1 min"), (3599, "1 h 0 min"), (12_000, "3 h 20 min")],
)
def test_durations_are_written_for_people(seconds: float | None, text: str) -> None:
    assert spell(seconds) == text
