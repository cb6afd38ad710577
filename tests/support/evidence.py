"""What a run leaves behind in Kafka, read back: receipts, copies, commits."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, cast

from confluent_kafka import Message

from tests.support.kafka_cluster import KafkaCluster, eventually

Place = tuple[str, int, int]
"""Topic, partition, offset."""


class Fate(NamedTuple):
    """What a receipt says of one record and one pixel."""

    pixel_id: str | None
    outcome: str
    reason: str | None = None


class Copy(NamedTuple):
    """A record on the dead-letter or the parked topic."""

    value: bytes | None
    key: bytes | None
    headers: list[tuple[str, bytes | None]]
    """The original's."""
    said: dict[str, str]
    """The product's own headers, without their prefix."""


def receipts(kafka: KafkaCluster, config: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return all receipts, in order."""
    return [json.loads(message.value() or b"") for message in kafka.read(config["kafka"]["receipts_topic"])]


def fates(receipts: Iterable[Mapping[str, Any]]) -> dict[Place, list[Fate]]:
    """Return what became of each offset: as many fates as receipts name it, sorted."""
    found: dict[Place, list[Fate]] = defaultdict(list)
    for receipt in receipts:
        fate = Fate(receipt.get("pixel"), receipt["outcome"], receipt.get("reason"))
        places = [place for part in receipt["offsets"] for place in _places(part)]
        assert len(places) == receipt["events"], "a receipt counts other than it lists"
        for place in places:
            found[place].append(fate)
    return {place: sorted(each, key=str) for place, each in found.items()}


def copies(kafka: KafkaCluster, topic: str) -> list[Copy]:
    """Return all copies on a topic, in order."""
    found = []
    for message in kafka.read(topic):
        headers = headers_of(message)
        theirs = [(name, value) for name, value in headers if not name.startswith("streamer.")]
        ours = {name.removeprefix("streamer."): value for name, value in headers if name.startswith("streamer.")}
        said = {name: (value or b"").decode() for name, value in ours.items()}
        found.append(Copy(message.value(), message.key(), theirs, said))
    return found


def headers_of(message: Message) -> list[tuple[str, bytes | None]]:
    """Return a record's headers, in order."""
    return cast("list[tuple[str, bytes | None]]", message.headers() or [])


def wait_until_committed(kafka: KafkaCluster, config: Mapping[str, Any]) -> None:
    """Return when the group has committed the end, as it is now, of each topic it reads by name."""
    for topic in config["kafka"]["topics"]:
        ends = {partition: end for partition, end in kafka.end_offsets(topic).items() if end}
        eventually(lambda: _committed(kafka, config, topic) == ends)  # noqa: B023 - called within this turn


def _committed(kafka: KafkaCluster, config: Mapping[str, Any], topic: str) -> dict[int, int]:
    held = kafka.committed(config["kafka"]["group_id"], topic)
    return {partition: at.offset for partition, at in held.items() if at.offset}


def _places(part: Mapping[str, Any]) -> list[Place]:
    ranges = part["ranges"]
    return [
        (part["topic"], part["partition"], offset)
        for first, last in zip(ranges[::2], ranges[1::2], strict=True)
        for offset in range(first, last + 1)
    ]
