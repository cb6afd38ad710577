"""The breaker of one pixel: it opens when a request fails for no fault of its events. Pure.

Open, it lets nothing out: the pixel rests. Half-open, it lets out one request at a time, and opens again when that
fails. The first success closes it. So a dead service is asked seldom, however much waits for it.
"""


class Breaker:
    """Closed, open or half-open."""

    __slots__ = ("failures", "rests_until")

    def __init__(self) -> None:
        """Begin closed."""
        self.failures = 0
        """Requests that failed since the last that did not."""
        self.rests_until = 0.0
        """On the clock given: half-open from then on."""

    @property
    def closed(self) -> bool:
        """No request failed since the last success."""
        return not self.failures

    def failed(self, rests_until: float) -> None:
        """Open, until then at least."""
        self.failures += 1
        self.rests_until = max(self.rests_until, rests_until)

    def close(self) -> None:
        """Let out as many as there may be: a request was answered well."""
        self.failures = 0
        self.rests_until = 0.0

    def limit(self, when_closed: int) -> int:
        """Return how many requests may be in flight."""
        return when_closed if self.closed else 1
