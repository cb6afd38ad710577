"""Every metric, declared once, with its sentence; and the page that lists them, docs/metrics.md."""

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from streamer.quality import AGE_LIMITS

PREFIX = "streamer_"


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
SLOWED = Declared(
    "gauge",
    "scopes_slowed",
    "Pixels, tokens and apps for which Meta lets nothing be sent now (`held`), or less than there is (`paced`: above "
    "75 % of a limit).",
    ("scope", "how"),
)
THREAD_IDLE = Declared(
    "gauge",
    "kafka_thread_idle_seconds",
    "Time since the Kafka threads last turned: of the one that turned longer ago.",
)
ENGINE = Declared("gauge", "engine_info", "1, with the engine that translates.", ("engine",))
BUILD = Declared("gauge", "build_info", "1, with the version of Streamer.", ("version",))

# ---- quality of the data, read at each scrape
SERVER_EVENTS = Declared(
    "counter", "server_events", "Server events that were made: what the counts below are shares of.", ("pixel",)
)
MATCH_KEYS = Declared(
    "counter",
    "match_key_events",
    "Server events that have a key of `user_data`; `event_id`: that brought an id of their own.",
    ("pixel", "key"),
)
FAULTY = Declared(
    "counter", "faulty_events", "Server events of which at least one field was left out or repaired.", ("pixel",)
)
FIELDS = Declared(
    "counter",
    "fields_dropped",
    "Fields of events that were left out, repaired or missed, and why; the event itself goes on.",
    ("pixel", "field", "reason"),
)
EVENT_AGE = Declared(
    "histogram",
    "event_age_seconds",
    "Age of delivered events: from `event_time` to Meta's answer.",
    ("pixel",),
    tuple(map(float, AGE_LIMITS)),
)

# ---- counted as it happens
REQUESTS = Declared(
    "counter",
    "requests",
    "Requests to Meta that ended, by what the answer means and Meta's error code; `no_answer` when none came, "
    "`not_understood` when it is in no table.",
    ("pixel", "result", "code"),
)
REQUEST_SECONDS = Declared("histogram", "request_seconds", "How long a request took.", buckets=_SECONDS)
REQUEST_EVENTS = Declared("histogram", "request_events", "Events in a request.", buckets=_EVENTS)
REQUEST_BYTES = Declared("histogram", "request_bytes", "Bytes of a request's body.", buckets=_BYTES)
SPLITS = Declared("counter", "splits", "Refused requests that were halved to find the bad event.", ("pixel",))
PARKED = Declared("gauge", "pixel_parked", "1 for each pixel that is parked, and why.", ("pixel", "reason"))
PROBES = Declared(
    "counter", "probes", "Requests with an empty event about pixels that are parked, by what they showed.", ("result",)
)
PARKED_WAITING = Declared(
    "gauge", "parked_waiting", "Copies on the parked topic that the next pass goes over.", ("partition",)
)
PASSES = Declared(
    "counter",
    "parked_passes",
    "Passes over a partition of the parked topic that had something to read, by why they were made: a pixel came back "
    "(`resumed`), had come back a moment before the last (`late`), or it was long ago (`sweep`).",
    ("because",),
)
NOT_UNDERSTOOD = Declared(
    "counter", "connections_not_understood", "Records of the connections topic that were passed over."
)
PIXELS_FILE_FAULTS = Declared(
    "gauge",
    "pixels_file_faults",
    "Faults that keep the pixels file, or a list of suppressed people, from being taken up as they are now: what they "
    "said before stays in force.",
)
SECRETS_MISSING = Declared(
    "gauge", "secrets_missing", "Tokens and app secrets that the pixels file names and that are not there."
)
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
    "Records and outcomes": (READ, ALREADY_SETTLED, TRANSLATED, FORGOTTEN, OUTCOMES, IN_FLIGHT),
    "Quality of the data": (SERVER_EVENTS, MATCH_KEYS, FAULTY, FIELDS, EVENT_AGE),
    "Delivery": (
        *(REQUESTS, REQUEST_SECONDS, REQUEST_EVENTS, REQUEST_BYTES, REQUESTS_IN_FLIGHT),
        *(SPLITS, SLOWED, PARKED, WAITING, OLDEST, ACKNOWLEDGING),
    ),
    "Parked events": (PARKED_WAITING, PASSES, PROBES, NOT_UNDERSTOOD),
    "Kafka": (LAG, COMMITTED, UNSETTLED, COMMIT_FAILURES, REBALANCES, JUMPS, PAUSED, PARTITIONS),
    "The process": (
        *(READY, MEMORY_USED, MEMORY_BUDGET, LOOP_LAG, THREAD_IDLE),
        *(PIXELS_FILE_FAULTS, SECRETS_MISSING, ENGINE, BUILD),
    ),
}
"""Every metric, in the order of the page."""

_HEAD = """\
# Metrics

<!-- Made from streamer/measures.py by `python -m streamer.metrics`. Change it there. -->

Served at `/metrics` of the administration port, in Prometheus' text format, with the usual `process_…` metrics beside
them.

The unit of the ledger is a (record, pixel). For each pixel, and so for their sums, this holds at every scrape:

    events_translated - events_forgotten = outcomes + events_in_flight

What to be woken for, and how to draw it: [Monitoring](monitoring.md).
"""


def page() -> str:
    """Return docs/metrics.md."""
    return "\n".join([_HEAD, *(line for section in SECTIONS.items() for line in _section(*section))]).rstrip() + "\n"


def _section(name: str, metrics: Iterable[Declared]) -> Iterator[str]:
    yield from (f"## {name}", "", "| metric | type | labels | |", "|---|---|---|---|")
    for one in metrics:
        labels = ", ".join(f"`{label}`" for label in one.labels)
        yield f"| `{one.full_name}` | {one.kind} | {labels} | {one.sentence} |"
    yield ""
