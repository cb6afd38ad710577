"""Replays of partitions whose offsets are not one after the other, or are gone."""

import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer

from tests.support.evidence import Fate, fates, receipts
from tests.support.kafka_cluster import COMPACTED, KafkaCluster, Outgoing, eventually
from tests.support.product import SandboxProcess, prepare
from tests.support.replays import Replays, alike, arrived, committed, derived, wait_for
from tests.support.tag_events import PIXELS

PIXEL = PIXELS[0]
DAY_MS = 86_400_000

Make = Callable[[Mapping[str, Any]], Replays]
"""Starts replays with a configuration, to which it adds the sandbox's address."""


@pytest.fixture
def replays(tmp_path: Path, sandbox: SandboxProcess) -> Iterator[Make]:
    """Give what makes replays; what still runs at the end of the test is ended."""
    made: list[Replays] = []

    def make(config: Mapping[str, Any]) -> Replays:
        meta = {**config["meta"], "base_url": sandbox.url}
        made.append(Replays(tmp_path, {**config, "meta": meta, "records": {"format": "bare"}}))
        return made[-1]

    try:
        yield make
    finally:
        for each in made:
            each.end_all()


def _produce(kafka: KafkaCluster, topic: str, count: int, **changes: Any) -> None:
    kafka.produce(topic, [Outgoing(alike(PIXEL, **changes))] * count)


def _large(kafka: KafkaCluster, topic: str) -> dict[str, Any]:
    """Write 200 records of 100 kB, of which librdkafka is to hold few, so that the others can be taken away from it."""
    config = prepare(kafka, topic, partitions=1)
    config["kafka"]["client"] = {"queued.min.messages": 1, "fetch.message.max.bytes": 1000}
    config["kafka"]["commit_interval_seconds"] = 0.2
    _produce(kafka, topic, 200, page_url="https://shop.example.com/" + "x" * 100_000)
    return config


@contextmanager
def _open_transaction(kafka: KafkaCluster, topic: str, records: int) -> Iterator[None]:
    """Write records that are neither committed nor aborted meanwhile."""
    producer = Producer({**kafka.client, "transactional.id": uuid.uuid4().hex})
    producer.init_transactions(30)
    producer.begin_transaction()
    for _ in range(records):
        producer.produce(topic, alike(PIXEL))
    producer.flush(30)
    try:
        yield
    finally:
        producer.abort_transaction(30)


def _compact(kafka: KafkaCluster, topic: str) -> list[int]:
    """Make a topic with gaps, and return the offsets that are left."""
    kafka.create_topic(topic, config=COMPACTED)
    keys = (str(at).encode() if at % 10 == 0 else b"the same" for at in range(400))
    kafka.produce(topic, [Outgoing(alike(PIXEL), key) for key in keys])

    def gaps() -> list[int]:
        kafka.produce(topic, [Outgoing(alike(PIXEL), b"closes the segment")])
        left = [message.offset() or 0 for message in kafka.read(topic)]
        return left if len(left) < 200 else []

    return eventually(gaps, interval=0.3)


def test_a_replay_ends_where_the_last_offset_is_none_of_a_record(
    kafka: KafkaCluster, topic: str, sandbox: SandboxProcess, replays: Make
) -> None:
    """Behind a compacted record, a transaction's marker, an aborted record, an open transaction, or nothing at all."""
    config = prepare(kafka, f"{topic}.empty", partitions=2)
    left = _compact(kafka, f"{topic}.compacted")
    gone = 255
    assert gone not in left
    marked = kafka.create_topic(f"{topic}.marked")
    kafka.produce_in_transaction(marked, [Outgoing(alike(PIXEL))] * 100, commit=True)
    kafka.produce_in_transaction(marked, [Outgoing(alike(PIXEL))] * 100, commit=False)
    kept = kafka.create_topic(f"{topic}.open")
    _produce(kafka, kept, 50)
    config["kafka"]["topics"] = [f"^{topic}[.](empty|marked|open|compacted)$"]
    job = replays(config)
    with _open_transaction(kafka, kept, 10):
        ended = job.run("--name", "ends", "--topic", f"^{topic}[.](empty|marked|open)$")
        bounded = job.run("--name", "gap", "--topic", f"{topic}.compacted", "--to-offset", gone + 1)
    assert (ended.status, bounded.status) == (0, 0), ended.said + bounded.said
    group = f"{topic}.empty.replay"
    assert committed(kafka, f"{group}.ends", marked) == {0: 202}
    assert committed(kafka, f"{group}.ends", kept) == {0: 50}
    assert committed(kafka, f"{group}.ends", f"{topic}.empty") == {0: 0, 1: 0}
    assert committed(kafka, f"{group}.gap", f"{topic}.compacted") == {0: gone + 1}
    wanted = derived(marked, 0, range(100)) + derived(kept, 0, range(50))
    wanted += derived(f"{topic}.compacted", 0, [offset for offset in left if offset <= gone])
    eventually(lambda: sandbox.ids(PIXEL) == sorted(wanted))
    assert sandbox.ledger()["total"]["doubles"] == 0


