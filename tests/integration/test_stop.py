"""SIGTERM at bad moments, and a kill: what is left behind is sent by the next process, and nothing else is."""

import time
from typing import Any

from streamer.kafka.ranges import decode_completed
from tests.support.kafka_cluster import Committed, KafkaCluster, Outgoing, eventually
from tests.support.product import SandboxProcess, Start, StreamerProcess, get_json, prepare
from tests.support.tag_events import PIXELS, encode, tag_event, tag_events
from tests.support.watching import assert_all_arrived, catch_up, launch, offsets

LIMIT = 5.0
"""What ``stop.drain_seconds`` is set to."""
ROOM = 4.0
"""Seconds that ending may take beyond that, on a slow machine."""


def _prepare(kafka: KafkaCluster, topic: str) -> dict[str, Any]:
    return prepare(kafka, topic, partitions=1) | {"stop": {"drain_seconds": LIMIT}}


def _end(streamer: StreamerProcess) -> float:
    """End it by SIGTERM, make sure that it ends well, and return how many seconds that took."""
    began = time.monotonic()
    assert streamer.end(60) == 0
    return time.monotonic() - began


def test_a_throttle_of_an_hour_does_not_hold_up_a_stop_and_what_it_held_is_sent_by_the_next_process(
    kafka: KafkaCluster, topic: str, sandbox: SandboxProcess, start: Start
) -> None:
    config = _prepare(kafka, topic)
    throttle = {"code": 4, "headers": {"Retry-After": 3600}}
    long = {"code": 613, "headers": {"Retry-After": "3600"}}
    sandbox.script([{"match": {"pixel": PIXELS[0]}, "then": long}, {"match": {"pixel": PIXELS[1]}, "then": throttle}])
    values = list(tag_events(500))
    kafka.produce(topic, map(Outgoing, values[:250]))
    first = start(config)
    eventually(lambda: [pixel["state"] for pixel in first.status()["pixels"]].count("throttled") >= 2)
    kafka.produce(topic, map(Outgoing, values[250:]))
    eventually(lambda: first.status()["ledger"]["read"] == 500)
    assert _end(first) < LIMIT + ROOM
    assert offsets(kafka, config) == {0: 0}, "the first event is one that was held"

    sandbox.script([])
    second = start(config)
    catch_up(kafka, config)
    assert_all_arrived(sandbox, 500)
    status = second.status()["ledger"]
    assert status["already_settled"] + status["read"] == 500
    assert sandbox.ledger()["total"]["doubles"] == 0


def test_meta_that_never_answers_holds_up_a_stop_no_longer_than_the_drain_limit(
    kafka: KafkaCluster, topic: str, sandbox: SandboxProcess, start: Start
) -> None:
    config = _prepare(kafka, topic) | {"delivery": {"timeout_seconds": 300}}
    sandbox.script([{"then": {"hang": True}}])
    kafka.produce(topic, map(Outgoing, tag_events(500)))
    first = start(config)
    eventually(lambda: first.status()["load"]["requests_in_flight"] >= len(PIXELS))
    assert LIMIT < _end(first) < LIMIT + ROOM
    assert offsets(kafka, config) == {0: 0}

    sandbox.script([])
    start(config)
    catch_up(kafka, config)
    assert_all_arrived(sandbox, 500)


def test_what_was_delivered_behind_a_slow_request_is_not_sent_again_after_a_kill(
    kafka: KafkaCluster, topic: str, sandbox: SandboxProcess, start: Start
) -> None:
    config = _prepare(kafka, topic) | {"delivery": {"timeout_seconds": 300}}
    slow, *quick = PIXELS
    held = [0, 1000, 1001, 2999]
    sandbox.script([{"match": {"pixel": slow}, "then": {"hang": True}}])
    events = [tag_event(number, slow if number in held else quick[number % len(quick)]) for number in range(3000)]
    kafka.produce(topic, [Outgoing(encode(event)) for event in events])
    first = start(config)
    eventually(lambda: sandbox.ledger()["total"]["distinct"] == 3000 - len(held))
    eventually(lambda: _completed(kafka, topic) == 3000 - len(held))
    first.kill()
    assert offsets(kafka, config) == {0: 0}

    sandbox.script([])
    second = start(config)
    catch_up(kafka, config)
    assert sandbox.ids(slow) == sorted(("Purchase", f"e-{number}") for number in held)
    total = sandbox.ledger()["total"]
    assert (total["distinct"], total["doubles"]) == (3000, 0)
    ledger = second.status()["ledger"]
    assert (ledger["already_settled"], ledger["read"]) == (3000 - len(held), len(held))


def _completed(kafka: KafkaCluster, topic: str) -> int:
    """Return how many records are noted as completed beyond the committed offset of partition 0."""
    at = kafka.committed(topic, topic).get(0, Committed(0, ""))
    return sum(last + 1 - first for first, last in decode_completed(at.offset, at.metadata))


def test_a_stop_while_it_is_still_joining_its_group_ends_well(
    kafka: KafkaCluster, topic: str, sandbox: SandboxProcess, start: Start
) -> None:
    streamer = start(_prepare(kafka, topic))
    assert streamer.end() == 0
    launch(streamer, lambda: get_json(f"{streamer.url}/healthz/live") is not None)
    assert _end(streamer) < LIMIT + ROOM
    assert kafka.group(topic).members == []
