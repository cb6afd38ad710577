"""What a test does with Kafka: topics, records, offsets and groups.

All calls block: in a coroutine use ``asyncio.to_thread``.
"""

import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeVar

from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    Producer,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._group import ConsumerGroupDescription
from confluent_kafka.admin._listoffsets import OffsetSpec
from confluent_kafka.cimpl import NewTopic

T = TypeVar("T")


COMPACTED = {
    "cleanup.policy": "compact",
    "segment.ms": "100",
    "min.cleanable.dirty.ratio": "0.01",
    "min.compaction.lag.ms": "0",
    "max.compaction.lag.ms": "100",
    "delete.retention.ms": "100",
}
"""Topic configuration under which the broker compacts within a second or two.

The newest segment stays as it is: append a record to close it.
"""


class Outgoing(NamedTuple):
    """A record to be produced."""

    value: bytes | None
    key: bytes | None = None
    headers: Sequence[tuple[str, bytes]] = ()
    partition: int | None = None
    """None: by the hash of the key."""
    timestamp_ms: int = 0
    """0: now."""


class Committed(NamedTuple):
    """What a group has committed for a partition."""

    offset: int
    metadata: str


def eventually(check: Callable[[], T], timeout: float = 30, interval: float = 0.05) -> T:
    """Call until the answer is true, and return it; AssertionError, with the last one, after that many seconds."""
    deadline = time.monotonic() + timeout
    while not (answer := check()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout} s; the last answer was {answer!r}")
        time.sleep(interval)
    return answer


