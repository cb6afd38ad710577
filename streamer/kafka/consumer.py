"""The Kafka thread: one consumer, polled for ever, which never waits for HTTP.

It owns the consumer alone. Records, assignments and losses go to the loop through the crossing; the loop's
positions come back through it and are committed here. A stop is a revoke of everything, and runs the same drain as a
rebalance does.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from streamer.errors import OffsetGoneError, UserError
from streamer.kafka.assigning import OffsetSource, Start
from streamer.kafka.commits import CommitEvents, Commits, Key, Uncommitted
from streamer.kafka.crossing import Crossing, Slice
from streamer.kafka.ends import Ends, cut
from streamer.kafka.pace import Pace
from streamer.kafka.progress import Position, Progress
from streamer.kafka.taps import Gate, PauseEvents, Taps
from streamer.settings import KafkaSettings

_log = structlog.get_logger(__name__)

TURN_SECONDS = 0.1
"""No call blocks the thread for longer."""
SLICE = 200
"""Records a poll: with more, timers on the loop would run late."""

SESSION_SHARE = 0.7
"""A revoke may take this share of the session time-out: a drain must not cost the membership."""
COMMIT_SECONDS = 3.0
"""How long the last commit of all may take."""
LEAVE_SECONDS = 3.0
"""How long leaving the group may take: where no broker answers, librdkafka would wait for a session time-out."""
GRACE_SECONDS = 5.0
"""How much longer than its deadline the loop may take to answer."""


class ConsumerEvents(CommitEvents, PauseEvents, Protocol):
    """Who counts what the Kafka thread sees."""

    def rebalanced(self, kind: str, partitions: int) -> None:
        """Count a rebalance: ``assigned``, ``revoked`` or ``lost``."""

    def jumped(self, topic: str, partition: int) -> None:
        """Count an offset that was out of range and was jumped over, by the user's own setting."""

    def lag(self, topic: str, partition: int, records: int) -> None:
        """Note how many offsets lie between the committed one and the partition's end."""

    def gone(self, topic: str, partition: int) -> None:
        """Forget the gauges of a partition that is no longer owned."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a consumer reads, and how."""

    settings: KafkaSettings
    """Topics, group, and what else there is to know."""
    drain_seconds: float
    """How long a revoke may wait for what is in flight."""
    gate: Gate | None = None
    """Says which partitions are read for now; None: all of them."""
    ends: Ends | None = None
    """Reads these partitions to their ends, and joins no group; None: subscribes."""
    pace: Pace | None = None
    """Limits how fast is read; None: nothing does."""
    commits: bool = True
    """False: what would be committed counts as if it were."""


