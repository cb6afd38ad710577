"""Partitions that move between members while requests are in flight."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from confluent_kafka import Consumer

from tests.support.kafka_cluster import KafkaCluster, Outgoing, eventually
from tests.support.product import SandboxProcess, Start, StreamerProcess, prepare
from tests.support.tag_events import PIXELS, tag_events
from tests.support.watching import assert_all_arrived, catch_up, launch, metric, offsets, steps_back

BOTH = pytest.mark.parametrize("protocol", ["consumer", "classic"])
PARTITIONS = 4


def _prepare(kafka: KafkaCluster, topic: str, protocol: str, partitions: int = PARTITIONS) -> dict[str, Any]:
    config = prepare(kafka, topic, partitions)
    config["kafka"] |= {"group_protocol": protocol, "session_timeout_seconds": 6}
    if protocol == "classic":
        config["kafka"]["client"] = {"heartbeat.interval.ms": 500}  # members hear of a rebalance by it
    return config


def _produce(kafka: KafkaCluster, topic: str, count: int, first: int = 0) -> None:
    values = enumerate(tag_events(count, first))
    kafka.produce(topic, [Outgoing(value, partition=at % PARTITIONS) for at, value in values])


def _partitions(streamer: StreamerProcess) -> float:
    return metric(streamer, "streamer_partitions_owned")


@BOTH
def test_a_member_that_joins_and_leaves_while_requests_are_in_flight_costs_no_event_and_no_double(
    kafka: KafkaCluster, topic: str, sandbox: SandboxProcess, start: Start, protocol: str
) -> None:
    config = _prepare(kafka, topic, protocol)
    config["window"]["max_events"] = 50
    sandbox.script([{"then": {"latency": [1, 2]}}])
    with steps_back(kafka, config) as gone_back:
        _produce(kafka, topic, 2000)
        first = start(config)
        eventually(lambda: metric(first, "streamer_requests_in_flight") > 0)
        second = start(config)
        eventually(lambda: _partitions(first) == _partitions(second) == PARTITIONS / 2)
        _produce(kafka, topic, 2000, first=2000)
        eventually(lambda: metric(second, "streamer_requests_in_flight") > 0)
        assert second.end() == 0
        eventually(lambda: _partitions(first) == PARTITIONS)
        catch_up(kafka, config)
    assert gone_back == []
    assert_all_arrived(sandbox, 4000)
    assert sandbox.ledger()["total"]["doubles"] == 0
    assert first.status()["ledger"]["balanced"]
    assert first.end() == 0


@pytest.mark.parametrize("protocol", ["classic"])
def test_answers_that_come_after_a_partition_has_gone_count_for_nobody_even_if_it_came_back(
    kafka: KafkaCluster, topic: str, sandbox: SandboxProcess, start: Start, protocol: str
) -> None:
    config = _prepare(kafka, topic, protocol)
    config["stop"] = {"drain_seconds": 0.5}
    sandbox.script([{"then": {"latency": 5}}])
    _produce(kafka, topic, 1000)
    with steps_back(kafka, config) as gone_back:
        streamer = start(config)
        eventually(lambda: metric(streamer, "streamer_requests_in_flight") == len(PIXELS))
        with _guest(kafka, config) as guest:
            eventually(lambda: _assigned(guest) == PARTITIONS / 2, interval=0)
        eventually(lambda: _partitions(streamer) == PARTITIONS)
        assert metric(streamer, "streamer_requests_in_flight") >= len(PIXELS), "too slow: the answers are not late"
        sandbox.script([])
        catch_up(kafka, config)
    assert gone_back == []
    assert_all_arrived(sandbox, 1000)
    assert sandbox.ledger()["total"]["doubles"] == 500
    ledger = streamer.status()["ledger"]
    assert (ledger["forgotten"], ledger["delivered"]) == (500, 1000)
    assert (ledger["balanced"], ledger["in_flight"]) == (True, 0)
    assert streamer.end() == 0


@contextmanager
def _guest(kafka: KafkaCluster, config: dict[str, Any]) -> Iterator[Consumer]:
    """Give a member of the group that takes its share of the partitions and does nothing with them."""
    group = {"group.id": config["kafka"]["group_id"], "enable.auto.commit": False, "auto.offset.reset": "latest"}
    protocol: dict[str, Any] = {"group.protocol": config["kafka"]["group_protocol"]}
    if protocol["group.protocol"] == "classic":
        protocol |= {"partition.assignment.strategy": "cooperative-sticky", **config["kafka"]["client"]}
    guest = Consumer({**kafka.client, **group, **protocol})
    guest.subscribe(config["kafka"]["topics"])
    try:
        yield guest
    finally:
        guest.close()


def _assigned(guest: Consumer) -> int:
    guest.poll(0.05)
    return len(guest.assignment())


@pytest.mark.parametrize("protocol", ["consumer"])
def test_a_member_that_was_frozen_and_thought_dead_moves_no_offset_when_it_wakes_and_works_again(
    kafka: KafkaCluster, topic: str, sandbox: SandboxProcess, start: Start, protocol: str
) -> None:
    config = _prepare(kafka, topic, protocol)
    first, second = start(config), start(config)
    eventually(lambda: _partitions(first) == _partitions(second) == PARTITIONS / 2)
    with steps_back(kafka, config) as gone_back:
        sandbox.script([{"then": {"latency": 2}}])
        _produce(kafka, topic, 1000)
        eventually(lambda: metric(first, "streamer_requests_in_flight") == len(PIXELS))
        os.kill(first.pid, signal.SIGSTOP)
        try:
            eventually(lambda: _partitions(second) == PARTITIONS)
            sandbox.script([])
            catch_up(kafka, config)
            _produce(kafka, topic, 1000, first=1000)
            catch_up(kafka, config)
        finally:
            os.kill(first.pid, signal.SIGCONT)
        eventually(lambda: _partitions(first) == _partitions(second) == PARTITIONS / 2)
        _produce(kafka, topic, 1000, first=2000)
        catch_up(kafka, config)
    assert gone_back == []
    assert metric(first, "streamer_rebalances_total", kind="lost") == 1
    assert_all_arrived(sandbox, 3000)
    assert first.status()["ledger"]["balanced"]
    assert [first.end(), second.end()] == [0, 0]


@BOTH
def test_a_member_without_partitions_is_ready_and_takes_over_within_seconds_when_the_other_stops(
    kafka: KafkaCluster, topic: str, sandbox: SandboxProcess, start: Start, protocol: str
) -> None:
    config = _prepare(kafka, topic, protocol, partitions=1)
    first = start(config)
    eventually(lambda: _partitions(first) == 1)
    spare = start(config)  # returns when it is ready
    assert _partitions(spare) == 0
    kafka.produce(topic, map(Outgoing, tag_events(1000)))
    assert first.end() == 0
    began = time.monotonic()
    eventually(lambda: _partitions(spare) == 1)
    assert time.monotonic() - began < 5, "it was missed only when its session had run out"
    kafka.produce(topic, map(Outgoing, tag_events(1000, first=1000)))
    catch_up(kafka, config)
    assert_all_arrived(sandbox, 2000)
    assert sandbox.ledger()["total"]["doubles"] == 0
    assert offsets(kafka, config) == {0: 2000}


@BOTH
def test_a_restart_of_a_static_member_moves_no_partition_of_the_other(
    kafka: KafkaCluster, topic: str, sandbox: SandboxProcess, start: Start, protocol: str
) -> None:
    config = _prepare(kafka, topic, protocol)
    config["kafka"]["session_timeout_seconds"] = 30  # a classic group's
    staying, restarted = start(_static(config, "replica-0")), start(_static(config, "replica-1"))
    eventually(lambda: _partitions(staying) == _partitions(restarted) == PARTITIONS / 2)
    before = _rebalances(staying)
    _produce(kafka, topic, 1000)
    assert restarted.end() == 0
    restarted.run()
    eventually(lambda: _partitions(restarted) == PARTITIONS / 2)
    _produce(kafka, topic, 1000, first=1000)
    catch_up(kafka, config)
    assert _rebalances(staying) == before
    assert_all_arrived(sandbox, 2000)
    assert sandbox.ledger()["total"]["doubles"] == 0


@BOTH
def test_of_two_members_with_the_same_static_id_one_ends_and_says_why(
    kafka: KafkaCluster, topic: str, sandbox: SandboxProcess, start: Start, protocol: str
) -> None:
    config = _prepare(kafka, topic, protocol)
    first = start(_static(config, "replica-0"))
    second = start(_static(config, "replica-1"))
    assert second.end() == 0
    second.config.write_text(second.config.read_text().replace("replica-1", "replica-0"))
    launch(second)
    # a KIP-848 group keeps the one it has, a classic one takes the new one
    loser, winner = (second, first) if protocol == "consumer" else (first, second)
    assert loser.wait() == 2
    assert "kafka.group_instance_id" in loser.said()
    assert "Traceback" not in loser.said()
    kafka.produce(topic, map(Outgoing, tag_events(100)))
    eventually(lambda: sandbox.ledger()["total"]["distinct"] > 0)
    assert winner.running


def _static(config: dict[str, Any], instance_id: str) -> dict[str, Any]:
    return {**config, "kafka": {**config["kafka"], "group_instance_id": instance_id}}


def _rebalances(streamer: StreamerProcess) -> float:
    return metric(streamer, "streamer_rebalances_total", kind="revoked") + metric(
        streamer, "streamer_rebalances_total", kind="lost"
    )
