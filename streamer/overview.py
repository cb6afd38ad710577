"""What is going on: for the metrics at each scrape, for the status page, and for readiness."""

import asyncio
import time
from collections import deque
from collections.abc import Iterator

from streamer import __version__
from streamer.admin.status import ConnectionStatus, Load, PartitionStatus, PixelStatus, Rates, Status
from streamer.assignments import Assignments
from streamer.connections import Connections
from streamer.kafka.consumer import ConsumerThread
from streamer.ledger import NO_PIXEL, OTHERS, LedgerSnapshot, PixelRow
from streamer.metrics import Levels, Metrics
from streamer.pipeline import Pipeline
from streamer.pixels.pixel import PixelBook
from streamer.quality import PixelQuality
from streamer.reader import Reader

RATE_SECONDS = 10.0
QUALITY_SECONDS = 1800.0
"""The status page tells the quality of the data of the last half hour to hour."""


class Overview:
    """Looks at the parts of a running consumer."""

    def __init__(
        self,
        pipeline: Pipeline,
        assignments: Assignments,
        consumer: ConsumerThread,
        book: PixelBook,
        metrics: Metrics,
    ) -> None:
        """Look at these; must be made on the loop."""
        self._pipeline = pipeline
        self._assignments = assignments
        self._consumer = consumer
        self._book = book
        self._metrics = metrics
        self._engine = pipeline.parts.translator.engine_name
        self._began = self._turned = time.monotonic()
        self._loop = asyncio.get_running_loop()
        self._recent = _Recent()
        self._parked: Reader | None = None
        self._connections: Connections | None = None
        self.mark()

    def add(self, connections: Connections, parked: Reader | None) -> None:
        """Look at what all replicas know of the pixels too, and at the reader of the parked topic, if there is one."""
        self._parked = parked
        self._connections = connections

    @property
    def thread_turned(self) -> float:
        """When the Kafka threads last turned, on the monotonic clock: the one that turned longer ago."""
        turned = self._consumer.turned
        return turned if self._parked is None else min(turned, self._parked.thread.turned)

    def ledger(self) -> LedgerSnapshot:
        """Return the ledger as it is now."""
        return self._pipeline.parts.ledger.snapshot()

    def levels(self) -> Levels:
        """Return the levels as they are now."""
        parts = self._pipeline.parts
        return Levels(
            engine=self._engine,
            ready=not self.not_ready_because(),
            oldest_unsent_seconds=self._oldest(),
            events_waiting=parts.windows.waiting + parts.courier.waiting_events,
            requests_in_flight=parts.courier.in_flight,
            records_unsettled=self._assignments.unsettled + (self._parked.assignments.unsettled if self._parked else 0),
            settlements_under_way=parts.settling.under_way,
            memory_used=parts.budget.used,
            memory_budget=parts.budget.limit,
            partitions_owned=self._consumer.partitions,
            connections_not_understood=self._connections.not_understood if self._connections else 0,
            scopes_slowed=parts.courier.slowed,
            kafka_thread_idle_seconds=max(0.0, time.monotonic() - self.thread_turned),
        )

    def mark(self) -> None:
        """Note the counts of this moment, for the rates; to be called every second or so."""
        ledger, now = self._pipeline.parts.ledger, time.monotonic()
        self._recent.mark(now, ledger.read_so_far, ledger.delivered_so_far)
        if now - self._turned >= QUALITY_SECONDS:
            self._turned = now
            self._metrics.quality.turn(now)

    def not_ready_because(self) -> tuple[str, ...]:
        """Return what keeps the process from being ready: nothing of Meta's is among it."""
        reasons = []
        if not self._consumer.joined:
            reasons.append("the consumer group has not been joined yet")
        elif not self._consumer.alive:
            reasons.append("the Kafka thread has ended")
        if self._pipeline.waiting_for_schemas:
            reasons.append("the schema registry does not answer")
        return tuple(reasons)

    def status(self) -> Status:
        """Return what the status page shows."""
        ledger, levels, quality = self.ledger(), self.levels(), self._metrics.quality
        now, since, recent = time.monotonic(), quality.since, quality.recent()
        return Status(
            version=__version__,
            engine=levels.engine,
            uptime_seconds=now - self._began,
            not_ready_because=self.not_ready_because(),
            ledger=ledger,
            load=Load(
                memory_used=levels.memory_used,
                memory_budget=levels.memory_budget,
                oldest_unsent_seconds=levels.oldest_unsent_seconds or None,
                requests_in_flight=levels.requests_in_flight,
                unsettled=levels.records_unsettled,
            ),
            rates=self._recent.rates(),
            pixels=tuple(
                self._pixel(row, recent.get(row.pixel_id, PixelQuality()))
                for row in ledger.pixels
                if row.pixel_id not in (NO_PIXEL, OTHERS)
            ),
            partitions=tuple(PartitionStatus(*known) for known in self._metrics.partitions),
            connections=tuple(self._platform()),
            quality_seconds=now - (self._began if since is None else since),
        )

    def _platform(self) -> Iterator[ConnectionStatus]:
        """Yield what all replicas know of the pixels."""
        for pixel_id, told in (self._connections.states if self._connections else {}).items():
            known = told.connection
            yield ConnectionStatus(
                pixel_id=pixel_id,
                client=self._book.get(pixel_id).client,
                state=known.state,
                reason=known.reason,
                since=known.since_unix,
                code=known.code,
                subcode=known.subcode,
                fbtrace_id=known.fbtrace_id,
                told_by=told.replica,
            )

    def _oldest(self) -> float:
        oldest = self._pipeline.oldest
        return 0.0 if oldest is None else max(0.0, self._loop.time() - oldest)

    def _pixel(self, row: PixelRow, quality: PixelQuality) -> PixelStatus:
        courier = self._pipeline.parts.courier
        state, reason = courier.state(row.pixel_id)
        seen = courier.seen(row.pixel_id)
        return PixelStatus(
            pixel_id=row.pixel_id,
            client=self._book.get(row.pixel_id).client,
            state=state,
            reason=reason,
            delivered=row.delivered,
            skipped=row.skipped,
            dead_lettered=row.dead_lettered,
            parked=row.parked,
            in_flight=row.in_flight,
            last_success=seen.last_success,
            last_code=seen.last_code,
            quality=quality,
        )


class _Recent:
    """What went through in the last seconds."""

    def __init__(self) -> None:
        self._marks: deque[tuple[float, int, int]] = deque()

    def mark(self, now: float, read: int, delivered: int) -> None:
        """Note the counts at a moment; marks older than :data:`RATE_SECONDS` are dropped but for one."""
        self._marks.append((now, read, delivered))
        while len(self._marks) > 2 and self._marks[1][0] <= now - RATE_SECONDS:  # noqa: PLR2004 - two ends of a span
            self._marks.popleft()

    def rates(self) -> Rates:
        """Return what went through a second, between the first mark and the last."""
        (began, read, delivered), (now, read_now, delivered_now) = self._marks[0], self._marks[-1]
        span = now - began
        return Rates((read_now - read) / span, (delivered_now - delivered) / span) if span else Rates()
