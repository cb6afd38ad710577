"""Which partitions are read at this moment: none while memory is full, and those of a gated reader one by one."""

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple, Protocol

import structlog
from confluent_kafka import Consumer, TopicPartition

from streamer.kafka.commits import Key
from streamer.kafka.crossing import Crossing
from streamer.kafka.progress import Position, Progress

_log = structlog.get_logger(__name__)

PAUSE_AFTER_SECONDS = 2.0
"""Pausing throws away what was prefetched: it is done only when reading has been held up for this long."""


class PauseEvents(Protocol):
    """Who is told that reading stops and goes on."""

    def paused(self, *, on: bool) -> None:
        """Note that reading was paused or goes on."""


class Turned(NamedTuple):
    """What a gate has changed."""

    opened: Collection[Key] = ()
    shut: Collection[Key] = ()


class Gate(Protocol):
    """Says which partitions are read for now. Every method runs on the Kafka thread."""

    def turn(self, consumer: Consumer, positions: Mapping[Progress, Position]) -> Turned:
        """Look what is to be read now, and say what has changed; called ten times a second or more often.

        :param positions: what may be committed of the assignments that are owned.
        """
        ...

    def is_open(self, key: Key) -> bool:
        """Tell whether a partition is read now."""
        ...

    def begins(self, key: Key, offset: int) -> None:
        """Take note of a partition that will be read from ``offset``."""
        ...

    def read(self, key: Key, behind: int, *, at_end: bool) -> None:
        """Take note that everything below the offset ``behind`` was read, and whether that is the partition's end."""
        ...

    def gone(self, key: Key) -> None:
        """Forget a partition."""
        ...


class Taps:
    """Opens and shuts the partitions of one consumer. Every method runs on the Kafka thread."""

    def __init__(self, crossing: Crossing, events: PauseEvents, gate: Gate | None = None) -> None:
        """Read everything while there is room; with a ``gate``, only what it lets through."""
        self._crossing = crossing
        self._events = events
        self._gate = gate
        self._all_shut = False
        self._full_since: float | None = None

    def turn(self, consumer: Consumer, positions: Mapping[Progress, Position]) -> None:
        """Let the gate open and shut what it wants."""
        if self._gate is None:
            return
        turned = self._gate.turn(consumer, positions)
        if turned.shut:
            consumer.pause(_partitions(turned.shut))
        if turned.opened and not self._all_shut:
            consumer.resume(_partitions(turned.opened))

    def may_consume(self, consumer: Consumer, owned: Collection[Key], now: float) -> bool:
        """Hold reading up while the loop or the memory is full; first by not consuming, then by pausing.

        A paused consumer gives no records, and must be polled all the same.

        :param now: seconds, on a clock that does not run backwards.
        """
        if self._all_shut:
            if self._crossing.has_room:
                self._shut_all(consumer, owned, on=False)
                _log.info("reading goes on", topics=sorted({topic for topic, _ in owned}))
            return True
        if self._crossing.may_read or not any(map(self._is_open, owned)):
            self._full_since = None
            return True
        self._full_since = self._full_since or now
        if now - self._full_since < PAUSE_AFTER_SECONDS:
            return False
        self._shut_all(consumer, owned, on=True)
        _log.info("reading paused: the memory budget is full", topics=sorted({topic for topic, _ in owned}))
        return True

    def assigned(self, consumer: Consumer, partitions: Collection[TopicPartition]) -> None:
        """Shut what was assigned a moment ago and is not to be read now: librdkafka knows no pause beyond that."""
        for one in partitions:
            if self._gate is not None:
                self._gate.begins((one.topic, one.partition), one.offset)
        shut = [one for one in partitions if self._all_shut or not self._is_open((one.topic, one.partition))]
        if shut:
            consumer.pause(shut)

    def read(self, key: Key, behind: int, *, at_end: bool) -> None:
        """Take note that everything below the offset ``behind`` was read, and whether that is the partition's end."""
        if self._gate is not None:
            self._gate.read(key, behind, at_end=at_end)

    def gone(self, key: Key) -> None:
        """Forget a partition."""
        if self._gate is not None:
            self._gate.gone(key)

    def shut(self, consumer: Consumer, owned: Collection[Key]) -> None:
        """Read nothing more: the end has come."""
        self._shut_all(consumer, owned, on=True)

    def _shut_all(self, consumer: Consumer, owned: Collection[Key], *, on: bool) -> None:
        self._all_shut = on
        self._full_since = None
        if on:
            consumer.pause(_partitions(owned))
        else:
            consumer.resume(_partitions(filter(self._is_open, owned)))
        self._events.paused(on=on)

    def _is_open(self, key: Key) -> bool:
        return self._gate is None or self._gate.is_open(key)


def _partitions(keys: Iterable[Key]) -> list[TopicPartition]:
    return [TopicPartition(*key) for key in keys]
