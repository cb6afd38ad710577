"""Stopping when nearly everything is dead-lettered."""

import pytest

from streamer.errors import UserError
from streamer.refusals import RefusalGuard


def _refuse_all(guard: RefusalGuard, slices: int) -> None:
    for _ in range(slices):
        guard.saw(100)
        guard.refused(100)


def test_a_few_bad_records_among_few_do_not_stop_the_process() -> None:
    guard = RefusalGuard(0.9, 1000)
    guard.saw(100)
    assert guard.refused(10)


def test_a_bad_deploy_stops_the_process_before_the_topic_is_dead_lettered() -> None:
    guard = RefusalGuard(0.9, 1000)
    with pytest.raises(UserError, match="wrong schema, mapping or setting"):
        _refuse_all(guard, 100)


def test_a_long_good_past_does_not_hide_a_bad_present() -> None:
    guard = RefusalGuard(0.9, 1000)
    for _ in range(100_000):
        guard.saw(100)
    with pytest.raises(UserError):
        _refuse_all(guard, 200)


def test_half_bad_data_never_stops_the_process() -> None:
    guard = RefusalGuard(0.9, 1000)
    for _ in range(1000):
        guard.saw(100)
        guard.refused(50)


def test_dead_letters_of_a_start_with_nothing_but_bad_records_are_held_until_more_is_known() -> None:
    guard = RefusalGuard(0.9, 1000)
    guard.saw(10)
    assert not guard.refused(10)
    guard.saw(90)
    assert guard.fine
