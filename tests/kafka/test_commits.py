"""Commits: what reaches the broker, and what happens when it does not."""

from typing import Any, NamedTuple

from confluent_kafka import KafkaError, KafkaException, TopicPartition

from streamer.kafka.commits import Commits, Uncommitted
from streamer.kafka.progress import Position, Progress


class _Events:
    def __init__(self) -> None:
        self.failures: list[str] = []
        self.offsets: list[int] = []

    def committed(self, topic: str, partition: int, offset: int) -> None:
        self.offsets.append(offset)

    def commit_failed(self, reason: str) -> None:
        self.failures.append(reason)


class _Broker:
    """Stands where the consumer does; keeps what was stored and what was asked to be committed."""

    def __init__(self) -> None:
        self.stored: dict[tuple[str, int], TopicPartition] = {}
        self.bare = 0
        self.named: list[TopicPartition] = []
        self.gone: set[int] = set()

    def store_offsets(self, offsets: list[TopicPartition]) -> None:
        for one in offsets:
            if one.partition in self.gone:
                raise KafkaException(KafkaError(KafkaError._STATE))
            self.stored[one.topic, one.partition] = one

    def commit(self, offsets: list[TopicPartition] | None = None, *, asynchronous: bool = True) -> Any:
        if offsets is None:
            self.bare += 1
        else:
            self.named += offsets
        return None if asynchronous else (offsets or list(self.stored.values()))


class _Failed(NamedTuple):
    """Stands for a TopicPartition with an error, which only the library can make."""

    topic: str
    partition: int
    error: KafkaError


def _setup() -> tuple[Commits, Any, _Events, Progress]:
    events = _Events()
    progress = Progress("t", 0, 1, 0)
    commits = Commits(events)
    commits.begin(progress, Position(0, ""))
    events.offsets.clear()
    return commits, _Broker(), events, progress


def test_an_offset_that_moved_is_stored_and_committed_bare_so_that_a_former_owner_is_refused() -> None:
    commits, broker, events, progress = _setup()
    commits.offer(broker, {progress: Position(5, "m")})
    assert (broker.stored["t", 0].offset, broker.stored["t", 0].metadata) == (5, "m")
    assert (broker.bare, broker.named) == (1, [])
    commits.on_commit(None, [TopicPartition("t", 0, 5, "m")])
    assert events.offsets == [5]


def test_completions_behind_one_slow_request_are_written_though_the_offset_stands_still() -> None:
    commits, broker, _, progress = _setup()
    commits.offer(broker, {progress: Position(0, "done: 3 to 9")})
    assert [(one.offset, one.metadata) for one in broker.named] == [(0, "done: 3 to 9")]
    assert not broker.stored


def test_what_the_broker_has_confirmed_is_not_committed_again() -> None:
    commits, broker, _, progress = _setup()
    commits.offer(broker, {progress: Position(5, "")})
    commits.on_commit(None, [TopicPartition("t", 0, 5, "")])
    commits.offer(broker, {progress: Position(5, "")})
    assert (broker.bare, broker.named) == (1, [])


def test_an_idle_partitions_offset_is_committed_anew_so_that_it_does_not_expire() -> None:
    commits, broker, _, progress = _setup()
    commits.offer(broker, {progress: Position(0, "")}, anew=True)
    assert [one.offset for one in broker.named] == [0]


def test_a_failed_commit_is_offered_again_and_is_not_fatal() -> None:
    commits, broker, events, progress = _setup()
    for code in (KafkaError.REBALANCE_IN_PROGRESS, KafkaError.ILLEGAL_GENERATION, KafkaError.STALE_MEMBER_EPOCH):
        commits.offer(broker, {progress: Position(5, "")})
        commits.on_commit(KafkaError(code), [])
    commits.offer(broker, {progress: Position(5, "")})
    assert broker.bare == 4
    assert events.failures == ["REBALANCE_IN_PROGRESS", "ILLEGAL_GENERATION", "STALE_MEMBER_EPOCH"]


def test_an_error_of_one_partition_is_not_taken_for_success_because_the_commit_as_a_whole_went_well() -> None:
    commits, broker, events, progress = _setup()
    commits.offer(broker, {progress: Position(5, "")})
    commits.on_commit(None, [_Failed("t", 0, KafkaError(KafkaError.UNKNOWN_MEMBER_ID))])  # type: ignore[list-item]
    assert (events.offsets, events.failures) == ([], ["UNKNOWN_MEMBER_ID"])
    commits.offer(broker, {progress: Position(5, "")})
    assert broker.bare == 2


def test_a_partition_that_is_gone_does_not_keep_the_others_from_being_committed() -> None:
    commits, broker, events, progress = _setup()
    gone = Progress("t", 1, 2, 0)
    commits.begin(gone, None)
    broker.gone = {1}
    commits.offer(broker, {gone: Position(9, ""), progress: Position(5, "")})
    assert set(broker.stored) == {("t", 0)}
    assert broker.bare == 1
    assert events.failures == ["_STATE"]


def test_nothing_new_to_commit_is_no_failure() -> None:
    commits, _, events, _ = _setup()
    commits.on_commit(KafkaError(KafkaError._NO_OFFSET), [])
    assert events.failures == []


def test_a_late_answer_for_a_partition_that_was_given_up_is_ignored() -> None:
    commits, broker, events, progress = _setup()
    commits.offer(broker, {progress: Position(5, "")})
    commits.forget(progress)
    commits.on_commit(None, [TopicPartition("t", 0, 5, "")])
    assert events.offsets == []


def test_the_last_commit_of_an_assignment_waits_for_its_answer() -> None:
    commits, broker, events, progress = _setup()
    commits.conclude(broker, {progress: Position(8, "")})
    assert events.offsets == [8]


def test_in_a_dry_run_nothing_reaches_the_broker_and_progress_is_told_all_the_same() -> None:
    events, broker = _Events(), _Broker()
    commits: Any = Uncommitted(events)
    progress = Progress("t", 0, 1, 3)
    commits.begin(progress, Position(3, ""))
    commits.offer(broker, {progress: Position(5, "")})
    commits.conclude(broker, {progress: Position(8, "")})
    assert events.offsets == [3, 5, 8]
    assert (broker.bare, broker.named, broker.stored, commits.under_way) == (0, [], {}, False)
