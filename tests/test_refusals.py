"""Stopping when nearly everything is dead-lettered."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.errors import UserError
from streamer.outcomes import Reason
from streamer.refusals import RefusalGuard


def _guard(limit: float = 0.9, minimum: int = 1000) -> RefusalGuard:
    return RefusalGuard(limit, minimum)


def _refused(guard: RefusalGuard, pairs: int, reason: Reason = Reason.BAD_AVRO) -> bool:
    return guard.refused(pairs, reason, judged=False)


def _refuse_all(guard: RefusalGuard, slices: int, reason: Reason = Reason.BAD_AVRO) -> None:
    for _ in range(slices):
        guard.translated(100)
        _refused(guard, 100, reason)


def test_a_few_bad_records_among_few_do_not_stop_the_process() -> None:
    guard = _guard()
    guard.translated(100)
    assert _refused(guard, 10)


def test_a_bad_deploy_stops_the_process_before_the_topic_is_dead_lettered() -> None:
    with pytest.raises(UserError, match=r"most of them as `bad_avro`.*wrong schema, mapping or setting"):
        _refuse_all(_guard(), 100)


def test_who_starts_far_in_the_past_is_told_so_and_how_to_go_on() -> None:
    with pytest.raises(UserError, match=r"`too_old`.*a start far in the past.*refused_share_limit to 1"):
        _refuse_all(_guard(), 100, Reason.TOO_OLD)


def test_a_long_good_past_does_not_hide_a_bad_present() -> None:
    guard = _guard()
    for _ in range(100_000):
        guard.translated(100)
    with pytest.raises(UserError):
        _refuse_all(guard, 200)


def test_half_bad_data_never_stops_the_process() -> None:
    guard = _guard()
    for _ in range(1000):
        guard.translated(100)
        _refused(guard, 50)


def test_dead_letters_of_a_start_with_nothing_but_bad_records_are_held_until_more_is_known() -> None:
    guard = _guard()
    guard.translated(10)
    assert not _refused(guard, 10)
    guard.translated(90)
    assert guard.fine


def test_what_meta_refuses_after_a_jam_is_compared_with_what_it_took_and_not_with_what_is_read_meanwhile() -> None:
    guard = _guard()
    guard.translated(200_000)
    for _ in range(2000):  # memory is full, so nothing is read while all of it is sent
        guard.judged(80)
        guard.judged(20)
        guard.refused(20, Reason.REFUSED_BY_META, judged=True)
    guard.translated(100)


def test_a_bad_deploy_that_only_meta_notices_stops_the_process_however_much_is_read() -> None:
    guard = _guard()
    for _ in range(9):
        guard.translated(100_000)
        guard.judged(100)
        guard.refused(100, Reason.REFUSED_BY_META, judged=True)
    guard.judged(100)
    with pytest.raises(UserError, match="refused_by_meta"):
        guard.refused(100, Reason.REFUSED_BY_META, judged=True)


@given(st.lists(st.tuples(st.integers(1, 50_000), st.floats(0, 0.9)), max_size=60))
def test_a_share_within_the_limit_never_stops_the_process_however_uneven_polls_are(
    polls: list[tuple[int, float]],
) -> None:
    guard = _guard(minimum=10)
    for pairs, share in polls:
        guard.translated(pairs)
        assert _refused(guard, int(pairs * share))


def test_a_limit_of_one_never_stops_the_process() -> None:
    guard = _guard(limit=1, minimum=1)
    _refuse_all(guard, 1000, Reason.TOO_OLD)
    assert guard.fine