class KafkaCluster:
    """A running Kafka, seen by a client."""

    def __init__(self, bootstrap: str) -> None:
        self.bootstrap = bootstrap

    @property
    def client(self) -> dict[str, Any]:
        """Settings for any client of confluent-kafka: quiet while the broker is away, and soon back when it returns."""
        return {"bootstrap.servers": self.bootstrap, "reconnect.backoff.max.ms": 500, "log_level": 0}

    @property
    def admin(self) -> AdminClient:
        """A new client for administration: bind it to a name, since one that is dropped early never answers."""
        return AdminClient(self.client)

    # topics

    def create_topic(self, name: str, partitions: int = 1, config: Mapping[str, str] | None = None) -> str:
        """Create a topic, wait until its partitions can be used, and return its name."""
        admin = self.admin
        topic = NewTopic(name, num_partitions=partitions, replication_factor=1, config=dict(config or {}))
        admin.create_topics([topic])[name].result(30)

        def led() -> bool:
            known = admin.list_topics(name, timeout=5).topics[name].partitions
            return len(known) == partitions and all(each.leader >= 0 for each in known.values())

        eventually(led)
        return name

    def delete_topic(self, name: str) -> None:
        """Delete a topic."""
        admin = self.admin
        admin.delete_topics([name])[name].result(30)

    def delete_records(self, topic: str, before: Mapping[int, int]) -> None:
        """Drop what lies before an offset of each partition, as retention does."""
        ends = [TopicPartition(topic, partition, offset) for partition, offset in before.items()]
        admin = self.admin
        for future in admin.delete_records(ends).values():
            future.result(30)

    # records

    def produce(self, topic: str, records: Iterable[Outgoing]) -> None:
        """Produce, in order within each partition, and wait until the broker has acknowledged every record."""
        producer = Producer({**self.client, "linger.ms": 5, "enable.idempotence": True})
        producer.list_topics(topic, timeout=60)  # connects: while nothing does, idempotence takes half a second
        _send(producer, topic, records)

    def produce_in_transaction(self, topic: str, records: Iterable[Outgoing], *, commit: bool) -> None:
        """Produce in one transaction, and commit or abort it: either way its end takes an offset of its own."""
        producer = Producer({**self.client, "transactional.id": uuid.uuid4().hex})
        producer.init_transactions(30)
        producer.begin_transaction()
        _send(producer, topic, records)
        if commit:
            producer.commit_transaction(30)
        else:
            producer.abort_transaction(30)

    def read(self, topic: str, timeout: float = 60, isolation: str = "read_committed") -> list[Message]:
        """Read a topic from its beginning to its end as it stands, in the order of partition and offset."""
        settings = {"group.id": f"reader-{uuid.uuid4().hex}", "enable.auto.commit": False, "enable.partition.eof": True}
        consumer = Consumer({**self.client, **settings, "isolation.level": isolation, "fetch.wait.max.ms": 10})
        try:
            open_ends = set(consumer.list_topics(topic, timeout=10).topics[topic].partitions)
            consumer.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for partition in open_ends])
            found: list[Message] = []
            deadline = time.monotonic() + timeout
            while open_ends:
                assert time.monotonic() < deadline, f"no end of {topic} {sorted(open_ends)} within {timeout} s"
                for message in consumer.consume(10_000, 0.1):
                    error = message.error()
                    if error is None:
                        found.append(message)
                    elif error.code() == KafkaError._PARTITION_EOF:
                        open_ends.discard(_known(message.partition()))
                    else:
                        raise KafkaException(error)
        finally:
            consumer.close()
        return sorted(found, key=lambda message: (_known(message.partition()), _known(message.offset())))

    def end_offsets(self, topic: str) -> dict[int, int]:
        """Offset that the next record of each partition will get."""
        latest: OffsetSpec = OffsetSpec.latest()  # type: ignore[no-untyped-call] # the library's own has no annotation
        ask = {TopicPartition(topic, partition): latest for partition in self._partitions(topic)}
        admin = self.admin
        return {known.partition: future.result(30).offset for known, future in admin.list_offsets(ask).items()}

    def _partitions(self, topic: str) -> set[int]:
        return set(self.admin.list_topics(topic, timeout=10).topics[topic].partitions)

    # groups

    def committed(self, group: str, topic: str) -> dict[int, Committed]:
        """What a group has committed, by partition; a partition without a commit is not in it."""
        wanted = [TopicPartition(topic, partition) for partition in self._partitions(topic)]
        with self._outsider(group) as consumer:
            held = consumer.committed(wanted, timeout=30)
        return {each.partition: Committed(each.offset, each.metadata or "") for each in held if each.offset >= 0}

    def commit(self, group: str, topic: str, offsets: Mapping[int, Committed]) -> None:
        """Set what a group without members has committed."""
        wanted = [TopicPartition(topic, partition, at.offset, at.metadata) for partition, at in offsets.items()]
        with self._outsider(group) as consumer:
            for each in consumer.commit(offsets=wanted, asynchronous=False) or []:
                if each.error is not None:
                    raise KafkaException(each.error)

    @contextmanager
    def _outsider(self, group: str) -> Iterator[Consumer]:
        """Give a consumer that knows the group but never joins it.

        The admin client could ask for a group's offsets too, but librdkafka 2.16 ends the whole process (SIGSEGV) when
        a broker that has just started answers it with NOT_COORDINATOR.
        """
        consumer = Consumer({**self.client, "group.id": group, "enable.auto.commit": False})
        try:
            yield consumer
        finally:
            consumer.close()

    def group(self, group: str) -> ConsumerGroupDescription:
        """State, type and members of a group, with the partitions that each member holds."""
        admin = self.admin
        described: ConsumerGroupDescription = admin.describe_consumer_groups([group])[group].result(30)
        return described


def _send(producer: Producer, topic: str, records: Iterable[Outgoing]) -> None:
    """Queue all records and flush. Raises KafkaException for the first that the broker refused."""
    errors: list[KafkaError] = []

    def on_delivery(error: KafkaError | None, _: Message) -> None:
        if error is not None:
            errors.append(error)

    for record in records:
        extra: dict[str, Any] = {} if record.partition is None else {"partition": record.partition}
        while True:
            try:
                producer.produce(
                    topic,
                    record.value,
                    record.key,
                    headers=list(record.headers) or None,
                    timestamp=record.timestamp_ms,
                    on_delivery=on_delivery,
                    **extra,
                )
                break
            except BufferError:
                producer.poll(0.05)
    left = producer.flush(60)
    if errors:
        raise KafkaException(errors[0])
    assert left == 0, f"{left} records of {topic} were not acknowledged within a minute"


def _known(number: int | None) -> int:
    assert number is not None
    return number
