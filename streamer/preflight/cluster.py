"""The Kafka cluster as its brokers describe it: topics, their configuration, and why no broker answers."""

import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import ConfigResource
from confluent_kafka.admin._resource import ResourceType

from streamer.errors import UnreachableError, UserError
from streamer.kafka.config import client_config
from streamer.settings import KafkaSettings

ANSWER_SECONDS = 8.0
"""How long brokers may take to answer."""

_TRY_SECONDS = 0.5
_HOPELESS = frozenset({KafkaError._AUTHENTICATION, KafkaError._SSL})  # noqa: SLF001 - librdkafka's names for its own errors


@dataclass(frozen=True, slots=True)
class Cluster:
    """What the brokers said when asked."""

    admin: AdminClient
    brokers: int
    topics: Mapping[str, int]
    """Number of partitions by name, of every topic that this user may see."""

    def configs(self, names: Iterable[str]) -> dict[str, dict[str, str]]:
        """Return the configuration of topics by name; one that this user may not look into is not in it."""
        resources = [ConfigResource(ResourceType.TOPIC, name) for name in names]
        asked = self.admin.describe_configs(resources, request_timeout=ANSWER_SECONDS) if resources else {}
        found: dict[str, dict[str, str]] = {}
        for resource, future in asked.items():
            try:
                found[resource.name] = {key: str(entry.value) for key, entry in future.result(ANSWER_SECONDS).items()}
            except (KafkaException, TimeoutError):
                continue
        return found


def ask_cluster(settings: KafkaSettings) -> Cluster:
    """Ask the brokers what is there; blocks for at most :data:`ANSWER_SECONDS`, less when it is hopeless.

    :raises UserError: if librdkafka does not take ``kafka.client``, or refuse this user; it says why.
    :raises UnreachableError: if no broker answers.
    """
    errors: list[KafkaError] = []
    config: dict[str, Any] = client_config(settings) | {"error_cb": errors.append, "log_level": 0}
    try:
        admin = AdminClient(config)
    except (KafkaException, TypeError, ValueError) as error:
        raise UserError(f"kafka.client: {_refused(error)}") from None
    deadline = time.monotonic() + ANSWER_SECONDS
    while True:
        try:
            found = admin.list_topics(timeout=_TRY_SECONDS)
            break
        except KafkaException as error:
            admin.poll(0)  # calls error_cb with the reasons
            hopeless = any(each.code() in _HOPELESS for each in errors)
            if hopeless or time.monotonic() > deadline:
                said = _silence(settings.bootstrap_servers, [*errors, error.args[0]])
                raise (UserError if hopeless else UnreachableError)(said) from None
    topics = {name: len(topic.partitions) for name, topic in found.topics.items() if topic.error is None}
    return Cluster(admin, len(found.brokers), topics)


def _refused(error: Exception) -> str:
    """Say which property librdkafka refused; its own text can hold the value."""
    text = str(error.args[0].str() if isinstance(error, KafkaException) else error)
    unknown = re.search(r'No such configuration property: "([^"]*)"', text)
    if unknown:
        return f"librdkafka knows no property {unknown[1]}. Its names: CONFIGURATION.md of librdkafka."
    known = re.search(r'configuration property "([^"]*)"', text)
    what = f"the value of {known[1]}" if known else "these properties, or their combination"
    return f"librdkafka does not take {what}. Compare with CONFIGURATION.md of librdkafka."


def _silence(servers: str, errors: list[KafkaError]) -> str:
    codes = {error.code() for error in errors}
    if KafkaError._AUTHENTICATION in codes:  # noqa: SLF001 - librdkafka's name
        return (
            f"kafka.client: the brokers at {servers} refuse this user. Check sasl.mechanism, sasl.username and "
            "sasl.password."
        )
    if KafkaError._SSL in codes:  # noqa: SLF001 - librdkafka's name
        text = " ".join(error.str() for error in errors).lower()
        why = (
            "their certificate is not trusted (ssl.ca.location)"
            if "certificate verify failed" in text
            else "check security.protocol, and ssl.* in kafka.client"
        )
        return f"kafka.client: no TLS connection to the brokers at {servers}: {why}."
    reasons = ", ".join(dict.fromkeys(error.name().removeprefix("_") for error in errors))
    return (
        f"kafka.bootstrap_servers: no broker answers at {servers} ({reasons}). Check the address, that the brokers are "
        "up, and the security settings in kafka.client."
    )
