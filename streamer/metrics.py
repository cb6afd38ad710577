"""The metrics at work; ``python -m streamer.metrics`` prints docs/metrics.md, made from their declarations.

What the ledger knows is read from it at each scrape, and so are levels such as memory: nothing is counted twice.
"""

import asyncio
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Protocol

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from streamer import __version__, measures
from streamer.ledger import LedgerSnapshot, PixelRow
from streamer.outcomes import Outcome
from streamer.quality import PixelQuality, Quality
from streamer.translate.engine import Note

disable_created_metrics()  # type: ignore[no-untyped-call]  # a series for when each series began tells nobody anything


@dataclass(frozen=True, slots=True)
class Levels:
    """What is so at one moment: the values of the gauges that nobody counts."""

    engine: str
    ready: bool
    oldest_unsent_seconds: float
    events_waiting: int
    requests_in_flight: int
    records_unsettled: int
    settlements_under_way: int
    memory_used: int
    memory_budget: int
    partitions_owned: int
    connections_not_understood: int = 0
    scopes_slowed: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """By scope and how."""
    kafka_thread_idle_seconds: float = 0.0


class Watched(Protocol):
    """What is looked at for each scrape."""

    def ledger(self) -> LedgerSnapshot:
        """Return the ledger as it is now."""
        ...

    def levels(self) -> Levels:
        """Return the levels as they are now."""
        ...


