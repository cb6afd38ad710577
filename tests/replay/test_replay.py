"""The job: which settings it runs with, when it counts as finished, and how it ends when a record is gone."""

from dataclasses import replace
from typing import Any

import pytest

from streamer.errors import OffsetGoneError, UserError
from streamer.kafka.assigning import Start
from streamer.kafka.ends import Extent
from streamer.kafka.progress import Position
from streamer.ledger import Ledger, LedgerSnapshot
from streamer.metrics import Metrics
from streamer.outcomes import Outcome
from streamer.replay.parts import Ages, Part, Survey
from streamer.replay.rehearsal import NoMeta, NoTopics
from streamer.replay.replay import Order, Replay, Result, UnfinishedError, _gone, _Tally
from streamer.replay.span import Bound, Span
from streamer.sending import REAL
from streamer.settings import Settings
from streamer.translate.plan import Only

SETTINGS = Settings.model_validate(
    {
        "kafka": {"group_id": "live", "group_instance_id": "pod-0"},
        "records": {"format": "bare"},
        "delivery": {"gzip": True},
    }
)
SPAN = Span(("tag-events",), Bound(offset=5), only=Only(pixels=("1001",)))


def _part(partition: int, first: int, end: int, offset: int, held: int | None = None) -> Part:
    committed = None if held is None else Position(held, "")
    return Part(Extent(first, end, "ab"), Start("tag-events", partition, offset, [], committed))


def _survey(*parts: Part) -> Survey:
    return Survey("live.replay.x", parts, Ages(0, 0, 0), ())


def _ledger(translated: int, delivered: int) -> LedgerSnapshot:
    ledger = Ledger()
    ledger.translated("1001", translated)
    ledger.settled("1001", Outcome.DELIVERED, None, delivered)
    return ledger.snapshot()


def test_the_group_is_never_the_live_ones() -> None:
    kafka = Replay(SETTINGS, Order(SPAN, "x")).settings.kafka
    assert (kafka.group_id, kafka.on_out_of_range) == ("live.replay.x", "fail")
    named = Replay(SETTINGS, Order(SPAN)).settings.kafka.group_id
    assert named.startswith("live.replay.")
    assert Replay(SETTINGS, Order(SPAN, accept_gone=True)).settings.kafka.on_out_of_range == "earliest"


def test_no_group_is_joined_since_a_rebalance_would_take_the_partitions_away() -> None:
    job = Replay(SETTINGS, Order(SPAN, "x", rate=5))
    reading = job._reading([_part(0, 0, 10, 4), _part(1, 0, 7, 0)])
    assert (reading.settings.group_protocol, reading.settings.group_instance_id) == ("classic", None)
    assert reading.ends is not None
    assert [(start.partition, start.offset) for start in reading.ends.starts] == [(0, 4), (1, 0)]
    assert (reading.ends.of(("tag-events", 1)), reading.commits) == (7, True)
    assert reading.pace is not None
    assert Replay(SETTINGS, Order(SPAN, "x"))._reading([]).pace is None


def test_the_choice_of_events_survives_a_reload_of_the_pixels() -> None:
    sending = Replay(SETTINGS, Order(SPAN))._sending
    assert sending.translator.plan.only == SPAN.only


def test_a_dry_run_reaches_neither_meta_nor_kafka_and_probes_no_parked_pixel() -> None:
    job = Replay(SETTINGS, Order(SPAN, dry_run=True))
    assert job._sending._edges == (NoMeta, NoTopics)
    assert not job._reading([]).commits
    settings = job.settings
    assert (settings.parking.probes, settings.delivery.gzip) == (False, False)
    assert settings.delivery.probe_seconds > 10 * 365 * 86_400
    assert Replay(SETTINGS, Order(SPAN))._sending._edges == REAL


def test_a_name_that_no_group_should_have_is_refused_at_start() -> None:
    with pytest.raises(UserError, match="--name"):
        Replay(SETTINGS, Order(SPAN, "a b"))


def test_only_a_range_of_which_everything_has_its_outcome_is_finished() -> None:
    result = Result(_survey(_part(0, 0, 10, 0)), _ledger(9, 9), 10, 1.0, dry_run=False)
    assert result.finished
    assert not replace(result, done=9).finished
    assert not replace(result, ledger=_ledger(9, 8)).finished
    assert replace(result, survey=_survey(), done=0).finished


def test_what_is_done_is_counted_from_where_this_run_began_and_never_beyond_the_end() -> None:
    metrics = Metrics()
    tally = _Tally(metrics, [_part(0, 0, 100, 40, held=40), _part(1, 0, 50, 0)])
    assert tally.done == 0
    tally.committed("tag-events", 0, 40)
    assert tally.done == 0
    tally.committed("tag-events", 0, 70)
    tally.committed("tag-events", 1, 50)
    assert tally.done == 80
    tally.committed("tag-events", 0, 1000)
    assert tally.done == 110
    assert metrics.partitions == [("tag-events", 0, 1000, None), ("tag-events", 1, 50, None)]


def test_after_a_jump_over_what_is_gone_the_old_commit_counts_for_nothing() -> None:
    tally = _Tally(Metrics(), [_part(0, 0, 100, 60, held=10)])
    tally.committed("tag-events", 0, 10)
    assert tally.done == 0


def test_a_record_that_is_gone_ends_a_replay_unfinished_and_says_how_to_go_on() -> None:
    error: Any = _gone(OffsetGoneError("tag-events", 3, 77))
    assert isinstance(error, UnfinishedError)
    assert error.exit_status == 1
    assert "topic tag-events, partition 3: the next offset of the range, 77, is gone" in str(error)
    assert "--accept-gone" in str(error)
