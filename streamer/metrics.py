"""The metrics: each declared once, with its sentence; ``python -m streamer.metrics`` prints docs/metrics.md.

What the ledger knows is read from it at each scrape, and so are levels such as memory: nothing is counted twice.
"""

from collections import Counter as Counts
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from streamer.ledger import LedgerSnapshot, PixelRow
from streamer.outcomes import Outcome
from streamer.translate.engine import Note

PREFIX = "streamer_"

disable_created_metrics()  # type: ignore[no-untyped-call]  # a series for when each series began tells nobody anything


class Declared(NamedTuple):
    """One metric: all that is ever said of it."""

    kind: Literal["counter", "gauge", "histogram"]
    name: str
    sentence: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()

    @property
    def full_name(self) -> str:
        """The name as it is scraped."""
        return f"{PREFIX}{self.name}" + ("_total" if self.kind == "counter" else "")


_SECONDS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 2.0, 5.0, 10.0, 30.0)
_EVENTS = (1.0, 5.0, 10.0, 50.0, 100.0, 250.0, 500.0, 750.0, 1000.0)
_BYTES = tuple(1024.0 * 4**power for power in range(8))
_LATE = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0)

# ---- from the ledger
READ = Declared("counter", "records_read", "Records that were read and had not been settled before.")
ALREADY_SETTLED = Declared(
    "counter", "records_already_settled", "Records that were settled before a restart, and were not sent again."
)
TRANSLATED = Declared(
    "counter",
    "events_translated",
    "(Record, pixel) pairs that were decided on, be it to refuse them. A record refused as a whole has the pixel `-`.",
    ("pixel",),
)
FORGOTTEN = Declared(
    "counter",
    "events_forgotten",
    "Pairs that were let go because their partition went to another member, which reads them anew.",
    ("pixel",),
)
OUTCOMES = Declared(
    "counter",
    "outcomes",
    "Pairs with a final outcome, acknowledged by Kafka where a copy or receipt is left. Delivered ones have no reason.",
    ("pixel", "outcome", "reason"),
)
IN_FLIGHT = Declared(
    "gauge", "events_in_flight", "Pairs that have no outcome yet: translated - forgotten - outcomes.", ("pixel",)
)

# ---- levels, read at each scrape
READY = Declared("gauge", "ready", "1 while the process is ready.")
OLDEST = Declared("gauge", "oldest_unsent_seconds", "Age of the oldest event that waits to be sent; 0 when none does.")
WAITING = Declared("gauge", "events_waiting", "Events in windows and lanes that wait to be sent or are being sent.")
REQUESTS_IN_FLIGHT = Declared("gauge", "requests_in_flight", "Requests to Meta that have no answer yet.")
UNSETTLED = Declared("gauge", "records_unsettled", "Records of the partitions owned now that are owed an outcome.")
ACKNOWLEDGING = Declared(
    "gauge", "settlements_under_way", "Outcomes whose copy or receipt Kafka has not acknowledged yet."
)
MEMORY_USED = Declared("gauge", "memory_used_bytes", "Bytes of records and events that count against the budget.")
MEMORY_BUDGET = Declared("gauge", "memory_budget_bytes", "The budget: `memory.budget`.")
PARTITIONS = Declared("gauge", "partitions_owned", "Partitions that this process reads.")
ENGINE = Declared("gauge", "engine_info", "1, with the engine that translates.", ("engine",))
BUILD = Declared("gauge", "build_info", "1, with the version of Streamer.", ("version",))

