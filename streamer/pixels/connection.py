"""The state of a pixel's connection to Meta, as one replica tells it to the others. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from streamer.outcomes import Reason


class State(StrEnum):
    """What can be sent to a pixel at present."""

    WORKS = "works"
    """Requests are taken."""
    PARKED = "parked"
    """Nothing can be sent; its events go to the parked topic until it works again."""
    THROTTLED = "throttled"
    """Meta wants no calls for a while; its events wait."""


@dataclass(frozen=True, slots=True)
class Connection:
    """What is known of a pixel's connection; it holds no secret."""

    state: State
    since_unix: float
    """Seconds since 1970 at which this state began."""
    reason: Reason | None = None
    """Why it is parked; None for the other states."""
    code: int | None = None
    """Meta's error code in the answer that told it; None: no answer did, or it had none."""
    subcode: int | None = None
    fbtrace_id: str | None = None
    """Meta's name for the request that told it."""
