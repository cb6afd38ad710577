"""Clients that are dead, slow or throttled, beside others: the others' events arrive as if they were alone."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import linear_regression, quantiles
from typing import Any, NamedTuple

import pytest
import yaml

from tests.support.kafka_cluster import KafkaCluster, Outgoing, eventually
from tests.support.product import SandboxProcess, Start, get_json, prepare
from tests.support.tag_events import encode, tag_event
from tests.support.watching import metric

pytestmark = pytest.mark.alone

CLIENTS = [f"{2000000000000000 + number}" for number in range(20)]
DEAD, HANGING, THROTTLED, *WELL = CLIENTS
RATE = 100
"""Events a second of each client."""
SECONDS = 8.0
"""How long the well ones are alone, and then have the others beside them."""
TIMEOUT = 4.0
"""What ``delivery.timeout_seconds`` is set to: a well client that is held up waits as long."""

DEAD_TOKEN = "invented-token-that-dies"
OWN_TOKEN = "invented-token-of-one-client"


class Throttle(NamedTuple):
    """How Meta throttles one client: the codes that it answers in turn, the last of them for good."""

    codes: Sequence[int]
    own_token: bool

    def rules(self) -> list[dict[str, Any]]:
        """Return the rules of a fault script."""
        rules: list[dict[str, Any]] = [
            {"match": {"pixel": THROTTLED}, "then": {"code": code, "headers": {"Retry-After": "1"}}, "times": 1}
            for code in self.codes
        ]
        del rules[-1]["times"]
        return rules


class Figures(NamedTuple):
    """What the well clients got."""

    rates: dict[str, float]
    """Events a second, by pixel."""
    p99: float
    """Seconds from the moment an event is produced until it is at Meta."""


@dataclass
class Traffic:
    """Produces as many events a second for each client whatever becomes of them, and knows when it produced each."""

    kafka: KafkaCluster
    topic: str

    def __post_init__(self) -> None:
        self.produced: list[float] = []
        """Unix seconds, by the event's number."""

    def run(self, pixels: Sequence[str], seconds: float = SECONDS) -> range:
        """Let some clients produce for so long, and return the numbers of their events."""
        first = len(self.produced)
        self.kafka.produce(self.topic, self._paced(pixels, seconds))
        return range(first, len(self.produced))

    def _paced(self, pixels: Sequence[str], seconds: float) -> Iterator[Outgoing]:
        a_second = RATE * len(pixels)
        began = time.monotonic()
        for at in range(int(seconds * a_second)):
            ahead = began + at / a_second - time.monotonic()
            if ahead > 0.01:
                time.sleep(ahead)
            event = tag_event(len(self.produced), pixels[at % len(pixels)])
            self.produced.append(time.time())
            yield Outgoing(encode(event), partition=at % 3)


def _arrivals(sandbox: SandboxProcess, pixel_id: str) -> dict[int, float]:
    """Return when each event of a pixel was first taken (Unix seconds), by its number."""
    events = iter(sandbox.events(pixel_id))
    found: dict[int, float] = {}
    for request in get_json(f"{sandbox.url}/sandbox/requests"):
        if request["pixel_id"] == pixel_id and request["status"] == 200:
            for _ in range(request["events"]):
                found.setdefault(int(next(events)["event_id"].removeprefix("e-")), request["at"])
    return found


def _figures(sandbox: SandboxProcess, traffic: Traffic, numbers: range) -> Figures:
    """Return what the well clients got of the events with these numbers; all of them must have arrived.

    A rate is the slope of all arrivals over time: it falls when events stay away, and not when the last come late.
    """
    rates, delays = {}, []
    for pixel_id in WELL:
        arrived = {at: when for at, when in _arrivals(sandbox, pixel_id).items() if at in numbers}
        assert len(arrived) == RATE * SECONDS
        rates[pixel_id] = linear_regression(sorted(arrived.values()), range(len(arrived))).slope
        delays += [when - traffic.produced[at] for at, when in arrived.items()]
    return Figures(rates, quantiles(delays, n=100)[98])


