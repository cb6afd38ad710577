"""Where to begin to read a partition that was just assigned."""

import time
from collections.abc import Callable
from typing import Literal, NamedTuple, TypeVar

from confluent_kafka import OFFSET_INVALID, Consumer, KafkaException, TopicPartition
from confluent_kafka import KafkaError as Error

from streamer.errors import UnreachableError
from streamer.kafka.progress import Position
from streamer.kafka.ranges import Range, decode_completed
from streamer.settings import KafkaSettings

T = TypeVar("T")

ASK_SECONDS = 5.0
"""For one question."""
AGAIN_SECONDS = 0.1
PATIENCE_SECONDS = 15.0
"""For all of an assignment. Meanwhile the Kafka thread does not turn, so it must stay below ``admin.live_seconds``."""


class Start(NamedTuple):
    """The start of one assignment."""

    topic: str
    partition: int
    offset: int
    """First offset to read: a real one, never a symbol."""
    done: list[Range]
    """Runs beyond it that an earlier assignment had settled."""
    committed: Position | None
    """What the broker holds; None: nothing yet."""
    note: str = ""
    """For the metadata of all its commits."""


class OffsetSource:
    """Asks the brokers for committed offsets and for the edges of partitions. Lives on the Kafka thread."""

    def __init__(self, consumer: Consumer, settings: KafkaSettings) -> None:
        """Ask through ``consumer``, for as long as :data:`PATIENCE_SECONDS` from now."""
        self._consumer = consumer
        self._settings = settings
        self._limit = time.monotonic() + PATIENCE_SECONDS

    def starts(self, partitions: list[TopicPartition]) -> list[Start]:
        """Return where to begin, one for each partition.

        :raises UnreachableError: if the brokers give no answer.
        """
        return [self._start(one) for one in self.committed(partitions)]

    def edge(self, partition: TopicPartition, which: Literal["earliest", "latest"]) -> int:
        """Return the first offset of a partition, or the one behind its last.

        :raises UnreachableError: if the brokers give no answer.
        """
        return self.edges(partition)[0 if which == "earliest" else 1]

    def edges(self, partition: TopicPartition) -> tuple[int, int]:
        """Return the first offset of a partition, and the one behind its last that is not part of an open transaction.

        :raises UnreachableError: if the brokers give no answer.
        """

        def ask() -> tuple[int, int]:
            try:
                return self._consumer.get_watermark_offsets(partition, timeout=ASK_SECONDS, cached=False)
            except KafkaException as error:
                if error.args[0].code() == Error._UNKNOWN_PARTITION:  # noqa: SLF001 - librdkafka's own codes
                    return 0, 0  # the group has it and this client does not know it yet: it has just been added
                raise

        return self._ask(ask, f"the offsets of topic {partition.topic}, partition {partition.partition}")

    def since(self, partitions: list[TopicPartition], at_ms: int) -> dict[tuple[str, int], int | None]:
        """Return, by partition, the offset of the first record that is not older than a time; None: all are.

        :param at_ms: Unix milliseconds.
        :raises UnreachableError: if the brokers give no answer.
        """
        wanted = [TopicPartition(one.topic, one.partition, at_ms) for one in partitions]

        def ask() -> list[TopicPartition]:
            return _without_errors(self._consumer.offsets_for_times(wanted, timeout=ASK_SECONDS))

        found = self._ask(ask, "which offsets belong to a time") if wanted else []
        return {(one.topic, one.partition): one.offset if one.offset >= 0 else None for one in found}

    def committed(self, partitions: list[TopicPartition]) -> list[TopicPartition]:
        """Return what the group has committed; an offset below 0: nothing yet.

        :raises UnreachableError: if the brokers give no answer.
        """
        if not partitions:
            return []
        wanted = [TopicPartition(one.topic, one.partition) for one in partitions]

        def ask() -> list[TopicPartition]:
            return _without_errors(self._consumer.committed(wanted, timeout=ASK_SECONDS))

        return self._ask(ask, f"the committed offsets of group {self._settings.group_id}")

    def _ask(self, ask: Callable[[], T], what: str) -> T:
        """Ask until there is an answer: a broker may be restarting."""
        while True:
            try:
                return ask()
            except KafkaException as error:
                reason: Error = error.args[0]
            if time.monotonic() >= self._limit:
                raise _no_answer(what, reason)
            time.sleep(AGAIN_SECONDS)

    def _start(self, found: TopicPartition) -> Start:
        if found.offset == OFFSET_INVALID or found.offset < 0:
            offset = self.edge(found, self._settings.start_from)
            return Start(found.topic, found.partition, offset, [], None)
        done = decode_completed(found.offset, found.metadata)
        committed = Position(found.offset, found.metadata or "")
        return Start(found.topic, found.partition, found.offset, done, committed)


def _without_errors(found: list[TopicPartition]) -> list[TopicPartition]:
    for one in found:
        if one.error is not None:
            raise KafkaException(one.error)
    return found


def _no_answer(what: str, error: Error) -> UnreachableError:
    return UnreachableError(
        f"Kafka did not tell {what} ({error.name()}). Check that the brokers are up and that this user may read the "
        "topics and the group."
    )
