"""Settling: whatever a record's fate, it counts only when Kafka has acknowledged what is left behind.

The order is the promise: the copy (for what is dead-lettered or parked), then the receipt, then the offset's
progress. A kill between any two of them repeats work, and loses none.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence

from confluent_kafka import Message

from streamer.errors import UserError
from streamer.kafka.copies import copy_headers, origin_of
from streamer.kafka.receipts import receipt
from streamer.kafka.record import Record
from streamer.kafka.writer import RecordWriter
from streamer.ledger import NO_PIXEL, Ledger
from streamer.memory import Budget, held_bytes
from streamer.outcomes import Fate, Outcome, Reason
from streamer.refusals import RefusalGuard
from streamer.room import Room
from streamer.settings import KafkaSettings
from streamer.tasks import Tasks

COPIES_AT_ONCE = 2000
"""Copies that wait for Kafka's word at the same time, each in a task of its own: a pixel may be parked with all that
it has waiting."""


_JUDGED = frozenset({Outcome.DELIVERED, Outcome.DEAD_LETTERED})


class Settling:
    """Carries fates to their end; every method runs on the loop."""

    def __init__(
        self, settings: KafkaSettings, writer: RecordWriter, ledger: Ledger, budget: Budget, guard: RefusalGuard
    ) -> None:
        """Leave copies and receipts through ``writer``, then count with ``ledger`` and free the ``budget``."""
        self._settings = settings
        self._writer = writer
        self._ledger = ledger
        self._budget = budget
        self._guard = guard
        self._tasks = Tasks(self._fail)
        self._room = Room(COPIES_AT_ONCE)
        self._held: deque[tuple[float, Fate, Sequence[Record], int]] = deque()
        self._topics = {
            Outcome.DEAD_LETTERED: settings.dead_letter_topic,
            Outcome.PARKED: settings.parked_topic,
        }
        self.failed: Callable[[BaseException], None] = _raise
        """Called when something cannot be settled at all: the process must stop, with a clear sentence."""
        self.old_tells = True
        """That records are too old tells of a wrong deploy; False for a replay, whose range is what it is."""
        self.unix_time: Callable[[], float] = time.time
        """Tells receipts and copies when they were made."""
        self.parked: Callable[[str], None] = _nothing
        """Called with a pixel of which something was parked, when that is acknowledged."""

    def settle(self, fate: Fate, records: Sequence[Record], size: int) -> None:
        """Take one outcome of each of these records as decided; returns at once.

        :param size: bytes of their server events, freed from the budget in the end.
        """
        if not self._may_settle(fate, records, judged=size > 0):
            self._held.append((asyncio.get_running_loop().time(), fate, records, size))
            return
        self._tasks.start(self._finish(fate, records, size))

    def let_go(self, now: float) -> None:
        """Dead-letter what was held, once the refused share is fine, or it has been waited for long enough.

        Without that, a wrong deploy that is started again and again would dead-letter a little each time, before it
        can be told from bad data.

        :param now: on the clock of the loop.
        """
        while self._held and (self._guard.fine or self._held[0][0] <= now - self._guard.hold_seconds):
            _, fate, records, size = self._held.popleft()
            self._tasks.start(self._finish(fate, records, size))

    def forget(self, pixel_id: str, records: Sequence[Record], size: int) -> None:
        """Let go of server events whose assignment is gone: the next owner reads them anew."""
        self._ledger.forgotten(pixel_id, len(records))
        self._release(records, size)

    async def wait(self) -> None:
        """Return when everything decided so far is settled; what is decided meanwhile is not waited for."""
        await self._tasks.wait()

    async def close(self) -> None:
        """Give up what is not acknowledged: it stays uncommitted."""
        await self._tasks.cancel()

    @property
    def under_way(self) -> int:
        """Settlements that are decided and not acknowledged yet."""
        return len(self._tasks)

    def _fail(self, error: BaseException) -> None:
        self.failed(error)  # which whoever made this sets later

    def _may_settle(self, fate: Fate, records: Sequence[Record], *, judged: bool) -> bool:
        """Tell the guard; return False for what must not be dead-lettered, or not yet."""
        number = self._telling(fate, records)
        if judged and fate.outcome in _JUDGED:
            self._guard.judged(number)
        if fate.outcome is not Outcome.DEAD_LETTERED or fate.reason is None:
            return True
        try:
            return self._guard.refused(number, fate.reason, judged=judged)
        except UserError as error:
            self.failed(error)
            return False

    def _telling(self, fate: Fate, records: Sequence[Record]) -> int:
        """Return how many of these records tell of a wrong deploy; that parked ones grow too old tells of none."""
        if fate.reason is not Reason.TOO_OLD:
            return len(records)
        if not self.old_tells:
            return 0
        return sum(record.progress.topic != self._settings.parked_topic for record in records)

    async def _finish(self, fate: Fate, records: Sequence[Record], size: int) -> None:
        now = int(self.unix_time() * 1000)
        topic = self._topics.get(fate.outcome)
        if topic is not None:
            async with self._room.take(len(records)):
                await asyncio.gather(*(self._copy(topic, fate, record.message, now) for record in records))
        await self._writer.write(self._settings.receipts_topic, receipt(fate, records, now), fate.pixel_id)
        self._ledger.settled(fate.pixel_id or NO_PIXEL, fate.outcome, fate.reason, len(records))
        self._release(records, size)
        if fate.outcome is Outcome.PARKED and fate.pixel_id is not None:
            self.parked(fate.pixel_id)

    async def _copy(self, topic: str, fate: Fate, message: Message, now: int) -> None:
        origin = origin_of(message, may_be_copy=message.topic() == self._settings.parked_topic)
        headers = copy_headers(message, origin, fate, self._settings.group_id, now)
        try:
            await self._writer.write(topic, message.value(), message.key(), headers)
        except UserError as error:
            place = f"topic {message.topic()}, partition {message.partition()}, offset {message.offset()}"
            raise UserError(f"The record at {place} cannot be copied. {error}") from None

    def _release(self, records: Sequence[Record], size: int) -> None:
        settled = [record.message for record in records if record.progress.settle(record.slot)]
        self._budget.give(size + held_bytes(settled))


def _raise(error: BaseException) -> None:
    raise error


def _nothing(pixel_id: str) -> None:
    pass
