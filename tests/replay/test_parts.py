"""The parts of a replay: each is one worker's, and what is left of it is known."""

from hypothesis import given
from hypothesis import strategies as st

from streamer.kafka.assigning import Start
from streamer.kafka.ends import Extent
from streamer.kafka.progress import Position
from streamer.replay.parts import Ages, Part, Survey, share


@given(st.lists(st.integers(), unique=True), st.integers(1, 8))
def test_every_partition_is_exactly_one_workers(keys: list[int], workers: int) -> None:
    shares = [share(keys, workers, worker) for worker in range(workers)]
    assert sorted(key for each in shares for key in each) == sorted(keys)
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


def _part(first: int, end: int, offset: int, committed: Position | None = None) -> Part:
    return Part(Extent(first, end, "ab"), Start("t", 0, offset, [], committed))


def test_what_is_left_is_counted_from_where_a_replay_goes_on() -> None:
    survey = Survey("g", [_part(10, 30, 10), _part(0, 20, 15, Position(15, "")), _part(5, 9, 12)], Ages(0, 0, 0), ())
    assert (survey.offsets, survey.left) == (44, 25)
    assert [part.is_new for part in survey.parts] == [True, False, True]
