"""``streamer replay`` from end to end on a real Kafka: a range of 200,000 records, stopped, killed, shared, refused."""

import os
import signal
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.support.kafka_cluster import KafkaCluster, eventually
from tests.support.product import SandboxProcess, Start, prepare, sandbox_in
from tests.support.replays import (
    NAME,
    Replays,
    arrived,
    committed,
    derived,
    fill,
    wait_for,
)
from tests.support.tag_events import PIXELS

TOPIC = f"replayed-{uuid.uuid4().hex[:8]}"
FILLED = 4
"""Partitions with records; the fifth stays empty."""
EACH = 50_000
COUNT = FILLED * EACH
PIXEL_OF = PIXELS[:FILLED]
"""One pixel a partition."""


@pytest.fixture(scope="module")
def first_ms() -> int:
    """Give the timestamp of the first records, an hour ago; the others are a millisecond apart."""
    return int(time.time() * 1000) - 3_600_000


@pytest.fixture(scope="module")
def filled(kafka: KafkaCluster, first_ms: int) -> dict[str, Any]:
    """Give a configuration of a topic with 200,000 records."""
    config = prepare(kafka, TOPIC, FILLED + 1)
    fill(kafka, TOPIC, PIXEL_OF, EACH, first_ms)
    return config | {"records": {"format": "bare"}}


@pytest.fixture(scope="module")
def _sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    """Give a sandbox that keeps no bodies: a million of them would be too much."""
    with sandbox_in(tmp_path_factory.mktemp("sandbox"), "--keep", "ids") as sandbox:
        yield sandbox


@pytest.fixture
def config(filled: dict[str, Any], sandbox: SandboxProcess) -> dict[str, Any]:
    """Give that configuration, with the sandbox in Meta's place."""
    return filled | {"meta": {**filled["meta"], "base_url": sandbox.url}}


@pytest.fixture
def replays(tmp_path: Path, config: dict[str, Any]) -> Iterator[Replays]:
    """Give what starts replays of that topic; what still runs at the end of the test is ended."""
    replays = Replays(tmp_path, config)
    try:
        yield replays
    finally:
        replays.end_all()


def _group(name: str) -> str:
    return f"{TOPIC}.replay.{name}"


