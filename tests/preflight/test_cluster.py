"""What brokers say when asked, and what is told when they don't answer."""

import time
from typing import Any

import pytest

from streamer.errors import UserError
from streamer.preflight import check_kafka
from streamer.preflight.cluster import ANSWER_SECONDS, ask_cluster
from streamer.preflight.finding import Level
from streamer.preflight.topics import HEADROOM, RETENTION_MS, check_own, create_own
from streamer.settings import KafkaSettings
from tests.support.kafka_cluster import KafkaCluster, eventually
from tests.support.kafka_server import KafkaServer
from tests.support.ports import free_ports


def _named(kafka: KafkaCluster, topic: str) -> KafkaSettings:
    own = {f"{what}_topic": f"{topic}.{what}" for what in ("dead_letter", "parked", "receipts", "connections")}
    return KafkaSettings(bootstrap_servers=kafka.bootstrap, topics=[topic], **own)  # type: ignore[arg-type]


def test_no_broker_is_told_with_address_and_reason_within_seconds(capfd: pytest.CaptureFixture[str]) -> None:
    (port,) = free_ports(1)
    before = time.monotonic()
    with pytest.raises(UserError, match=rf"no broker answers at 127\.0\.0\.1:{port} \(TRANSPORT, ALL_BROKERS_DOWN\)"):
        ask_cluster(KafkaSettings(bootstrap_servers=f"127.0.0.1:{port}"))
    assert time.monotonic() - before < ANSWER_SECONDS + 2
    printed = capfd.readouterr()
    assert printed.out == ""
    # By the port, because clients of other tests, whose brokers are gone, write to the same standard error.
    assert str(port) not in printed.err, "librdkafka's own log is noise here"


@pytest.mark.parametrize(
    ("client", "words"),
    [
        ({"foo.bar": "geheim"}, "librdkafka knows no property foo.bar"),
        ({"security.protocol": "geheim"}, "does not take the value of security.protocol"),
        ({"ssl.key.pem": "geheim", "security.protocol": "ssl"}, "librdkafka does not take"),
    ],
)
def test_a_property_that_librdkafka_does_not_take_is_named_without_its_value(
    client: dict[str, Any], words: str
) -> None:
    with pytest.raises(UserError) as caught:
        ask_cluster(KafkaSettings(bootstrap_servers="127.0.0.1:1", client=client))
    assert words in str(caught.value)
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"sasl.password": "wrong"}, "refuse this user. Check sasl.mechanism, sasl.username and sasl.password"),
        ({"sasl.mechanism": "SCRAM-SHA-256"}, "refuse this user"),
        ({"ssl.ca.location": None}, "their certificate is not trusted (ssl.ca.location)"),
        ({"security.protocol": "SASL_PLAINTEXT"}, "no broker answers"),
    ],
)
def test_wrong_security_settings_are_told_as_such(
    kafka_server: KafkaServer, changes: dict[str, Any], words: str
) -> None:
    client = {**kafka_server.secure_client(), **changes}
    servers = client.pop("bootstrap.servers")
    given = {key: value for key, value in client.items() if value is not None}
    before = time.monotonic()
    with pytest.raises(UserError) as caught:
        ask_cluster(KafkaSettings(bootstrap_servers=servers, client=given))
    assert words in str(caught.value)
    assert time.monotonic() - before < ANSWER_SECONDS + 2


def test_right_security_settings_get_an_answer(kafka_server: KafkaServer) -> None:
    client = kafka_server.secure_client()
    servers = client.pop("bootstrap.servers")
    assert ask_cluster(KafkaSettings(bootstrap_servers=servers, client=client)).brokers == 1


def test_topics_that_were_created_are_as_they_should_be(kafka: KafkaCluster, topic: str) -> None:
    kafka.create_topic(topic, 2, {"max.message.bytes": "2000000"})
    settings = _named(kafka, topic)
    created = list(create_own(settings, ask_cluster(settings)))
    assert [(each.level, each.sentence) for each in created] == [(Level.OK, "Created.")] * 4
    cluster = _when_all_are_there(settings)
    own = [settings.dead_letter_topic, settings.parked_topic, settings.receipts_topic, settings.connections_topic]
    configs = cluster.configs([topic, *own])
    assert {each.level for each in check_own(settings, cluster.topics, configs)} == {Level.OK}
    for name in own[:2]:
        assert configs[name]["max.message.bytes"] == str(2_000_000 + HEADROOM)
    for name in own[:3]:
        assert configs[name]["retention.ms"] == str(RETENTION_MS)
    assert configs[own[3]]["cleanup.policy"] == "compact,delete"
    check_kafka(settings)  # which is what `run` does


def test_creating_twice_is_harmless_and_says_so(kafka: KafkaCluster, topic: str) -> None:
    kafka.create_topic(topic)
    settings = _named(kafka, topic)
    before = ask_cluster(settings)
    list(create_own(settings, before))
    # As somebody else may have created them meanwhile: by what is known now, and by what was known then.
    for cluster in (_when_all_are_there(settings), before):
        again = list(create_own(settings, cluster))
        assert {(each.level, each.sentence) for each in again} == {
            (Level.OK, "It is there already; nothing was changed.")
        }


def test_run_does_not_start_without_what_it_needs(kafka: KafkaCluster, topic: str) -> None:
    settings = _named(kafka, topic)
    with pytest.raises(UserError) as caught:
        check_kafka(settings)
    assert f"there is no topic {topic}" in str(caught.value)
    assert f"Streamer's own topics are missing: {topic}.dead_letter, {topic}.parked, {topic}.receipts" in str(
        caught.value
    )


def _when_all_are_there(settings: KafkaSettings) -> Any:
    def asked() -> Any:
        cluster = ask_cluster(settings)
        return cluster if settings.connections_topic in cluster.topics else None

    return eventually(asked)
