"""The way of a record, top to bottom: read, decode, translate, window, deliver, settle, commit."""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count, repeat

import structlog
from confluent_kafka import Message

from streamer.delivery.batch import Batch, Entry, Settlement
from streamer.delivery.courier import Courier
from streamer.delivery.windows import Windows
from streamer.kafka.copies import origin_of, pixel_of
from streamer.kafka.crossing import Slice
from streamer.kafka.progress import Progress
from streamer.kafka.record import Record
from streamer.ledger import NO_PIXEL, Ledger
from streamer.memory import Budget, held_bytes
from streamer.metrics import Metrics
from streamer.outcomes import Fate, Outcome
from streamer.records.sources import SchemaSourceUnavailable
from streamer.records.translator import Translator
from streamer.refusals import RefusalGuard
from streamer.settling import Settling
from streamer.translate.engine import Origin, Refusal, ServerEvent, Translation
from streamer.translate.narrowing import for_pixel

_log = structlog.get_logger(__name__)

# A named tuple's own constructor is a Python call; these are made for each record.
_record = partial(tuple.__new__, Record)
_entry = partial(tuple.__new__, Entry)
_origin = partial(tuple.__new__, Origin)

TICK_SECONDS = 0.05
REGISTRY_AGAIN_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Parts:
    """What the way leads through."""

    translator: Translator
    windows: Windows
    courier: Courier
    settling: Settling
    ledger: Ledger
    budget: Budget
    guard: RefusalGuard
    metrics: Metrics


