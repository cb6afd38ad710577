"""Lanes: what waits to be sent, by pixel, and whose turn it is. A pure state machine under a given clock.

A pixel has a lane while something of it waits or is in flight, and none otherwise. A batch that has to wait holds no
slot and no task. Turns go round over the pixels that have something to send; within a pixel, what expires soonest goes
first, by the hour, and in the order it came within the hour.

A batch that failed waits by itself, and its lane rests for a while and then goes on with one request at a time until
one succeeds: a dead service is asked seldom, and a batch that never passes does not hold up those behind it.
"""

import heapq
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from math import inf

from streamer.delivery.attempt import Attempt
from streamer.delivery.batch import Batch

_HOUR = 3600
_FRONT = -1


class _Lane:
    __slots__ = ("failures", "held_until", "in_flight", "later", "queue", "queued", "rests_until", "wakes_at")

    def __init__(self) -> None:
        self.queue: list[tuple[int, int, Attempt]] = []  # a heap: hour of expiry, number
        self.later: list[tuple[float, int, Attempt]] = []  # a heap: not before, number
        self.in_flight = 0
        self.failures = 0  # since the last success
        self.held_until = 0.0  # as Meta asked
        self.rests_until = 0.0  # after a failure
        self.queued = False  # its pixel stands in the round
        self.wakes_at = float("inf")  # the earliest alarm set for it

    @property
    def empty(self) -> bool:
        return not self.queue and not self.later

    @property
    def ready_at(self) -> float:
        """When its next attempt may go; it must not be empty."""
        return max(self.held_until, self.rests_until, 0.0 if self.queue else self.later[0][0])

    def next(self, now: float) -> Attempt:
        """Return the attempt whose turn it is; one must be ready."""
        return (self.later if self._later_is_due(now) else self.queue)[0][2]

    def pop(self, now: float) -> None:
        """Take that attempt out."""
        if self._later_is_due(now):
            heapq.heappop(self.later)
        else:
            heapq.heappop(self.queue)

    def _later_is_due(self, now: float) -> bool:
        return bool(self.later) and self.later[0][0] <= now

    def attempts(self) -> Iterator[Attempt]:
        yield from (attempt for _, _, attempt in self.queue)
        yield from (attempt for _, _, attempt in self.later)


