"""librdkafka's own mock cluster as an embedded Kafka: for the demo and quick tests.

It keeps 5 MiB a partition and drops older records without a word, makes topics by itself with 4 partitions, and
answers no admin calls: it proves nothing about scale or replay.
"""

import logging

from confluent_kafka import Producer

_QUIET = logging.getLogger("streamer.demo.kafka")
_QUIET.addHandler(logging.NullHandler())
_QUIET.propagate = False


class EmbeddedKafka:
    """A mock cluster that lives as long as this object."""

    def __init__(self, brokers: int = 1) -> None:
        """Start it, on free ports of 127.0.0.1."""
        config = {"bootstrap.servers": "127.0.0.1", "test.mock.num.brokers": brokers, "log_level": 0}
        self._host = Producer(config, logger=_QUIET)
        known = self._host.list_topics(timeout=10).brokers.values()
        self.bootstrap_servers = ",".join(f"{broker.host}:{broker.port}" for broker in known)

    def make_topics(self, names: list[str]) -> None:
        """Create topics: asking for one is enough."""
        asker = Producer(
            {"bootstrap.servers": self.bootstrap_servers, "allow.auto.create.topics": True, "log_level": 0}
        )
        for name in names:
            asker.list_topics(name, timeout=10)
