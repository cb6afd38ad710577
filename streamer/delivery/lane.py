"""The lane of one pixel: what waits to be sent to it, in which order. Pure.

What expires soonest goes first, by the hour, and within the hour what came first. A batch that failed waits by itself,
and does not hold up those behind it.
"""

import heapq
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain, count
from math import inf
from typing import NamedTuple

from streamer.delivery.attempt import Attempt
from streamer.delivery.breaker import Breaker
from streamer.delivery.scopes import Key

HOUR = 3600
_FRONT = -1


class Room(NamedTuple):
    """How large a request may become by joining what waits."""

    events: int
    size: float
    """Bytes of JSON."""


ALONE = Room(1, 0)
"""Nothing is joined."""


class Item(NamedTuple):
    """An attempt that waits. The first two parts are its place in a heap."""

    order: float
    """The hour in which it expires, or the moment before which it must not go."""
    number: int
    attempt: Attempt
    size: int
    """Bytes of JSON in the batch to be sent."""
    weight: int
    """Bytes of JSON of all events whose fate hangs on it."""


class Lane:
    """What waits for one pixel, and where the pixel stands in the turns."""

    __slots__ = (
        *("pixel_id", "breaker", "deficit", "flying", "weight", "moved_at", "failed_at"),
        *("queued", "ticket", "waits_for", "roused_by", "wakes_at", "_later", "_numbers", "_queue"),
    )

    def __init__(self, pixel_id: str, now: float) -> None:
        """Begin empty."""
        self.pixel_id = pixel_id
        self.breaker = Breaker()
        self.deficit = 0
        """Bytes that it may send before its turn is over."""
        self.flying: dict[Attempt, Item] = {}
        self.weight = 0
        """Bytes of all that waits or is in flight."""
        self.moved_at = now
        """When a request was last answered well; before the first, when the lane began."""
        self.failed_at = -inf
        """When the newest request that failed began."""
        self.queued = False
        """It stands in the round."""
        self.ticket = 0
        """Its place there; it keeps it while it stands in line."""
        self.waits_for: Key | None = None
        """It stands in line for this scope to open."""
        self.roused_by: Key | None = None
        """It stands in the round because this scope opened."""
        self.wakes_at = inf
        """The earliest alarm set for it."""
        self._queue: list[Item] = []
        self._later: list[Item] = []
        self._numbers = count(1)

    def submit(self, attempt: Attempt) -> None:
        """Put something new behind what expires sooner or in the same hour."""
        hour = min((entry.event.expires_at for entry in attempt.batch.entries), default=0) // HOUR
        self._push(self._queue, attempt, hour, next(self._numbers))

    def put_back(self, attempt: Attempt) -> None:
        """Put an attempt before all others; one that must wait, aside."""
        if attempt.not_before:
            self._push(self._later, attempt, attempt.not_before, next(self._numbers))
        else:
            self._push(self._queue, attempt, _FRONT, -next(self._numbers))

    @property
    def empty(self) -> bool:
        """Nothing waits."""
        return not self._queue and not self._later

    @property
    def ready_at(self) -> float:
        """When its next attempt may go as far as the pixel is concerned; it must not be empty."""
        return max(self.breaker.rests_until, 0.0 if self._queue else self._later[0].order)

    def next(self, now: float) -> Item:
        """Return the attempt whose turn it is; one must be ready."""
        return (self._later if self._later_is_due(now) else self._queue)[0]

    def take(self, now: float, room: Room) -> Item:
        """Move that attempt from what waits to what is in flight, joined with others that were never sent.

        After an outage, a quiet pixel has many small windows: they go in few requests.
        """
        later_is_due = self._later_is_due(now)
        item = heapq.heappop(self._later) if later_is_due else self._join(heapq.heappop(self._queue), room)
        self.flying[item.attempt] = item
        return item

    def _join(self, item: Item, room: Room) -> Item:
        items, events, size = [item], len(item.attempt.batch.entries), item.size
        while item.attempt.new and self._queue and self._queue[0].attempt.new:
            following = self._queue[0]
            events += len(following.attempt.batch.entries)
            size += following.size
            if events > room.events or size > room.size:
                break
            items.append(heapq.heappop(self._queue))
        if len(items) == 1:
            return item
        batches = [one.attempt.batch for one in items]
        entries = list(chain.from_iterable(batch.entries for batch in batches))
        opened_at = min(batch.opened_at for batch in batches)
        attempt = replace(item.attempt, batch=replace(batches[0], entries=entries, opened_at=opened_at))
        size = sum(one.size for one in items)
        return Item(item.order, item.number, attempt, size, size)

    def landed(self, attempt: Attempt) -> Item:
        """Count an attempt that was taken as no longer in flight."""
        item = self.flying.pop(attempt)
        self.weight -= item.weight
        return item

    def flush(self) -> list[Attempt]:
        """Take out all that waits."""
        items = [*self._queue, *self._later]
        self._queue, self._later = [], []
        self.weight -= sum(item.weight for item in items)
        return [item.attempt for item in items]

    def hasten(self) -> list[Attempt]:
        """Close the breaker and take out what waits for a later time, in that order."""
        self.breaker.close()
        later, self._later = sorted(self._later), []
        self.weight -= sum(item.weight for item in later)
        return [item.attempt for item in later]

    def sift(self, sifted: Callable[[Attempt], Attempt | None]) -> None:
        """Put in the place of each attempt that waits what is left of it."""
        queue, later = self._queue, self._later
        self.flush()
        for heap, items in ((self._queue, queue), (self._later, later)):
            for item in items:
                if (attempt := sifted(item.attempt)) is not None:
                    self._push(heap, attempt, item.order, item.number)

    def waiting(self) -> Iterator[Attempt]:
        """Yield all that waits."""
        yield from (item.attempt for item in self._queue)
        yield from (item.attempt for item in self._later)

    def attempts(self) -> Iterator[Attempt]:
        """Yield all that waits or is in flight."""
        yield from self.flying
        yield from self.waiting()

    def _later_is_due(self, now: float) -> bool:
        return bool(self._later) and self._later[0].order <= now

    def _push(self, heap: list[Item], attempt: Attempt, order: float, number: int) -> None:
        size = attempt.size
        weight = size if attempt.hunt is None else attempt.weight
        self.weight += weight
        heapq.heappush(heap, Item(order, number, attempt, size, weight))