def test_a_replay_that_is_killed_goes_on_loses_nothing_and_ends_where_the_topic_ended_at_its_first_start(
    kafka: KafkaCluster, sandbox: SandboxProcess, replays: Replays
) -> None:
    ends = kafka.end_offsets(TOPIC)
    first = replays.start("--name", "killed")
    wait_for(kafka, first, _group("killed"), TOPIC, COUNT // 4)
    fill(kafka, TOPIC, PIXEL_OF, 100, int(time.time() * 1000))
    os.kill(first.process.pid, signal.SIGKILL)
    first.kill()
    taken, _, _ = arrived(sandbox)
    assert taken < COUNT, "it was killed too late to show anything"
    done = sum(committed(kafka, _group("killed"), TOPIC).values())
    ended = replays.run("--name", "killed")
    assert ended.status == 0, ended.said
    assert committed(kafka, _group("killed"), TOPIC) == ends
    for partition, pixel_id in enumerate(PIXEL_OF):
        assert sandbox.ids(pixel_id) == derived(TOPIC, partition, range(ends[partition]))
    events, distinct, conflicts = arrived(sandbox)
    assert (distinct, conflicts) == (sum(ends.values()), 0)
    assert events - distinct < COUNT // 4, "what was committed is not sent again"
    summary = ended.summary
    assert summary["finished"]
    assert {each["partition"]: each["to"] for each in summary["partitions"]} == ends
    assert summary["left_at_start"] == summary["done"] == sum(ends.values()) - done
    assert summary["outcomes"]["delivered"] == summary["read"]
    again = replays.run("--name", "killed")
    assert (again.status, again.summary["done"], again.summary["read"]) == (0, 0, 0)


def test_two_workers_share_a_range_and_each_record_is_sent_by_one_of_them(
    kafka: KafkaCluster, sandbox: SandboxProcess, replays: Replays
) -> None:
    ends = kafka.end_offsets(TOPIC)
    chosen = ("--pixel", PIXEL_OF[0], "--pixel", PIXEL_OF[1])
    workers = [
        replays.start("--name", "shared", "--workers", 2, *chosen, env={"JOB_COMPLETION_INDEX": str(index)})
        for index in range(2)
    ]
    summaries = []
    for worker in workers:
        ended = worker.end()
        assert ended.status == 0, ended.said
        summaries.append(ended.summary)
    partitions = [[each["partition"] for each in summary["partitions"]] for summary in summaries]
    assert partitions == [[0, 2, 4], [1, 3]]
    assert committed(kafka, _group("shared"), TOPIC) == ends
    assert sum(summary["read"] for summary in summaries) == sum(ends.values()) >= COUNT
    for summary, partition in zip(summaries, (0, 1), strict=True):
        assert summary["outcomes"]["delivered"] == ends[partition]
        assert summary["reasons"]["skipped"] == {"not_chosen": summary["read"] - ends[partition]}
        assert sandbox.ids(PIXEL_OF[partition]) == derived(TOPIC, partition, range(ends[partition]))
    assert arrived(sandbox) == (ends[0] + ends[1], ends[0] + ends[1], 0)


def test_a_dry_run_counts_what_would_happen_and_sends_writes_and_commits_nothing(
    kafka: KafkaCluster, sandbox: SandboxProcess, replays: Replays, config: dict[str, Any]
) -> None:
    own = [config["kafka"][f"{what}_topic"] for what in ("dead_letter", "parked", "receipts", "connections")]
    before = [kafka.end_offsets(topic) for topic in own]
    count = FILLED * 5000
    ended = replays.run("--name", "rehearsed", "--dry-run", "--to-offset", 5000)
    assert ended.status == 0, ended.said
    assert (ended.summary["read"], ended.summary["outcomes"]["delivered"]) == (count, count)
    assert sandbox.ledger()["total"]["requests"] == 0
    assert [kafka.end_offsets(topic) for topic in own] == before
    assert kafka.committed(_group("rehearsed"), TOPIC) == {}


def test_times_in_the_middle_of_partitions_bound_a_replay_to_the_record(
    sandbox: SandboxProcess, replays: Replays, first_ms: int
) -> None:
    first, behind = 10_000, 10_500
    ended = replays.run("--from", _time(first_ms + first), "--to", _time(first_ms + behind))
    assert ended.status == 0, ended.said
    for partition, pixel_id in enumerate(PIXEL_OF):
        assert sandbox.ids(pixel_id) == derived(TOPIC, partition, range(first, behind))
    assert ended.summary["read"] == ended.summary["outcomes"]["delivered"] == FILLED * (behind - first)


def _time(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat()


def test_offsets_bound_a_replay_partition_by_partition_and_all_others_are_left_alone(
    kafka: KafkaCluster, sandbox: SandboxProcess, replays: Replays
) -> None:
    ended = replays.run("--name", "some", "--from-offset", "0:49000,2:7", "--to-offset", "0:49500,2:9")
    assert ended.status == 0, ended.said
    assert sandbox.ids(PIXEL_OF[0]) == derived(TOPIC, 0, range(49_000, 49_500))
    assert sandbox.ids(PIXEL_OF[2]) == derived(TOPIC, 2, (7, 8))
    assert arrived(sandbox) == (502, 502, 0)
    assert committed(kafka, _group("some"), TOPIC) == {0: 49_500, 2: 9}


def test_a_stop_says_how_to_go_on_and_nothing_is_sent_twice_then(
    kafka: KafkaCluster, sandbox: SandboxProcess, replays: Replays
) -> None:
    options = ("--name", "stopped", "--to-offset", 1000, "--rate", 500, "--serve")
    began = time.monotonic()
    first = replays.start(*options)
    wait_for(kafka, first, _group("stopped"), TOPIC, 1200)
    assert time.monotonic() - began > 1200 / 500, "more was read than 500 a second"
    status = first.status()
    assert (status["not_ready_because"], len(status["partitions"])) == ([], FILLED)
    assert all(each["lag"] + each["committed"] == 1000 for each in status["partitions"]), "lag counts to the end"
    ended = first.stop()
    assert (ended.status, ended.summary["finished"]) == (1, False)
    done = ended.summary["done"]
    assert 1200 <= done == sum(committed(kafka, _group("stopped"), TOPIC).values()) < 4000
    again = replays.run("--name", "stopped", "--to-offset", 1000)
    assert (again.status, again.summary["done"]) == (0, 4000 - done), again.said
    assert arrived(sandbox) == (4000, 4000, 0)


def test_a_live_consumer_beside_a_replay_keeps_its_offsets_and_gives_events_the_same_ids(
    kafka: KafkaCluster, sandbox: SandboxProcess, replays: Replays, start: Start, config: dict[str, Any]
) -> None:
    config["kafka"] = {**config["kafka"], "start_from": "latest"}
    live = start(config)
    eventually(lambda: committed(kafka, TOPIC, TOPIC) == kafka.end_offsets(TOPIC))
    fresh = kafka.end_offsets(TOPIC)
    fill(kafka, TOPIC, PIXEL_OF, 250, int(time.time() * 1000))
    eventually(lambda: committed(kafka, TOPIC, TOPIC) == kafka.end_offsets(TOPIC))
    before = kafka.committed(TOPIC, TOPIC)
    bounds = ",".join(f"{partition}:{fresh[partition]}" for partition in range(FILLED))
    ended = replays.run("--from-offset", bounds)
    assert ended.status == 0, ended.said
    assert kafka.committed(TOPIC, TOPIC) == before
    assert arrived(sandbox) == (FILLED * 500, FILLED * 250, 0)
    for partition, pixel_id in enumerate(PIXEL_OF):
        assert sandbox.ids(pixel_id) == derived(TOPIC, partition, range(fresh[partition], fresh[partition] + 250))
    assert len(kafka.group(TOPIC).members) == 1
    assert live.end() == 0


def test_a_name_that_belongs_to_another_range_is_refused_and_nothing_is_sent(
    kafka: KafkaCluster, sandbox: SandboxProcess, replays: Replays
) -> None:
    assert replays.run("--name", "taken", "--to-offset", 5).status == 0
    held = kafka.committed(_group("taken"), TOPIC)
    for other in (("--to-offset", 6), ("--to-offset", 5, "--pixel", PIXEL_OF[0])):
        ended = replays.run("--name", "taken", *other)
        assert ended.status == 2
        assert f"group {_group('taken')} holds the offsets of another range or other filters" in ended.said
        assert "Traceback" not in ended.said
    assert kafka.committed(_group("taken"), TOPIC) == held
    assert arrived(sandbox)[0] == FILLED * 5


def test_the_same_command_without_a_name_finds_its_own_group_again(replays: Replays, sandbox: SandboxProcess) -> None:
    first, second = (replays.run("--from-offset", 3, "--to-offset", 6, "--event", NAME) for _ in range(2))
    assert (first.status, first.summary["done"]) == (0, 3 * FILLED)
    assert (second.status, second.summary["done"]) == (0, 0)
    assert first.summary["group"] == second.summary["group"]
    assert arrived(sandbox)[0] == 3 * FILLED
