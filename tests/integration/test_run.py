"""``streamer run`` from end to end on a real Kafka: every event at Meta once, every offset accounted for."""

from itertools import product
from typing import Any, NamedTuple

import pytest
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient

from streamer.records.schema import builtin_schema_path
from streamer.records.wire import WireFormat
from tests.support.evidence import Fate, fates, receipts, wait_until_committed
from tests.support.kafka_cluster import KafkaCluster, Outgoing, eventually
from tests.support.product import SandboxProcess, Start, prepare
from tests.support.registry_server import RegistryServer
from tests.support.tag_events import PIXELS, encode, tag_event, tag_events

COUNT = 900
PARTITIONS = 3


class Case(NamedTuple):
    """A configuration, and how records are written for it."""

    config: dict[str, Any]
    wire_format: WireFormat
    schema_id: int


@pytest.fixture(params=product(("confluent", "single-object", "bare"), ("consumer", "classic")), ids="-".join)
def case(request: pytest.FixtureRequest, kafka: KafkaCluster, topic: str) -> Case:
    """Give a case of each wire format and group protocol; starts a registry for those that need one."""
    wire_format, protocol = request.param
    config = prepare(kafka, topic, PARTITIONS) | {"records": {"format": wire_format}}
    config["kafka"]["group_protocol"] = protocol
    if wire_format != "confluent":
        return Case(config, wire_format, 0)
    registry: RegistryServer = request.getfixturevalue("registry")
    schema = Schema(builtin_schema_path().read_text(), "AVRO")
    schema_id = SchemaRegistryClient({"url": registry.url}).register_schema(f"{topic}-value", schema)
    return Case(config | {"schema_registry": {"url": registry.url}}, wire_format, schema_id)


def test_every_event_arrives_once_and_each_offset_has_its_receipt_and_is_committed(
    kafka: KafkaCluster, topic: str, sandbox: SandboxProcess, start: Start, case: Case
) -> None:
    config, wire_format, schema_id = case
    values = [encode(tag_event(number), wire_format, schema_id) for number in range(COUNT)]
    kafka.produce(topic, [Outgoing(value, partition=at % PARTITIONS) for at, value in enumerate(values)])
    streamer = start(config)
    wait_until_committed(kafka, config)

    total = sandbox.ledger()["total"]
    assert (total["events"], total["distinct"], total["without_id"], total["refused"]) == (COUNT, COUNT, 0, 0)
    assert sandbox.ledger()["query_tokens"] == 0
    for at, pixel_id in enumerate(PIXELS):
        numbers = range(at, COUNT, len(PIXELS))
        assert sandbox.ids(pixel_id) == sorted(("Purchase", f"e-{number}") for number in numbers)
    assert fates(receipts(kafka, config)) == {
        (topic, number % PARTITIONS, number // PARTITIONS): [Fate(PIXELS[number % len(PIXELS)], "delivered")]
        for number in range(COUNT)
    }
    ledger = streamer.status()["ledger"]
    assert (ledger["read"], ledger["translated"], ledger["delivered"], ledger["balanced"]) == (COUNT,) * 3 + (True,)
    assert streamer.end() == 0
    assert kafka.group(topic).members == []


def test_a_stop_delivers_and_commits_what_was_read_and_a_new_start_sends_nothing_again(
    kafka: KafkaCluster, topic: str, sandbox: SandboxProcess, start: Start
) -> None:
    config = prepare(kafka, topic)
    config["window"]["seconds"] = 300  # nothing is sent before the stop
    kafka.produce(topic, map(Outgoing, tag_events(100)))
    first = start(config)
    eventually(lambda: first.status()["ledger"]["translated"] == 100)
    assert sandbox.ledger()["total"]["events"] == 0
    assert first.end() == 0
    assert sandbox.ledger()["total"]["distinct"] == 100
    wait_until_committed(kafka, config)

    config["window"]["seconds"] = 0.3
    kafka.produce(topic, map(Outgoing, tag_events(50, first=100)))
    second = start(config)
    wait_until_committed(kafka, config)
    assert second.status()["ledger"]["read"] == 50
    total = sandbox.ledger()["total"]
    assert (total["distinct"], total["doubles"]) == (150, 0)
    assert {tuple(each) for each in fates(receipts(kafka, config)).values()} == {
        (Fate(pixel_id, "delivered"),) for pixel_id in PIXELS
    }


def test_an_empty_topic_is_waited_on_and_its_first_record_is_taken(
    kafka: KafkaCluster, topic: str, sandbox: SandboxProcess, start: Start
) -> None:
    config = prepare(kafka, topic)
    streamer = start(config)
    assert streamer.status()["ledger"] | {"balanced": True, "read": 0} == streamer.status()["ledger"]
    kafka.produce(topic, map(Outgoing, tag_events(1)))
    eventually(lambda: sandbox.ledger()["total"]["distinct"] == 1)
    assert streamer.end() == 0


@pytest.mark.parametrize("protocol", ["consumer", "classic"])
def test_topics_by_expression_are_read_and_one_that_is_created_later_too(
    kafka: KafkaCluster, topic: str, sandbox: SandboxProcess, start: Start, protocol: str
) -> None:
    config = prepare(kafka, topic)
    kafka.create_topic(f"{topic}-web")
    kafka.create_topic(f"{topic}-else.where")
    config["kafka"] |= {"topics": [f"^{topic}-[a-z]+$"], "group_protocol": protocol}
    config["kafka"]["client"] = {"topic.metadata.refresh.interval.ms": 1000}
    kafka.produce(f"{topic}-web", map(Outgoing, tag_events(10)))
    kafka.produce(f"{topic}-else.where", map(Outgoing, tag_events(10, first=1000)))
    start(config)
    eventually(lambda: sandbox.ledger()["total"]["distinct"] == 10)
    kafka.create_topic(f"{topic}-shop", partitions=2)
    kafka.produce(f"{topic}-shop", map(Outgoing, tag_events(10, first=10)))
    eventually(lambda: sandbox.ledger()["total"]["distinct"] == 20, timeout=60)  # brokers look again after 10 s
    read = {place[0] for place in fates(receipts(kafka, config))}
    assert read == {f"{topic}-web", f"{topic}-shop"}


def test_an_expression_that_kafka_does_not_take_ends_with_a_sentence(
    kafka: KafkaCluster, topic: str, start: Start
) -> None:
    config = prepare(kafka, topic)
    config["kafka"]["topics"] = ["^else(?=where)"]
    with pytest.raises(RuntimeError, match=r"kafka\.topics: Kafka does not take \^else") as ended:
        start(config)
    assert "Traceback" not in str(ended.value)
