"""Lanes: what waits to be sent, by pixel, and whose turn it is. A pure state machine under a given clock.

A pixel has a lane while something of it waits or is in flight, and none otherwise. A batch that has to wait holds no
slot and no task. Turns go round over the pixels that have something to send.
"""

import heapq
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace

from streamer.delivery.attempt import Attempt
from streamer.delivery.batch import Batch


class _Lane:
    __slots__ = ("held_until", "in_flight", "queue", "queued", "wakes_at")

    def __init__(self) -> None:
        self.queue: deque[Attempt] = deque()
        self.in_flight = 0
        self.held_until = 0.0
        self.queued = False  # its pixel stands in the round
        self.wakes_at = float("inf")  # the earliest alarm set for it


class Lanes:
    """All lanes, with the limits on requests in flight."""

    def __init__(self, max_in_flight: int, max_in_flight_per_pixel: int) -> None:
        """Give out at most so many attempts at a time, over all and for one pixel."""
        self._max = max_in_flight
        self._max_per_pixel = max_in_flight_per_pixel
        self._lanes: dict[str, _Lane] = {}
        self._round: deque[str] = deque()
        self._waiting: list[tuple[float, str]] = []
        self._flying: set[Attempt] = set()

    def submit(self, batch: Batch) -> None:
        """Put a new batch behind what its pixel has waiting."""
        self._lane(batch.pixel_id).queue.append(Attempt(batch))
        self._enter(batch.pixel_id)

    def put_back(self, attempts: list[Attempt]) -> None:
        """Put attempts of one pixel before all that it has waiting, in this order."""
        for attempt in reversed(attempts):
            self._lane(attempt.batch.pixel_id).queue.appendleft(attempt)
            self._enter(attempt.batch.pixel_id)

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
            if not lane.queue or lane.in_flight >= self._max_per_pixel:
                continue
            ready_at = max(lane.held_until, lane.queue[0].not_before)
            if ready_at > now:
                self._wait(pixel_id, lane, ready_at)
                continue
            attempt = lane.queue.popleft()
            lane.in_flight += 1
            self._flying.add(attempt)
            self._enter(pixel_id)
            return attempt
        return None

    def landed(self, attempt: Attempt) -> None:
        """Count an attempt that was given out as no longer in flight."""
        pixel_id = attempt.batch.pixel_id
        lane = self._lanes[pixel_id]
        lane.in_flight -= 1
        self._flying.remove(attempt)
        if lane.queue:
            self._enter(pixel_id)
        elif not lane.in_flight:
            del self._lanes[pixel_id]

    def next_wake(self) -> float | None:
        """Return when the next waiting pixel may go on; None when none waits."""
        return self._waiting[0][0] if self._waiting else None

    def hasten(self, now: float) -> None:
        """Let attempts that wait for another try go at once; what Meta asked to be held stays held."""
        for pixel_id, lane in self._lanes.items():
            if lane.queue and lane.queue[0].not_before > now:
                lane.queue = deque(replace(attempt, not_before=min(attempt.not_before, now)) for attempt in lane.queue)
                self._enter(pixel_id)

    def moving(self, now: float) -> Iterator[Attempt]:
        """Yield what is in flight or may be sent now; what waits for a later time is left out."""
        yield from self._flying
        for lane in self._lanes.values():
            if lane.queue and max(lane.held_until, lane.queue[0].not_before) <= now:
                yield from lane.queue

    def held(self, pixel_id: str, now: float) -> float | None:
        """Return until when a pixel's lane is held, or None."""
        lane = self._lanes.get(pixel_id)
        return lane.held_until if lane is not None and lane.held_until > now else None

    def pixels(self, which: Callable[[str], bool]) -> list[str]:
        """Return the pixels that have a lane and fit."""
        return [pixel_id for pixel_id in self._lanes if which(pixel_id)]

    @property
    def in_flight(self) -> int:
        """Attempts that were given out."""
        return len(self._flying)

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
            yield from lane.queue

    def _lane(self, pixel_id: str) -> _Lane:
        lane = self._lanes.get(pixel_id)
        if lane is None:
            lane = self._lanes[pixel_id] = _Lane()
        return lane

    def _enter(self, pixel_id: str) -> None:
        lane = self._lanes[pixel_id]
        if not lane.queued and lane.queue and lane.in_flight < self._max_per_pixel:
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
