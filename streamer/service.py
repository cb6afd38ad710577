"""The consumer as a whole: its parts put together from the settings, and run until told to stop."""

import asyncio
import logging
import os
import time
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Any

import structlog
from confluent_kafka import Consumer, Producer

from streamer import __version__, collector
from streamer.admin.server import AdminServer
from streamer.assembly import make_translator, with_pixels
from streamer.assignments import Assignments
from streamer.delivery.backoff import Backoff
from streamer.delivery.capi import AiohttpTransport
from streamer.delivery.courier import Courier, Office
from streamer.delivery.windows import Windows
from streamer.errors import UserError
from streamer.kafka.config import consumer_config, producer_config
from streamer.kafka.consumer import ConsumerThread
from streamer.kafka.crossing import Crossing
from streamer.kafka.writer import Writer
from streamer.ledger import Ledger, LedgerSnapshot
from streamer.memory import Budget, divide
from streamer.metrics import Metrics
from streamer.overview import Overview
from streamer.pipeline import Parts, Pipeline
from streamer.pixels.book import FilePixelBook
from streamer.preflight import check_kafka
from streamer.refusals import RefusalGuard
from streamer.settings import Settings
from streamer.settling import Settling
from streamer.tasks import Tasks

_log = structlog.get_logger(__name__)
_librdkafka = logging.getLogger("librdkafka")

BEAT_SECONDS = 0.5
PRODUCER_SECONDS = 5.0
"""How long the last receipts may take at the end."""


