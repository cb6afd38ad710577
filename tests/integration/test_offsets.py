"""Offsets that are not as simple as one after the other: gaps, offsets that are gone, topics that are made anew."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal, NamedTuple

import pytest
from confluent_kafka.cimpl import NewPartitions

from tests.support.kafka_cluster import COMPACTED, Committed, KafkaCluster, Outgoing, eventually
from tests.support.product import SandboxProcess, Start, StreamerProcess, prepare
from tests.support.tag_events import encode, tag_event, tag_events
from tests.support.watching import assert_all_arrived, catch_up, launch, metric, offsets

Moment = Literal["running", "starting"]
"""When an offset is found to be gone."""


def _distinct(sandbox: SandboxProcess) -> int:
    found: int = sandbox.ledger()["total"]["distinct"]
    return found


def _left_behind(kafka: KafkaCluster, config: dict[str, Any], start: Start, moment: Moment) -> StreamerProcess:
    """Return a consumer that has committed 100, and from which records 100 to 199 of 300 have been taken away.

    :param moment: it was running all the time, and merely slow, or it has just been started again.
    """
    (topic,) = config["kafka"]["topics"]
    kafka.produce(topic, map(Outgoing, tag_events(100)))
    streamer = start(config)
    catch_up(kafka, config)
    with _frozen(streamer) if moment == "running" else _ended(streamer):
        kafka.produce(topic, map(Outgoing, tag_events(200, first=100)))
        kafka.delete_records(topic, {0: 200})
    return streamer


@contextmanager
def _frozen(streamer: StreamerProcess) -> Iterator[None]:
    os.kill(streamer.pid, signal.SIGSTOP)
    try:
        time.sleep(1)  # the fetch that is under way must end without a record, after half a second
        yield
    finally:
        os.kill(streamer.pid, signal.SIGCONT)


@contextmanager
def _ended(streamer: StreamerProcess) -> Iterator[None]:
    assert streamer.end() == 0
    yield
    launch(streamer)


def test_the_ends_of_transactions_and_what_was_aborted_hold_no_commit_up(
    kafka: KafkaCluster, topic: str, sandbox: SandboxProcess, start: Start
) -> None:
    config = prepare(kafka, topic, partitions=1)
    kafka.produce_in_transaction(topic, map(Outgoing, tag_events(100)), commit=True)
    kafka.produce_in_transaction(topic, map(Outgoing, tag_events(100, first=1000)), commit=False)
    kafka.produce_in_transaction(topic, map(Outgoing, tag_events(100, first=100)), commit=True)
    streamer = start(config)
    catch_up(kafka, config)
    assert offsets(kafka, config) == {0: 303}
    kafka.produce_in_transaction(topic, map(Outgoing, tag_events(100, first=1000)), commit=False)
    catch_up(kafka, config)
    assert offsets(kafka, config) == {0: 404}
    assert metric(streamer, "streamer_lag") == 0
    assert streamer.end() == 0

    kafka.produce_in_transaction(topic, map(Outgoing, tag_events(100, first=200)), commit=True)
    start(config)
    catch_up(kafka, config)
    total = sandbox.ledger()["total"]
    assert (total["distinct"], total["doubles"]) == (300, 0)


def test_the_gaps_of_a_compacted_topic_hold_no_commit_up(
    kafka: KafkaCluster, topic: str, sandbox: SandboxProcess, start: Start
) -> None:
    config = prepare(kafka, topic, partitions=1)
    compacted = f"{topic}.compacted"
    kafka.create_topic(compacted, config=COMPACTED)
    config["kafka"]["topics"] = [compacted]
    keys = 20
    kafka.produce(compacted, [Outgoing(value, str(at % keys).encode()) for at, value in enumerate(tag_events(500))])

    closing = iter(range(1000, 2000))

    def gaps() -> bool:
        kafka.produce(compacted, [Outgoing(encode(tag_event(next(closing))), b"closes the segment")])
        return len(kafka.read(compacted)) < 500

    eventually(gaps, interval=0.3)
    start(config)
    catch_up(kafka, config)
    assert keys <= _distinct(sandbox) < 500


@pytest.mark.parametrize("moment", ["running", "starting"])
def test_an_offset_that_is_gone_ends_the_process_with_its_topic_partition_and_offset(
    kafka: KafkaCluster, topic: str, start: Start, moment: Moment
) -> None:
    streamer = _left_behind(kafka, prepare(kafka, topic, partitions=1), start, moment)
    assert streamer.wait() == 2
    said = streamer.said()
    assert f"topic {topic}, partition 0: the next offset to read, 100, is no longer in the topic" in said
    assert "kafka.on_out_of_range" in said
    assert "Traceback" not in said


class _Jump(NamedTuple):
    moment: Moment
    protocol: str
    policy: str
    read: int
    """Records that are left to be read."""


@pytest.mark.parametrize(
    "jump",
    [
        _Jump("running", "consumer", "earliest", 100),
        _Jump("running", "classic", "latest", 0),
        _Jump("starting", "consumer", "earliest", 100),
    ],
    ids=lambda jump: f"{jump.moment}-{jump.policy}",
)
def test_an_offset_that_is_gone_is_jumped_over_as_the_user_chose_and_the_jump_is_counted_and_logged(
    kafka: KafkaCluster, topic: str, sandbox: SandboxProcess, start: Start, jump: _Jump
) -> None:
    config = prepare(kafka, topic, partitions=1)
    config["kafka"] |= {"on_out_of_range": jump.policy, "group_protocol": jump.protocol}
    streamer = _left_behind(kafka, config, start, jump.moment)
    catch_up(kafka, config)
    assert metric(streamer, "streamer_offset_jumps_total", topic=topic, partition="0") == 1
    assert "offset out of range: jumped" in streamer.said()
    kafka.produce(topic, map(Outgoing, tag_events(10, first=5000)))
    catch_up(kafka, config)
    total = sandbox.ledger()["total"]
    assert (total["distinct"], total["doubles"]) == (100 + jump.read + 10, 0)
    assert streamer.end() == 0


@pytest.mark.parametrize("protocol", ["consumer", "classic"])
def test_a_topic_that_is_made_anew_under_way_is_read_and_committed_from_its_beginning(
    kafka: KafkaCluster, topic: str, sandbox: SandboxProcess, start: Start, protocol: str
) -> None:
    config = prepare(kafka, topic, partitions=1)
    config["kafka"] |= {"group_protocol": protocol, "on_out_of_range": "earliest"}
    kafka.produce(topic, map(Outgoing, tag_events(100)))
    streamer = start(config)
    catch_up(kafka, config)
    kafka.delete_topic(topic)
    eventually(lambda: topic not in kafka.admin.list_topics(timeout=5).topics)
    kafka.create_topic(topic)
    kafka.produce(topic, map(Outgoing, tag_events(50, first=100)))
    catch_up(kafka, config)
    assert offsets(kafka, config) == {0: 50}
    total = sandbox.ledger()["total"]
    assert (total["distinct"], total["doubles"]) == (150, 0)
    assert streamer.end() == 0


def test_a_topic_that_is_made_anew_while_nobody_runs_is_read_from_its_beginning(
    kafka: KafkaCluster, topic: str, sandbox: SandboxProcess, start: Start
) -> None:
    config = prepare(kafka, topic, partitions=1)
    config["kafka"]["on_out_of_range"] = "earliest"
    kafka.produce(topic, map(Outgoing, tag_events(50)))
    kafka.commit(
        topic, topic, {0: Committed(100, "")}
    )  # as a broker does that keeps the offsets of a topic that is gone
    start(config)
    catch_up(kafka, config)
    assert offsets(kafka, config) == {0: 50}
    assert _distinct(sandbox) == 50


@pytest.mark.parametrize("protocol", ["consumer", "classic"])
def test_partitions_that_are_added_under_way_are_read_from_their_first_record(
    kafka: KafkaCluster, topic: str, sandbox: SandboxProcess, start: Start, protocol: str
) -> None:
    config = prepare(kafka, topic, partitions=1)
    config["kafka"]["group_protocol"] = protocol
    if protocol == "classic":  # in a KIP-848 group the broker tells
        config["kafka"]["client"] = {"topic.metadata.refresh.interval.ms": 1000}
    streamer = start(config)
    kafka.produce(topic, map(Outgoing, tag_events(50)))
    catch_up(kafka, config)
    admin = kafka.admin
    admin.create_partitions([NewPartitions(topic, 3)])[topic].result(30)
    kafka.produce(topic, [Outgoing(value, partition=1 + at % 2) for at, value in enumerate(tag_events(50, first=50))])
    eventually(lambda: offsets(kafka, config) == {0: 50, 1: 25, 2: 25})
    assert_all_arrived(sandbox, 100)
    assert streamer.end() == 0


def test_the_offset_of_an_idle_partition_is_committed_anew_so_that_the_broker_does_not_forget_it(
    kafka: KafkaCluster, topic: str, sandbox: SandboxProcess, start: Start
) -> None:
    config = prepare(kafka, topic, partitions=1)
    config["kafka"]["recommit_interval_seconds"] = 0.5
    kafka.produce(topic, map(Outgoing, tag_events(10)))
    streamer = start(config)
    catch_up(kafka, config)
    before = kafka.end_offsets("__consumer_offsets")
    eventually(lambda: sum(kafka.end_offsets("__consumer_offsets").values()) >= sum(before.values()) + 3)
    assert offsets(kafka, config) == {0: 10}
    assert metric(streamer, "streamer_commit_failures_total") == 0
