"""The courier's desk: what sending and answering share, and how an outcome leaves the house."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from streamer.delivery.answers import Kind, Verdict
from streamer.delivery.attempt import Attempt
from streamer.delivery.batch import Entry, Settlement
from streamer.delivery.concurrency import Limits
from streamer.delivery.lane import ALONE, Room
from streamer.delivery.lanes import Lanes, Rules
from streamer.delivery.office import Office
from streamer.delivery.parking import Parking
from streamer.delivery.scopes import Key, Scope, Scopes, scopes_of
from streamer.delivery.standing import Standing
from streamer.outcomes import Outcome, Reason
from streamer.pixels.pixel import Pixel
from streamer.settings import DeliverySettings


@dataclass(frozen=True, slots=True)
class Desk:
    """What lies on it."""

    office: Office
    clock: Callable[[], float]
    """The loop's."""
    scopes: Scopes
    limits: Limits
    lanes: Lanes
    standing: Standing

    def keys(self, pixel_id: str) -> tuple[Key, ...]:
        """Return the scopes of a pixel at this moment."""
        return scopes_of(self.office.pixels.get(pixel_id))

    def settle(self, outcome: Outcome, pixel_id: str, entries: Sequence[Entry], verdict: Verdict) -> None:
        """Hand on an outcome, but for entries whose assignment went meanwhile: their next owner decides."""
        entries = self.ours(pixel_id, entries)
        if not entries:
            return
        reason = None if outcome is Outcome.DELIVERED else verdict.reason
        self.office.settle(
            Settlement(outcome, pixel_id, entries, reason, verdict.fbtrace_id, verdict.code, verdict.subcode)
        )

    def ours(self, pixel_id: str, entries: Sequence[Entry]) -> Sequence[Entry]:
        """Return them without those whose assignment is gone, which are forgotten."""
        gone = [entry for entry in entries if entry.record.progress.fenced]
        if not gone:
            return entries
        self.office.forget(pixel_id, gone)
        return [entry for entry in entries if not entry.record.progress.fenced]

    def put_back(self, attempts: Sequence[Attempt]) -> None:
        """Put attempts of one pixel back into its lane, unless the pixel was parked meanwhile: then they are too."""
        if not attempts:
            return
        pixel = self.office.pixels.get(attempts[0].batch.pixel_id)
        reason = self.standing.holds(pixel)
        if reason is None or all(attempt.probe for attempt in attempts):
            self.lanes.put_back(attempts, self.clock())
        else:
            self.park_all(pixel.pixel_id, attempts, Verdict(Kind.PARK, reason))

    def park(self, pixel: Pixel, verdict: Verdict) -> None:
        """Park a pixel, and all that waits for it."""
        self.standing.park(pixel, verdict)
        self.flush(pixel.pixel_id, verdict)

    def flush(self, pixel_id: str, verdict: Verdict) -> None:
        """Give all that waits for a pixel to the parked topic."""
        self.park_all(pixel_id, self.lanes.flush(pixel_id), verdict)

    def park_all(self, pixel_id: str, attempts: Iterable[Attempt], verdict: Verdict) -> None:
        """Give attempts of a pixel to the parked topic."""
        for attempt in attempts:
            self.settle(Outcome.PARKED, pixel_id, attempt.entries, verdict)


def make_desk(office: Office, delivery: DeliverySettings, clock: Callable[[], float]) -> Desk:
    """Lay out a desk within the limits of ``delivery``."""
    scopes = Scopes({Scope.TOKEN: delivery.max_in_flight_per_token, Scope.APP: delivery.max_in_flight_per_app})
    limits = Limits(delivery.max_in_flight_per_pixel)
    rules = Rules(
        scopes,
        limits,
        lambda pixel_id: scopes_of(office.pixels.get(pixel_id)),
        delivery.max_in_flight,
        office.max_bytes_in_flight,
        Room(office.window.max_events, office.window.max_bytes) if office.window else ALONE,
    )
    return Desk(office, clock, scopes, limits, Lanes(rules), Standing(office, Parking(delivery.probe_seconds), clock))


def parked_for(reason: Reason) -> Verdict:
    """Return what stands for a pixel that was found unable to be sent to without a request."""
    return Verdict(Kind.PARK, reason)
