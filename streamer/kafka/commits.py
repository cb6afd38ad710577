"""Committing: what was stored, what the broker has confirmed, and what has still to be said."""

from collections.abc import Iterable, Mapping
from typing import Protocol

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from streamer.kafka.progress import Position, Progress

_log = structlog.get_logger(__name__)

Key = tuple[str, int]
"""Topic and partition."""


class CommitEvents(Protocol):
    """Who counts commits."""

    def committed(self, topic: str, partition: int, offset: int) -> None:
        """Count an offset that the broker has confirmed."""

    def commit_failed(self, reason: str) -> None:
        """Count a commit that failed, by the name of librdkafka's error."""


class Commits:
    """Commits the offsets of one consumer. Every method runs on the Kafka thread.

    Progress goes through ``store_offsets()`` and a bare ``commit()``: librdkafka refuses to store for a partition
    that is gone, while ``commit(offsets=…)`` of a former owner is *accepted* by the broker and would move the new
    owner's offset. Only where a bare commit would send nothing, the offsets are named, for partitions owned at this
    moment: where nothing but the metadata changed, and where the offset went back, as in a topic that was made anew.

    No commit error is fatal: what is not confirmed is offered again, for as long as the partition is owned.
    """

    def __init__(self, events: CommitEvents) -> None:
        """Count with ``events``."""
        self._events = events
        self._confirmed: dict[Key, Position | None] = {}
        self._latest: dict[Key, int] = {}  # what librdkafka remembers, beyond the end of an assignment
        self._under_way = False

    @property
    def under_way(self) -> bool:
        """An offer was sent, and the broker has not answered."""
        return self._under_way

    def begin(self, progress: Progress, position: Position | None) -> None:
        """Note what the broker held when the partition was assigned; None: nothing."""
        self._confirmed[progress.topic, progress.partition] = position
        if position is not None:
            self._events.committed(progress.topic, progress.partition, position.offset)

    def forget(self, progress: Progress) -> None:
        """Drop what is known of a partition that is gone."""
        self._confirmed.pop((progress.topic, progress.partition), None)

    def offer(self, consumer: Consumer, positions: Mapping[Progress, Position], *, anew: bool = False) -> None:
        """Commit, without waiting, what differs from what the broker has confirmed.

        :param positions: of assignments that are owned now.
        :param anew: commit unchanged offsets too, so that the broker does not forget them.
        """
        if self._under_way:
            return
        moved, named = self._differences(positions, anew=anew)
        try:
            if named:
                consumer.commit(offsets=named, asynchronous=True)
                self._under_way = True
            if moved:
                self._store(consumer, moved)
                consumer.commit(asynchronous=True)
                self._under_way = True
        except KafkaException as error:
            self._failed(error.args[0])

    def conclude(self, consumer: Consumer, positions: Mapping[Progress, Position]) -> None:
        """Commit and wait for the answer, at the end of an assignment, while it is still owned."""
        moved, named = self._differences(positions, anew=False)
        try:
            if named:
                self._answered(consumer.commit(offsets=named, asynchronous=False))
            if moved:
                self._store(consumer, moved)
                self._answered(consumer.commit(asynchronous=False))
        except KafkaException as error:
            self._failed(error.args[0])

    def on_commit(self, error: KafkaError | None, partitions: list[TopicPartition]) -> None:
        """Take the broker's answer (librdkafka's ``on_commit`` callback)."""
        self._under_way = False
        if error is not None:
            self._failed(error)
        else:
            self._answered(partitions)

    def _differences(
        self, positions: Mapping[Progress, Position], *, anew: bool
    ) -> tuple[list[TopicPartition], list[TopicPartition]]:
        moved: list[TopicPartition] = []
        named: list[TopicPartition] = []
        for progress, position in positions.items():
            key = (progress.topic, progress.partition)
            before = self._confirmed.get(key)
            if before is None or before.offset != position.offset:
                ahead = position.offset > self._latest.get(key, -1)
                (moved if ahead else named).append(_offset(progress, position))
            elif anew or before.metadata != position.metadata:
                named.append(_offset(progress, position))
        return moved, named

    def _store(self, consumer: Consumer, offsets: Iterable[TopicPartition]) -> None:
        for offset in offsets:  # one by one: a partition that is gone must not keep the others back
            try:
                consumer.store_offsets(offsets=[offset])
            except KafkaException as error:
                self._failed(error.args[0])

    def _answered(self, partitions: list[TopicPartition] | None) -> None:
        for partition in partitions or ():
            key = (partition.topic, partition.partition)
            if partition.error is not None:
                self._failed(partition.error)
            elif partition.offset >= 0:
                self._latest[key] = partition.offset
                if key in self._confirmed:
                    self._confirmed[key] = Position(partition.offset, partition.metadata or "")
                    self._events.committed(partition.topic, partition.partition, partition.offset)

    def _failed(self, error: KafkaError) -> None:
        if error.code() == KafkaError._NO_OFFSET:  # noqa: SLF001 - librdkafka's own codes have no other name
            return
        self._events.commit_failed(error.name())
        _log.warning("commit failed, will be tried again while the partition is owned", reason=error.name())


class Uncommitted:
    """In place of :class:`Commits` where nothing may be committed: what is offered counts as confirmed at once."""

    under_way = False

    def __init__(self, events: CommitEvents) -> None:
        """Count with ``events``."""
        self._events = events

    def begin(self, progress: Progress, position: Position | None) -> None:
        """Note where a partition begins."""
        if position is not None:
            self._events.committed(progress.topic, progress.partition, position.offset)

    def forget(self, progress: Progress) -> None:
        """Drop nothing: nothing is known."""

    def offer(self, consumer: Consumer, positions: Mapping[Progress, Position], *, anew: bool = False) -> None:  # noqa: ARG002 - as of Commits
        """Take positions for confirmed."""
        for progress, position in positions.items():
            self._events.committed(progress.topic, progress.partition, position.offset)

    def conclude(self, consumer: Consumer, positions: Mapping[Progress, Position]) -> None:
        """Take the last positions for confirmed."""
        self.offer(consumer, positions)

    def on_commit(self, error: KafkaError | None, partitions: list[TopicPartition]) -> None:
        """Take an answer that never comes."""


def _offset(progress: Progress, position: Position) -> TopicPartition:
    return TopicPartition(progress.topic, progress.partition, position.offset, position.metadata)
