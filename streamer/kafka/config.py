"""What librdkafka is told: the product's own needs first, then whatever the user passes through."""

from typing import Any

from streamer.settings import KafkaSettings

_OURS = {
    "bootstrap.servers": "kafka.bootstrap_servers",
    "metadata.broker.list": "kafka.bootstrap_servers",
    "group.id": "kafka.group_id",
    "group.protocol": "kafka.group_protocol",
    "group.instance.id": "kafka.group_instance_id",
    "partition.assignment.strategy": "kafka.group_protocol",
    "session.timeout.ms": "kafka.session_timeout_seconds",
    "enable.idempotence": "nothing: Streamer needs it",
    "enable.auto.commit": "nothing: Streamer commits by itself",
    "enable.auto.offset.store": "nothing: Streamer commits by itself",
    "enable.partition.eof": "nothing: Streamer needs it",
    "auto.offset.reset": "kafka.start_from and kafka.on_out_of_range",
}


def refused_keys(settings: KafkaSettings) -> dict[str, str]:
    """Return the keys of ``kafka.client`` that are not the user's to set, each with the setting to use instead."""
    return {key: _OURS[key] for key in settings.client if key in _OURS}


def client_config(settings: KafkaSettings) -> dict[str, Any]:
    """Return what every client of the cluster shares."""
    return {"client.id": "streamer", **settings.client, "bootstrap.servers": settings.bootstrap_servers}


def consumer_config(settings: KafkaSettings, fetched_bytes: int) -> dict[str, Any]:
    """Return the consumer's configuration.

    Defaults that the user may override stand before ``kafka.client``, what correctness hangs on behind it.

    :param fetched_bytes: what librdkafka may hold of records that it has fetched.
    """
    return {
        "topic.metadata.refresh.interval.ms": 30_000,
        "max.poll.interval.ms": 300_000,
        "queued.min.messages": 10_000,
        "queued.max.messages.kbytes": fetched_bytes // 1024,
        "fetch.max.bytes": fetched_bytes // 2,
        "fetch.message.max.bytes": min(2**20, fetched_bytes // 2),
        "message.max.bytes": min(1_000_000, fetched_bytes // 2),
        # With small queues the default of a second would cut throughput sevenfold.
        "fetch.queue.backoff.ms": 20,
        **client_config(settings),
        "group.id": settings.group_id,
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        # The end of a partition tells the offset behind transaction markers, which no record does.
        "enable.partition.eof": True,
        # Never jump by itself: the setting on_out_of_range decides, see the consumer thread.
        "auto.offset.reset": "error",
        **_membership(settings),
    }


def _membership(settings: KafkaSettings) -> dict[str, Any]:
    static = {"group.instance.id": settings.group_instance_id} if settings.group_instance_id else {}
    if settings.group_protocol == "consumer":
        return {"group.protocol": "consumer", **static}
    return {
        "group.protocol": "classic",
        "partition.assignment.strategy": "cooperative-sticky",
        "session.timeout.ms": int(settings.session_timeout_seconds * 1000),
        **static,
    }


def producer_config(settings: KafkaSettings) -> dict[str, Any]:
    """Return the configuration of the producer that writes dead letters, parked records and receipts."""
    return {
        "compression.type": "lz4",
        "linger.ms": 20,
        # A copy carries headers its original had not; the broker's own limit is the one that counts.
        "message.max.bytes": 100_000_000,
        "queue.buffering.max.kbytes": 65_536,
        **client_config(settings),
        "enable.idempotence": True,
    }