# ---- counted as it happens
FIELDS = Declared(
    "counter",
    "fields_dropped",
    "Fields of events that were left out, repaired or missed, and why; the event itself goes on.",
    ("pixel", "field", "reason"),
)
REQUESTS = Declared(
    "counter",
    "requests",
    "Requests to Meta that ended, by what the answer means and Meta's error code; `no_answer` when none came.",
    ("pixel", "result", "code"),
)
REQUEST_SECONDS = Declared("histogram", "request_seconds", "How long a request took.", buckets=_SECONDS)
REQUEST_EVENTS = Declared("histogram", "request_events", "Events in a request.", buckets=_EVENTS)
REQUEST_BYTES = Declared("histogram", "request_bytes", "Bytes of a request's body.", buckets=_BYTES)
SPLITS = Declared("counter", "splits", "Refused requests that were halved to find the bad event.", ("pixel",))
PARKED = Declared("gauge", "pixel_parked", "1 for each pixel that is parked, and why.", ("pixel", "reason"))
LAG = Declared("gauge", "lag", "Records between the committed offset and the partition's end.", ("topic", "partition"))
COMMITTED = Declared("gauge", "committed_offset", "The offset that the broker last confirmed.", ("topic", "partition"))
COMMIT_FAILURES = Declared(
    "counter",
    "commit_failures",
    "Commits that failed, by librdkafka's name of the error; they are repeated.",
    ("reason",),
)
REBALANCES = Declared("counter", "rebalances", "Rebalances: assigned, revoked or lost.", ("kind",))
JUMPS = Declared(
    "counter",
    "offset_jumps",
    "Jumps over offsets that were gone from the topic: records nobody read.",
    ("topic", "partition"),
)
PAUSED = Declared("gauge", "reading_paused", "1 while reading is paused because the memory budget is full.")
LOOP_LAG = Declared("histogram", "loop_lag_seconds", "How late timers of the event loop run.", buckets=_LATE)