def _taken(sandbox: SandboxProcess, pixel_ids: Sequence[str]) -> int:
    """Return how many distinct events of some pixels were taken."""
    pixels = sandbox.ledger()["pixels"]
    return sum(pixels[pixel_id]["distinct"] for pixel_id in pixel_ids if pixel_id in pixels)


def _codes(sandbox: SandboxProcess, pixel_id: str) -> Counter[int | None]:
    requests = get_json(f"{sandbox.url}/sandbox/requests")
    return Counter(request["code"] for request in requests if request["pixel_id"] == pixel_id)


@pytest.fixture(
    params=[
        pytest.param(Throttle([613], own_token=False), id="with the platform's token"),
        pytest.param(Throttle([4, 17], own_token=True), id="with a token of its own"),
    ]
)
def throttle(request: pytest.FixtureRequest) -> Throttle:
    """Give each way in which one client can be throttled and no other has to wait for it."""
    case: Throttle = request.param
    return case


@pytest.fixture
def config(kafka: KafkaCluster, topic: str, tmp_path: Path, throttle: Throttle) -> dict[str, Any]:
    """Give a configuration of few requests in flight, so that a client that keeps its own is soon felt."""
    tokens = {DEAD: DEAD_TOKEN} | ({THROTTLED: OWN_TOKEN} if throttle.own_token else {})
    for pixel_id, token in tokens.items():
        (tmp_path / pixel_id).write_text(token)
    pixels = tmp_path / "pixels.yaml"
    pixels.write_text(yaml.safe_dump({"pixels": {each: {"token": {"file": each}} for each in tokens}}))
    return prepare(kafka, topic) | {
        "pixels": {"file": str(pixels)},
        "delivery": {"max_in_flight": 10, "timeout_seconds": TIMEOUT, "backoff_max_seconds": 1},
        "stop": {"drain_seconds": 1},
    }


def test_one_dead_one_hanging_and_one_throttled_client_of_twenty_cost_the_other_seventeen_neither_rate_nor_time(
    kafka: KafkaCluster, sandbox: SandboxProcess, start: Start, config: dict[str, Any], throttle: Throttle
) -> None:
    hangs = {"match": {"pixel": HANGING}, "then": {"latency": 10 * TIMEOUT}}
    sandbox.script([hangs, *throttle.rules(), {"then": {"latency": 0.03}}])
    sandbox.tokens(kill=[DEAD_TOKEN])
    streamer = start(config)
    traffic = Traffic(kafka, config["kafka"]["topics"][0])
    traffic.run(WELL, 1)  # what is slow only the first time is no measure
    first = traffic.run(WELL)
    eventually(lambda: _taken(sandbox, WELL) == len(traffic.produced))
    second = traffic.run(CLIENTS)
    due = len(traffic.produced) - int(3 * RATE * SECONDS)
    eventually(lambda: _taken(sandbox, WELL) == due)

    alone, beside = _figures(sandbox, traffic, first), _figures(sandbox, traffic, second)
    assert sum(beside.rates.values()) >= 0.95 * sum(alone.rates.values())
    assert min(beside.rates.values()) >= 0.9 * min(alone.rates.values())
    assert beside.p99 <= 2 * alone.p99 + 1

    assert set(_codes(sandbox, DEAD)) == {190}
    assert list(_codes(sandbox, THROTTLED)) == list(throttle.codes)
    assert metric(streamer, "streamer_requests_total", pixel=HANGING, result="no_answer") > 0
    assert metric(streamer, "streamer_outcomes_total", pixel=HANGING) == 0
    assert metric(streamer, "streamer_outcomes_total", pixel=DEAD, outcome="parked") == RATE * SECONDS
    sandbox.script([{"match": {"pixel": THROTTLED}, "then": {"status": 503}}])
    eventually(lambda: metric(streamer, "streamer_outcomes_total", pixel=HANGING) == RATE * SECONDS)
    assert sandbox.ids(HANGING) == sorted(("Purchase", f"e-{number}") for number in second[1 :: len(CLIENTS)])
    assert sandbox.ledger()["total"]["conflicts"] == 0
    assert streamer.status()["ledger"]["balanced"]