class Lanes:
    """All lanes, with the limits on requests in flight."""

    def __init__(self, max_in_flight: int, max_in_flight_per_pixel: int, max_bytes_in_flight: float = inf) -> None:
        """Give out at most so many attempts at a time, over all and for one pixel, and so many bytes.

        An attempt that is larger by itself than ``max_bytes_in_flight`` goes when nothing else is in flight.
        """
        self._max = max_in_flight
        self._max_per_pixel = max_in_flight_per_pixel
        self._max_bytes = max_bytes_in_flight
        self._lanes: dict[str, _Lane] = {}
        self._round: deque[str] = deque()
        self._waiting: list[tuple[float, str]] = []
        self._flying: dict[Attempt, int] = {}  # with their bytes
        self._bytes = 0
        self._numbers = count(1)

    def submit(self, batch: Batch) -> None:
        """Put a new batch behind what its pixel has waiting and what expires sooner or in the same hour."""
        hour = min((entry.event.expires_at for entry in batch.entries), default=0) // _HOUR
        heapq.heappush(self._lane(batch.pixel_id).queue, (hour, next(self._numbers), Attempt(batch)))
        self._enter(batch.pixel_id)

    def put_back(self, attempts: list[Attempt]) -> None:
        """Put attempts of one pixel before all that it has waiting, in this order; those that must wait, aside."""
        for attempt in reversed(attempts):
            lane = self._lane(attempt.batch.pixel_id)
            if attempt.not_before:
                heapq.heappush(lane.later, (attempt.not_before, next(self._numbers), attempt))
            else:
                heapq.heappush(lane.queue, (_FRONT, -next(self._numbers), attempt))
            self._enter(attempt.batch.pixel_id)

    def failures(self, pixel_id: str) -> int:
        """Return how many requests of a pixel failed since the last one that did not."""
        lane = self._lanes.get(pixel_id)
        return lane.failures if lane is not None else 0

    def failed(self, pixel_id: str, rests_until: float) -> None:
        """Note that a request of a pixel failed, for no fault of its events."""
        lane = self._lane(pixel_id)
        lane.failures += 1
        lane.rests_until = max(lane.rests_until, rests_until)

    def worked(self, pixel_id: str) -> None:
        """Note that a request of a pixel was answered well, be it by refusing an event."""
        lane = self._lane(pixel_id)
        lane.failures = 0
        lane.rests_until = 0.0

    def hold(self, pixel_id: str, until: float) -> None:
        """Give out nothing of a pixel before ``until``."""
        lane = self._lane(pixel_id)
        lane.held_until = max(lane.held_until, until)

    def take(self, now: float) -> Attempt | None:
        """Give out the next attempt that may be sent now, and count it in flight; None if there is none."""
        self._wake(now)
        while self._round and len(self._flying) < self._max:
            pixel_id = self._round.popleft()
            lane = self._lanes[pixel_id]
            lane.queued = False
            if lane.empty or lane.in_flight >= self._limit(lane):
                continue
            if lane.ready_at > now:
                self._wait(pixel_id, lane, lane.ready_at)
                continue
            attempt = lane.next(now)
            size = attempt.size
            if self._flying and self._bytes + size > self._max_bytes:
                lane.queued = True
                self._round.appendleft(pixel_id)  # it is still its turn, once something has landed
                return None
            lane.pop(now)
            lane.in_flight += 1
            self._flying[attempt] = size
            self._bytes += size
            self._enter(pixel_id)
            return attempt
        return None

    def landed(self, attempt: Attempt) -> None:
        """Count an attempt that was given out as no longer in flight."""
        pixel_id = attempt.batch.pixel_id
        lane = self._lanes[pixel_id]
        lane.in_flight -= 1
        self._bytes -= self._flying.pop(attempt)
        if not lane.empty:
            self._enter(pixel_id)
        elif not lane.in_flight:
            del self._lanes[pixel_id]

    def next_wake(self) -> float | None:
        """Return when the next waiting pixel may go on; None when none waits."""
        return self._waiting[0][0] if self._waiting else None

    def hasten(self) -> None:
        """Let attempts that wait for another try go at once; what Meta asked to be held stays held."""
        for pixel_id, lane in self._lanes.items():
            lane.failures, lane.rests_until = 0, 0.0
            waiting, lane.later = lane.later, []
            self.put_back([replace(attempt, not_before=0.0) for _, _, attempt in sorted(waiting)])
            self._enter(pixel_id)

    def moving(self, now: float) -> Iterator[Attempt]:
        """Yield what is in flight or may be sent now; what waits for a later time is left out."""
        yield from self._flying
        for lane in self._lanes.values():
            if not lane.empty and lane.ready_at <= now:
                yield from (attempt for attempt in lane.attempts() if attempt.not_before <= now)

    def held(self, pixel_id: str, now: float) -> float | None:
        """Return until when a pixel's lane is held, or None."""
        lane = self._lanes.get(pixel_id)
        return lane.held_until if lane is not None and lane.held_until > now else None

    @property
    def in_flight(self) -> int:
        """Attempts that were given out."""
        return len(self._flying)

    @property
    def bytes_in_flight(self) -> int:
        """Bytes of JSON in them."""
        return self._bytes

    @property
    def oldest(self) -> float | None:
        """When the oldest event in any lane came; None when there is none."""
        return min((attempt.batch.opened_at for attempt in self._all()), default=None)

    @property
    def waiting_events(self) -> int:
        """Events in lanes, in flight or not."""
        return sum(len(attempt.entries) for attempt in self._all())

    def _all(self) -> Iterator[Attempt]:
        yield from self._flying
        for lane in self._lanes.values():
            yield from lane.attempts()

    def _limit(self, lane: _Lane) -> int:
        return 1 if lane.failures else self._max_per_pixel

    def _lane(self, pixel_id: str) -> _Lane:
        lane = self._lanes.get(pixel_id)
        if lane is None:
            lane = self._lanes[pixel_id] = _Lane()
        return lane

    def _enter(self, pixel_id: str) -> None:
        lane = self._lanes[pixel_id]
        if not lane.queued and not lane.empty and lane.in_flight < self._limit(lane):
            lane.queued = True
            self._round.append(pixel_id)

    def _wait(self, pixel_id: str, lane: _Lane, ready_at: float) -> None:
        if ready_at < lane.wakes_at:
            lane.wakes_at = ready_at
            heapq.heappush(self._waiting, (ready_at, pixel_id))

    def _wake(self, now: float) -> None:
        while self._waiting and self._waiting[0][0] <= now:
            _, pixel_id = heapq.heappop(self._waiting)
            if (lane := self._lanes.get(pixel_id)) is not None:
                lane.wakes_at = float("inf")
                self._enter(pixel_id)
