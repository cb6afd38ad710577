"""How long to wait before the next try: full jitter, so that many who fail together do not return together."""

import random
from dataclasses import dataclass, field

FIRST_HOLD = 60.0
LONGEST_HOLD = 3600.0
_MOST_DOUBLINGS = 30


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waits drawn at random between nothing and a bound that doubles with each try."""

    base_seconds: float
    max_seconds: float
    source: random.Random = field(default_factory=random.Random, repr=False)

    def hold(self, throttles: int) -> float:
        """Return seconds to send nothing after so many throttles in a row, if Meta does not ask for more.

        A block may begin anew with each call, so a wait that was too short is doubled: a minute at first, an hour at
        most, and up to a quarter more at random, so that replicas do not return together.
        """
        bound: float = min(LONGEST_HOLD, FIRST_HOLD * 2 ** min(throttles - 1, _MOST_DOUBLINGS))
        return bound * self.source.uniform(1, 1.25)

    def wait(self, tries: int) -> float:
        """Return seconds to wait after so many tries that failed."""
        bound = min(self.max_seconds, self.base_seconds * 2 ** min(tries - 1, _MOST_DOUBLINGS))
        return self.source.uniform(0, bound)