class Metrics:
    """Counts what the Kafka thread and delivery tell it, and reads the rest when scraped.

    Implements ConsumerEvents, CommitEvents and DeliveryEvents. Any thread may call, save for :meth:`noted`,
    :meth:`render` and :attr:`quality`, which belong to the loop.
    """

    def __init__(self, version: str = __version__) -> None:
        """Begin at nothing, in a registry of its own."""
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self.quality = Quality()
        """Of the data that passes."""
        self._parked: dict[str, str] = {}
        self._watched: Watched | None = None
        self._requests = self._counter(measures.REQUESTS)
        self._seconds = self._histogram(measures.REQUEST_SECONDS)
        self._events = self._histogram(measures.REQUEST_EVENTS)
        self._bytes = self._histogram(measures.REQUEST_BYTES)
        self._splits = self._counter(measures.SPLITS)
        self._pixel_parked = self._gauge(measures.PARKED)
        self._probes = self._counter(measures.PROBES)
        self._parked_waiting = self._gauge(measures.PARKED_WAITING)
        self._passes = self._counter(measures.PASSES)
        self._pixels_file_faults = self._gauge(measures.PIXELS_FILE_FAULTS)
        self._secrets_missing = self._gauge(measures.SECRETS_MISSING)
        self._lag = self._gauge(measures.LAG)
        self._committed = self._gauge(measures.COMMITTED)
        self._commit_failures = self._counter(measures.COMMIT_FAILURES)
        self._rebalances = self._counter(measures.REBALANCES)
        self._jumps = self._counter(measures.JUMPS)
        self._paused = self._gauge(measures.PAUSED)
        self._loop_lag = self._histogram(measures.LOOP_LAG)
        self._gauge(measures.BUILD).labels(version).set(1)

    async def render(self) -> bytes:
        """Return all metrics in Prometheus' text format: what they are now, written out beside the loop.

        Thousands of pixels have tens of thousands of lines, which would hold it up.
        """
        return await asyncio.to_thread(generate_latest, self._moment())

    def text(self) -> bytes:
        """Return the same at once, for whoever has no loop to hold up."""
        return generate_latest(self._moment())

    def _moment(self) -> "_Moment":
        watched = self._watched
        ledger, levels = (watched.ledger(), watched.levels()) if watched else (None, None)
        return _Moment(self._registry, self.quality.totals(), ledger, levels)

    def watch(self, watched: Watched) -> None:
        """Read ledger and levels from ``watched`` at each scrape from now on."""
        self._watched = watched

    def forget_pixel(self, pixel_id: str) -> None:
        """Drop what was counted of a pixel that is gone. The ledger still has its outcomes."""
        self._parked.pop(pixel_id, None)
        for metric in (self._requests, self._splits, self._pixel_parked):
            metric.remove_by_labels({"pixel": pixel_id})
        self.quality.forget(pixel_id)

    # ---- translation

    def noted(self, pixel_id: str, notes: Iterable[Note]) -> None:
        """Count fields that were left out, repaired or missed in one event."""
        self.quality.noted(pixel_id, notes)

    # ---- delivery

    def sent(self, events: int, size: int) -> None:
        """Note the events and bytes of a request."""
        self._events.observe(events)
        self._bytes.observe(size)

    def answered(self, pixel_id: str, kind: str, code: int | None, seconds: float) -> None:
        """Count a request that ended."""
        self._requests.labels(pixel_id, kind, "" if code is None else code).inc()
        self._seconds.observe(seconds)

    def split(self, pixel_id: str) -> None:
        """Count a refused request that was halved."""
        self._splits.labels(pixel_id).inc()

    def parked(self, pixel_id: str, reason: str | None) -> None:
        """Note that a pixel was parked, or, without a reason, that it works again."""
        before = self._parked.pop(pixel_id, None)
        if before is not None:
            self._pixel_parked.remove(pixel_id, before)
        if reason is not None:
            self._parked[pixel_id] = reason
            self._pixel_parked.labels(pixel_id, reason).set(1)

    # ---- parked events

    def probed(self, result: str) -> None:
        """Count a request of which nothing but its answer was wanted."""
        self._probes.labels(result).inc()

    def pass_began(self, because: str) -> None:
        """Count a pass over a partition of the parked topic."""
        self._passes.labels(because).inc()

    def parked_waits(self, partition: int, records: int) -> None:
        """Note how many copies the next pass goes over."""
        self._parked_waiting.labels(partition).set(records)

    def parked_left(self, partition: int) -> None:
        """Forget the gauge of a parked partition that is no longer owned."""
        self._parked_waiting.remove_by_labels({"partition": str(partition)})

    # ---- pixels

    def pixels_file(self, faults: int, missing: int) -> None:
        """Note how many faults keep the pixels file from being taken up, and how many of its secrets are missing."""
        self._pixels_file_faults.set(faults)
        self._secrets_missing.set(missing)

    # ---- Kafka

    def committed(self, topic: str, partition: int, offset: int) -> None:
        """Note an offset that the broker has confirmed."""
        self._committed.labels(topic, partition).set(offset)

    def commit_failed(self, reason: str) -> None:
        """Count a commit that failed."""
        self._commit_failures.labels(reason).inc()

    def rebalanced(self, kind: str, partitions: int) -> None:  # noqa: ARG002 - how many are owned is a gauge
        """Count a rebalance."""
        self._rebalances.labels(kind).inc()

    def jumped(self, topic: str, partition: int) -> None:
        """Count a jump over offsets that were gone."""
        self._jumps.labels(topic, partition).inc()

    def paused(self, *, on: bool) -> None:
        """Note that reading was paused or goes on."""
        self._paused.set(int(on))

    def lag(self, topic: str, partition: int, records: int) -> None:
        """Note how far the committed offset is from the partition's end."""
        self._lag.labels(topic, partition).set(records)

    def gone(self, topic: str, partition: int) -> None:
        """Forget the gauges of a partition that is no longer owned."""
        self._lag.remove(topic, partition)
        self._committed.remove(topic, partition)

    # ---- the process

    def loop_lag(self, seconds: float) -> None:
        """Note how late a timer of the loop ran."""
        self._loop_lag.observe(seconds)

    @property
    def partitions(self) -> list[tuple[str, int, int | None, int | None]]:
        """Topic, partition, committed offset and lag of each partition of which either is known."""
        known: dict[tuple[str, int], list[int | None]] = {}
        for at, gauge in enumerate((self._committed, self._lag)):
            for metric in gauge.collect():
                for sample in metric.samples:
                    key = sample.labels["topic"], int(sample.labels["partition"])
                    known.setdefault(key, [None, None])[at] = int(sample.value)
        return [(*key, committed, lag) for key, (committed, lag) in sorted(known.items())]

    def _counter(self, declared: measures.Declared) -> Counter:
        return Counter(measures.PREFIX + declared.name, declared.sentence, declared.labels, registry=self._registry)

    def _gauge(self, declared: measures.Declared) -> Gauge:
        return Gauge(measures.PREFIX + declared.name, declared.sentence, declared.labels, registry=self._registry)

    def _histogram(self, declared: measures.Declared) -> Histogram:
        return Histogram(
            measures.PREFIX + declared.name, declared.sentence, registry=self._registry, buckets=declared.buckets
        )


