"""Records that were written with other schemas than ours, and a schema registry that knows nothing or is away."""

import json
from collections.abc import Sequence
from copy import deepcopy
from typing import Any

from confluent_kafka.schema_registry import Schema, SchemaRegistryClient

from streamer.records.sample import first_version
from streamer.records.schema import AvroSchema, parse_schema
from tests.support.evidence import copies, wait_until_committed
from tests.support.forwarder import Forwarder
from tests.support.kafka_cluster import KafkaCluster, Outgoing, eventually
from tests.support.product import SandboxProcess, Start, prepare
from tests.support.registry_server import RegistryServer
from tests.support.tag_events import PIXELS, SCHEMA, encode, tag_event

PIXEL = PIXELS[0]
UNKNOWN_ID = 987_654


def _newer() -> AvroSchema:
    """Return the schema of a writer who has got ahead of us: new fields first, last, and in the user."""
    definition = deepcopy(SCHEMA.definition)
    definition["fields"].insert(0, {"name": "tenant", "type": "string", "default": ""})
    definition["fields"].append({"name": "scores", "type": {"type": "map", "values": "double"}, "default": {}})
    (user,) = (field["type"][1] for field in definition["fields"] if field["name"] == "user")
    user["fields"].insert(0, {"name": "title", "type": ["null", "string"], "default": None})
    return parse_schema(json.dumps(definition), "a newer version")


def _register(registry: RegistryServer, topic: str, schemas: Sequence[AvroSchema]) -> list[int]:
    """Register versions of one subject, each compatible with the one before or the registry would refuse it."""
    client = SchemaRegistryClient({"url": registry.url})
    texts = [json.dumps(schema.definition) for schema in schemas]
    return [client.register_schema(f"{topic}-value", Schema(text, "AVRO")) for text in texts]


def _prepare(kafka: KafkaCluster, topic: str, url: str) -> dict[str, Any]:
    return prepare(kafka, topic, 1) | {
        "records": {"format": "confluent"},
        "schema_registry": {"url": url, "timeout_seconds": 1},
    }


def test_an_older_writer_and_a_newer_one_are_read_as_our_own(
    kafka: KafkaCluster, registry: RegistryServer, topic: str, sandbox: SandboxProcess, start: Start
) -> None:
    schemas = [first_version(SCHEMA), SCHEMA, _newer()]
    ids = _register(registry, topic, schemas)
    assert len(set(ids)) == 3
    config = _prepare(kafka, topic, registry.url)
    event = tag_event(0, PIXEL)
    event["user"] |= {"first_name": "Ada", "phone": "+12125550123"}
    event["properties"]["items"] = [{"id": "sku-1", "quantity": 2, "price": 6.25}]
    newer = {**event, "tenant": "north", "scores": {"rfm": 0.5}, "user": {**event["user"], "title": "Dr"}}
    written = [event, event, newer]
    values = [
        encode(written[each % 3] | {"event_id": f"e-{each}"}, "confluent", ids[each % 3], schemas[each % 3])
        for each in range(30)
    ]
    kafka.produce(topic, map(Outgoing, values))
    start(config)
    wait_until_committed(kafka, config)
    bodies = [body | {"event_id": "e"} for body in sandbox.events(PIXEL)]
    assert len(bodies) == 30
    assert all(body == bodies[0] for body in bodies)
    assert bodies[0]["user_data"].keys() >= {"em", "fn", "ph"}
    assert bodies[0]["custom_data"]["contents"] == [{"id": "sku-1", "quantity": 2, "item_price": 6.25}]


def test_a_record_of_an_unknown_schema_is_dead_lettered_and_its_neighbours_are_delivered(
    kafka: KafkaCluster, registry: RegistryServer, topic: str, sandbox: SandboxProcess, start: Start
) -> None:
    (schema_id,) = _register(registry, topic, [SCHEMA])
    config = _prepare(kafka, topic, registry.url)
    values = [encode(tag_event(number, PIXEL), "confluent", schema_id) for number in range(3)]
    values[1] = encode(tag_event(1, PIXEL), "confluent", UNKNOWN_ID)
    kafka.produce(topic, map(Outgoing, values))
    start(config)
    wait_until_committed(kafka, config)
    assert sandbox.ids(PIXEL) == [("Purchase", "e-0"), ("Purchase", "e-2")]
    (copy,) = copies(kafka, config["kafka"]["dead_letter_topic"])
    assert (copy.value, copy.said["reason"], copy.said["origin.offset"]) == (values[1], "unknown_schema", "1")


def test_records_wait_while_the_registry_is_away_and_flow_when_it_is_back(
    kafka: KafkaCluster, registry: RegistryServer, topic: str, sandbox: SandboxProcess, start: Start
) -> None:
    (schema_id,) = _register(registry, topic, [SCHEMA])
    between = Forwarder(registry.url)
    config = _prepare(kafka, topic, between.url)
    kafka.produce(topic, [Outgoing(encode(tag_event(each, PIXEL), "confluent", schema_id)) for each in range(20)])
    streamer = start(config)
    assert eventually(streamer.not_ready_because) == ["the schema registry does not answer"]
    assert streamer.status()["ledger"]["translated"] == 0
    assert _nothing_committed(kafka, topic)
    with between.listening():
        wait_until_committed(kafka, config)
    assert streamer.not_ready_because() == []
    assert sandbox.ledger()["total"]["distinct"] == 20
    assert copies(kafka, config["kafka"]["dead_letter_topic"]) == []
    assert any(request.path.startswith("/schemas/ids/") for request in between.requests)


def test_a_stop_delivers_what_it_can_and_does_not_wait_for_a_registry_that_is_away(
    kafka: KafkaCluster, registry: RegistryServer, topic: str, sandbox: SandboxProcess, start: Start
) -> None:
    older, ours = _register(registry, topic, [first_version(SCHEMA), SCHEMA])
    between = Forwarder(registry.url)
    config = _prepare(kafka, topic, between.url) | {"window": {"seconds": 300}}
    with between.listening():
        streamer = start(config)
        kafka.produce(topic, [Outgoing(encode(tag_event(0, PIXEL), "confluent", ours))])
        eventually(lambda: streamer.status()["ledger"]["translated"] == 1)
    kafka.produce(topic, [Outgoing(encode(tag_event(1, PIXEL), "confluent", older, first_version(SCHEMA)))])
    eventually(streamer.not_ready_because)
    assert streamer.end(timeout=15) == 0
    assert sandbox.ids(PIXEL) == [("Purchase", "e-0")]
    assert {partition: at.offset for partition, at in kafka.committed(topic, topic).items()} == {0: 1}


def _nothing_committed(kafka: KafkaCluster, group: str) -> bool:
    return all(at.offset == 0 for at in kafka.committed(group, group).values())
