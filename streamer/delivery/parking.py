"""Which pixels are parked, why, and when one is tried again. Pure."""

from dataclasses import dataclass, field

from streamer.outcomes import Reason


@dataclass(slots=True)
class Parked:
    """A pixel that cannot be sent to now."""

    reason: Reason
    since: float
    """On the clock given."""
    token: str | None = field(repr=False)
    """The token that did not work: another one un-parks the pixel."""
    next_probe: float


class Parking:
    """The parked pixels. A pixel leaves when a probe succeeds, or when it has another token."""

    def __init__(self, probe_seconds: float) -> None:
        """Let one request through this often, to see whether the pixel works again."""
        self._probe_seconds = probe_seconds
        self._parked: dict[str, Parked] = {}

    def park(self, pixel_id: str, reason: Reason, token: str | None, now: float) -> bool:
        """Park a pixel; return True if it was not parked before, or for another reason."""
        before = self._parked.get(pixel_id)
        since = before.since if before else now
        self._parked[pixel_id] = Parked(reason, since, token, now + self._probe_seconds)
        return before is None or before.reason is not reason

    def works(self, pixel_id: str, began: float) -> bool:
        """Take a pixel out after a success; return True if it was parked.

        :param began: when the request began: one from before the pixel was parked says nothing of its state now.
        """
        parked = self._parked.get(pixel_id)
        if parked is None or began <= parked.since:
            return False
        del self._parked[pixel_id]
        return True

    def blocks(self, pixel_id: str, token: str | None, now: float) -> Reason | None:
        """Return why a request must not be sent now; None when it may, be it as the probe."""
        parked = self._parked.get(pixel_id)
        if parked is None or parked.token != token:
            return None
        if now >= parked.next_probe:
            parked.next_probe = now + self._probe_seconds
            return None
        return parked.reason

    def get(self, pixel_id: str) -> Parked | None:
        """Return a pixel's parking, if it is parked."""
        return self._parked.get(pixel_id)

    def __len__(self) -> int:
        return len(self._parked)
