"""The servers of the tests are what they claim to be: if one of these fails, doubt the other failures first."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient, SchemaRegistryError

from tests.support.kafka_cluster import COMPACTED, Committed, KafkaCluster, Outgoing, eventually
from tests.support.kafka_server import KafkaServer
from tests.support.registry_server import RegistryServer


def _numbered(count: int, **settings: Any) -> list[Outgoing]:
    return [Outgoing(str(number).encode(), **settings) for number in range(count)]


def test_a_record_comes_back_with_its_key_headers_partition_and_time(kafka: KafkaCluster, topic: str) -> None:
    kafka.create_topic(topic, partitions=3)
    kafka.produce(topic, [Outgoing(None, b"key", [("from", b"here")], partition=2, timestamp_ms=1_700_000_000_000)])
    (message,) = kafka.read(topic)
    assert (message.value(), message.key(), message.partition()) == (None, b"key", 2)
    assert message.headers() == [("from", b"here")]
    assert message.timestamp()[1] == 1_700_000_000_000


def test_a_large_load_is_stored_whole_and_in_order(kafka: KafkaCluster, topic: str) -> None:
    kafka.create_topic(topic, partitions=2)
    kafka.produce(topic, _numbered(100_000, partition=1))
    assert kafka.end_offsets(topic) == {0: 0, 1: 100_000}
    assert [message.value() for message in kafka.read(topic)] == [str(number).encode() for number in range(100_000)]


def test_records_and_commits_survive_a_kill_of_the_broker(own_kafka: KafkaServer, topic: str) -> None:
    own_kafka.create_topic(topic)
    own_kafka.produce(topic, _numbered(100))
    own_kafka.commit("group", topic, {0: Committed(40, "kept")})
    first = own_kafka.pid
    own_kafka.kill()
    own_kafka.restart()
    assert own_kafka.pid != first
    assert len(own_kafka.read(topic)) == 100
    assert own_kafka.committed("group", topic) == {0: Committed(40, "kept")}
    own_kafka.produce(topic, _numbered(1))
    assert own_kafka.end_offsets(topic) == {0: 101}


@pytest.mark.parametrize("protocol", ["consumer", "classic"])
def test_members_of_either_protocol_join_and_share_the_partitions(
    kafka: KafkaCluster, topic: str, protocol: str
) -> None:
    kafka.create_topic(topic, partitions=4)
    settings: dict[str, Any] = {**kafka.client, "group.id": topic, "group.protocol": protocol}
    if protocol == "classic":
        settings["partition.assignment.strategy"] = "cooperative-sticky"
    with _member(settings, topic) as one, _member(settings, topic) as other:

        def shared() -> bool:
            one.poll(0.1)
            other.poll(0.1)
            return len(one.assignment()) == len(other.assignment()) == 2

        assert eventually(shared)
        members = kafka.group(topic).members
        assert sorted(len(member.assignment.topic_partitions) for member in members) == [2, 2]


@contextmanager
def _member(settings: dict[str, Any], topic: str) -> Iterator[Consumer]:
    consumer = Consumer(settings)
    consumer.subscribe([topic])
    try:
        yield consumer
    finally:
        consumer.close()


def test_transactions_leave_gaps_between_offsets(kafka: KafkaCluster, topic: str) -> None:
    kafka.create_topic(topic)
    kafka.produce_in_transaction(topic, _numbered(3), commit=True)
    kafka.produce_in_transaction(topic, _numbered(3), commit=False)
    kafka.produce_in_transaction(topic, _numbered(1), commit=True)
    assert [message.offset() for message in kafka.read(topic)] == [0, 1, 2, 8]
    assert [message.offset() for message in kafka.read(topic, isolation="read_uncommitted")] == [0, 1, 2, 4, 5, 6, 8]
    assert kafka.end_offsets(topic) == {0: 10}


def test_compaction_leaves_the_newest_record_of_a_key(kafka: KafkaCluster, topic: str) -> None:
    kafka.create_topic(topic, config=COMPACTED)
    kafka.produce(topic, _numbered(50, key=b"same"))

    def compacted() -> bool:
        kafka.produce(topic, [Outgoing(b"closes the segment", b"other")])
        return [message.value() for message in kafka.read(topic) if message.key() == b"same"] == [b"49"]

    assert eventually(compacted, interval=0.3)


def test_deleted_records_are_gone_from_the_start(kafka: KafkaCluster, topic: str) -> None:
    kafka.create_topic(topic)
    kafka.produce(topic, _numbered(10))
    kafka.delete_records(topic, {0: 7})
    assert [message.offset() for message in kafka.read(topic)] == [7, 8, 9]


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-512"])
def test_the_right_password_opens_the_secure_listener(kafka_server: KafkaServer, mechanism: str) -> None:
    assert AdminClient(kafka_server.secure_client(mechanism)).list_topics(timeout=10).brokers


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-512"])
def test_a_wrong_password_does_not_open_the_secure_listener(kafka_server: KafkaServer, mechanism: str) -> None:
    assert _fails_with(KafkaError._AUTHENTICATION, kafka_server.secure_client(mechanism, password="wrong"))


def test_a_client_that_does_not_know_the_authority_refuses_the_secure_listener(kafka_server: KafkaServer) -> None:
    settings = kafka_server.secure_client()
    del settings["ssl.ca.location"]
    assert _fails_with(KafkaError._SSL, settings)


def _fails_with(code: int, settings: dict[str, Any]) -> bool:
    """Whether a client that tries to connect reports an error of that code, and gets no answer."""
    errors: list[KafkaError] = []
    admin = AdminClient(settings | {"error_cb": errors.append})
    with pytest.raises(KafkaException):
        admin.list_topics(timeout=0.5)
    return eventually(lambda: admin.poll(0.1) >= 0 and any(error.code() == code for error in errors))


_WRITER = '{"type": "record", "name": "Thing", "fields": [{"name": "a", "type": "string"}]}'
_INCOMPATIBLE = '{"type": "record", "name": "Thing", "fields": [{"name": "b", "type": "string"}]}'


def test_the_registry_knows_what_was_registered_and_nothing_else(registry: RegistryServer, topic: str) -> None:
    client = SchemaRegistryClient({"url": registry.url})
    schema_id = client.register_schema(topic, Schema(_WRITER, "AVRO"))
    assert SchemaRegistryClient({"url": registry.url}).get_schema(schema_id).schema_str == _WRITER
    with pytest.raises(SchemaRegistryError) as unknown:
        client.get_schema(987_654)
    assert (unknown.value.http_status_code, unknown.value.error_code) == (404, 40403)


def test_the_registry_refuses_an_incompatible_schema_as_confluents_own_does(
    registry: RegistryServer, topic: str
) -> None:
    client = SchemaRegistryClient({"url": registry.url})
    client.register_schema(topic, Schema(_WRITER, "AVRO"))
    with pytest.raises(SchemaRegistryError) as refused:
        client.register_schema(topic, Schema(_INCOMPATIBLE, "AVRO"))
    assert refused.value.http_status_code == 409
