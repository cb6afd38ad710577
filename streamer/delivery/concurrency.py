"""How many requests of one pixel may be in flight: a limit that adapts to how they are answered. Pure.

After the controller of Vector's adaptive request concurrency (additive increase, multiplicative decrease): once a
round trip, the limit grows by one if it was reached and answers came as quickly as they should; it is eased when they
came far later, and halved when one was throttled or did not come at all. How quickly they should come is an
exponentially weighted average that follows a fall at once and a rise slowly: otherwise a pixel that grows slower with
each request more would be taken to be so by nature.
"""

START = 4
"""Requests in flight with which a pixel begins."""

_FALL = 0.4
"""Weight of the newest round trips in the average when they were shorter."""
_RISE = 0.05
"""The same when they were longer."""
_QUICK = 1.2
"""Answers that take up to this times the average are quick."""
_LATE = 2.0
"""Answers that take this times the average are far too late."""
_UNKNOWN = 1.0
"""Seconds until the next look while no round trip is known."""
_EASE = 0.9
_CUT = 0.5


class Concurrency:
    """The limit of one pixel."""

    __slots__ = ("_average", "_ceiling", "_failed", "_next_look", "_reached", "_seconds", "_seen", "limit")

    def __init__(self, ceiling: int) -> None:
        """Begin with :data:`START`, and never go beyond ``ceiling`` nor below 1."""
        self.limit = min(START, ceiling)
        self._ceiling = ceiling
        self._average = 0.0  # of earlier round trips, in seconds; 0: none yet
        self._next_look = 0.0
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._seen = 0  # answers since the last look
        self._seconds = 0.0
        self._failed = False
        self._reached = False

    def started(self, in_flight: int) -> None:
        """Note that with this request so many are in flight."""
        if in_flight >= self.limit:
            self._reached = True

    def answered(self, seconds: float, now: float) -> None:
        """Note an answer, good or not, that came after so many seconds."""
        self._seen += 1
        self._seconds += seconds
        self._look(now)

    def failed(self, now: float) -> None:
        """Note a throttle, a fault of the service, or an answer that did not come: its time says nothing."""
        self._failed = True
        self._look(now)

    def _look(self, now: float) -> None:
        if now < self._next_look:
            return
        newest = self._seconds / self._seen if self._seen else None
        self._adapt(newest)
        if newest is not None:
            self._learn(newest)
        self._next_look = now + (self._average or _UNKNOWN)
        self._begin_anew()

    def _adapt(self, newest: float | None) -> None:
        if self._failed:
            self.limit = max(1, int(self.limit * _CUT))
        elif newest is None or not self._average:
            return
        elif newest <= self._average * _QUICK:
            self.limit = min(self._ceiling, self.limit + self._reached)
        elif newest >= self._average * _LATE:
            self.limit = max(1, int(self.limit * _EASE))

    def _learn(self, newest: float) -> None:
        weight = _FALL if newest < self._average else _RISE
        self._average = self._average + weight * (newest - self._average) if self._average else newest


class Limits:
    """The limits of all pixels that have been sent to lately."""

    def __init__(self, ceiling: int) -> None:
        """Let no limit go beyond ``ceiling``."""
        self._ceiling = ceiling
        self._start = min(START, ceiling)
        self._pixels: dict[str, Concurrency] = {}

    def of(self, pixel_id: str) -> int:
        """Return how many requests of a pixel may be in flight."""
        known = self._pixels.get(pixel_id)
        return known.limit if known is not None else self._start

    def started(self, pixel_id: str, in_flight: int) -> None:
        """Note that with a request just started so many of the pixel are in flight."""
        known = self._pixels.get(pixel_id)
        if known is None:
            known = self._pixels[pixel_id] = Concurrency(self._ceiling)
        known.started(in_flight)

    def answered(self, pixel_id: str, seconds: float, now: float) -> None:
        """Note an answer that came after so many seconds."""
        if (known := self._pixels.get(pixel_id)) is not None:
            known.answered(seconds, now)

    def failed(self, pixel_id: str, now: float) -> None:
        """Note a throttle, a fault of the service, or an answer that did not come."""
        if (known := self._pixels.get(pixel_id)) is not None:
            known.failed(now)

    def forget(self, pixel_id: str) -> None:
        """Begin anew with a pixel, should it ever come back."""
        self._pixels.pop(pixel_id, None)

    def __len__(self) -> int:
        return len(self._pixels)
