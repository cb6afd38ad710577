"""Which pixel has to give way when memory runs short. Pure.

A pixel that gets nothing through must not fill the memory that the others need. But if nobody gets anything through,
nobody is at fault: then reading pauses, and all wait.
"""

from collections.abc import Callable, Collection
from math import inf

from streamer.delivery.lane import Lane

HALF = 0.5
"""Below this share of the budget nobody has to give way."""
_LOOK_SECONDS = 1.0
"""What was parked has to be acknowledged before its memory is free: one pixel at a time."""


class Pressure:
    """Finds the pixel that gives way."""

    def __init__(self, stuck_seconds: float, pixel_share: float, slowed: Callable[[str], bool]) -> None:
        """Take a pixel for stuck that gets nothing through for so long while others do.

        :param pixel_share: of the budget (0 to 1); a stuck pixel that holds more gives way once half is used.
        :param slowed: tells whether Meta asks a pixel to send less.
        """
        self._stuck_seconds = stuck_seconds
        self._pixel_share = pixel_share
        self._slowed = slowed
        self._first_success = inf  # after a time without any
        self._last_success = -inf
        self._next_look = -inf

    def succeeded(self, now: float) -> None:
        """Note that a pixel, whichever, got something through."""
        if not self.others_succeed(now, self._stuck_seconds):
            self._first_success = now
        self._last_success = now

    def others_succeed(self, now: float, seconds: float) -> bool:
        """Tell whether any pixel got something through in the last ``seconds``."""
        return now - self._last_success < seconds

    def gives_way(self, lanes: Collection[Lane], used: float, now: float) -> str | None:
        """Return the pixel that must give way now, if any: the stuck one that holds most.

        :param used: the share of the budget that is used; 1: nothing more can be read.
        """
        if used < HALF or now < self._next_look or not self._others_have_long_succeeded(now):
            return None
        self._next_look = now + _LOOK_SECONDS
        stuck = max((lane for lane in lanes if self._is_stuck(lane, now)), key=_weight, default=None)
        if stuck is None:
            return None
        share = used * stuck.weight / max(1, sum(map(_weight, lanes)))
        return stuck.pixel_id if used >= 1 or share > self._pixel_share else None

    def _others_have_long_succeeded(self, now: float) -> bool:
        return self.others_succeed(now, self._stuck_seconds) and now - self._first_success >= self._stuck_seconds

    def _is_stuck(self, lane: Lane, now: float) -> bool:
        """Tell whether a pixel gets nothing through, for a reason of its own: that it rests, or waits, is none."""
        if now - lane.moved_at <= self._stuck_seconds or lane.empty:
            return False
        return lane.failed_at > self._first_success or self._slowed(lane.pixel_id)


def _weight(lane: Lane) -> int:
    return lane.weight
