"""The tag events of a simulation, and what is true of each: where it belongs, and what must become of it."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import merge
from operator import attrgetter
from typing import NamedTuple

from streamer.translate.mapping import TAG_EVENT
from streamer.translate.plan import Plan
from tests.simulation.kafka import BEGAN, Kafka
from tests.simulation.scenario import Kind, Load, Scenario, numbers, pixel_id
from tests.support.tag_events import encode, tag_event

TOPIC = "tag-events"
WEEK = 7 * 86_400


@dataclass(frozen=True, slots=True)
class Truth:
    """What is true of a record, whatever the product makes of it."""

    number: int
    """Its key in Kafka, and part of its order id."""
    pixels: tuple[str, ...]
    """Empty: it never gets as far as a pixel."""
    kind: Kind
    written: float
    """Seconds since the beginning."""
    event_time: int
    """Unix seconds."""


class _Coming(NamedTuple):
    at: float
    turn: int
    pixels: tuple[int, ...]
    kind: Kind
    load: Load


class Records:
    """Writes the records of a scenario, and remembers the truth of each by its number."""

    def __init__(self, scenario: Scenario, kafka: Kafka, margin: int) -> None:
        """Write to ``kafka``; ``margin`` is the product's own before Meta's age limit, in seconds."""
        self._scenario = scenario
        self._margin = margin
        self._kafka = kafka
        self.truths: list[Truth] = []
        self.largest = 0
        """Bytes of the largest record."""

    async def write(self) -> None:
        """Write each record when it is due."""
        loop = asyncio.get_running_loop()
        for coming in merge(*(_coming(load, self._scenario) for load in self._scenario.load), key=attrgetter("at")):
            if coming.at > loop.time():
                await asyncio.sleep(coming.at - loop.time())
            self._write(coming)

    def _write(self, coming: _Coming) -> None:
        number = len(self.truths)
        now = asyncio.get_running_loop().time()
        event_time = int(BEGAN + now)
        if coming.kind == "old":
            event_time = int(BEGAN + now + coming.load.expires_in + self._margin - WEEK)
        pixels = tuple(map(pixel_id, coming.pixels))
        routed = () if coming.kind in {"junk", "tombstone"} else pixels
        self.truths.append(Truth(number, routed, coming.kind, now, event_time))
        value = _value(number, coming, event_time)
        self.largest = max(self.largest, len(value or b""))
        self._kafka.append(TOPIC, value, str(number).encode())


def plan_of(scenario: Scenario) -> Plan:
    """Return the plan of translation: a container for every group of pixels that get their records together."""
    groups = {group for load in scenario.load for group in _groups(load, scenario) if len(group) > 1}
    return Plan(TAG_EVENT, {_container(group): tuple(map(pixel_id, group)) for group in sorted(groups)})


def _value(number: int, coming: _Coming, event_time: int) -> bytes | None:
    if coming.kind == "tombstone":
        return None
    if coming.kind == "junk":
        return b"junk %d" % number
    several = len(coming.pixels) > 1
    event = tag_event(
        number,
        pixel_id=None if several else pixel_id(coming.pixels[0]),
        event_time=event_time * 1000,
        page_url="https://shop.example.com/thanks" + "-" * coming.load.padding,
    )
    event["pixel_id"] = None if several else event["pixel_id"]
    event["container_id"] = _container(coming.pixels) if several else None
    if coming.kind == "without_id":
        event["event_id"] = None
    if coming.kind == "no_consent":
        event["consent"] = {"ad_storage": "denied", "ad_user_data": "denied", "marketing": "denied"}
    return encode(event)


def _coming(load: Load, scenario: Scenario) -> Iterator[_Coming]:
    groups = _groups(load, scenario)
    until = scenario.seconds if load.until is None else load.until
    turn = 0
    while True:
        for place, group in enumerate(groups):
            at = load.begins if load.at_once else load.begins + load.every * (turn + place / len(groups))
            if at >= until or (load.at_once and turn >= load.at_once):
                return
            bad = load.bad_every and turn % load.bad_every == load.bad_every - 1
            yield _Coming(at, turn, group, "bad" if bad else load.kind, load)
        turn += 1


def _groups(load: Load, scenario: Scenario) -> Sequence[tuple[int, ...]]:
    pixels = numbers(load.pixels, scenario.pixels)
    return [tuple(pixels[at : at + load.together]) for at in range(0, len(pixels), load.together)]


def _container(group: Sequence[int]) -> str:
    return f"GTM-{group[0]}-{group[-1]}"
