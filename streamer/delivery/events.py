"""Who counts what delivery does."""

from typing import Protocol


class DeliveryEvents(Protocol):
    """Called on the loop, once a request or less often."""

    def answered(self, pixel_id: str, kind: str, code: int | None, seconds: float) -> None:
        """Count a request that ended, by what its answer means; ``no_answer`` when none came."""

    def sent(self, events: int, size: int) -> None:
        """Note the events and bytes of a request that is about to be sent."""

    def split(self, pixel_id: str) -> None:
        """Count a refused request that was halved."""

    def parked(self, pixel_id: str, reason: str | None) -> None:
        """Note that a pixel was parked, or, without a reason, that it works again."""


class Uncounted:
    """Counts nothing."""

    def answered(self, pixel_id: str, kind: str, code: int | None, seconds: float) -> None:
        """Ignore."""

    def sent(self, events: int, size: int) -> None:
        """Ignore."""

    def split(self, pixel_id: str) -> None:
        """Ignore."""

    def parked(self, pixel_id: str, reason: str | None) -> None:
        """Ignore."""