class Service:
    """A consumer: what ``run`` runs, and the demo too."""

    def __init__(self, settings: Settings) -> None:
        """Make the parts that need no connection.

        :raises UserError: if a file that the settings name cannot be read or holds nonsense.
        """
        self.settings = settings
        self.ledger = Ledger()
        self._shares = divide(settings.memory.budget)
        self.budget = Budget(self._shares.held)
        self.metrics = Metrics(__version__)
        self.book = FilePixelBook(settings.pixels, settings.meta, os.environ)
        self.translator = make_translator(settings, self.book)
        self.overview: Overview | None = None
        """What is going on, once it runs."""
        self.url = ""
        """Of the status page, once it runs."""
        self._beat = time.monotonic()

    async def run(self, stop: asyncio.Event) -> None:
        """Consume until ``stop`` is set, then drain, commit and leave the group.

        :raises UserError: if something the user can mend keeps it from starting, or from going on.
        """
        await asyncio.to_thread(check_kafka, self.settings.kafka)
        self._check_tokens()
        async with AsyncExitStack() as closing:  # what is opened last is closed first
            admin = await self._open_admin(closing)
            pipeline = self._open_pipeline(closing)
            assignments = Assignments(pipeline)
            consumer = self._open_consumer(closing, pipeline, assignments)
            self.overview = Overview(pipeline, assignments, consumer, self.book, self.metrics)
            self.metrics.watch(self.overview)
            collector.calm()
            consumer.start()
            _log.info(
                "started",
                engine=self.translator.engine_name,
                topics=self.settings.kafka.topics,
                group=self.settings.kafka.group_id,
                page=admin.url,
            )
            await _first(stop.wait(), asyncio.shield(pipeline.failure))
            if pipeline.failure.done():
                raise pipeline.failure.result()
            _log.info("stopping: no more is read, what is under way is finished")
        _log.info("stopped", **_counts(self.ledger.snapshot()))

    def _check_tokens(self) -> None:
        """Refuse to start where nothing could ever be sent: everything would be parked."""
        if self.settings.meta.access_token is None and not any(pixel.access_token for pixel in self.book.pixels()):
            raise UserError(
                "There is no token at all: meta.access_token is not set, and no pixel in pixels.file has one that can "
                "be read. Every event would be parked."
            )

    async def _open_admin(self, closing: AsyncExitStack) -> AdminServer:
        settings = self.settings.admin
        admin = AdminServer(settings.host, settings.port, lambda: self.overview, self._alive, self.metrics.render)
        await admin.start()
        closing.push_async_callback(admin.stop)
        self.url = admin.url
        return admin

    def _open_pipeline(self, closing: AsyncExitStack) -> Pipeline:
        settings = self.settings
        closing.push_async_callback(self.translator.close)
        transport = AiohttpTransport(settings.delivery)
        closing.push_async_callback(transport.close)
        writer = Writer(Producer(producer_config(settings.kafka), logger=_librdkafka))
        closing.push_async_callback(asyncio.to_thread, writer.close, PRODUCER_SECONDS)
        pipeline = Pipeline(settings.kafka.parked_topic)
        pipeline.join(self._parts(pipeline, writer, transport))
        closing.push_async_callback(pipeline.close)
        turning = (pipeline.run(), pipeline.seal(), self._keep_beating(), self._reload())
        self._turn(closing, pipeline, *turning)
        return pipeline

    def _parts(self, pipeline: Pipeline, writer: Writer, transport: AiohttpTransport) -> Parts:
        settings, delivery = self.settings, self.settings.delivery
        guard = RefusalGuard(
            delivery.refused_share_limit, delivery.refused_share_minimum, delivery.refused_share_hold_seconds
        )
        backoff = Backoff(delivery.backoff_base_seconds, delivery.backoff_max_seconds)
        office = Office(
            transport,
            self.book,
            pipeline.settled,
            pipeline.forgotten,
            pipeline.failed,
            events=self.metrics,
            max_bytes_in_flight=self._shares.sending,
        )
        return Parts(
            translator=self.translator,
            windows=Windows(settings.window),
            courier=Courier(office, settings.meta, delivery, backoff),
            settling=Settling(settings.kafka, writer, self.ledger, self.budget, guard),
            ledger=self.ledger,
            budget=self.budget,
            guard=guard,
            metrics=self.metrics,
        )

    def _turn(self, closing: AsyncExitStack, pipeline: Pipeline, *works: Coroutine[Any, Any, None]) -> None:
        """Let these turn until the end; if one ends by an error, so does the process."""
        tasks = Tasks(pipeline.failed)
        for work in works:
            tasks.start(work)
        closing.push_async_callback(tasks.cancel)

    def _open_consumer(self, closing: AsyncExitStack, pipeline: Pipeline, assignments: Assignments) -> ConsumerThread:
        crossing = Crossing(asyncio.get_running_loop(), assignments, self.budget)
        self._turn(closing, pipeline, assignments.publish(crossing, self.settings.kafka.commit_interval_seconds))

        def make(on_commit: Callable[..., None]) -> Consumer:
            config: dict[str, Any] = consumer_config(self.settings.kafka, self._shares.fetched)
            return Consumer(config | {"on_commit": on_commit}, logger=_librdkafka)

        drain_seconds = self.settings.stop.drain_seconds
        thread = ConsumerThread(self.settings.kafka, make, crossing, self.metrics, drain_seconds)
        closing.push_async_callback(thread.leave)
        return thread

    def _alive(self) -> bool:
        """Tell whether the loop and the Kafka thread turn: the whole of liveness."""
        limit = time.monotonic() - self.settings.admin.live_seconds
        return self._beat >= limit and (self.overview is None or self.overview.thread_turned >= limit)

    async def _keep_beating(self) -> None:
        while True:
            before = time.monotonic()
            await asyncio.sleep(BEAT_SECONDS)
            self._beat = time.monotonic()
            self.metrics.loop_lag(max(0.0, self._beat - before - BEAT_SECONDS))
            if self.overview is not None:
                self.overview.mark()

    async def _reload(self) -> None:
        """Look at the pixels file and the tokens every few seconds, and take up what has changed."""
        while True:
            await asyncio.sleep(self.settings.pixels.reload_seconds)
            if await asyncio.to_thread(self.book.refresh):
                self.translator.replace_plan(with_pixels(self.translator.plan, self.book))
                _log.info("pixels reloaded")


def _counts(ledger: LedgerSnapshot) -> dict[str, int]:
    """Return the ledger's totals; what is in flight was not committed, and is read again."""
    names = ("read", "delivered", "skipped", "dead_lettered", "parked", "forgotten")
    return {**{name: getattr(ledger, name) for name in names}, "left_uncommitted": ledger.in_flight}


async def _first(*works: Any) -> None:  # noqa: ANN401 - anything that can be awaited
    tasks = [asyncio.ensure_future(work) for work in works]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
