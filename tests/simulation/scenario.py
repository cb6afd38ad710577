"""What a scenario file may say: who sends what, how Meta behaves over time, and what must come of it.

Times are seconds since the beginning. Pixels are written ``p1``, ``p2-p20``, ``p1, p5-p9`` or ``all``.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

FOLDER = Path(__file__).parent / "scenarios"
FIRST_PIXEL = 1_000_000_000_000_000

Pixels = Annotated[str, Field(pattern=r"^(all|p\d+(-p\d+)?(, *p\d+(-p\d+)?)*)$")]
Seconds = Annotated[float, Field(ge=0)]
Kind = Literal["good", "bad", "junk", "tombstone", "no_consent", "old", "without_id"]
"""Of a record. ``bad``: Meta refuses the event. ``junk``: no Avro. ``old``: it expires in ``expires_in`` seconds."""

Named = Literal[
    "ok",
    "bad_events",
    "short_count",
    "timeout",
    "timeout_lost",
    "closed",
    "refused",
    "cut_off",
    "html",
    "no_trace",
    "redirect",
    "too_large",
    "unavailable",
    "unknown_code",
    "half_taken",
]
"""Answers that have a name; :mod:`tests.simulation.answers` says what each is."""

Measure = Literal[
    "delivered_share",
    "delivered",
    "dead_letters",
    "parkings",
    "delay_p50",
    "delay_p99",
    "delay_most",
    "requests",
    "requests_a_minute",
    "events_a_request",
    "posts_per_bad",
    "taken_twice",
    "sent_too_late",
    "last_taken_at",
    "most_in_flight",
    "most_in_flight_of_a_pixel",
    "most_in_flight_of_a_token",
    "most_in_flight_of_an_app",
    "most_usage",
    "calls_while_blocked",
    "bytes_over_budget",
    "most_tasks",
    "held_in_the_end",
    "announcements",
]
"""Figures that :mod:`tests.simulation.figures` takes."""


class Model(BaseModel):
    """A part of a scenario: closed to keys that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Error(Model):
    """An error of Meta's."""

    code: int
    subcode: int | None = None
    status: int = 400
    transient: bool = False
    headers: dict[str, str] = Field(default_factory=dict)


class Selector(Model):
    """Which requests, and when."""

    pixels: Pixels = "all"
    token: str | None = None
    """Only requests with this token."""
    begins: Seconds = Field(default=0, alias="from")
    until: Seconds = float("inf")
    period: Seconds = 0
    """With this, ``from`` and ``until`` count anew every so many seconds: a fault that comes and goes."""
    share: float = Field(default=1, gt=0, le=1)
    """Drawn at random for each request."""

    def covers(self, now: float) -> bool:
        """Tell whether a moment belongs to it."""
        at = now % self.period if self.period else now
        return self.begins <= at < self.until


class Rule(Selector):
    """What Meta does with the requests that it selects. The first rule that fits is the one."""

    answer: Named | Error = "ok"
    latency: Seconds | None = None
    """In the place of Meta's own."""


class Limit(Model):
    """A limit of calls, told by usage headers before it is met, and lengthened by calls beyond it."""

    per: Literal["pixel", "token", "app"] = "app"
    pixels: Pixels = "all"
    calls: int = Field(ge=1)
    seconds: float = Field(gt=0)
    blocked_seconds: float = Field(default=60, gt=0)
    code: int = 4
    header: Literal["app", "account", "business", "none"] = "app"


class Capacity(Model):
    """How many requests are served at once: more are slower, and far more are refused."""

    pixels: Pixels = "all"
    requests: int = Field(ge=1)
    slower: Seconds = 0
    """Seconds more for each request above it."""
    refused_above: int | None = None
    """With code 2 and status 503."""


class MetaModel(Model):
    """The service in Meta's place."""

    latency: Seconds = 0.2
    jitter: Seconds = 0
    """Up to so much more, drawn for each request."""
    rules: list[Rule] = Field(default_factory=list)
    limits: list[Limit] = Field(default_factory=list)
    capacity: list[Capacity] = Field(default_factory=list)
    names: Literal["nobody", "the_culprit", "anybody"] = "nobody"
    """Which event an answer names that refuses one."""