class Pipeline:
    """Carries records from Kafka to Meta and settles them."""

    def __init__(self, parked_topic: str, unix_time: Callable[[], float] = time.time) -> None:
        """Prepare; :meth:`join` completes it.

        :param parked_topic: its records are copies, whose headers say where they first stood.
        :param unix_time: tells how old events are.
        """
        self._parked_topic = parked_topic
        self._unix_time = unix_time
        self._inbox: asyncio.Queue[tuple[Sequence[Slice], Callable[[int], None]]] = asyncio.Queue()
        self._parts: Parts
        self._without_schemas = asyncio.Event()
        self.failure: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()
        """Done when the process must stop because something cannot be mended here."""

    def join(self, parts: Parts) -> None:
        """Take the parts, which were made to answer to this pipeline."""
        self._parts = parts
        parts.settling.failed = self.failed

    # ---- the way

    def take(self, slices: Sequence[Slice], carried: Callable[[int], None]) -> None:
        """Take in the records of one poll.

        :param carried: told how many records were translated, when they are.
        """
        self._inbox.put_nowait((slices, carried))

    async def run(self) -> None:
        """Carry records, poll by poll, until cancelled."""
        while True:
            slices, carried = await self._inbox.get()
            try:
                await self._carry(slices)
            finally:
                carried(sum(len(part.messages) for part in slices))
                self._inbox.task_done()
            await asyncio.sleep(0)  # timers and answers have their turn between any two polls

    async def _carry(self, slices: Sequence[Slice]) -> None:
        records = [record for part in slices for record in self._read(part)]
        answers = await self._translate(records)
        sealed = self._window(records, answers)
        self._deliver(sealed)

    def _read(self, part: Slice) -> list[Record]:
        """Claim each record's place in its assignment; those settled before a restart end here."""
        progress = part.progress
        messages = part.messages
        if progress.fenced or (messages and (messages[0].offset() or 0) < progress.end):
            messages = self._drop_stale(part)
        offsets = [message.offset() or 0 for message in messages]
        slots = count(progress.take(offsets))
        records = list(map(_record, zip(messages, repeat(progress), slots, offsets)))
        if part.end is not None:
            progress.reach(part.end)
        if not progress.carries_completions:
            return records
        return [record for record in records if not self._was_done(record)]

    async def _translate(self, records: Sequence[Record]) -> list[Translation]:
        """Decode and translate; while the schema registry does not answer, wait: that is no fault of the records."""
        translator = self._parts.translator
        values = [record.message.value() for record in records]
        while True:
            try:
                await translator.prepare(values)
                self._without_schemas.clear()
                break
            except SchemaSourceUnavailable as error:
                self._without_schemas.set()
                _log.warning("the schema registry does not answer, records wait", reason=str(error))
                await asyncio.sleep(REGISTRY_AGAIN_SECONDS)
        now = int(self._unix_time())
        if records and records[0].progress.topic == self._parked_topic:  # a poll is of one consumer, all or none
            origins = [origin_of(record.message, may_be_copy=True) for record in records]
            return list(map(_narrowed, records, translator.translate(values, origins, now)))
        return translator.translate(values, list(map(_place, records)), now)

    def _window(self, records: Sequence[Record], answers: Sequence[Translation]) -> list[Batch]:
        """Put server events into their pixel's window, and refusals on their way out; return what is full."""
        now = asyncio.get_running_loop().time()
        add = self._parts.windows.add
        sealed: list[Batch] = []
        made: list[ServerEvent] = []
        refused: dict[Refusal, list[Record]] = defaultdict(list)
        translated: Counter[str] = Counter()
        size = 0
        for record, answer in zip(records, answers, strict=True):
            if len(answer) != 1:
                record.progress.expect(record.slot, len(answer))
            for result in answer:
                if isinstance(result, Refusal):
                    refused[result].append(record)
                    translated[result.pixel_id or NO_PIXEL] += 1
                    continue
                translated[result.pixel_id] += 1
                made.append(result)
                size += len(result.body)
                if result.notes:
                    self._parts.metrics.noted(result.pixel_id, result.notes)
                if batch := add(_entry((result, record)), now):
                    sealed.append(batch)
        self._parts.budget.take(size)
        self._parts.metrics.quality.saw(made)
        self._count(len(records), translated)
        self._refuse(refused)
        return sealed

    def _deliver(self, sealed: Iterable[Batch]) -> None:
        for batch in sealed:
            self._parts.courier.send(batch)

    def settled(self, settlement: Settlement) -> None:
        """Take delivery's word on some entries: they settle when what is left of them is acknowledged."""
        fate = Fate(
            settlement.outcome,
            settlement.pixel_id,
            settlement.reason,
            fbtrace_id=settlement.fbtrace_id,
            code=settlement.code,
            subcode=settlement.subcode,
        )
        if settlement.outcome is Outcome.DELIVERED:
            times = [entry.event.event_time for entry in settlement.entries]
            self._parts.metrics.quality.sent(settlement.pixel_id, times, int(self._unix_time()))
        records = [entry.record for entry in settlement.entries]
        self._parts.settling.settle(fate, records, sum(len(entry.event.body) for entry in settlement.entries))

    def forgotten(self, pixel_id: str, entries: Sequence[Entry]) -> None:
        """Let go of entries whose assignment is gone."""
        size = sum(len(entry.event.body) for entry in entries)
        self._parts.settling.forget(pixel_id, [entry.record for entry in entries], size)

    # ---- beside the way

    async def seal(self) -> None:
        """Seal windows that are of age, until cancelled; all of them when memory is full, since no more can come."""
        loop = asyncio.get_running_loop()
        windows, budget = self._parts.windows, self._parts.budget
        while True:
            self._deliver(windows.flush() if budget.full else windows.due(loop.time()))
            self._parts.courier.relieve(budget.used / budget.limit)
            self._parts.settling.let_go(loop.time())
            await asyncio.sleep(TICK_SECONDS)

    async def finish(self, leaving: Collection[Progress], deadline: float) -> None:
        """Return when all that came of these assignments is settled, or cannot be now.

        :param deadline: on the clock of the loop; requests in flight are waited for until then.
        """
        await self._caught_up()
        self._deliver(self._parts.windows.flush())
        self._parts.settling.let_go(asyncio.get_running_loop().time())
        await self._parts.courier.drain_some(lambda entry: entry.record.progress in leaving, deadline)
        await self._parts.settling.wait()

    def forget_gone(self) -> None:
        """Let go of what waits to be sent of assignments that are gone."""
        self._parts.courier.forget_gone()

    async def close(self) -> None:
        """Give up what is in flight: it stays uncommitted."""
        await self._parts.courier.close()
        await self._parts.settling.close()

    def failed(self, error: BaseException) -> None:
        """Ask for the end of the process."""
        if not self.failure.done():
            self.failure.set_result(error)

    @property
    def waiting_for_schemas(self) -> bool:
        """The schema registry does not answer, and records wait for it."""
        return self._without_schemas.is_set()

    @property
    def oldest(self) -> float | None:
        """When the oldest event that waits to be sent came, on the clock of the loop; None: nothing waits."""
        times = (self._parts.windows.oldest, self._parts.courier.oldest)
        return min((at for at in times if at is not None), default=None)

    @property
    def parts(self) -> Parts:
        """What the way leads through."""
        return self._parts

    async def _caught_up(self) -> None:
        """Return when all that came is translated, or cannot be: no schema registry answers, or the way has ended."""
        ended = asyncio.shield(self.failure)
        ways = [asyncio.ensure_future(each) for each in (self._inbox.join(), self._without_schemas.wait(), ended)]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()

    def _drop_stale(self, part: Slice) -> list[Message]:
        """Leave out records whose assignment is gone, and such as were read already."""
        progress = part.progress
        fresh = [] if progress.fenced else [one for one in part.messages if (one.offset() or 0) >= progress.end]
        self._parts.budget.give(held_bytes(part.messages) - held_bytes(fresh))
        return fresh

    def _was_done(self, record: Record) -> bool:
        if not record.progress.was_done(record.offset):
            return False
        record.progress.expect(record.slot, 0)
        self._parts.budget.give(held_bytes([record.message]))
        self._parts.ledger.already_settled(1)
        return True

    def _count(self, records: int, translated: Counter[str]) -> None:
        self._parts.ledger.read(records)
        self._parts.guard.translated(translated.total())
        for pixel_id, events in translated.items():
            self._parts.ledger.translated(pixel_id, events)

    def _refuse(self, refused: dict[Refusal, list[Record]]) -> None:
        for refusal, records in refused.items():
            fate = Fate(refusal.outcome, refusal.pixel_id, refusal.reason, refusal.field)
            self._parts.settling.settle(fate, records, 0)


def _place(record: Record) -> Origin:
    return _origin((record.progress.topic, record.progress.partition, record.offset))


def _narrowed(record: Record, answer: Translation) -> Translation:
    """Keep what is for the pixel that a copy was parked for."""
    pixel_id = pixel_of(record.message)
    return answer if pixel_id is None else for_pixel(answer, pixel_id)
