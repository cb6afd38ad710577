"""What the status page tells: one immutable picture of the process."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from streamer.ledger import LedgerSnapshot
from streamer.outcomes import Outcome
from streamer.quality import AGE_LIMITS, PixelQuality
from streamer.translate.engine import MATCH_KEYS

_TROUBLED = {"parked": 0, "throttled": 1}


@dataclass(frozen=True, slots=True)
class PixelStatus:
    """One pixel's connection and counts."""

    pixel_id: str
    client: str | None
    state: str
    """``works``, ``throttled`` or ``parked``."""
    reason: str | None
    """Why it is parked."""
    delivered: int
    skipped: int
    dead_lettered: int
    parked: int
    in_flight: int
    last_success: float | None = None
    """Unix seconds."""
    last_code: int | None = None
    """Meta's code of the last error, if nothing succeeded since."""
    quality: PixelQuality = field(default_factory=PixelQuality)
    """Of its data, of the last :attr:`Status.quality_seconds`."""

    @property
    def volume(self) -> int:
        """All that was decided on."""
        return self.delivered + self.skipped + self.dead_lettered + self.parked + self.in_flight


@dataclass(frozen=True, slots=True)
class ConnectionStatus:
    """A pixel's connection as all replicas know it: of pixels that had trouble at some time."""

    pixel_id: str
    client: str | None
    state: str
    """``works``, ``throttled`` or ``parked``."""
    reason: str | None
    """Why it is parked."""
    since: float
    """Unix seconds."""
    code: int | None
    """Meta's, in the answer that told it."""
    subcode: int | None
    fbtrace_id: str | None
    told_by: str
    """Names the process that found it out."""


@dataclass(frozen=True, slots=True)
class PartitionStatus:
    """One partition that is read."""

    topic: str
    partition: int
    committed: int | None
    lag: int | None
    """Records between the committed offset and the partition's end."""


@dataclass(frozen=True, slots=True)
class Rates:
    """What went through in the last seconds, a second."""

    read: float = 0.0
    delivered: float = 0.0


@dataclass(frozen=True, slots=True)
class Load:
    """What is held, and what waits."""

    memory_used: int
    memory_budget: int
    oldest_unsent_seconds: float | None
    """None when nothing waits to be sent."""
    requests_in_flight: int
    unsettled: int
    """Records that are owed an outcome."""


@dataclass(frozen=True, slots=True)
class Status:
    """The process at one moment."""

    version: str
    engine: str
    uptime_seconds: float
    not_ready_because: Sequence[str]
    """Empty when ready."""
    ledger: LedgerSnapshot
    load: Load
    rates: Rates = Rates()
    pixels: Sequence[PixelStatus] = field(default_factory=tuple)
    partitions: Sequence[PartitionStatus] = field(default_factory=tuple)
    connections: Sequence[ConnectionStatus] = field(default_factory=tuple)
    """Of the whole platform."""
    quality_seconds: float = 0.0
    """How far the quality of the pixels' data looks back."""

    @property
    def ready(self) -> bool:
        """Nothing stands in the way of reading and sending."""
        return not self.not_ready_because


def in_order(pixels: Sequence[PixelStatus]) -> list[PixelStatus]:
    """Put the troubled first, then the busiest."""
    return sorted(pixels, key=lambda one: (_TROUBLED.get(one.state, 2), -one.volume, one.pixel_id))


def as_json(status: Status) -> dict[str, Any]:
    """Return the status as plain values; the ledger without its rows, for those are the pixels'."""
    ledger = status.ledger
    return {
        "version": status.version,
        "engine": status.engine,
        "uptime_seconds": status.uptime_seconds,
        "ready": status.ready,
        "not_ready_because": list(status.not_ready_because),
        "rates": status.rates,
        "load": status.load,
        "ledger": {
            "read": ledger.read,
            "already_settled": ledger.already_settled,
            "translated": ledger.translated,
            "forgotten": ledger.forgotten,
            **{outcome.value: getattr(ledger, outcome.value) for outcome in Outcome},
            "in_flight": ledger.in_flight,
            "balanced": ledger.balanced,
            "reasons": [
                {"outcome": outcome.value, "reason": reason.value, "count": count}
                for (outcome, reason), count in sorted(ledger.reasons.items(), key=lambda item: -item[1])
            ],
        },
        "quality_seconds": status.quality_seconds,
        "pixels": [_pixel(one) for one in in_order(status.pixels)],
        "partitions": sorted(status.partitions, key=lambda one: (one.topic, one.partition)),
        "connections": sorted(status.connections, key=lambda one: (_TROUBLED.get(one.state, 2), one.pixel_id)),
    }


def _pixel(pixel: PixelStatus) -> dict[str, Any]:
    plain = {each.name: getattr(pixel, each.name) for each in fields(pixel)}
    return plain | {"quality": _quality(pixel.quality)}


def _quality(quality: PixelQuality) -> dict[str, Any]:
    noted = sorted(quality.fields.items(), key=lambda item: (-item[1], item[0]))
    return {
        "events": quality.events,
        "coverage": {key: quality.coverage(key) for key in MATCH_KEYS},
        "faulty_share": quality.faulty_share,
        "fields": [{"field": note.field, "reason": note.reason, "count": count} for note, count in noted],
        "delivered": quality.delivered,
        "mean_age_seconds": quality.mean_age,
        "share_within_seconds": {str(limit): quality.within(limit) for limit in AGE_LIMITS},
    }
