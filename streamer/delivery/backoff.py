"""How long to wait before the next try: full jitter, so that many who fail together do not return together."""

import random
from dataclasses import dataclass, field

_MOST_DOUBLINGS = 30


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waits drawn at random between nothing and a bound that doubles with each try."""

    base_seconds: float
    max_seconds: float
    source: random.Random = field(default_factory=random.Random, repr=False)

    def wait(self, tries: int) -> float:
        """Return seconds to wait after so many tries that failed."""
        bound = min(self.max_seconds, self.base_seconds * 2 ** min(tries - 1, _MOST_DOUBLINGS))
        return self.source.uniform(0, bound)
