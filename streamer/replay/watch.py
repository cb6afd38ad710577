"""How far a replay is, how fast it goes, and how long it takes. Pure."""

from collections import deque
from typing import NamedTuple

SPAN_SECONDS = 30.0
"""The rate is that of so long."""


class Standing(NamedTuple):
    """A replay at one moment."""

    done: int
    """Offsets whose records have their outcome, committed."""
    total: int
    a_second: float
    left_seconds: float | None
    """None: it cannot be told, for nothing has been done lately."""

    @property
    def share(self) -> float:
        """What is done of it, 0 to 1."""
        return self.done / self.total if self.total else 1.0


class Watch:
    """Remembers what was done when, for the last half minute."""

    def __init__(self, total: int) -> None:
        """Watch something of so many offsets."""
        self._total = total
        self._marks: deque[tuple[float, int]] = deque()

    def mark(self, now: float, done: int) -> Standing:
        """Take note of how much is done, and return how it stands.

        :param now: seconds, on a clock that does not run backwards.
        """
        self._marks.append((now, done))
        while len(self._marks) > 2 and self._marks[1][0] <= now - SPAN_SECONDS:  # noqa: PLR2004 - two ends of a span
            self._marks.popleft()
        began, before = self._marks[0]
        rate = (done - before) / (now - began) if now > began else 0.0
        left = self._total - done
        return Standing(done, self._total, rate, left / rate if rate > 0 else (None if left else 0.0))


def spell(seconds: float | None) -> str:
    """Write a duration for people: ``45 s``, ``12 min``, ``3 h 20 min``."""
    if seconds is None:
        return "unknown"
    if seconds < 60:  # noqa: PLR2004 - a minute
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
