"""Lanes: what waits to be sent, by pixel, and whose turn it is. A pure state machine under a given clock.

A pixel has a lane while something of it waits or is in flight, and none otherwise; what waits holds no task. Turns go
round over the lanes that have something to send, by deficit round robin: in each turn a lane may send some bytes more,
and what it does not use up is kept for a request that is larger.

A lane that may send nothing is in no turn: it waits for its own time, or stands in line for a scope (see
:mod:`streamer.delivery.scopes`) to open, and then one lane after the other is let in.
"""

import heapq
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, count
from math import inf

from streamer.delivery.attempt import Attempt
from streamer.delivery.batch import Batch
from streamer.delivery.concurrency import Limits
from streamer.delivery.lane import ALONE, Item, Lane, Room
from streamer.delivery.scopes import Closed, Key, Scopes

TURN_BYTES = 32 * 1024
"""What a lane may send in one turn. A request with less takes a turn too: it costs Meta and us no less."""

Keys = tuple[Key, ...]


@dataclass(frozen=True, slots=True)
class Rules:
    """What may be given out."""

    scopes: Scopes
    limits: Limits
    keys_of: Callable[[str], Keys]
    """Returns the scopes of a pixel at this moment."""
    max_in_flight: int
    """Attempts, over all pixels."""
    max_bytes_in_flight: float = inf
    """Of JSON in them. An attempt that is larger by itself goes when nothing else is in flight."""
    joined: Room = ALONE
    """How large an attempt may become by joining what waits."""


