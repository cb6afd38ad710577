"""Members that are killed again and again under load: nothing is lost, and doubles are such as Meta can fold."""

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.support.evidence import copies, fates, receipts
from tests.support.kafka_cluster import KafkaCluster, Outgoing
from tests.support.product import SandboxProcess, Start, prepare
from tests.support.tag_events import PIXELS, encode, tag_event
from tests.support.watching import catch_up, steps_back

COUNT = 4000
PARTITIONS = 4
KILLS = 3
SECONDS_BETWEEN_KILLS = 2
BAD = [7, 1234, 2501, 3999]
"""Events that Meta refuses, and the whole request with them."""
JUNK = b"no tag event at all"
EVERY_SO_MANY = 250
"""A record of junk and a tombstone come after so many events."""

FAULTS: list[dict[str, Any]] = [
    {"match": {"event_id": [f"e-{number}" for number in BAD]}, "then": {"code": 100, "subcode": 2804003}},
    {"match": {"share": 0.03}, "then": {"close_after_body": True}},
    {"match": {"share": 0.03}, "then": {"code": 2}},
    {"then": {"latency": [0.05, 0.4]}},
]


def _load() -> Iterator[Outgoing]:
    for number in range(COUNT):
        partition = number % PARTITIONS
        yield Outgoing(encode(tag_event(number)), str(number).encode(), partition=partition)
        if number % EVERY_SO_MANY == 0:
            yield Outgoing(JUNK, str(number).encode(), partition=partition)
            yield Outgoing(None, str(number).encode(), partition=partition)


@contextmanager
def _producing(kafka: KafkaCluster, topic: str, seconds: float) -> Iterator[None]:
    """Produce the load meanwhile, spread over so many seconds; at the end all of it is there."""
    records = list(_load())
    portions = 40

    def produce() -> None:
        for at in range(portions):
            kafka.produce(topic, records[at::portions])
            time.sleep(seconds / portions)

    thread = threading.Thread(target=produce)
    thread.start()
    try:
        yield
    finally:
        thread.join()


@pytest.mark.parametrize("protocol", ["consumer", "classic"])
def test_kills_of_one_of_two_members_lose_nothing_and_double_nothing_that_meta_cannot_fold(
    kafka: KafkaCluster, topic: str, sandbox: SandboxProcess, start: Start, protocol: str
) -> None:
    config = prepare(kafka, topic, PARTITIONS)
    config["kafka"] |= {"group_protocol": protocol, "session_timeout_seconds": 6}
    config["delivery"] = {"backoff_max_seconds": 2}
    sandbox.script(FAULTS)
    members = [start(config), start(config)]
    draw = random.Random(7)
    with steps_back(kafka, config) as gone_back:
        with _producing(kafka, topic, KILLS * SECONDS_BETWEEN_KILLS):
            for _ in range(KILLS):
                time.sleep(SECONDS_BETWEEN_KILLS)
                victim = draw.choice(members)
                victim.kill()
                victim.run()
        catch_up(kafka, config)
    assert gone_back == []
    assert [member.end() for member in members] == [0, 0]

    good = [number for number in range(COUNT) if number not in BAD]
    for at, pixel_id in enumerate(PIXELS):
        assert sandbox.ids(pixel_id) == sorted(("Purchase", f"e-{number}") for number in good if number % 5 == at)
    total = sandbox.ledger()["total"]
    assert (total["distinct"], total["conflicts"], total["time_conflicts"]) == (len(good), 0, 0)

    places = {(topic, message.partition() or 0, message.offset() or 0): message for message in kafka.read(topic)}
    found = fates(receipts(kafka, config))
    assert found.keys() == places.keys()
    for place, message in places.items():
        expected = _expected(message.value(), int(message.key() or b""))
        assert {(fate.outcome, fate.reason) for fate in found[place]} == {expected}, place
    letters = copies(kafka, config["kafka"]["dead_letter_topic"])
    dead = {(copy.said["origin.partition"], copy.said["origin.offset"]): copy for copy in letters}
    assert len(dead) == len(BAD) + COUNT // EVERY_SO_MANY
    for (partition, offset), copy in dead.items():
        original = places[topic, int(partition), int(offset)]
        assert (copy.value, copy.key) == (original.value(), original.key())


def _expected(value: bytes | None, number: int) -> tuple[str, str | None]:
    if value is None:
        return "skipped", "tombstone"
    if value == JUNK:
        return "dead_lettered", "bad_framing"
    return ("dead_lettered", "refused_by_meta") if number in BAD else ("delivered", None)