@dataclass(frozen=True, slots=True)
class _Moment(Collector):
    """All metrics as they were when they were asked for; what is counted by the library is a little newer."""

    registry: CollectorRegistry
    quality: Mapping[str, PixelQuality]
    ledger: LedgerSnapshot | None
    levels: Levels | None

    def collect(self) -> Iterator[Metric]:
        """Yield them."""
        yield from self.registry.collect()
        yield from _of_quality(self.quality)
        if self.ledger is not None:
            yield from _of_ledger(self.ledger)
        if self.levels is not None:
            yield from _of_levels(self.levels)


Samples = Iterable[tuple[Sequence[str], float]]
"""Values of the labels, and the value."""


def _counts(declared: measures.Declared, samples: Samples) -> Metric:
    family = CounterMetricFamily(measures.PREFIX + declared.name, declared.sentence, labels=declared.labels)
    for labels, value in samples:
        family.add_metric(labels, value)
    return family


def _levels(declared: measures.Declared, samples: Samples) -> Metric:
    family = GaugeMetricFamily(measures.PREFIX + declared.name, declared.sentence, labels=declared.labels)
    for labels, value in samples:
        family.add_metric(labels, value)
    return family


def _of_ledger(ledger: LedgerSnapshot) -> Iterator[Metric]:
    rows = ledger.pixels
    yield _counts(measures.READ, [((), ledger.read)])
    yield _counts(measures.ALREADY_SETTLED, [((), ledger.already_settled)])
    yield _counts(measures.TRANSLATED, [((row.pixel_id,), row.translated) for row in rows])
    yield _counts(measures.FORGOTTEN, [((row.pixel_id,), row.forgotten) for row in rows if row.forgotten])
    yield _counts(measures.OUTCOMES, [sample for row in rows for sample in _outcomes(row)])
    yield _levels(measures.IN_FLIGHT, [((row.pixel_id,), row.in_flight) for row in rows])


def _outcomes(row: PixelRow) -> Iterator[tuple[Sequence[str], float]]:
    if row.delivered:
        yield (row.pixel_id, Outcome.DELIVERED.value, ""), row.delivered
    for (outcome, reason), count in row.reasons.items():
        yield (row.pixel_id, outcome.value, reason.value), count


def _of_quality(pixels: Mapping[str, PixelQuality]) -> Iterator[Metric]:
    seen = pixels.items()
    yield _counts(measures.SERVER_EVENTS, [((pixel_id,), one.events) for pixel_id, one in seen])
    yield _counts(measures.MATCH_KEYS, [((pixel_id, key), n) for pixel_id, one in seen for key, n in one.keys.items()])
    yield _counts(measures.FAULTY, [((pixel_id,), one.faulty) for pixel_id, one in seen])
    yield _counts(measures.FIELDS, [((pixel_id, *note), n) for pixel_id, one in seen for note, n in one.fields.items()])
    ages = HistogramMetricFamily(
        measures.PREFIX + measures.EVENT_AGE.name, measures.EVENT_AGE.sentence, labels=measures.EVENT_AGE.labels
    )
    bounds = [*map(floatToGoString, measures.EVENT_AGE.buckets), "+Inf"]
    for pixel_id, one in seen:
        ages.add_metric((pixel_id,), list(zip(bounds, accumulate(one.ages), strict=True)), one.age_seconds)
    yield ages


def _of_levels(levels: Levels) -> Iterator[Metric]:
    values = {
        measures.READY: int(levels.ready),
        measures.OLDEST: levels.oldest_unsent_seconds,
        measures.WAITING: levels.events_waiting,
        measures.REQUESTS_IN_FLIGHT: levels.requests_in_flight,
        measures.UNSETTLED: levels.records_unsettled,
        measures.ACKNOWLEDGING: levels.settlements_under_way,
        measures.MEMORY_USED: levels.memory_used,
        measures.MEMORY_BUDGET: levels.memory_budget,
        measures.PARTITIONS: levels.partitions_owned,
        measures.THREAD_IDLE: levels.kafka_thread_idle_seconds,
    }
    for declared, value in values.items():
        yield _levels(declared, [((), value)])
    yield _levels(measures.SLOWED, levels.scopes_slowed.items())
    yield _levels(measures.ENGINE, [((levels.engine,), 1)])
    yield _counts(measures.NOT_UNDERSTOOD, [((), levels.connections_not_understood)])


if __name__ == "__main__":
    sys.stdout.write(measures.page())
