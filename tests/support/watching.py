"""Watching a run from outside: what its group commits over time, and what its metrics say."""

import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from confluent_kafka import Consumer, KafkaException, TopicPartition
from prometheus_client.parser import text_string_to_metric_families

from tests.support.kafka_cluster import KafkaCluster, eventually
from tests.support.product import SandboxProcess, StreamerProcess
from tests.support.tag_events import PIXELS


class StepBack(NamedTuple):
    """A committed offset that was lower than one seen before."""

    partition: int
    before: int
    after: int


def offsets(kafka: KafkaCluster, config: Mapping[str, Any]) -> dict[int, int]:
    """Return what the group has committed of the one topic it reads, by partition."""
    (topic,) = config["kafka"]["topics"]
    return {partition: at.offset for partition, at in kafka.committed(config["kafka"]["group_id"], topic).items()}


def catch_up(kafka: KafkaCluster, config: Mapping[str, Any], timeout: float = 60) -> None:
    """Return when the group has committed the end, as it is now, of the one topic it reads."""
    (topic,) = config["kafka"]["topics"]
    ends = {partition: end for partition, end in kafka.end_offsets(topic).items() if end}

    def caught_up() -> bool:
        try:
            return ends.items() <= offsets(kafka, config).items()
        except KafkaException:  # a broker under load, or one that is just coming back
            return False

    eventually(caught_up, timeout, 0.2)


@contextmanager
def steps_back(kafka: KafkaCluster, config: Mapping[str, Any]) -> Iterator[list[StepBack]]:
    """Look at the committed offsets ten times a second meanwhile, and note each that went back."""
    (topic,) = config["kafka"]["topics"]
    wanted = [TopicPartition(topic, partition) for partition in kafka.end_offsets(topic)]
    found: list[StepBack] = []
    done = threading.Event()

    def watch() -> None:
        highest: dict[int, int] = {}
        consumer = Consumer({**kafka.client, "group.id": config["kafka"]["group_id"], "enable.auto.commit": False})
        while not done.wait(0.1):
            try:
                held = consumer.committed(wanted, timeout=5)
            except KafkaException:
                continue
            for at in held:
                before = highest.get(at.partition, 0)
                if 0 <= at.offset < before:
                    found.append(StepBack(at.partition, before, at.offset))
                highest[at.partition] = max(before, at.offset)
        consumer.close()

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield found
    finally:
        done.set()
        thread.join()


def launch(streamer: StreamerProcess, ready: Callable[[], bool] = lambda: True) -> None:
    """Start it, and wait for ``ready`` alone: it may be about to end."""
    streamer.start([sys.executable, "-m", "streamer", "run", "-c", str(streamer.config)], ready)


def metric(streamer: StreamerProcess, name: str, **labels: str) -> float:
    """Return the sum of a metric's samples of that full name that carry these labels; 0 where there is none."""
    return sum(
        sample.value
        for family in text_string_to_metric_families(streamer.metrics())
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    )


def assert_all_arrived(sandbox: SandboxProcess, count: int) -> None:
    """Make sure that the sandbox took the first so many tag events, and only such doubles as Meta can fold."""
    for at, pixel_id in enumerate(PIXELS):
        numbers = range(at, count, len(PIXELS))
        assert sandbox.ids(pixel_id) == sorted(("Purchase", f"e-{number}") for number in numbers)
    total = sandbox.ledger()["total"]
    assert (total["conflicts"], total["time_conflicts"]) == (0, 0)
