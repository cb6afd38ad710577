"""One consumer of the process, with all that belongs to it on both sides of the crossing."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from confluent_kafka import Consumer

from streamer.assignments import Assignments
from streamer.kafka.config import consumer_config
from streamer.kafka.consumer import ConsumerEvents, ConsumerThread, Reading
from streamer.kafka.crossing import Crossing
from streamer.memory import Budget
from streamer.pipeline import Pipeline

_librdkafka = logging.getLogger("librdkafka")


@dataclass(frozen=True, slots=True)
class Intake:
    """What is read, and how much of the memory that may take."""

    reading: Reading
    events: ConsumerEvents
    fetched_bytes: int
    """What librdkafka may hold of records that it has fetched."""
    share: float | None = None
    """Of the budget: see :class:`streamer.kafka.crossing.Crossing`."""


class Reader:
    """Reads into a pipeline, once its thread is started. Made on the loop."""

    def __init__(self, intake: Intake, pipeline: Pipeline, budget: Budget) -> None:
        """Join thread and loop."""
        settings = intake.reading.settings
        self.assignments = Assignments(pipeline)
        self._interval = settings.commit_interval_seconds
        self._crossing = Crossing(asyncio.get_running_loop(), self.assignments, budget, intake.share)

        def make(on_commit: Callable[..., None]) -> Consumer:
            config: dict[str, Any] = consumer_config(settings, intake.fetched_bytes)
            return Consumer(config | {"on_commit": on_commit}, logger=_librdkafka)

        self.thread = ConsumerThread(intake.reading, make, self._crossing, intake.events)

    async def publish(self) -> None:
        """Tell the thread what may be committed, until cancelled."""
        await self.assignments.publish(self._crossing, self._interval)