def test_records_of_the_range_that_are_gone_are_named_and_passed_over_only_when_that_is_accepted(
    kafka: KafkaCluster, topic: str, sandbox: SandboxProcess, replays: Make
) -> None:
    config = prepare(kafka, topic, partitions=1)
    _produce(kafka, topic, 300)
    kafka.delete_records(topic, {0: 100})
    job = replays(config)
    refused = job.run("--from-offset", 0)
    assert refused.status == 2
    assert f"topic {topic}, partition 0: offsets 0 to 99 of the range are gone from the topic." in refused.said
    assert "--accept-gone" in refused.said
    assert arrived(sandbox)[0] == 0
    accepted = job.run("--from-offset", 0, "--accept-gone")
    assert accepted.status == 0, accepted.said
    assert "offsets 0 to 99 of the range are gone" in accepted.said
    assert sandbox.ids(PIXEL) == derived(topic, 0, range(100, 300))


def test_a_record_that_goes_while_a_replay_is_on_its_way_to_it_ends_it_unfinished_and_with_its_place(
    kafka: KafkaCluster, topic: str, replays: Make
) -> None:
    job = replays(_large(kafka, topic))
    options = ("--name", "late", "--event", "None")
    running = job.start(*options, "--rate", 20)
    wait_for(kafka, running, f"{topic}.replay.late", topic, 10)
    kafka.delete_records(topic, {0: 180})
    ended = running.end()
    assert ended.status == 1, ended.said
    assert f"topic {topic}, partition 0: the next offset of the range, " in ended.said
    assert "Traceback" not in ended.said
    done = committed(kafka, f"{topic}.replay.late", topic)[0]
    assert 10 <= done < 180
    accepted = job.run(*options, "--accept-gone")
    assert (accepted.status, accepted.summary["read"]) == (0, 20), accepted.said
    assert f"offsets {done} to 179 of the range are gone" in accepted.said


def test_a_record_that_goes_under_way_is_passed_over_and_told_when_that_was_accepted(
    kafka: KafkaCluster, topic: str, replays: Make
) -> None:
    config = _large(kafka, topic)
    running = replays(config).start("--name", "late", "--event", "None", "--rate", 20, "--accept-gone")
    wait_for(kafka, running, f"{topic}.replay.late", topic, 10)
    kafka.delete_records(topic, {0: 180})
    ended = running.end()
    assert (ended.status, ended.summary["done"]) == (0, 200), ended.said
    assert 30 <= ended.summary["read"] < 200
    assert "offset out of range: jumped" in ended.said
    assert committed(kafka, f"{topic}.replay.late", topic) == {0: 200}


def test_what_is_too_old_is_warned_of_before_and_stops_no_replay(
    kafka: KafkaCluster, topic: str, sandbox: SandboxProcess, replays: Make
) -> None:
    """Though nearly all of it is dead-lettered, that is no bad deploy: the user chose the range."""
    config = prepare(kafka, topic, partitions=1)
    now = int(time.time() * 1000)
    ages = {70: 100, 20: 1900, 3: 200, 0: 50}
    for days, count in ages.items():
        at = now - days * DAY_MS
        record = Outgoing(alike(PIXEL, event_time=at), timestamp_ms=at)
        kafka.produce(topic, [record] * count)
    ended = replays(config).run("--name", "old")
    assert ended.status == 0, ended.said
    assert "About 100 of 2,250 records are older than 62 days" in ended.said
    assert "About 2,000 of 2,250 records are older than 7 days" in ended.said
    assert "About 2,200 of 2,250 records are older than 48 hours" in ended.said
    assert ended.summary["reasons"]["dead_lettered"] == {"too_old": 2000}
    assert ended.summary["outcomes"]["delivered"] == 250
    found = fates(receipts(kafka, config))
    assert found[topic, 0, 0] == [Fate(PIXEL, "dead_lettered", "too_old")]
    assert len(found) == 2250
    assert arrived(sandbox) == (250, 250, 0)