SECTIONS: dict[str, tuple[Declared, ...]] = {
    "Records and outcomes": (READ, ALREADY_SETTLED, TRANSLATED, FORGOTTEN, OUTCOMES, IN_FLIGHT, FIELDS),
    "Delivery": (
        *(REQUESTS, REQUEST_SECONDS, REQUEST_EVENTS, REQUEST_BYTES, REQUESTS_IN_FLIGHT),
        *(SPLITS, PARKED, WAITING, OLDEST, ACKNOWLEDGING),
    ),
    "Kafka": (LAG, COMMITTED, UNSETTLED, COMMIT_FAILURES, REBALANCES, JUMPS, PAUSED, PARTITIONS),
    "The process": (READY, MEMORY_USED, MEMORY_BUDGET, LOOP_LAG, ENGINE, BUILD),
}
"""Every metric, in the order of the page."""


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

    Implements ConsumerEvents, CommitEvents and DeliveryEvents. Any thread may call, save for :meth:`noted` and
    :meth:`render`, which belong to the loop.
    """

    def __init__(self, version: str = "0") -> None:
        """Begin at nothing, in a registry of its own."""
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._fields: Counts[tuple[str, Note]] = Counts()
        self._parked: dict[str, str] = {}
        self._watched: Watched | None = None
        self._requests = self._counter(REQUESTS)
        self._seconds = self._histogram(REQUEST_SECONDS)
        self._events = self._histogram(REQUEST_EVENTS)
        self._bytes = self._histogram(REQUEST_BYTES)
        self._splits = self._counter(SPLITS)
        self._pixel_parked = self._gauge(PARKED)
        self._lag = self._gauge(LAG)
        self._committed = self._gauge(COMMITTED)
        self._commit_failures = self._counter(COMMIT_FAILURES)
        self._rebalances = self._counter(REBALANCES)
        self._jumps = self._counter(JUMPS)
        self._paused = self._gauge(PAUSED)
        self._loop_lag = self._histogram(LOOP_LAG)
        self._gauge(BUILD).labels(version).set(1)
        self._registry.register(_AtScrape(self))

    def render(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        return generate_latest(self._registry)

    def watch(self, watched: Watched) -> None:
        """Read ledger and levels from ``watched`` at each scrape from now on."""
        self._watched = watched

    def forget_pixel(self, pixel_id: str) -> None:
        """Drop what was counted of a pixel that is gone. The ledger still has its outcomes."""
        self._parked.pop(pixel_id, None)
        for metric in (self._requests, self._splits, self._pixel_parked):
            metric.remove_by_labels({"pixel": pixel_id})
        for key in [key for key in self._fields if key[0] == pixel_id]:
            del self._fields[key]

    # ---- translation

    def noted(self, pixel_id: str, notes: Iterable[Note]) -> None:
        """Count fields that were left out, repaired or missed in one event."""
        for note in notes:
            self._fields[pixel_id, note] += 1

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

    def at_scrape(self) -> Iterator[Metric]:
        """Yield what is not counted here but read where it is known."""
        yield _counts(FIELDS, (((pixel, *note), n) for (pixel, note), n in list(self._fields.items())))
        if self._watched is not None:
            yield from _of_ledger(self._watched.ledger())
            yield from _of_levels(self._watched.levels())

    def _counter(self, declared: Declared) -> Counter:
        return Counter(PREFIX + declared.name, declared.sentence, declared.labels, registry=self._registry)

    def _gauge(self, declared: Declared) -> Gauge:
        return Gauge(PREFIX + declared.name, declared.sentence, declared.labels, registry=self._registry)

    def _histogram(self, declared: Declared) -> Histogram:
        return Histogram(PREFIX + declared.name, declared.sentence, registry=self._registry, buckets=declared.buckets)


class _AtScrape(Collector):
    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def describe(self) -> Iterator[Metric]:
        """Tell the registry nothing: the names are declared, and a look at the ledger for them would be a waste."""
        yield from ()

    def collect(self) -> Iterator[Metric]:
        """Yield what is read at each scrape."""
        yield from self._metrics.at_scrape()


Samples = Iterable[tuple[Sequence[str], float]]
"""Values of the labels, and the value."""


def _counts(declared: Declared, samples: Samples) -> Metric:
    family = CounterMetricFamily(PREFIX + declared.name, declared.sentence, labels=declared.labels)
    for labels, value in samples:
        family.add_metric(labels, value)
    return family


def _levels(declared: Declared, samples: Samples) -> Metric:
    family = GaugeMetricFamily(PREFIX + declared.name, declared.sentence, labels=declared.labels)
    for labels, value in samples:
        family.add_metric(labels, value)
    return family


def _of_ledger(ledger: LedgerSnapshot) -> Iterator[Metric]:
    rows = ledger.pixels
    yield _counts(READ, [((), ledger.read)])
    yield _counts(ALREADY_SETTLED, [((), ledger.already_settled)])
    yield _counts(TRANSLATED, [((row.pixel_id,), row.translated) for row in rows])
    yield _counts(FORGOTTEN, [((row.pixel_id,), row.forgotten) for row in rows if row.forgotten])
    yield _counts(OUTCOMES, [sample for row in rows for sample in _outcomes(row)])
    yield _levels(IN_FLIGHT, [((row.pixel_id,), row.in_flight) for row in rows])


def _outcomes(row: PixelRow) -> Iterator[tuple[Sequence[str], float]]:
    if row.delivered:
        yield (row.pixel_id, Outcome.DELIVERED.value, ""), row.delivered
    for (outcome, reason), count in row.reasons.items():
        yield (row.pixel_id, outcome.value, reason.value), count


def _of_levels(levels: Levels) -> Iterator[Metric]:
    values = {
        READY: int(levels.ready),
        OLDEST: levels.oldest_unsent_seconds,
        WAITING: levels.events_waiting,
        REQUESTS_IN_FLIGHT: levels.requests_in_flight,
        UNSETTLED: levels.records_unsettled,
        ACKNOWLEDGING: levels.settlements_under_way,
        MEMORY_USED: levels.memory_used,
        MEMORY_BUDGET: levels.memory_budget,
        PARTITIONS: levels.partitions_owned,
    }
    for declared, value in values.items():
        yield _levels(declared, [((), value)])
    yield _levels(ENGINE, [((levels.engine,), 1)])
