"""What a replay finds in Kafka before it starts, and what it refuses then."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicPartition

from streamer.errors import UserError
from streamer.kafka.ends import Extent, read_note, write_note
from streamer.kafka.ranges import encode_completed
from streamer.preflight.cluster import Cluster
from streamer.replay import survey as module
from streamer.replay.parts import Ages, Survey
from streamer.replay.span import Bound, Span
from streamer.replay.survey import Asked, Surveyor, fix, warnings
from streamer.settings import KafkaSettings

GROUP = "streamer.replay.x"
TOPIC = "tag-events"
NOW = 1_790_000_000.0
DAY = 86_400


class _Answer:
    """Stands for a TopicPartition with an error, which only the library can make."""

    error = KafkaError(KafkaError.UNKNOWN_MEMBER_ID)


@dataclass
class Brokers:
    """Stands where the consumer does: partitions with a record a second, the last of them a second ago."""

    edges: dict[tuple[str, int], tuple[int, int]]
    held: dict[tuple[str, int], tuple[int, str]] = field(default_factory=dict)
    refuse: bool = False
    closed: int = 0

    def __call__(self, config: dict[str, Any]) -> "Brokers":
        assert config["group.id"] == GROUP
        assert config["enable.auto.commit"] is False
        return self

    def committed(self, wanted: list[TopicPartition], timeout: float) -> list[TopicPartition]:
        held = ((one, self.held.get((one.topic, one.partition), (-1001, ""))) for one in wanted)
        return [TopicPartition(one.topic, one.partition, *at) for one, at in held]

    def get_watermark_offsets(self, one: TopicPartition, timeout: float, *, cached: bool) -> tuple[int, int]:
        return self.edges[one.topic, one.partition]

    def offsets_for_times(self, wanted: list[TopicPartition], timeout: float) -> list[TopicPartition]:
        return [TopicPartition(one.topic, one.partition, self._since(one)) for one in wanted]

    def _since(self, one: TopicPartition) -> int:
        low, high = self.edges[one.topic, one.partition]
        offset = max(low, high - int(NOW - one.offset / 1000))
        return offset if offset < high else -1

    def commit(self, offsets: list[TopicPartition], *, asynchronous: bool) -> list[Any]:
        assert not asynchronous
        if self.refuse:
            return [_Answer()]
        self.held |= {(one.topic, one.partition): (one.offset, one.metadata or "") for one in offsets}
        return offsets

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def brokers(monkeypatch: pytest.MonkeyPatch) -> Brokers:
    """Give three partitions of a topic, the last of them empty; records 0 to 99 of the second are gone."""
    brokers = Brokers({(TOPIC, 0): (0, 1000), (TOPIC, 1): (100, 500), (TOPIC, 2): (0, 0)})
    monkeypatch.setattr(module, "Consumer", brokers)

    def ask(_settings: KafkaSettings) -> Cluster:
        topics: dict[str, int] = {}
        for topic, partition in brokers.edges:
            topics[topic] = max(topics.get(topic, 0), partition + 1)
        own = dict.fromkeys(("streamer.parked", "streamer.receipts"), 1)
        admin: Any = None
        return Cluster(admin, 1, topics | own)

    monkeypatch.setattr(module, "ask_cluster", ask)
    return brokers


def _survey(span: Span | None = None, *, worker: int = 0, workers: int = 1, accept_gone: bool = False) -> Survey:
    settings = KafkaSettings(group_id=GROUP)
    return Surveyor(settings, Asked(span or Span((TOPIC,)), GROUP, workers, worker, accept_gone), lambda: NOW).survey()


def _extents(survey: Survey) -> dict[int, tuple[int, int, int]]:
    """Return first offset, end, and where it goes on, by partition."""
    return {part.start.partition: (part.extent.first, part.extent.end, part.start.offset) for part in survey.parts}


def test_without_bounds_all_that_there_is_now_is_the_range(brokers: Brokers) -> None:
    survey = _survey()
    assert _extents(survey) == {0: (0, 1000, 0), 1: (100, 500, 100), 2: (0, 0, 0)}
    assert (survey.offsets, survey.left, list(survey.notices)) == (1400, 1400, [])
    assert (brokers.held, brokers.closed) == ({}, 1)


def test_ends_that_were_fixed_hold_though_the_topic_has_grown(brokers: Brokers) -> None:
    fix(KafkaSettings(group_id=GROUP), _survey().parts)
    brokers.edges[TOPIC, 0] = (0, 5000)
    brokers.edges[TOPIC, 2] = (0, 77)
    survey = _survey()
    assert _extents(survey) == {0: (0, 1000, 0), 1: (100, 500, 100), 2: (0, 0, 0)}
    assert not any(part.is_new for part in survey.parts)


def test_a_replay_goes_on_where_it_was_committed_and_skips_what_is_done_beyond(brokers: Brokers) -> None:
    survey = _survey()
    note = survey.parts[0].start.note
    fix(KafkaSettings(group_id=GROUP), survey.parts)
    metadata = note + encode_completed(300, [(310, 320)])
    brokers.held[TOPIC, 0] = (300, metadata)
    part = _survey().parts[0]
    assert (part.start.offset, part.start.done, part.left) == (300, [(310, 320)], 700)
    assert part.start.note == note
    assert part.start.committed == (300, metadata)


def test_to_fix_commits_each_partitions_first_offset_and_extent_once(brokers: Brokers) -> None:
    settings = KafkaSettings(group_id=GROUP)
    fix(settings, _survey().parts)
    digest = Span((TOPIC,)).digest
    assert brokers.held[TOPIC, 1] == (100, write_note(Extent(100, 500, digest)))
    brokers.refuse = True
    fix(settings, _survey().parts)  # there is nothing left to fix
    brokers.held.clear()
    with pytest.raises(UserError, match=rf"offsets of group {GROUP} \(UNKNOWN_MEMBER_ID\)"):
        fix(settings, _survey().parts)


@pytest.mark.parametrize(
    ("metadata", "fault"),
    [
        (write_note(Extent(0, 9, "0123456789abcdef")), "of another range or other filters"),
        ("", "of something else"),
    ],
)
def test_a_group_that_holds_other_offsets_is_refused_and_named(brokers: Brokers, metadata: str, fault: str) -> None:
    brokers.edges["other", 0] = (0, 10)
    brokers.held["other", 0] = (7, metadata)
    settings = KafkaSettings(group_id=GROUP, topics=["other", TOPIC])
    surveyor = Surveyor(settings, Asked(Span((TOPIC,)), GROUP, 1, 0, accept_gone=False))
    with pytest.raises(
        UserError, match=rf"group {GROUP} holds the offsets {fault} \(topic other, partition 0, offset 7"
    ):
        surveyor.survey()


def test_workers_share_the_partitions_and_each_fixes_its_own(brokers: Brokers) -> None:
    first, second = _survey(worker=0, workers=2), _survey(worker=1, workers=2)
    assert (list(_extents(first)), list(_extents(second))) == ([0, 2], [1])
    fix(KafkaSettings(group_id=GROUP), second.parts)
    assert list(brokers.held) == [(TOPIC, 1)]


def test_another_number_of_workers_goes_on_where_the_first_stopped(brokers: Brokers) -> None:
    fix(KafkaSettings(group_id=GROUP), _survey().parts)
    brokers.held = {key: (brokers.edges[key][1] // 2, brokers.held[key][1]) for key in brokers.held}
    parts = [part for worker in range(3) for part in _survey(worker=worker, workers=3).parts]
    assert [(part.start.partition, part.start.offset, part.extent.end) for part in parts] == [
        (0, 500, 1000),
        (1, 250, 500),
        (2, 0, 0),
    ]


def test_offsets_bound_the_partitions_that_they_name_alone(brokers: Brokers) -> None:
    span = Span((TOPIC,), Bound(by_partition={0: 10, 1: 200}), Bound(by_partition={0: 20}))
    assert _extents(_survey(span)) == {0: (10, 20, 10), 1: (200, 500, 200)}
    assert brokers.held == {}


def test_one_offset_for_all_ends_with_the_shorter_partitions_and_says_so(brokers: Brokers) -> None:
    survey = _survey(Span((TOPIC,), Bound(offset=400), Bound(offset=600)))
    assert _extents(survey) == {0: (400, 600, 400), 1: (400, 500, 400), 2: (0, 0, 0)}
    assert len(survey.notices) == 2
    assert "--to-offset: 600 is beyond the end of topic tag-events, partition 1, which is 500;" in survey.notices[1]
    assert "1 other partitions" in survey.notices[1]


def test_an_offset_for_one_partition_that_it_has_not_got_is_refused(brokers: Brokers) -> None:
    with pytest.raises(
        UserError, match=r"--to-offset: 501 is beyond the end of topic tag-events, partition 1, which is 500"
    ):
        _survey(Span((TOPIC,), end=Bound(by_partition={0: 10, 1: 501})))
    assert brokers.held == {}


def test_a_partition_that_is_not_there_is_refused(brokers: Brokers) -> None:
    with pytest.raises(UserError, match=r"has no partition 3, 7; it has 3, from 0"):
        _survey(Span((TOPIC,), end=Bound(by_partition={0: 10, 3: 5, 7: 1})))
    assert brokers.held == {}


def test_times_bound_each_partition_for_itself(brokers: Brokers) -> None:
    span = Span((TOPIC,), Bound(at_ms=int(NOW - 300) * 1000), Bound(at_ms=int(NOW - 100) * 1000))
    assert _extents(_survey(span)) == {0: (700, 900, 700), 1: (200, 400, 200), 2: (0, 0, 0)}
    late = Span((TOPIC,), Bound(at_ms=int(NOW - 300) * 1000), Bound(at_ms=int(NOW + 300) * 1000))
    assert _extents(_survey(late))[0] == (700, 1000, 700)
    assert brokers.held == {}


def test_a_time_before_the_oldest_record_says_that_older_ones_may_be_missing(brokers: Brokers) -> None:
    (notice,) = _survey(Span((TOPIC,), Bound(at_ms=int(NOW - 450) * 1000))).notices
    assert "topic tag-events, partition 1" in notice
    assert "may have belonged to the range" in notice
    assert brokers.held == {}


def test_offsets_that_are_gone_are_named_with_their_place_and_passed_over_only_on_request(brokers: Brokers) -> None:
    span = Span((TOPIC,), Bound(by_partition={1: 40}))
    gone = "topic tag-events, partition 1: offsets 40 to 99 of the range are gone from the topic."
    with pytest.raises(UserError, match=gone):
        _survey(span)
    survey = _survey(span, accept_gone=True)
    assert _extents(survey) == {1: (40, 500, 100)}
    assert list(survey.notices) == [gone]
    assert brokers.held == {}


def test_a_topic_that_was_made_anew_under_a_replay_is_refused(brokers: Brokers) -> None:
    fix(KafkaSettings(group_id=GROUP), _survey().parts)
    brokers.edges[TOPIC, 0] = (0, 12)
    with pytest.raises(UserError, match=r"partition 0: the range ends at offset 1000, and the topic at 12"):
        _survey(accept_gone=True)


def test_what_is_done_is_not_missed_when_retention_takes_it(brokers: Brokers) -> None:
    survey = _survey()
    fix(KafkaSettings(group_id=GROUP), survey.parts)
    brokers.held = {key: (brokers.edges[key][1], brokers.held[key][1]) for key in brokers.held}
    brokers.edges[TOPIC, 0] = (2000, 3000)
    assert _survey().left == 0


@pytest.mark.parametrize(
    ("topics", "fault"),
    [
        (("nowhere",), "there is no topic nowhere"),
        (("^nowhere.*",), "no topic matches"),
        (("streamer.parked",), "streamer.parked is Streamer's own"),
    ],
)
def test_a_topic_that_cannot_be_replayed_is_refused(brokers: Brokers, topics: tuple[str, ...], fault: str) -> None:
    with pytest.raises(UserError, match=fault):
        _survey(Span(topics))
    assert brokers.held == {}


def test_offsets_by_partition_of_several_topics_are_refused(brokers: Brokers) -> None:
    brokers.edges["tag-shop", 0] = (0, 10)
    with pytest.raises(UserError, match="partitions of which topic"):
        _survey(Span(("^tag-.*",), Bound(by_partition={0: 1})))


def test_brokers_that_do_not_answer_are_a_sentence(brokers: Brokers, monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(*_: Any, **__: Any) -> Any:
        raise KafkaException(KafkaError(KafkaError._TIMED_OUT))

    monkeypatch.setattr(brokers, "committed", silent)
    monkeypatch.setattr("streamer.kafka.assigning.PATIENCE_SECONDS", 0)
    with pytest.raises(UserError, match=rf"Kafka did not tell the committed offsets of group {GROUP}"):
        _survey()


def test_ages_count_what_is_left_of_the_range_alone(brokers: Brokers) -> None:
    brokers.edges = {(TOPIC, 0): (0, 10 * DAY), (TOPIC, 1): (0, 0)}
    assert _survey().ages == Ages(8 * DAY, 3 * DAY, 0)
    survey = _survey(Span((TOPIC,), Bound(by_partition={0: 4 * DAY}), Bound(by_partition={0: 9 * DAY})))
    assert survey.ages == Ages(4 * DAY, 0, 0)


def test_everything_that_is_too_old_or_counted_twice_is_said_before() -> None:
    empty = Survey(GROUP, (), Ages(0, 0, 0), ())
    assert warnings(empty, NOW) == ["There is nothing in the range."]
    old = empty._replace(ages=Ages(3000, 2000, 1000), notices=("First.",))
    said = warnings(old, NOW)
    assert said[0] == "First."
    assert [word in " ".join(said) for word in ("62 days", "7 days", "48 hours", "too_old", "counted twice")] == [
        True
    ] * 5
    assert "--from 2026-09-14T16:13:20Z" in " ".join(said)


def test_a_replay_that_is_done_says_how_to_do_it_again(brokers: Brokers) -> None:
    fix(KafkaSettings(group_id=GROUP), _survey().parts)
    brokers.held = {key: (brokers.edges[key][1], brokers.held[key][1]) for key in brokers.held}
    assert read_note(brokers.held[TOPIC, 0][1]) is not None
    (said,) = warnings(_survey(), NOW)
    assert said == f"All of it is done in group {GROUP}; to do it again, give another --name."
