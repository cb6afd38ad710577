"""Which pixels are parked, why, and when one is tried again. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from streamer.outcomes import Reason

MOST_PARKED = 20_000
"""Beyond that, the pixel that was parked first is forgotten: its next batch finds out anew."""


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
        """Park a pixel; return True if it was not parked before, or for another reason or with another token."""
        before = self._parked.get(pixel_id)
        known = before is not None and before.token == token
        since = before.since if before is not None and known else now
        self._parked[pixel_id] = Parked(reason, since, token, now + self._probe_seconds)
        return before is None or not known or before.reason is not reason

    def works(self, pixel_id: str, began: float) -> bool:
        """Take a pixel out after a success; return True if it was parked.

        :param began: when the request began: one from before the pixel was parked says nothing of its state now.
        """
        parked = self._parked.get(pixel_id)
        if parked is None or began <= parked.since:
            return False
        del self._parked[pixel_id]
        return True

    def remove(self, pixel_id: str) -> bool:
        """Take a pixel out; return True if it was parked."""
        return self._parked.pop(pixel_id, None) is not None

    def holds(self, pixel_id: str, token: str | None) -> Reason | None:
        """Return why nothing but a probe may be sent; None when everything may."""
        parked = self._parked.get(pixel_id)
        return parked.reason if parked is not None and parked.token == token else None

    def blocks(self, pixel_id: str, token: str | None, now: float) -> Reason | None:
        """Return why a request must not be sent now; None when it may, be it as the probe."""
        reason = self.holds(pixel_id, token)
        return None if reason is None or self.claim_probe(pixel_id, now) else reason

    def claim_probe(self, pixel_id: str, now: float) -> bool:
        """Return True if a parked pixel is to be probed now, and nobody else does it."""
        parked = self._parked.get(pixel_id)
        if parked is None or now < parked.next_probe:
            return False
        parked.next_probe = now + self._probe_seconds
        return True

    def get(self, pixel_id: str) -> Parked | None:
        """Return a pixel's parking, if it is parked."""
        return self._parked.get(pixel_id)

    @property
    def all(self) -> Mapping[str, Parked]:
        """The parked pixels, the one that was parked first at the front."""
        return self._parked

    @property
    def too_many(self) -> str | None:
        """The pixel to be forgotten when there are more than :data:`MOST_PARKED`."""
        return next(iter(self._parked)) if len(self._parked) > MOST_PARKED else None

    def __len__(self) -> int:
        return len(self._parked)
