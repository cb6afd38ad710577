"""What arrived: counts by pixel, distinct events and their doubles, and as much of the events as one wants to keep."""

import zlib
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import orjson

Keep = Literal["none", "ids", "bodies"]
"""How much of each event is kept: nothing but counts; its name and id; or the whole of it."""


class RequestSeen(NamedTuple):
    """One request to the events edge and what it was answered."""

    at: float
    """Unix seconds."""
    pixel_id: str
    events: int
    """How many it held."""
    status: int | None
    """HTTP status; ``None``: no answer was given."""
    code: int | None
    """Graph's error code; ``None`` when it was taken, or answered with no Graph error."""
    subcode: int | None
    fbtrace_id: str
    rule: int | None
    """Number of the fault script's rule that decided the answer, counted from 1."""


@dataclass(slots=True)
class PixelCounts:
    """What arrived for one pixel."""

    requests: int = 0
    """Requests, refused ones included."""
    refused: int = 0
    """Requests of which nothing was taken."""
    events: int = 0
    """Events that were taken, doubles included."""
    distinct: int = 0
    """Different (event name, event id) among them; events without an id count one each."""
    doubles: int = 0
    """Events whose name and id had been taken before."""
    conflicts: int = 0
    """Doubles that differ from the first in their time or anything else."""
    time_conflicts: int = 0
    """Of these, the ones that differ in ``event_time``."""
    without_id: int = 0
    """Events with no ``event_id``."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """All counts, at one moment."""

    total: PixelCounts
    pixels: dict[str, PixelCounts]
    errors: dict[str, int]
    """Requests by the error they were answered with: ``code`` or ``code/subcode``."""
    unanswered: int
    """Requests that got no whole answer."""
    query_tokens: int
    """Requests that carried a token in their URL. Should be 0: addresses end up in logs."""
    faults: dict[int, int]
    """For each rule of the fault script that ever applied, counted from 1: how often."""


@dataclass(slots=True)
class _Generation:
    """Events remembered: for each (pixel, name) the ids, each with its time and a checksum of all of it."""

    seen: dict[tuple[str, str], dict[str, int]] = field(default_factory=dict)
    size: int = 0


class Store:
    """Everything that was taken.

    :param keep: see :data:`Keep`.
    :param remember: how many ids to remember at least, for doubles: twice as many at most. ``None``: all.
    :param log: how many of the last requests to remember.
    """

    def __init__(self, keep: Keep = "bodies", remember: int | None = None, log: int = 100_000) -> None:
        self.keep = keep
        self.requests: deque[RequestSeen] = deque(maxlen=log)
        self._remember = remember
        self._young = _Generation()
        self._old = _Generation()
        self._counts: dict[str, PixelCounts] = {}
        self._bodies: dict[str, list[dict[str, Any]]] = {}
        self._errors: Counter[str] = Counter()
        self._unanswered = 0

    def note(self, request: RequestSeen, taken: int) -> None:
        """Count a request and its answer.

        :param taken: how many of its events were taken.
        """
        self.requests.append(request)
        counts = self._page(request.pixel_id)
        counts.requests += 1
        counts.refused += not taken
        self._unanswered += request.status is None
        if request.code is not None:
            self._errors[str(request.code) if request.subcode is None else f"{request.code}/{request.subcode}"] += 1

    def take(self, pixel_id: str, events: Sequence[dict[str, Any]]) -> None:
        """Take the events of a request for a pixel."""
        counts = self._page(pixel_id)
        counts.events += len(events)
        if self.keep == "none":
            return
        for event in events:
            self._remember_event(pixel_id, event, counts)
        if self.keep == "bodies":
            self._bodies.setdefault(pixel_id, []).extend(events)

    def events(self, pixel_id: str) -> list[dict[str, Any]]:
        """Return the events taken for a pixel, in the order they came; empty unless bodies are kept."""
        return list(self._bodies.get(pixel_id, ()))

    def ids(self, pixel_id: str) -> set[tuple[str, str]]:
        """Return (event name, event id) of the events remembered for a pixel; empty when nothing is kept."""
        return {
            (name, event_id)
            for generation in (self._old, self._young)
            for (pixel, name), ids in generation.seen.items()
            if pixel == pixel_id
            for event_id in ids
        }

    def ledger(self, query_tokens: int, faults: dict[int, int]) -> Ledger:
        """Return all counts, with two that are counted elsewhere."""
        total = PixelCounts()
        for counts in self._counts.values():
            for name in PixelCounts.__slots__:
                setattr(total, name, getattr(total, name) + getattr(counts, name))
        pixels = {pixel_id: _copy(counts) for pixel_id, counts in sorted(self._counts.items())}
        return Ledger(total, pixels, dict(self._errors), self._unanswered, query_tokens, faults)

    def _page(self, pixel_id: str) -> PixelCounts:
        counts = self._counts.get(pixel_id)
        if counts is None:
            counts = self._counts[pixel_id] = PixelCounts()
        return counts

    def _remember_event(self, pixel_id: str, event: dict[str, Any], counts: PixelCounts) -> None:
        event_id = event.get("event_id")
        if not event_id:
            counts.without_id += 1
            counts.distinct += 1
            return
        key = (pixel_id, event["event_name"])
        mark = event["event_time"] << 32 | zlib.crc32(orjson.dumps(event))
        first = self._find(key, event_id)
        if first is None:
            counts.distinct += 1
            self._add(key, event_id, mark)
            return
        counts.doubles += 1
        counts.conflicts += first != mark
        counts.time_conflicts += first >> 32 != mark >> 32

    def _find(self, key: tuple[str, str], event_id: str) -> int | None:
        for generation in self._generations():
            ids = generation.seen.get(key)
            if ids is not None and event_id in ids:
                return ids[event_id]
        return None

    def _generations(self) -> Iterator[_Generation]:
        yield self._young
        if self._old.size:
            yield self._old

    def _add(self, key: tuple[str, str], event_id: str, mark: int) -> None:
        if self._remember is not None and self._young.size >= self._remember:
            self._old, self._young = self._young, _Generation()
        ids = self._young.seen.get(key)
        if ids is None:
            ids = self._young.seen[key] = {}
        ids[event_id] = mark
        self._young.size += 1


def _copy(counts: PixelCounts) -> PixelCounts:
    return PixelCounts(*(getattr(counts, name) for name in PixelCounts.__slots__))
