"""A limit for how fast is read: so many records a second, evenly. Pure."""

from collections.abc import Callable

_BURST_SECONDS = 0.2
"""What was not read in this time is not made up for: a limit that is met on average only would come in bursts."""


class Pace:
    """A token bucket; a record that is read takes a token."""

    def __init__(self, rate: float, clock: Callable[[], float]) -> None:
        """Fill the bucket with ``rate`` tokens a second.

        :param clock: seconds, which do not run backwards.
        """
        self._rate = rate
        self._clock = clock
        self._most = max(1.0, rate * _BURST_SECONDS)
        self._tokens = 1.0
        self._filled = clock()

    def allowance(self) -> int:
        """Return how many records may be read now."""
        now = self._clock()
        self._tokens = min(self._most, self._tokens + (now - self._filled) * self._rate)
        self._filled = now
        return int(self._tokens)

    def took(self, records: int) -> None:
        """Take note of records that were read."""
        self._tokens -= records