class Lanes:
    """All lanes."""

    def __init__(self, rules: Rules) -> None:
        """Give out attempts by these rules."""
        self._rules = rules
        self._lanes: dict[str, Lane] = {}
        self._round: list[tuple[int, Lane]] = []  # a heap: whose turn it has been for longest
        self._lines: dict[Key, deque[Lane]] = {}  # who stands in line for a scope
        self._roused: set[Key] = set()  # one of its line was let into the round, and has not had its turn yet
        self._freed: list[Key] = []  # something landed since they were looked at
        self._alarms: list[tuple[float, int, Lane | Key]] = []  # a heap
        self._numbers = count(1)
        self._key_alarms: dict[Key, float] = {}
        self._flying: dict[Attempt, tuple[Lane, Keys]] = {}
        self._bytes = 0

    # ---- what comes in

    def submit(self, batch: Batch, now: float, *, probe: bool = False) -> None:
        """Put in a new batch."""
        lane = self._lane(batch.pixel_id, now)
        lane.submit(Attempt(batch, new=not probe, probe=probe))
        self._enter(lane)

    def put_back(self, attempts: Sequence[Attempt], now: float) -> None:
        """Put attempts of one pixel before all that it has waiting, in this order; those that must wait, aside."""
        for attempt in reversed(attempts):
            lane = self._lane(attempt.batch.pixel_id, now)
            lane.put_back(attempt)
            self._enter(lane)

    # ---- how it went

    def failures(self, pixel_id: str) -> int:
        """Return how many requests of a pixel failed since the last one that did not."""
        lane = self._lanes.get(pixel_id)
        return lane.breaker.failures if lane is not None else 0

    def failed(self, pixel_id: str, rests_until: float, began: float) -> None:
        """Note that a request of a pixel failed which began at this moment, for no fault of its events."""
        if (lane := self._lanes.get(pixel_id)) is not None:
            lane.breaker.failed(rests_until)
            lane.failed_at = max(lane.failed_at, began)

    def worked(self, pixel_id: str, now: float) -> None:
        """Note that a request of a pixel was answered well, be it by refusing an event."""
        if (lane := self._lanes.get(pixel_id)) is not None:
            lane.breaker.close()
            lane.moved_at = now

    def landed(self, attempt: Attempt) -> None:
        """Count an attempt that was given out as no longer in flight."""
        lane, keys = self._flying.pop(attempt)
        self._bytes -= lane.landed(attempt).size
        self._rules.scopes.leave(keys)
        self._freed += keys
        self._enter(lane)
        self._drop_if_done(lane)

    # ---- whose turn it is

    def take(self, now: float) -> Attempt | None:
        """Give out the next attempt that may be sent now, and count it in flight; None if there is none."""
        self._wake(now)
        while self._round and len(self._flying) < self._rules.max_in_flight:
            _, lane = heapq.heappop(self._round)
            lane.queued = False
            keys = self._admit(lane, now)
            if keys is None:
                self._call_next(lane, now)
                continue
            item = lane.next(now)
            if self._flying and self._bytes + item.size > self._rules.max_bytes_in_flight:
                self._into_round(lane, lane.ticket)  # it is still its turn, once something has landed
                return None
            return self._give_out(lane, keys, now)
        return None

    def next_wake(self) -> float | None:
        """Return when the next waiting lane may go on; None when none waits for a time."""
        return self._alarms[0][0] if self._alarms else None

    def _admit(self, lane: Lane, now: float) -> Keys | None:
        """Return the scopes of a lane that may send now; put any other where it waits."""
        if lane.empty or len(lane.flying) >= self._limit(lane):
            return None  # what lands, or comes, puts it back into the round
        if lane.ready_at > now:
            self._sleep(lane)
            return None
        keys = self._rules.keys_of(lane.pixel_id)
        closed = self._rules.scopes.closed(keys, now)
        if closed is not None:
            self._stand_in_line(lane, closed)
            return None
        if not self._has_its_turn(lane, lane.next(now)):
            self._await_next_turn(lane)
            return None
        return keys

    def _has_its_turn(self, lane: Lane, item: Item) -> bool:
        cost = max(item.size, TURN_BYTES)
        if lane.deficit < cost:
            is_alone = not self._round and lane.roused_by not in self._lines
            lane.deficit = cost if is_alone else lane.deficit + TURN_BYTES
        return lane.deficit >= cost

    def _give_out(self, lane: Lane, keys: Keys, now: float) -> Attempt:
        rules = self._rules
        room = Room(rules.joined.events, min(rules.joined.size, rules.max_bytes_in_flight - self._bytes))
        item = lane.take(now, room)
        lane.deficit -= max(item.size, TURN_BYTES)
        self._flying[item.attempt] = lane, keys
        self._bytes += item.size
        rules.scopes.enter(keys, now)
        rules.limits.started(lane.pixel_id, len(lane.flying))
        if lane.empty:
            lane.deficit = 0
        self._enter(lane)
        self._call_next(lane, now)
        return item.attempt

    # ---- waiting

    def _enter(self, lane: Lane) -> None:
        """Let a lane into the round, unless it stands there, or in line for a scope, or has nothing to send."""
        if not lane.queued and lane.waits_for is None and not lane.empty and len(lane.flying) < self._limit(lane):
            self._into_round(lane)

    def _into_round(self, lane: Lane, ticket: int | None = None) -> None:
        """Let a lane stand at the end of the round, or where it stood with its ticket."""
        lane.queued = True
        lane.ticket = next(self._numbers) if ticket is None else ticket
        heapq.heappush(self._round, (lane.ticket, lane))

    def _await_next_turn(self, lane: Lane) -> None:
        """Put a lane behind all others: in the line that it came from, or else in the round."""
        line = self._lines.get(lane.roused_by) if lane.roused_by else None
        if line is None:
            self._into_round(lane)
        else:
            line.append(lane)
            lane.waits_for = lane.roused_by

    def _sleep(self, lane: Lane) -> None:
        if lane.ready_at < lane.wakes_at:
            lane.wakes_at = lane.ready_at
            heapq.heappush(self._alarms, (lane.ready_at, next(self._numbers), lane))

    def _stand_in_line(self, lane: Lane, closed: Closed) -> None:
        line = self._lines.setdefault(closed.key, deque())
        if lane.roused_by == closed.key:  # it had come to the front already
            line.appendleft(lane)
        else:
            line.append(lane)
        lane.waits_for = closed.key
        self._set_alarm(closed)

    def _set_alarm(self, closed: Closed) -> None:
        if closed.opens_at < self._key_alarms.get(closed.key, inf):
            self._key_alarms[closed.key] = closed.opens_at
            heapq.heappush(self._alarms, (closed.opens_at, next(self._numbers), closed.key))

    def _call_next(self, lane: Lane, now: float) -> None:
        """Let the next in line come, after the one that a scope had roused has had its turn."""
        key, lane.roused_by = lane.roused_by, None
        if key is not None:
            self._roused.discard(key)
            self._rouse(key, now)

    def _rouse(self, key: Key, now: float) -> None:
        """If a scope is open and nobody was let in yet, let in the first of its line."""
        line = self._lines.get(key)
        if line is None or key in self._roused:
            return
        closed = self._rules.scopes.closed((key,), now)
        if closed is not None:
            self._set_alarm(closed)
            return
        lane = line.popleft()
        if not line:
            del self._lines[key]
        lane.waits_for, lane.roused_by = None, key
        self._roused.add(key)
        self._into_round(lane, lane.ticket)

    def _wake(self, now: float) -> None:
        """Attend to what has landed, and to the alarms that are due."""
        freed, self._freed = self._freed, []
        for key in freed:
            self._rouse(key, now)
        while self._alarms and self._alarms[0][0] <= now:
            _, _, whose = heapq.heappop(self._alarms)
            if isinstance(whose, Lane):
                whose.wakes_at = inf
                self._enter(whose)
            else:
                self._key_alarms.pop(whose, None)
                self._rouse(whose, now)

    # ---- beside the turns

    def hasten(self, now: float) -> None:
        """Let attempts that wait for another try go at once; what Meta asked to be held stays held."""
        for lane in self._lanes.values():
            self.put_back([replace(attempt, not_before=0.0) for attempt in lane.hasten()], now)
            self._enter(lane)

    def flush(self, pixel_id: str) -> list[Attempt]:
        """Take out all that a pixel has waiting."""
        lane = self._lanes.get(pixel_id)
        if lane is None:
            return []
        attempts = lane.flush()
        self._drop_if_done(lane)
        return attempts

    def _drop_if_done(self, lane: Lane) -> None:
        if lane.empty:
            self._leave_line(lane)
            if not lane.flying:
                self._lanes.pop(lane.pixel_id, None)

    def sift(self, sifted: Callable[[Attempt], Attempt | None]) -> None:
        """Put in the place of each attempt that waits what is left of it."""
        for lane in list(self._lanes.values()):
            lane.sift(sifted)
            self._drop_if_done(lane)

    def look_again(self, pixel_id: str) -> None:
        """Let a lane into the round that stands in line for a scope: its pixel may belong to another one now."""
        lane = self._lanes.get(pixel_id)
        if lane is not None:
            self._leave_line(lane)
            self._enter(lane)

    def _leave_line(self, lane: Lane) -> None:
        key, lane.waits_for = lane.waits_for, None
        if key is not None:
            self._lines[key].remove(lane)
            if not self._lines[key]:
                del self._lines[key]

    def moves(self, pixel_id: str, now: float) -> Iterator[Attempt]:
        """Yield what of a pixel is in flight or may be sent before long; what waits for a later time is left out."""
        lane = self._lanes.get(pixel_id)
        if lane is None:
            return
        yield from lane.flying
        if lane.empty or lane.ready_at > now or self._rules.scopes.held_until(self._rules.keys_of(pixel_id), now):
            return
        yield from (attempt for attempt in lane.waiting() if attempt.not_before <= now)

    @property
    def lanes(self) -> Collection[Lane]:
        """All that have something waiting or in flight."""
        return self._lanes.values()

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
        return chain.from_iterable(lane.attempts() for lane in self._lanes.values())

    def _limit(self, lane: Lane) -> int:
        return lane.breaker.limit(self._rules.limits.of(lane.pixel_id))

    def _lane(self, pixel_id: str, now: float) -> Lane:
        lane = self._lanes.get(pixel_id)
        if lane is None:
            lane = self._lanes[pixel_id] = Lane(pixel_id, now)
        return lane
