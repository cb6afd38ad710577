"""Topics: those to read, and the product's own. Pure, but for :func:`create_own`."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.cimpl import NewTopic

from streamer.preflight.cluster import ANSWER_SECONDS, Cluster
from streamer.preflight.finding import Finding, fault, ok, warning
from streamer.settings import KafkaSettings

DAY_MS = 86_400_000
RETENTION_MS = 30 * DAY_MS
"""Of the topics that ``--create-topics`` makes."""
SHORTEST_MS = 7 * DAY_MS
"""Less is warned of: Meta takes events of up to 7 days, so a parked record may be of use that long."""
HEADROOM = 64 * 1024
"""A copy carries headers that its original had not."""
_DEFAULT_MAX_BYTES = 1_048_588

Configs = Mapping[str, Mapping[str, str]]


class OwnTopic(NamedTuple):
    """One of the product's own topics."""

    key: str
    """The setting that names it."""
    name: str
    holds_copies: bool = False
    """Of whole records, with headers of ours."""
    compacted: bool = False


def own_topics(settings: KafkaSettings) -> tuple[OwnTopic, ...]:
    """Return the product's own topics."""
    return (
        OwnTopic("kafka.dead_letter_topic", settings.dead_letter_topic, holds_copies=True),
        OwnTopic("kafka.parked_topic", settings.parked_topic, holds_copies=True),
        OwnTopic("kafka.receipts_topic", settings.receipts_topic),
        OwnTopic("kafka.connections_topic", settings.connections_topic, compacted=True),
    )


def source_names(settings: KafkaSettings, topics: Iterable[str]) -> list[str]:
    """Return the topics that are there and will be read, in order."""
    return sorted({name for wanted in settings.topics for name in topics if _matches(settings, wanted, name)})


def check_sources(settings: KafkaSettings, topics: Mapping[str, int]) -> Iterator[Finding]:
    """Check each name or expression of ``kafka.topics`` against the topics that are there."""
    for wanted in settings.topics:
        name = f"topic {wanted}"
        matched = [topic for topic in topics if _matches(settings, wanted, topic)]
        if matched:
            partitions = sum(topics[topic] for topic in matched)
            count = f"{len(matched)} topics, " if wanted.startswith("^") else ""
            yield ok(name, f"{count}{partitions} partitions.")
        elif wanted.startswith("^"):
            whole = " It must match whole names." if settings.group_protocol == "consumer" else ""
            yield warning(name, f"kafka.topics: no topic matches {wanted} yet, or this user may not see any.{whole}")
        else:
            yield fault(name, f"kafka.topics: there is no topic {wanted}, or this user may not see it.")


def check_own(settings: KafkaSettings, topics: Mapping[str, int], configs: Configs) -> Iterator[Finding]:
    """Check that the product's own topics are there, and that their configuration suits them.

    :param configs: of own and source topics; those that are missing in it may not be looked into.
    """
    needed = largest_record(source_names(settings, topics), configs)
    for own in own_topics(settings):
        name = f"topic {own.name}"
        if own.name not in topics:
            yield fault(
                name,
                f"{own.key}: there is no topic {own.name}. Create it with `streamer check -c FILE --create-topics`, or "
                "by your own means.",
            )
        elif own.name not in configs:
            yield warning(name, f"{own.key}: it is there, but this user may not read its configuration.")
        else:
            found = list(_wrong_config(own, configs[own.name], needed))
            yield from found or [ok(name, f"{topics[own.name]} partitions.")]


def largest_record(sources: Iterable[str], configs: Configs) -> int:
    """Return how large a record in the source topics may be, in bytes."""
    limits = (
        int(configs[name]["max.message.bytes"]) for name in sources if "max.message.bytes" in configs.get(name, ())
    )
    return max(limits, default=_DEFAULT_MAX_BYTES)


def _wrong_config(own: OwnTopic, config: Mapping[str, str], needed: int) -> Iterator[Finding]:
    name = f"topic {own.name}"
    compacted = "compact" in config.get("cleanup.policy", "delete")
    if own.compacted and not compacted:
        yield fault(name, f"{own.key}: {own.name} must be compacted. Set cleanup.policy=compact on it.")
    if own.compacted:
        return
    if compacted:
        yield fault(
            name, f"{own.key}: {own.name} must not be compacted, or records are lost. Set cleanup.policy=delete."
        )
    limit = int(config.get("max.message.bytes", _DEFAULT_MAX_BYTES))
    if own.holds_copies and limit < needed:
        yield fault(
            name,
            f"{own.key}: {own.name} takes records of {limit} bytes, the topics to read have up to {needed}. Set "
            f"max.message.bytes={needed + HEADROOM} on it.",
        )
    retention = int(config.get("retention.ms", -1))
    if 0 <= retention < SHORTEST_MS:
        yield warning(
            name,
            f"{own.key}: {own.name} keeps records for only {retention / DAY_MS:.1f} days. "
            f"Set retention.ms={RETENTION_MS} on it to keep them for 30.",
        )


def create_own(settings: KafkaSettings, cluster: Cluster) -> Iterator[Finding]:
    """Create those of the product's own topics that are missing; with the broker's own replication factor."""
    sources = source_names(settings, cluster.topics)
    largest = largest_record(sources, cluster.configs(sources))
    missing = [own for own in own_topics(settings) if own.name not in cluster.topics]
    for own in own_topics(settings):
        if own not in missing:
            yield ok(f"create {own.name}", "It is there already; nothing was changed.")
    wanted = [_new_topic(own, largest) for own in missing]
    futures = cluster.admin.create_topics(wanted, operation_timeout=ANSWER_SECONDS) if wanted else {}
    for name, future in futures.items():
        try:
            future.result(2 * ANSWER_SECONDS)
            yield ok(f"create {name}", "Created.")
        except TimeoutError:
            yield fault(f"create {name}", "The brokers did not answer in time. Run the command again.")
        except KafkaException as error:
            yield _not_created(name, error.args[0])


def _not_created(name: str, error: KafkaError) -> Finding:
    if error.code() == KafkaError.TOPIC_ALREADY_EXISTS:
        return ok(f"create {name}", "It is there already; nothing was changed.")
    return fault(
        f"create {name}", f"The brokers refused to create it ({error.name()}). Ask for the right, or have it made."
    )


def _new_topic(own: OwnTopic, largest: int) -> NewTopic:
    if own.compacted:  # what nobody has told anew for so long is of no use, and the topic does not grow
        config = {"cleanup.policy": "compact,delete", "retention.ms": str(RETENTION_MS)}
        return NewTopic(own.name, num_partitions=1, replication_factor=-1, config=config)
    config = {"cleanup.policy": "delete", "retention.ms": str(RETENTION_MS)}
    if own.holds_copies:
        config["max.message.bytes"] = str(largest + HEADROOM)
    return NewTopic(own.name, num_partitions=-1, replication_factor=-1, config=config)


def _matches(settings: KafkaSettings, wanted: str, topic: str) -> bool:
    """Match as Kafka does: in a KIP-848 group the brokers do it and want whole names; else a beginning is enough."""
    if not wanted.startswith("^"):
        return wanted == topic
    match = re.fullmatch if settings.group_protocol == "consumer" else re.match
    return match(wanted, topic) is not None
