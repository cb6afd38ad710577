"""How each pixel stands, works, throttled or parked, and what was last seen of it; changes are told."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import structlog

from streamer.delivery.answers import Verdict
from streamer.delivery.office import Office
from streamer.delivery.parking import Parked, Parking
from streamer.outcomes import Reason
from streamer.pixels.connection import Connection, State
from streamer.pixels.pixel import Pixel

_log = structlog.get_logger(__name__)

_REMEMBERED = 20_000
"""Pixels whose last success and error are remembered."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What was last seen of a pixel."""

    last_success: float | None = None
    """Unix seconds."""
    last_code: int | None = None
    """Meta's code of the last error, if none succeeded since."""


class _Told(NamedTuple):
    at: float  # on the loop's clock
    state: State


class Standing:
    """How each pixel stands."""

    def __init__(self, office: Office, parking: Parking, clock: Callable[[], float]) -> None:
        """Tell the office of changes; ``clock`` is the loop's."""
        self._office = office
        self._parking = parking
        self._clock = clock
        self._told: dict[str, _Told] = {}  # pixels that do not work, as was last told
        self._seen: dict[str, Seen] = {}

    def park(self, pixel: Pixel, verdict: Verdict) -> None:
        """Park a pixel by what was found out here."""
        reason = verdict.reason or Reason.BLOCKED
        self.failed(pixel.pixel_id, verdict)
        if not self._park(pixel, reason):
            return
        _log.error(
            "pixel parked: its events go to the parked topic until it works again",
            pixel=pixel.pixel_id,
            client=pixel.client,
            reason=reason.value,
            code=verdict.code,
            subcode=verdict.subcode,
            fbtrace_id=verdict.fbtrace_id,
        )
        self._change(pixel.pixel_id, State.PARKED, replace(verdict, reason=reason))

    def obey(self, pixel: Pixel, reason: Reason, since: float, told_by: str) -> None:
        """Park a pixel because another replica found out that it cannot be sent to.

        :param since: Unix seconds.
        """
        if self._park(pixel, reason):
            _log.warning("pixel parked: another replica says so", pixel=pixel.pixel_id, reason=reason.value, by=told_by)
            ago = max(0.0, self._office.unix_time() - since)
            self._told[pixel.pixel_id] = _Told(self._clock() - ago, State.PARKED)

    def unpark(self, pixel_id: str) -> None:
        """Forget that a pixel is parked; its first success is told."""
        if self._parking.remove(pixel_id):
            self._office.events.parked(pixel_id, None)
            _log.info("pixel is tried again", pixel=pixel_id)

    def throttled(self, pixel_id: str, verdict: Verdict) -> None:
        """Note that Meta wants no calls for a pixel for a while."""
        self.failed(pixel_id, verdict)
        if pixel_id not in self._told:
            self._change(pixel_id, State.THROTTLED, verdict)

    def works(self, pixel_id: str, began: float) -> None:
        """Note that a request which began at this moment of the loop's clock shows that the pixel works."""
        was_parked = self._parking.works(pixel_id, began)
        if was_parked:
            self._office.events.parked(pixel_id, None)
            _log.info("pixel works again", pixel=pixel_id)
        told = self._told.get(pixel_id)
        if told is not None and (was_parked or (began > told.at and self._parking.get(pixel_id) is None)):
            del self._told[pixel_id]
            self._office.changed(pixel_id, Connection(State.WORKS, self._office.unix_time()))

    def delivered(self, pixel_id: str, began: float) -> None:
        """Note a delivery."""
        self._note(pixel_id, Seen(last_success=self._office.unix_time()))
        self.works(pixel_id, began)

    def failed(self, pixel_id: str, verdict: Verdict) -> None:
        """Note an error."""
        self._note(pixel_id, replace(self.seen(pixel_id), last_code=verdict.code))

    def blocks(self, pixel: Pixel) -> Reason | None:
        """Return why a new batch must not be sent now; None when it may, be it as the probe."""
        return self._parking.blocks(pixel.pixel_id, pixel.access_token, self._clock())

    def holds(self, pixel: Pixel) -> Reason | None:
        """Return why nothing but a probe may be sent; None when everything may."""
        return self._parking.holds(pixel.pixel_id, pixel.access_token)

    def claim_probe(self, pixel_id: str) -> bool:
        """Return True if a parked pixel is to be probed now, and nobody else does it."""
        return self._parking.claim_probe(pixel_id, self._clock())

    def seen(self, pixel_id: str) -> Seen:
        """Return what was last seen of a pixel."""
        return self._seen.get(pixel_id, Seen())

    @property
    def parked(self) -> Mapping[str, Parked]:
        """The parked pixels."""
        return self._parking.all

    def forget(self, pixel_id: str) -> None:
        """Forget a pixel that went quiet, unless it is parked."""
        self._seen.pop(pixel_id, None)
        if self._parking.get(pixel_id) is None:
            self._told.pop(pixel_id, None)

    def _park(self, pixel: Pixel, reason: Reason) -> bool:
        if not self._parking.park(pixel.pixel_id, reason, pixel.access_token, self._clock()):
            return False
        self._office.events.parked(pixel.pixel_id, reason.value)
        if (forgotten := self._parking.too_many) is not None:
            self.unpark(forgotten)
            self._told.pop(forgotten, None)
        return True

    def _change(self, pixel_id: str, state: State, verdict: Verdict) -> None:
        self._told[pixel_id] = _Told(self._clock(), state)
        reason = verdict.reason if state is State.PARKED else None
        self._office.changed(
            pixel_id,
            Connection(state, self._office.unix_time(), reason, verdict.code, verdict.subcode, verdict.fbtrace_id),
        )

    def _note(self, pixel_id: str, seen: Seen) -> None:
        """Remember what was last seen of a pixel, and forget the one that has been quiet longest."""
        self._seen.pop(pixel_id, None)
        self._seen[pixel_id] = seen
        if len(self._seen) > _REMEMBERED:
            del self._seen[next(iter(self._seen))]
