"""The consumer as a whole: its parts put together from the settings, and run until told to stop."""

import asyncio
import logging
import os
import time
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from typing import Any

import structlog
from confluent_kafka import Producer

from streamer import __version__, collector
from streamer.admin.server import AdminServer
from streamer.assembly import make_translator, with_pixels
from streamer.connections import Connections
from streamer.delivery.backoff import Backoff
from streamer.delivery.capi import AiohttpTransport
from streamer.delivery.courier import Courier, Office
from streamer.delivery.windows import Windows
from streamer.errors import UserError
from streamer.kafka.config import producer_config
from streamer.kafka.consumer import Reading
from streamer.kafka.writer import Writer
from streamer.ledger import Ledger, LedgerSnapshot
from streamer.memory import Budget, divide
from streamer.metrics import Metrics
from streamer.overview import Overview
from streamer.pipeline import Parts, Pipeline
from streamer.pixels.book import FilePixelBook
from streamer.pixels.pixel import Pixel
from streamer.preflight import check_kafka
from streamer.quiet import Quiet
from streamer.reader import Intake, Reader
from streamer.refusals import RefusalGuard
from streamer.resuming import Common, Resuming
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
            pipeline, resuming = self._open_pipeline(closing)
            await _first(stop.wait(), asyncio.shield(pipeline.failure), resuming.catch_up())
            live, parked = self._open_readers(closing, pipeline, resuming)
            self.overview = Overview(pipeline, live.assignments, live.thread, self.book, self.metrics)
            self.overview.add(parked, resuming.connections)
            self.metrics.watch(self.overview)
            collector.calm()
            for reader in (live, parked):
                reader.thread.start()
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

    def _open_pipeline(self, closing: AsyncExitStack) -> tuple[Pipeline, Resuming]:
        settings = self.settings
        closing.push_async_callback(self.translator.close)
        transport = AiohttpTransport(settings.delivery)
        closing.push_async_callback(transport.close)
        writer = Writer(Producer(producer_config(settings.kafka), logger=_librdkafka))
        closing.push_async_callback(asyncio.to_thread, writer.close, PRODUCER_SECONDS)
        pipeline = Pipeline(settings.kafka.parked_topic)
        resuming = Resuming(Common(settings, self.book, self.metrics, writer, pipeline.failed))
        closing.push_async_callback(resuming.close)
        parts = self._parts(pipeline, writer, transport, resuming.connections)
        pipeline.join(parts)
        resuming.join(parts.courier, transport)
        closing.push_async_callback(pipeline.close)
        quiet = Quiet(self.ledger, self.metrics, parts.courier)
        turning = (pipeline.run(), pipeline.seal(), self._keep_beating(), self._reload(resuming.connections))
        self._turn(closing, pipeline, *turning, quiet.run(), *resuming.works())
        return pipeline, resuming

    def _parts(
        self, pipeline: Pipeline, writer: Writer, transport: AiohttpTransport, connections: Connections
    ) -> Parts:
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
            pixel_share=settings.memory.pixel_share,
            window=settings.window,
            changed=connections.changed,
        )
        settling = Settling(settings.kafka, writer, self.ledger, self.budget, guard)
        settling.parked = connections.copied
        return Parts(
            translator=self.translator,
            windows=Windows(settings.window),
            courier=Courier(office, settings.meta, delivery, backoff),
            settling=settling,
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

    def _open_readers(self, closing: AsyncExitStack, pipeline: Pipeline, resuming: Resuming) -> tuple[Reader, Reader]:
        """Return the readers of the live topics and of the parked one, not started yet; they stop together."""
        reading = Reading(self.settings.kafka, self.settings.stop.drain_seconds)
        live = Reader(Intake(reading, self.metrics, self._shares.fetched), pipeline, self.budget)
        parked = Reader(resuming.intake(self._shares.fetched_parked), pipeline, self.budget)
        self._turn(closing, pipeline, live.publish(), parked.publish())

        async def leave() -> None:
            await asyncio.gather(live.thread.leave(), parked.thread.leave())

        closing.push_async_callback(leave)
        return live, parked

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

    async def _reload(self, connections: Connections) -> None:
        """Look at the pixels file and the tokens every few seconds, and take up what has changed."""
        while True:
            self.metrics.pixels_file(self.book.faults, self.book.missing)
            await asyncio.sleep(self.settings.pixels.reload_seconds)
            before = {pixel.pixel_id: pixel for pixel in self.book.pixels()}
            if await asyncio.to_thread(self.book.refresh):
                self.translator.replace_plan(with_pixels(self.translator.plan, self.book))
                known = before | {pixel.pixel_id: pixel for pixel in self.book.pixels()}
                connections.token_changed(each for each in known if self._has_another_token(each, before.get(each)))
                _log.info("pixels reloaded")

    def _has_another_token(self, pixel_id: str, before: Pixel | None) -> bool:
        now = self.book.get(pixel_id)
        return before is None or (before.access_token, before.app_secret) != (now.access_token, now.app_secret)


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
