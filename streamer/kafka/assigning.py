"""Where to begin to read a partition that was just assigned."""

from typing import Literal, NamedTuple

from confluent_kafka import OFFSET_INVALID, Consumer, KafkaException, TopicPartition
from confluent_kafka import KafkaError as Error

from streamer.errors import UserError
from streamer.kafka.progress import Position
from streamer.kafka.ranges import Range, decode_completed
from streamer.settings import KafkaSettings

ASK_SECONDS = 5.0
TRIES = 4


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


class OffsetSource:
    """Asks the brokers for committed offsets and for the edges of partitions. Lives on the Kafka thread."""

    def __init__(self, consumer: Consumer, settings: KafkaSettings) -> None:
        """Ask through ``consumer``."""
        self._consumer = consumer
        self._settings = settings

    def starts(self, partitions: list[TopicPartition]) -> list[Start]:
        """Return where to begin, one for each partition.

        :raises UserError: if the brokers give no answer.
        """
        return [self._start(one) for one in self._committed(partitions)]

    def edge(self, partition: TopicPartition, which: Literal["earliest", "latest"]) -> int:
        """Return the first offset of a partition, or the one behind its last."""
        for _ in range(TRIES):
            try:
                low, high = self._consumer.get_watermark_offsets(partition, timeout=ASK_SECONDS, cached=False)
            except KafkaException as error:
                reason: Error = error.args[0]
                continue
            return low if which == "earliest" else high
        raise _no_answer(f"the offsets of topic {partition.topic}, partition {partition.partition}", reason)

    def _committed(self, partitions: list[TopicPartition]) -> list[TopicPartition]:
        if not partitions:
            return []
        for _ in range(TRIES):
            try:
                found = self._consumer.committed(
                    [TopicPartition(one.topic, one.partition) for one in partitions], timeout=ASK_SECONDS
                )
            except KafkaException as error:
                reason: Error = error.args[0]
                continue
            failed = [one.error for one in found if one.error is not None]
            if not failed:
                return found
            reason = failed[0]
        raise _no_answer(f"the committed offsets of group {self._settings.group_id}", reason)

    def _start(self, found: TopicPartition) -> Start:
        if found.offset == OFFSET_INVALID or found.offset < 0:
            offset = self.edge(found, self._settings.start_from)
            return Start(found.topic, found.partition, offset, [], None)
        done = decode_completed(found.offset, found.metadata)
        committed = Position(found.offset, found.metadata or "")
        return Start(found.topic, found.partition, found.offset, done, committed)


def _no_answer(what: str, error: Error) -> UserError:
    return UserError(
        f"Kafka did not tell {what} ({error.name()}). Check that the brokers are up and that this user may read the "
        "topics and the group."
    )
