"""A bounded read: where it ends whatever offsets there are, and what a restart learns of it."""

from confluent_kafka import Message
from hypothesis import given
from hypothesis import strategies as st

from streamer.kafka.assigning import Start
from streamer.kafka.ends import Ends, Extent, behind_note, cut, read_note, write_note
from streamer.kafka.progress import Progress
from streamer.kafka.ranges import METADATA_LIMIT, decode_completed

ONE, TWO = ("t", 0), ("t", 1)
OFFSETS = st.integers(0, 2**62)


def _messages(*offsets: int) -> list[Message]:
    return [Message(topic="t", partition=0, offset=offset, value=b"v") for offset in offsets]


def _cut(offsets: list[int], seen: int | None, end: int) -> tuple[list[int | None], int | None]:
    kept, reached = cut(_messages(*offsets), seen, end)
    return [message.offset() for message in kept], reached


def _ends(first: int = 0, second: int = 0) -> Ends:
    starts = [Start("t", 0, first, [], None), Start("t", 1, second, [], None)]
    return Ends(starts, {ONE: 10, TWO: 20})


@given(st.builds(Extent, OFFSETS, OFFSETS, st.text("0123456789abcdef", min_size=1, max_size=64)), st.text())
def test_a_restart_reads_the_extent_that_was_committed_whatever_stands_behind_it(extent: Extent, more: str) -> None:
    assert read_note(write_note(extent) + more) == extent
    assert behind_note(write_note(extent) + more) == more


def test_metadata_of_anything_else_hold_no_extent() -> None:
    for metadata in (None, "", "streamer1:eJw=", "replay1:1:2", "replay2:1:2:ab;", " replay1:1:2:ab;"):
        assert read_note(metadata) is None
        assert behind_note(metadata) == (metadata or "")


def test_extent_and_completions_together_fit_into_what_a_broker_takes() -> None:
    progress = Progress("t", 0, 1, 0)
    progress.note = write_note(Extent(2**62, 2**62, "0123456789abcdef"))
    offsets = [at * at for at in range(40_000)]
    slot = progress.take(offsets)
    for at in range(1, len(offsets), 2):
        progress.settle(slot + at)
    position = progress.position()
    assert METADATA_LIMIT * 0.8 < len(position.metadata) <= METADATA_LIMIT
    assert read_note(position.metadata) is not None
    completed = decode_completed(position.offset, behind_note(position.metadata))
    assert completed[:3] == [(1, 1), (9, 9), (25, 25)]


def test_the_first_record_behind_the_end_is_left_out_and_tells_that_the_end_is_reached() -> None:
    assert _cut([7, 8, 10, 11], None, 10) == ([7, 8], 10)


def test_a_compacted_end_is_reached_by_the_next_record_behind_it() -> None:
    assert _cut([3, 40], None, 10) == ([3], 10)


def test_a_marker_behind_the_last_record_ends_a_range_at_the_end_of_the_partition() -> None:
    assert _cut([7, 8], 10, 10) == ([7, 8], 10)
    assert _cut([], 15, 10) == ([], 10)


def test_the_end_of_a_partition_before_that_of_the_range_ends_nothing() -> None:
    assert _cut([7], 8, 10) == ([7], 8)
    assert _cut([7], None, 10) == ([7], None)


@given(st.lists(st.integers(0, 50), unique=True).map(sorted), st.integers(0, 50))
def test_no_record_of_the_range_is_left_out_and_none_behind_it_is_kept(offsets: list[int], end: int) -> None:
    kept, reached = _cut(offsets, None, end)
    assert kept == [offset for offset in offsets if offset < end]
    assert (reached == end) == any(offset >= end for offset in offsets)


def test_a_partition_is_read_until_its_end_and_the_others_go_on() -> None:
    ends = _ends()
    assert ends.is_open(ONE)
    ends.read(ONE, 9, at_end=False)
    assert ends.is_open(ONE)
    ends.read(ONE, 10, at_end=False)
    assert (ends.is_open(ONE), ends.is_open(TWO)) == (False, True)
    assert ends.turn(None, {}).shut == [ONE]
    assert ends.turn(None, {}).shut == []


def test_what_was_done_before_is_never_opened() -> None:
    assert not _ends(first=10).is_open(ONE)


def test_a_jump_behind_the_end_ends_the_partition() -> None:
    ends = _ends()
    ends.begins(ONE, 12)
    assert not ends.is_open(ONE)


def test_a_partition_that_is_gone_is_not_open() -> None:
    ends = _ends()
    ends.gone(TWO)
    assert not ends.is_open(TWO)