class ConsumerThread:
    """Reads the topics of one group and commits what the loop has settled."""

    def __init__(
        self,
        reading: Reading,
        make: Callable[[Callable[..., None]], Consumer],
        crossing: Crossing,
        events: ConsumerEvents,
    ) -> None:
        """Prepare; nothing is read before :meth:`start`.

        :param make: makes the consumer, given its ``on_commit`` callback.
        """
        settings = self._settings = reading.settings
        self._make = make
        self._crossing = crossing
        self._events = events
        self._ends = reading.ends
        self._pace = reading.pace
        self._taps = Taps(crossing, events, reading.ends or reading.gate)
        self._revoke_seconds = min(reading.drain_seconds, settings.session_timeout_seconds * SESSION_SHARE)
        self._commits: Commits | Uncommitted = Commits(events) if reading.commits else Uncommitted(events)
        self._owned: dict[Key, Progress] = {}
        self._epoch = 0
        self._stopping = threading.Event()
        self._finished = threading.Event()
        self._next_commit = 0.0
        self._next_recommit = time.monotonic() + settings.recommit_interval_seconds
        self._thread = threading.Thread(target=self._run, name="kafka", daemon=True)
        self.turned = time.monotonic()
        """When the thread last turned, on the monotonic clock."""
        self.joined = False
        """It was a member of the group at least once, be it without partitions."""

    def start(self) -> None:
        """Subscribe and begin to read."""
        self._thread.start()

    def stop(self) -> None:
        """Ask the thread to stop reading, drain, commit, leave the group and end; returns at once."""
        self._stopping.set()

    async def leave(self) -> None:
        """Stop, and return when the thread has drained and committed, and has left the group or given that up."""
        self.stop()
        if self._thread.ident is None:
            return
        await asyncio.to_thread(self._finished.wait, self._revoke_seconds + GRACE_SECONDS + COMMIT_SECONDS)
        await asyncio.to_thread(self._thread.join, LEAVE_SECONDS)
        if self._thread.is_alive():
            _log.warning("Kafka did not answer in time: the group will miss this member when its session has run out")

    @property
    def alive(self) -> bool:
        """The thread has not ended."""
        return self._thread.is_alive()

    @property
    def partitions(self) -> int:
        """How many partitions are owned now."""
        return len(self._owned)

    def _run(self) -> None:
        try:
            consumer = self._make(self._commits.on_commit)
            try:
                self._consume(consumer)
            finally:
                self._close(consumer)
        except BaseException as error:  # noqa: BLE001 - whatever ends the thread must end the process, in words
            self._crossing.failed(error)
        finally:
            self._finished.set()

    def _consume(self, consumer: Consumer) -> None:
        outside = consumer.consumer_group_metadata()
        if self._ends is None:
            self._subscribe(consumer)
        else:
            self._take_up(consumer, self._ends.starts)
        while not self._stopping.is_set():
            self.turned = time.monotonic()
            self._taps.turn(consumer, self._still_owned(self._crossing.positions))
            most = SLICE if self._pace is None else min(SLICE, self._pace.allowance())
            if self._taps.may_consume(consumer, self._owned, self.turned) and most:
                self._read(consumer, most)
            else:
                self._stopping.wait(TURN_SECONDS / 20)
            self._commit_when_due(consumer)
            self.joined = self.joined or self._has_joined(consumer, outside)

    def _subscribe(self, consumer: Consumer) -> None:
        try:
            consumer.subscribe(
                self._settings.topics, on_assign=self._on_assign, on_revoke=self._on_revoke, on_lost=self._on_lost
            )
        except KafkaException as error:
            raise UserError(
                f"kafka.topics: Kafka does not take {', '.join(self._settings.topics)} ({error.args[0].name()}). Write "
                "plain expressions: it knows no look-ahead and no other extension."
            ) from None

    def _has_joined(self, consumer: Consumer, outside: object) -> bool:
        """Tell whether the broker has taken this member in, with partitions or without.

        A KIP-848 group never calls on_assign for a member that gets none; but the group's metadata, opaque as they are,
        hold the member's epoch, and so differ from those of one that is ``outside``.
        """
        return self._settings.group_protocol == "consumer" and consumer.consumer_group_metadata() != outside

    def _close(self, consumer: Consumer) -> None:
        try:
            self._finish(consumer)
        finally:
            self._finished.set()
            consumer.close()  # leaves the group; on_revoke finds everything drained

    def _finish(self, consumer: Consumer) -> None:
        """Drain and commit all that is owned, and stay a polling member of the group meanwhile.

        Closing alone would run the same drain inside on_revoke, but a consumer that is being closed sends no
        heartbeats, and a long drain would end as a lost session.
        """
        self._taps.shut(consumer, self._owned)
        answer = self._crossing.drain(list(self._owned.values()), self._revoke_seconds)
        limit = time.monotonic() + self._revoke_seconds + GRACE_SECONDS
        while not answer.done() and time.monotonic() < limit:
            self.turned = time.monotonic()
            consumer.poll(TURN_SECONDS)  # rebalances go on; a record that comes is not taken
        if answer.done():
            self._commit_last(consumer, answer.result())
        for progress in self._owned.values():
            progress.fence()  # on_revoke must not drain a second time

    def _commit_last(self, consumer: Consumer, positions: Mapping[Progress, Position]) -> None:
        """Commit and poll for the answer: to wait for it would take a session time-out when no broker is there."""
        limit = time.monotonic() + COMMIT_SECONDS
        self._commits.offer(consumer, self._still_owned(positions))
        while self._commits.under_way and time.monotonic() < limit:
            self.turned = time.monotonic()
            consumer.poll(TURN_SECONDS)
            self._commits.offer(consumer, self._still_owned(positions))

    def _read(self, consumer: Consumer, most: int) -> None:
        first = consumer.poll(TURN_SECONDS)  # returns with the first record; consume(n, t) would wait for all n
        if first is None:
            return
        messages = [first, *(consumer.consume(most - 1, 0) if most > 1 else ())]
        if self._pace is not None:
            self._pace.took(len(messages))
        slices = self._sort(consumer, messages)
        if slices:
            self._crossing.hand_over(slices)

    def _sort(self, consumer: Consumer, messages: list[Message]) -> list[Slice]:
        """Group by assignment; records of a partition that was revoked in the same poll fall out."""
        parts: dict[Key, list[Message]] = {}
        ends: dict[Key, int] = {}
        for message in messages:
            key = (message.topic() or "", message.partition() or 0)
            error = message.error()
            if error is None:
                parts.setdefault(key, []).append(message)
            elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - librdkafka's own codes
                ends[key] = message.offset() or 0
            else:
                self._troubled(consumer, error, message)
        found = ((key, self._owned.get(key)) for key in parts.keys() | ends.keys())
        slices = [self._slice(one, parts.get(key, []), ends.get(key)) for key, one in found if one is not None]
        for part in slices:
            key = (part.progress.topic, part.progress.partition)
            self._taps.read(key, part.behind, at_end=part.end is not None)
        return slices

    def _slice(self, progress: Progress, messages: list[Message], end: int | None) -> Slice:
        if self._ends is not None:
            messages, end = cut(messages, end, self._ends.of((progress.topic, progress.partition)))
        return Slice(progress, messages, end)

    def _troubled(self, consumer: Consumer, error: KafkaError, message: Message) -> None:
        if error.fatal() or error.code() == KafkaError._FATAL:  # noqa: SLF001 - librdkafka's own codes
            raise UserError(
                f"Kafka has shut this member out of group {self._settings.group_id}: {error.str()}. If "
                "kafka.group_instance_id is set, no other replica may have the same one at the same time."
            )
        if error.code() in (KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE):  # noqa: SLF001
            self._jump(consumer, message.topic() or "", message.partition() or 0)
            return
        _log.warning("Kafka says", reason=error.name(), topic=message.topic(), partition=message.partition())

    def _jump(self, consumer: Consumer, topic: str, partition: int) -> None:
        """Do what the user chose for an offset that is out of range, and never silently."""
        progress = self._owned.get((topic, partition))
        if progress is None:
            return
        policy = self._settings.on_out_of_range
        if policy == "fail":
            raise OffsetGoneError(topic, partition, progress.end)
        offset = OffsetSource(consumer, self._settings).edge(TopicPartition(topic, partition), policy)
        if offset < progress.end:
            if self._ends is not None:  # a topic that was made anew: the range that was asked for is gone from it
                raise OffsetGoneError(topic, partition, progress.end)
            self._begin_again(progress, offset)
        here = [TopicPartition(topic, partition, offset)]
        consumer.incremental_unassign(here)  # librdkafka has given the partition up: a seek would do nothing
        consumer.incremental_assign(here)
        self._taps.assigned(consumer, here)
        self._events.jumped(topic, partition)
        _log.error("offset out of range: jumped", topic=topic, partition=partition, missing=progress.end, to=offset)

    def _begin_again(self, progress: Progress, offset: int) -> None:
        """Start a new assignment of a topic that was made anew: offsets of the old one mean nothing in it."""
        self._drained([progress])  # nothing is committed for it
        progress.fence()
        start = Start(progress.topic, progress.partition, offset, [], None)
        self._crossing.assigned([self._begin(start)])

    def _commit_when_due(self, consumer: Consumer) -> None:
        if self.turned < self._next_commit:
            return
        self._next_commit = self.turned + self._settings.commit_interval_seconds
        anew = self.turned >= self._next_recommit
        if anew:
            self._next_recommit = self.turned + self._settings.recommit_interval_seconds
        positions = self._still_owned(self._crossing.positions)
        self._commits.offer(consumer, positions, anew=anew)
        self._watch_lag(consumer, positions)

    def _watch_lag(self, consumer: Consumer, positions: Mapping[Progress, Position]) -> None:
        for progress, position in positions.items():
            partition = TopicPartition(progress.topic, progress.partition)
            _, high = consumer.get_watermark_offsets(partition, cached=True)
            if self._ends is not None:
                high = self._ends.of((progress.topic, progress.partition))
            if high >= 0:
                self._events.lag(progress.topic, progress.partition, max(0, high - position.offset))

    def _still_owned(self, positions: Mapping[Progress, Position]) -> dict[Progress, Position]:
        return {
            progress: position
            for progress, position in positions.items()
            if self._owned.get((progress.topic, progress.partition)) is progress
        }

    def _on_assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._take_up(consumer, OffsetSource(consumer, self._settings).starts(partitions))
        self._rebalanced("assigned", partitions)

    def _take_up(self, consumer: Consumer, starts: Sequence[Start]) -> None:
        progress = [self._begin(start) for start in starts]
        placed = [TopicPartition(start.topic, start.partition, start.offset) for start in starts]
        consumer.incremental_assign(placed)
        self._taps.assigned(consumer, placed)
        self._crossing.assigned(progress)
        self.joined = True

    def _begin(self, start: Start) -> Progress:
        self._epoch += 1
        progress = Progress(start.topic, start.partition, self._epoch, start.offset, start.done)
        progress.note = start.note
        self._owned[start.topic, start.partition] = progress
        self._commits.begin(progress, start.committed)
        return progress

    def _on_revoke(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """Finish what is under way for these partitions, commit it, and let them go: all under one deadline."""
        progress = self._release(partitions)
        self._commits.conclude(consumer, self._drained([one for one in progress if not one.fenced]))
        self._let_go(consumer, progress, partitions)
        self._rebalanced("revoked", partitions)

    def _on_lost(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """Another member has these partitions already: nothing is committed for them."""
        progress = self._release(partitions)
        self._crossing.lost(progress)
        self._let_go(consumer, progress, partitions)
        self._rebalanced("lost", partitions)

    def _release(self, partitions: list[TopicPartition]) -> list[Progress]:
        found = (self._owned.pop((one.topic, one.partition), None) for one in partitions)
        return [progress for progress in found if progress is not None]

    def _drained(self, progress: list[Progress]) -> Mapping[Progress, Position]:
        if not progress:
            return {}
        answer = self._crossing.drain(progress, self._revoke_seconds)
        limit = time.monotonic() + self._revoke_seconds + GRACE_SECONDS
        while time.monotonic() < limit:
            self.turned = time.monotonic()  # waiting, but alive
            with suppress(TimeoutError):
                return answer.result(timeout=TURN_SECONDS)
        _log.error("the drain did not answer: what is left is read anew by the next owner")
        return {}

    def _let_go(self, consumer: Consumer, progress: list[Progress], partitions: list[TopicPartition]) -> None:
        for one in progress:
            one.fence()
            self._commits.forget(one)
            self._events.gone(one.topic, one.partition)
            self._taps.gone((one.topic, one.partition))
        consumer.incremental_unassign(partitions)

    def _rebalanced(self, kind: str, partitions: list[TopicPartition]) -> None:
        self._events.rebalanced(kind, len(partitions))
        _log.info(f"partitions {kind}", partitions=_names(partitions), owned=len(self._owned))


def _names(partitions: list[TopicPartition]) -> dict[str, Any]:
    names: dict[str, list[int]] = {}
    for one in partitions:
        names.setdefault(one.topic, []).append(one.partition)
    return names
