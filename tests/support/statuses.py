"""What tests of the administration share: a status to show."""

from collections.abc import Sequence
from dataclasses import replace

from streamer.admin.status import Load, PartitionStatus, PixelStatus, Rates, Status
from streamer.ledger import Ledger
from streamer.outcomes import Outcome, Reason

NOW = 1_800_000_000.0


def pixel(pixel_id: str, state: str = "works", delivered: int = 0, in_flight: int = 0) -> PixelStatus:
    """Return a pixel of an invented client."""
    return PixelStatus(pixel_id, "acme", state, None, delivered, 0, 0, 0, in_flight)


def status(
    *,
    pixels: Sequence[PixelStatus] | None = None,
    partitions: Sequence[PartitionStatus] | None = None,
    not_ready_because: Sequence[str] = (),
) -> Status:
    """Return the status of a consumer that has seen a little of everything."""
    ledger = Ledger()
    ledger.read(10)
    ledger.already_settled()
    ledger.translated("1001", 10)
    ledger.forgotten("1001", 1)
    ledger.settled("1001", Outcome.DELIVERED, None, 5)
    ledger.settled("1001", Outcome.PARKED, Reason.TOKEN_DEAD, 2)
    ledger.settled("1001", Outcome.DEAD_LETTERED, Reason.TOO_OLD, 1)
    parked = replace(pixel("1002", "parked"), reason="token_dead", last_code=190, last_success=NOW - 90)
    return Status(
        version="0.1.0",
        engine="python",
        uptime_seconds=3700.0,
        not_ready_because=not_ready_because,
        ledger=ledger.snapshot(),
        load=Load(250, 1000, 4.5, 3, 7),
        rates=Rates(12.0, 10.0),
        pixels=[pixel("1001", delivered=5), parked] if pixels is None else pixels,
        partitions=[PartitionStatus("tag-events", 10, 40, None), PartitionStatus("tag-events", 2, None, 5)]
        if partitions is None
        else partitions,
    )
