"""All that lies between a reader and Meta, put together from the settings: ``run`` and ``replay`` share it."""

import asyncio
import logging
import os
import time
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Any, NamedTuple, Protocol

import structlog
from confluent_kafka import Producer

from streamer import __version__, collector
from streamer.admin.server import AdminServer
from streamer.assembly import make_translator, with_pixels
from streamer.connections import Connections
from streamer.delivery.backoff import Backoff
from streamer.delivery.capi import AiohttpTransport, Transport
from streamer.delivery.courier import Courier, Office
from streamer.delivery.windows import Windows
from streamer.errors import UserError
from streamer.kafka.config import producer_config
from streamer.kafka.writer import RecordWriter, Writer
from streamer.ledger import Ledger
from streamer.memory import Budget, divide
from streamer.metrics import Metrics
from streamer.overview import Overview
from streamer.pipeline import Parts, Pipeline
from streamer.pixels.book import FilePixelBook
from streamer.pixels.pixel import Pixel
from streamer.quiet import Quiet
from streamer.reader import Intake, Reader
from streamer.refusals import RefusalGuard
from streamer.resuming import Common, Resuming
from streamer.settings import DeliverySettings, KafkaSettings, Settings
from streamer.settling import Settling
from streamer.tasks import Tasks

_log = structlog.get_logger(__name__)
_librdkafka = logging.getLogger("librdkafka")

BEAT_SECONDS = 0.5
PRODUCER_SECONDS = 5.0
"""How long the last receipts may take at the end."""


class ClosingTransport(Transport, Protocol):
    """Sends requests, until it is closed."""

    async def close(self) -> None:
        """Close all connections."""


class ClosingWriter(RecordWriter, Protocol):
    """Writes records, until it is closed."""

    def close(self, seconds: float) -> None:
        """Wait for what is under way, at most ``seconds``."""


class Edges(NamedTuple):
    """What leaves the process goes through these; each is made on the loop."""

    transport: Callable[[DeliverySettings], ClosingTransport]
    writer: Callable[[KafkaSettings], ClosingWriter]


def _writer(settings: KafkaSettings) -> Writer:
    return Writer(Producer(producer_config(settings), logger=_librdkafka))


REAL = Edges(AiohttpTransport, _writer)
"""Meta and Kafka."""


