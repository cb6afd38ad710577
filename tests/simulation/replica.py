"""One process of the product, whole but for its edges: Kafka, Meta and the clock are simulated."""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from streamer.assignments import Assignments
from streamer.delivery.backoff import Backoff
from streamer.delivery.batch import Settlement
from streamer.delivery.courier import Courier, Office
from streamer.delivery.windows import Windows
from streamer.kafka.crossing import Crossing
from streamer.ledger import Ledger
from streamer.memory import Budget
from streamer.metrics import Metrics
from streamer.outcomes import Reason
from streamer.pipeline import Parts, Pipeline
from streamer.pixels.pixel import PixelBook
from streamer.quiet import Quiet
from streamer.records.translator import Reading, Translator
from streamer.refusals import RefusalGuard
from streamer.resuming import SHARE, parked_settings
from streamer.settings import Settings
from streamer.settling import Settling
from streamer.tasks import Tasks
from streamer.translate.plan import Plan
from tests.simulation.census import census
from tests.simulation.kafka import Kafka, SimulatedWriter, unix_time
from tests.simulation.meta import Meta, Wire
from tests.simulation.reader import LoopEnd, Reader
from tests.simulation.records import TOPIC
from tests.simulation.resuming import Resuming
from tests.simulation.witness import Witness
from tests.support.tag_events import SCHEMA


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all replicas share."""

    kafka: Kafka
    meta: Meta
    witness: Witness
    book: PixelBook
    plan: Plan
    settings: Settings
    budget: int
    draw: random.Random
    failed: Callable[[BaseException], None]


class _WatchedBudget(Budget):
    """Remembers how full it was."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.most = 0

    def take(self, size: int) -> None:
        super().take(size)
        self.most = max(self.most, self.used)


class Replica:
    """A process."""

    def __init__(self, name: str, around: Surroundings) -> None:
        self.name = name
        self._around = around
        self.budget = _WatchedBudget(around.budget)
        self.ledger = Ledger()
        self.metrics = Metrics()
        self.pipeline = Pipeline(around.settings.kafka.parked_topic, unix_time)
        self._tasks = Tasks(self.pipeline.failed)
        writer, wire = SimulatedWriter(around.kafka), Wire(around.meta, name)
        self._resuming = Resuming(around.settings, around.kafka, around.book, writer, self.pipeline.failed)
        self.pipeline.join(self._parts(writer, wire))
        self.courier = self.pipeline.parts.courier
        settling = self.pipeline.parts.settling
        settling.parked, settling.unix_time = self._resuming.connections.copied, unix_time
        self._resuming.join(self.courier, wire)
        self.readers = self._readers()
        quiet = Quiet(self.ledger, self.metrics, self.courier)
        for work in (self.pipeline.run(), self.pipeline.seal(), quiet.run(), *self._resuming.works()):
            self._tasks.start(work)
        self.pipeline.failure.add_done_callback(self._failed)

    def token_changed(self, pixels: Sequence[str]) -> None:
        """Take up new tokens, as after a look at the pixels file."""
        self._resuming.connections.token_changed(pixels)

    def census(self) -> dict[str, int]:
        """Return the sizes of all collections in which delivery keeps something."""
        parts = self.pipeline.parts
        counts = census(parts.courier) | census(parts.settling) | census(parts.windows) | census(self.ledger)
        return counts | {"metrics of pixels": self.metrics.text().count(b'pixel="')}

    def parked_for_all(self) -> set[str]:
        """Return the pixels that are parked for a reason that is every replica's."""
        found = ((pixel, parked.reason) for pixel, parked in self.courier.parked().items())
        return {pixel for pixel, reason in found if reason is not Reason.BACKLOG}

    async def stop(self) -> None:
        """Drain, commit and end."""
        seconds = self._around.settings.stop.drain_seconds
        await asyncio.gather(*(reader.revoke(list(reader.owned), seconds) for reader in self.readers.values()))
        await self._resuming.stop()
        await self.kill()

    async def kill(self) -> None:
        """End as by kill -9: nothing more is sent, written or committed."""
        for reader in self.readers.values():
            reader.owned.clear()
        await self._tasks.cancel()
        await self._resuming.kill()
        await self.pipeline.close()
        self._around.witness.died(self.name)

    def _parts(self, writer: SimulatedWriter, wire: Wire) -> Parts:
        settings, loop = self._around.settings, asyncio.get_running_loop()
        delivery = settings.delivery
        guard = RefusalGuard(
            delivery.refused_share_limit, delivery.refused_share_minimum, delivery.refused_share_hold_seconds
        )
        office = Office(
            wire,
            self._around.book,
            self._settled,
            self.pipeline.forgotten,
            self.pipeline.failed,
            events=self.metrics,
            unix_time=unix_time,
            window=settings.window,
            pixel_share=settings.memory.pixel_share,
            changed=self._resuming.connections.changed,
        )
        reading = Reading("single-object", self._around.kafka.schemas, SCHEMA)
        backoff = Backoff(delivery.backoff_base_seconds, delivery.backoff_max_seconds, self._around.draw)
        return Parts(
            translator=Translator(reading, self._around.plan, clock=loop.time),
            windows=Windows(settings.window),
            courier=Courier(office, settings.meta, delivery, backoff),
            settling=Settling(settings.kafka, writer, self.ledger, self.budget, guard),
            ledger=self.ledger,
            budget=self.budget,
            guard=guard,
            metrics=self.metrics,
        )

    def _readers(self) -> dict[str, Reader]:
        """Return a reader of the live records, and one of the parked ones, each in a group of its own."""
        live = self._around.settings.kafka
        parked = parked_settings(live)
        return {
            TOPIC: self._reader(live.group_id, None),
            live.parked_topic: self._reader(parked.group_id, SHARE),
        }

    def _reader(self, group: str, share: float | None) -> Reader:
        assignments = Assignments(self.pipeline)
        crossing = Crossing(asyncio.get_running_loop(), assignments, self.budget, share)
        loop_end = LoopEnd(assignments, crossing, None if share is None else self._resuming.gate)
        reader = Reader(self.name, group, self._around.kafka, self._around.witness, loop_end)
        interval = self._around.settings.kafka.commit_interval_seconds
        for work in (assignments.publish(crossing, interval), reader.read(), reader.commit(interval)):
            self._tasks.start(work)
        return reader

    def _failed(self, failure: asyncio.Future[BaseException]) -> None:
        self._around.failed(failure.result())

    def _settled(self, settlement: Settlement) -> None:
        self._around.witness.settled(self.name, settlement)
        self.pipeline.settled(settlement)
