"""Offset progress of one assignment."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from streamer.kafka.progress import MAX_OUTCOMES, Progress
from streamer.kafka.ranges import METADATA_LIMIT, decode_completed


def _progress(start: int = 0) -> Progress:
    return Progress("tag-events", 0, 1, start)


def test_nothing_read_commits_where_reading_began() -> None:
    assert _progress(7).position() == (7, "")


def test_the_first_unsettled_offset_is_committed_never_the_highest_seen() -> None:
    progress = _progress()
    first = progress.take([0, 1, 2, 3])
    for slot in (first + 1, first + 3):
        progress.settle(slot)
    offset, metadata = progress.position()
    assert offset == 0
    assert decode_completed(offset, metadata) == [(1, 1), (3, 3)]


def test_a_gap_at_the_end_of_a_transaction_does_not_hold_the_commit_below_the_end() -> None:
    progress = _progress()
    slot = progress.take([4, 7])
    progress.reach(9)
    progress.settle(slot)
    progress.settle(slot + 1)
    assert progress.position().offset == 9


def test_the_end_of_the_partition_does_not_pass_over_what_is_owed() -> None:
    progress = _progress()
    progress.take([4])
    progress.reach(9)
    assert progress.position().offset == 4


def test_a_record_for_three_pixels_settles_with_its_third_outcome() -> None:
    progress = _progress()
    slot = progress.take([0])
    progress.expect(slot, 3)
    assert [progress.settle(slot) for _ in range(3)] == [False, False, True]
    assert progress.position().offset == 1


def test_an_outcome_counted_twice_is_refused_and_not_taken_for_another_record() -> None:
    progress = _progress()
    slot = progress.take([0, 1])
    progress.settle(slot)
    with pytest.raises(ValueError, match="settled already"):
        progress.settle(slot)


def test_more_pixels_than_can_be_counted_are_refused() -> None:
    progress = _progress()
    slot = progress.take([0])
    with pytest.raises(ValueError, match=str(MAX_OUTCOMES)):
        progress.expect(slot, MAX_OUTCOMES + 1)


@pytest.mark.parametrize("offsets", [[3], [5, 5], [6, 5]])
def test_offsets_that_do_not_rise_are_refused(offsets: list[int]) -> None:
    progress = _progress(4)
    with pytest.raises(ValueError, match="rise"):
        progress.take(offsets)


def test_what_an_earlier_assignment_had_settled_is_carried_until_it_is_passed() -> None:
    progress = Progress("tag-events", 0, 2, 10, [(12, 14), (30, 31)])
    slot = progress.take([10, 11, 12])
    assert [progress.was_done(offset) for offset in (10, 11, 12)] == [False, False, True]
    progress.expect(slot + 2, 0)
    offset, metadata = progress.position()
    assert decode_completed(offset, metadata) == [(12, 12), (13, 14), (30, 31)]


@given(st.lists(st.booleans(), min_size=1, max_size=20_000))
@settings(max_examples=25)
def test_metadata_fits_whatever_the_pattern(pattern: list[bool]) -> None:
    progress = _progress()
    slot = progress.take(range(len(pattern)))
    for at, done in enumerate(pattern):
        if done:
            progress.settle(slot + at)
    assert len(progress.position().metadata) <= METADATA_LIMIT


class Restarts(RuleBasedStateMachine):
    """Random reads with gaps, completions in any order, crashes and revokes."""

    def __init__(self) -> None:
        super().__init__()
        self.log: list[int] = []  # every offset that holds a record
        self.log_end = 0
        self.outcomes: dict[int, int] = {}
        self.committed = (0, "")
        self.epoch = 0
        self.begin()

    def begin(self) -> None:
        self.epoch += 1
        offset, metadata = self.committed
        self.progress = Progress("tag-events", 0, self.epoch, offset, decode_completed(offset, metadata))
        self.owed: dict[int, int] = {}  # slot -> offset
        self.wanted: dict[int, int] = {}
        self.read_to = offset

    @rule(gaps=st.lists(st.integers(1, 4), min_size=1, max_size=12))
    def produce(self, gaps: list[int]) -> None:
        for gap in gaps:
            self.log.append(self.log_end + gap - 1)
            self.log_end += gap

    @rule(most=st.integers(1, 9), pixels=st.integers(0, 3))
    def read(self, most: int, pixels: int) -> None:
        offsets = [offset for offset in self.log if offset >= self.read_to][:most]
        if not offsets:
            return
        self.read_to = offsets[-1] + 1
        for slot, offset in enumerate(offsets, self.progress.take(offsets)):
            if self.progress.was_done(offset):
                assert self.outcomes.get(offset), "skipped, but never settled: lost"
                self.progress.expect(slot, 0)
                continue
            self.progress.expect(slot, pixels)
            if pixels:
                self.owed[slot] = offset
                self.wanted[slot] = pixels
            else:
                self.outcomes[offset] = 1

    @rule()
    def see_the_end(self) -> None:
        if not [offset for offset in self.log if offset >= self.read_to]:
            self.progress.reach(self.log_end)

    @precondition(lambda self: self.owed)
    @rule(data=st.data())
    def settle(self, data: st.DataObject) -> None:
        slot = data.draw(st.sampled_from(sorted(self.owed)))
        self.wanted[slot] -= 1
        assert self.progress.settle(slot) == (self.wanted[slot] == 0)
        if not self.wanted[slot]:
            offset = self.owed.pop(slot)
            self.outcomes[offset] = self.outcomes.get(offset, 0) + 1

    @rule()
    def commit(self) -> None:
        self.committed = self.progress.position()

    @rule()
    def crash(self) -> None:
        self.begin()

    @rule()
    def revoke(self) -> None:
        self.commit()
        self.progress.fence()
        self.begin()

    @invariant()
    def nothing_unsettled_lies_below_the_committed_offset(self) -> None:
        offset, metadata = self.progress.position()
        assert all(self.outcomes.get(one) for one in self.log if one < offset)
        assert all(
            self.outcomes.get(one)
            for one in self.log
            for run in decode_completed(offset, metadata)
            if run[0] <= one <= run[1]
        )
        assert offset <= min(self.owed.values(), default=offset)
        assert len(metadata) <= METADATA_LIMIT

    @invariant()
    def what_is_settled_and_read_is_committed_as_far_as_it_goes(self) -> None:
        offset, _ = self.progress.position()
        if not self.owed:
            assert offset == self.progress.end

    @invariant()
    def unsettled_counts_what_is_owed(self) -> None:
        assert self.progress.unsettled == len(self.owed)


TestRestarts = Restarts.TestCase
TestRestarts.settings = settings(max_examples=150, stateful_step_count=60, deadline=None)


def test_a_long_run_keeps_no_memory_of_what_is_settled() -> None:
    progress = _progress()
    for start in range(0, 100_000, 100):
        slot = progress.take(range(start, start + 100))
        for at in range(100):
            progress.settle(slot + at)
        progress.position()
    assert len(progress._offsets) < 5000
    assert progress.position().offset == 100_000
