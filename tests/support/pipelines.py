"""A whole pipeline without sockets: a writer that a test acknowledges, and a service under a script in Meta's place."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, NamedTuple

from confluent_kafka import Message

from streamer.assignments import Assignments
from streamer.delivery.backoff import Backoff
from streamer.delivery.courier import Courier, Office
from streamer.delivery.windows import Windows
from streamer.kafka.crossing import Slice
from streamer.kafka.progress import Progress
from streamer.kafka.writer import Headers
from streamer.ledger import Ledger
from streamer.memory import Budget, held_bytes
from streamer.metrics import Metrics
from streamer.pipeline import Parts, Pipeline
from streamer.records.sources import SchemaFiles, SchemaSource
from streamer.records.translator import Reading, Translator
from streamer.refusals import RefusalGuard
from streamer.settings import DeliverySettings, KafkaSettings, MetaSettings, WindowSettings
from streamer.settling import Settling
from streamer.tasks import Tasks
from streamer.translate.mapping import TAG_EVENT
from streamer.translate.plan import Plan
from tests.support.deliveries import Book, Service
from tests.support.paused import run_paused
from tests.support.tag_events import SCHEMA

TOPIC = "tag-events"


class Written(NamedTuple):
    """A record that was given to Kafka."""

    topic: str
    value: bytes | None
    key: bytes | str | None
    headers: Headers


class HeldWriter:
    """Takes records; acknowledges them at once, or when :attr:`acknowledge` is set."""

    def __init__(self) -> None:
        self.written: list[Written] = []
        self.acknowledge = asyncio.Event()
        self.acknowledge.set()

    async def write(self, topic: str, value: bytes | None, key: bytes | str | None, headers: Headers = ()) -> None:
        """Keep a record, and return when it is acknowledged."""
        self.written.append(Written(topic, value, key, headers))
        await self.acknowledge.wait()

    def topics(self) -> list[str]:
        """Return the topics in the order in which they were written to."""
        return [written.topic for written in self.written]


class Stage:
    """A pipeline at work in a paused world."""

    def __init__(self, service: Service, plan: Plan, source: SchemaSource | None, guard: RefusalGuard) -> None:
        self.service = service
        self.writer = HeldWriter()
        self.ledger = Ledger()
        self.budget = Budget(2**26)
        self.kafka = KafkaSettings()
        self.pipeline = Pipeline(self.kafka.parked_topic)
        self.assignments = Assignments(self.pipeline)
        self.settling = Settling(self.kafka, self.writer, self.ledger, self.budget, guard)
        self.metrics = Metrics()
        office = Office(
            service, Book(), self.pipeline.settled, self.pipeline.forgotten, self.pipeline.failed, self.metrics
        )
        reading = Reading("single-object", source or SchemaFiles(SCHEMA), SCHEMA)
        self.pipeline.join(
            Parts(
                translator=Translator(reading, plan),
                windows=Windows(WindowSettings(seconds=5)),
                courier=Courier(office, MetaSettings(), DeliverySettings(), Backoff(0.5, 60)),
                settling=self.settling,
                ledger=self.ledger,
                budget=self.budget,
                guard=guard,
                metrics=self.metrics,
            )
        )

    def assign(self, partition: int = 0, start: int = 0, done: Sequence[tuple[int, int]] = ()) -> Progress:
        """Begin an assignment."""
        progress = Progress(TOPIC, partition, 1, start, done)
        self.assignments.assigned([progress])
        return progress

    def feed(self, progress: Progress, values: Sequence[bytes | None], first: int = 0, end: int | None = None) -> None:
        """Hand over the records of one poll, as the Kafka thread does."""
        messages = [
            Message(topic=progress.topic, partition=progress.partition, offset=offset, value=value, key=b"k")
            for offset, value in enumerate(values, first)
        ]
        self.budget.take(held_bytes(messages))
        self.assignments.records([Slice(progress, messages, end)])


def play(
    story: Callable[[Stage], Coroutine[Any, Any, None]],
    service: Service | None = None,
    *,
    plan: Plan | None = None,
    source: SchemaSource | None = None,
    guard: RefusalGuard | None = None,
) -> Stage:
    """Run a story on a stage whose pipeline turns."""

    async def turn() -> Stage:
        stage = Stage(service or Service(), plan or Plan(TAG_EVENT), source, guard or RefusalGuard(1, 10**9))
        tasks = Tasks(stage.pipeline.failed)
        for work in (stage.pipeline.run(), stage.pipeline.seal()):
            tasks.start(work)
        try:
            await story(stage)
        finally:
            await tasks.cancel()
            await stage.pipeline.close()
        return stage

    return run_paused(turn())