class Load(Model):
    """Records that come in."""

    pixels: Pixels = "all"
    every: float = Field(default=1, gt=0)
    """Seconds between two records of one pixel; the pixels take turns."""
    begins: Seconds = Field(default=0, alias="from")
    until: Seconds | None = None
    """None: the end of the scenario."""
    at_once: int = Field(default=0, ge=0)
    """So many records of each pixel at ``from``, in the place of a stream."""
    kind: Kind = "good"
    bad_every: int = Field(default=0, ge=0)
    """Every so-many-th event is a bad one."""
    together: int = Field(default=1, ge=1)
    """So many of the pixels in a row get each record, by way of a container."""
    expires_in: Seconds = 600
    """Of the kind ``old``."""
    padding: int = Field(default=0, ge=0)
    """Bytes that make each record larger."""


class Change(Model):
    """Something that is done to the platform at a moment."""

    at: Seconds
    pixels: Pixels = "all"
    token: str | None = None
    """The pixels get this token; ``none`` takes it away."""
    replicas: Literal["stop", "kill", "start", "lose", "revoke"] | None = None
    """Done to the replica of this number, or to its partitions."""
    replica: int = 0
    broker: Literal["down", "up"] | None = None
    schemas: Literal["down", "up"] | None = None
    """Whether schemas can be had; those that a replica has, it keeps."""


class Expectation(Model):
    """A figure, and the range it must lie in."""

    measure: Measure
    pixels: Pixels = "all"
    begins: Seconds = Field(default=0, alias="from")
    until: Seconds = float("inf")
    exactly: float | None = None
    at_least: float | None = None
    at_most: float | None = None
    of_alone: float | None = None
    """At most so many times the figure that these pixels have with the platform for themselves and Meta well."""


class Scenario(Model):
    """A scenario file."""

    title: str
    """What it shows, as a sentence."""
    seconds: float = Field(gt=0)
    rest: Seconds = 30
    """How long it goes on after the last record."""
    ends_early: bool = False
    """It is over when everything has its end, be it before the rest is."""
    pixels: int = Field(default=1, ge=1)
    apps: dict[str, Pixels] = Field(default_factory=dict)
    """App secrets, and the pixels whose tokens are of that app."""
    tokens: dict[str, Pixels] = Field(default_factory=dict)
    """Shared tokens; every other pixel has one of its own, called ``token-p1`` and so on."""
    partitions: int = Field(default=4, ge=1)
    gap: int = Field(default=1, ge=1)
    """Between two offsets; above 1 it is as where compaction took records out."""
    replicas: int = Field(default=1, ge=1)
    tick: float = Field(default=0.2, gt=0)
    """Seconds between two looks at the windows (the product takes 0.05); longer ones make long scenarios quick."""
    broker_seconds: Seconds = 0.005
    """Until Kafka acknowledges a record."""
    budget: int = Field(default=64 * 2**20, ge=1)
    """Bytes for records and events."""
    settings: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """As in streamer.yaml."""
    load: list[Load]
    meta: MetaModel = MetaModel()
    changes: list[Change] = Field(default_factory=list)
    ends: Literal["settled", "parked", "with_rest"] = "settled"
    """``parked``: something may still be parked in the end; ``with_rest``: something may be without an outcome."""
    expect: list[Expectation] = Field(default_factory=list)
    quick: bool = True
    """Part of ``make test``."""


def numbers(pixels: str, count: int) -> list[int]:
    """Return the numbers of pixels, rising."""
    if pixels == "all":
        return list(range(1, count + 1))
    found: set[int] = set()
    for part in re.split(r", *", pixels):
        first, _, last = part.replace("p", "").partition("-")
        found.update(range(int(first), int(last or first) + 1))
    return sorted(found)


def pixel_id(number: int) -> str:
    """Return the id of a pixel by its number."""
    return str(FIRST_PIXEL + number)


def load_scenario(path: Path) -> Scenario:
    """Read a scenario file.

    :raises pydantic.ValidationError: if it says what it may not.
    """
    return Scenario.model_validate(yaml.safe_load(path.read_text()))


def scenario_files() -> Iterator[Path]:
    """Yield all scenario files, by name."""
    yield from sorted(FOLDER.glob("*.yaml"))