class Sending:
    """The way of a record from a reader on, with all that turns beside it."""

    def __init__(self, settings: Settings, edges: Edges = REAL) -> None:
        """Make the parts that need no connection; :meth:`open` makes the others.

        :raises UserError: if a file that the settings name cannot be read or holds nonsense.
        """
        delivery = settings.delivery
        self.settings = settings
        self.ledger = Ledger()
        self.shares = divide(settings.memory.budget)
        self.budget = Budget(self.shares.held)
        self.metrics = Metrics(__version__)
        self.book = FilePixelBook(settings.pixels, settings.meta, os.environ)
        self.translator = make_translator(settings, self.book)
        self.guard = RefusalGuard(
            delivery.refused_share_limit, delivery.refused_share_minimum, delivery.refused_share_hold_seconds
        )
        """May be replaced before :meth:`open`."""
        self.overview: Overview | None = None
        """What is going on, once it runs."""
        self.pipeline: Pipeline
        self.resuming: Resuming
        self.url = ""
        """Of the status page, once it is served."""
        self._edges = edges
        self._beat = time.monotonic()

    def check_tokens(self) -> None:
        """Refuse to start where nothing could ever be sent: everything would be parked."""
        if self.settings.meta.access_token is None and not any(pixel.access_token for pixel in self.book.pixels()):
            raise UserError(
                "There is no token at all: meta.access_token is not set, and no pixel in pixels.file has one that can "
                "be read. Every event would be parked."
            )

    async def serve(self, closing: AsyncExitStack) -> None:
        """Serve health, metrics and the status page."""
        settings = self.settings.admin
        admin = AdminServer(settings.host, settings.port, lambda: self.overview, self._alive, self.metrics.render)
        await admin.start()
        closing.push_async_callback(admin.stop)
        self.url = admin.url

    def open(self, closing: AsyncExitStack) -> None:
        """Make the pipeline and let it turn."""
        settings = self.settings
        closing.push_async_callback(self.translator.close)
        transport = self._edges.transport(settings.delivery)
        closing.push_async_callback(transport.close)
        writer = self._edges.writer(settings.kafka)
        closing.push_async_callback(asyncio.to_thread, writer.close, PRODUCER_SECONDS)
        self.pipeline = pipeline = Pipeline(settings.kafka.parked_topic)
        self.resuming = resuming = Resuming(Common(settings, self.book, self.metrics, writer, pipeline.failed))
        closing.push_async_callback(resuming.close)
        parts = self._parts(writer, transport)
        pipeline.join(parts)
        resuming.join(parts.courier, transport)
        closing.push_async_callback(pipeline.close)
        quiet = Quiet(self.ledger, self.metrics, parts.courier)
        turning = (pipeline.run(), pipeline.seal(), self._keep_beating(), self._reload(resuming.connections))
        self.turn(closing, *turning, quiet.run(), *resuming.works())

    def turn(self, closing: AsyncExitStack, *works: Coroutine[Any, Any, None]) -> None:
        """Let these turn until the end; if one ends by an error, so does the process."""
        tasks = Tasks(self.pipeline.failed)
        for work in works:
            tasks.start(work)
        closing.push_async_callback(tasks.cancel)

    def read(self, closing: AsyncExitStack, *intakes: Intake) -> list[Reader]:
        """Start readers into the pipeline; in the end they stop together."""
        readers = [Reader(intake, self.pipeline, self.budget) for intake in intakes]
        self.turn(closing, *(reader.publish() for reader in readers))

        async def leave() -> None:
            await asyncio.gather(*(reader.thread.leave() for reader in readers))

        closing.push_async_callback(leave)
        self._watch(*readers)
        collector.calm()
        for reader in readers:
            reader.thread.start()
        return readers

    async def run(self, *ends: Coroutine[Any, Any, object]) -> None:
        """Return when one of these ends.

        :raises BaseException: what has ended the pipeline, if that came first.
        """
        await _first(asyncio.shield(self.pipeline.failure), *ends)
        if self.pipeline.failure.done():
            raise self.pipeline.failure.result()

    def _watch(self, first: Reader, parked: Reader | None = None) -> None:
        overview = Overview(self.pipeline, first.assignments, first.thread, self.book, self.metrics)
        overview.add(self.resuming.connections, parked)
        self.metrics.watch(overview)
        self.overview = overview

    def _parts(self, writer: RecordWriter, transport: Transport) -> Parts:
        settings, pipeline, connections = self.settings, self.pipeline, self.resuming.connections
        backoff = Backoff(settings.delivery.backoff_base_seconds, settings.delivery.backoff_max_seconds)
        office = Office(
            transport,
            self.book,
            pipeline.settled,
            pipeline.forgotten,
            pipeline.failed,
            events=self.metrics,
            max_bytes_in_flight=self.shares.sending,
            pixel_share=settings.memory.pixel_share,
            window=settings.window,
            changed=connections.changed,
        )
        settling = Settling(settings.kafka, writer, self.ledger, self.budget, self.guard)
        settling.parked = connections.copied
        return Parts(
            translator=self.translator,
            windows=Windows(settings.window),
            courier=Courier(office, settings.meta, settings.delivery, backoff),
            settling=settling,
            ledger=self.ledger,
            budget=self.budget,
            guard=self.guard,
            metrics=self.metrics,
        )

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


async def _first(*works: Any) -> None:  # noqa: ANN401 - anything that can be awaited
    tasks = [asyncio.ensure_future(work) for work in works]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
