"""What is done with an answer: deliver, wait, park, search, or stop."""

from dataclasses import dataclass

import structlog

from streamer.delivery.answers import MEANINGS, Kind, Verdict
from streamer.delivery.attempt import Attempt, Found, after_delivery, after_refusal, in_halves
from streamer.delivery.backoff import Backoff
from streamer.delivery.desk import Desk, parked_for
from streamer.delivery.pressure import Pressure
from streamer.delivery.scopes import Key, Scope, scopes_of
from streamer.delivery.shares import RefusedShares
from streamer.delivery.usage import FULL, LONGEST_SECONDS, gap
from streamer.errors import UserError
from streamer.outcomes import Outcome, Reason
from streamer.pixels.pixel import Pixel
from streamer.settings import MetaSettings

_log = structlog.get_logger(__name__)

_UNKNOWN_FAULT = 1  # Meta's code for a fault that may be its own, or an event's
_HALVED_AFTER = 5  # tries, so that an event which causes it does not hold up those beside it


@dataclass(frozen=True, slots=True)
class Sent:
    """A request that has ended."""

    attempt: Attempt
    pixel: Pixel
    """As it was when the request began."""
    began: float
    """On the loop's clock."""

    @property
    def pixel_id(self) -> str:
        """Whom it was for."""
        return self.pixel.pixel_id


class Answering:
    """Obeys answers."""

    def __init__(
        self, desk: Desk, meta: MetaSettings, backoff: Backoff, shares: RefusedShares, pressure: Pressure
    ) -> None:
        """Work at a desk."""
        self._desk = desk
        self._meta = meta
        self._backoff = backoff
        self._shares = shares
        self._pressure = pressure

    def obey(self, sent: Sent, verdict: Verdict | None) -> None:
        """Do what an answer asks for; None: none came."""
        self._learn(sent, verdict)
        if sent.attempt.probe and self._desk.standing.holds(sent.pixel) is not None:
            self._after_probe(sent, verdict)
        elif verdict is None or verdict.kind is Kind.RETRY:
            self._try_again(sent, verdict)
        elif verdict.kind is Kind.DELIVERED:
            self._delivered(sent, verdict)
        elif verdict.kind is Kind.THROTTLE:
            self.throttle(sent.pixel, sent.began, verdict)
            self._desk.put_back([sent.attempt.later(0)])
        elif verdict.kind is Kind.PARK:
            self._park(sent, verdict)
        elif verdict.kind is Kind.SPLIT:
            self._refused(sent, verdict)
        else:
            self._stop(sent, verdict)

    def forget(self, pixel_id: str) -> None:
        """Forget a pixel that went quiet."""
        self._shares.forget(pixel_id)

    def _learn(self, sent: Sent, verdict: Verdict | None) -> None:
        """Take from an answer what it says of limits, whatever else it says."""
        desk, now, keys = self._desk, self._desk.clock(), scopes_of(sent.pixel)
        if verdict is None or verdict.kind in {Kind.RETRY, Kind.THROTTLE}:
            desk.limits.failed(sent.pixel_id, now)
        else:
            desk.limits.answered(sent.pixel_id, now - sent.began, now)
        if verdict is None or verdict.kind is not Kind.THROTTLE:
            desk.scopes.not_throttled(keys, sent.began)
        if verdict is not None:
            if verdict.kind in {Kind.DELIVERED, Kind.SPLIT}:
                desk.lanes.worked(sent.pixel_id, now)
            for usage in verdict.usage:
                desk.scopes.pace(_key_of(usage.scope, sent.pixel), gap(usage.percent), now)
                if usage.percent >= FULL:
                    self._hold(sent.pixel, sent.began, usage.scope, usage.wait)

    # ---- it is taken

    def _delivered(self, sent: Sent, verdict: Verdict) -> None:
        entries = sent.attempt.batch.entries
        self._pressure.succeeded(self._desk.clock())
        self._shares.delivered(sent.pixel_id, len(entries))
        self._desk.standing.delivered(sent.pixel_id, sent.began)
        self._desk.settle(Outcome.DELIVERED, sent.pixel_id, entries, verdict)
        self._go_on(sent, after_delivery(sent.attempt))

    # ---- it waits

    def _try_again(self, sent: Sent, verdict: Verdict | None) -> None:
        pixel_id, attempt, now = sent.pixel_id, sent.attempt, self._desk.clock()
        if verdict is not None:
            self._desk.standing.failed(pixel_id, verdict)
            if verdict.wait:
                self._desk.scopes.hold((Scope.PIXEL, pixel_id), now + verdict.wait)
        rest = self._backoff.wait(self._desk.lanes.failures(pixel_id) + 1)
        self._desk.lanes.failed(pixel_id, now + rest, sent.began)
        until = now + self._backoff.wait(attempt.tries + 1)
        if verdict is not None and verdict.code == _UNKNOWN_FAULT and self._is_its_own_fault(attempt, now):
            self._desk.put_back(in_halves(attempt.later(until), until))
        else:
            self._desk.put_back([attempt.later(until)])

    def _is_its_own_fault(self, attempt: Attempt, now: float) -> bool:
        """Tell whether a batch fails again and again while others, of any pixel, succeed."""
        return attempt.tries >= _HALVED_AFTER and self._pressure.others_succeed(now, self._backoff.max_seconds)

    def throttle(self, pixel: Pixel, began: float, verdict: Verdict) -> None:
        """Heed a throttle, be it the answer to a batch or to a question whether the pixel works.

        :param began: when the request began, on the loop's clock.
        """
        wait = self._hold(pixel, began, verdict.scope, verdict.wait)
        self._desk.standing.throttled(pixel.pixel_id, verdict)
        _log.warning(
            "throttled by Meta",
            pixel=pixel.pixel_id,
            code=verdict.code,
            scope=verdict.scope.value,
            seconds=round(wait, 1),
            meaning=MEANINGS.get(verdict.code or 0),
        )

    def _hold(self, pixel: Pixel, began: float, scope: Scope, asked: float | None) -> float:
        """Send nothing of a scope for as long as Meta asks, and for longer each time that this is too short."""
        key = _key_of(scope, pixel)
        throttles = self._desk.scopes.throttled(key, began)
        wait = min(asked or 0.0, LONGEST_SECONDS)
        if not asked or throttles > 1:  # what Meta named was too short: a block may begin anew with each call
            wait = max(wait, self._backoff.hold(max(1, throttles)))
        self._desk.scopes.hold(key, self._desk.clock() + wait)
        return wait

    # ---- it is parked

    def _park(self, sent: Sent, verdict: Verdict) -> None:
        if self._desk.office.pixels.get(sent.pixel_id).access_token != sent.pixel.access_token:
            self._desk.put_back([sent.attempt])  # the pixel has another token by now: this says nothing of it
            return
        self._desk.park(sent.pixel, verdict)
        self._desk.park_all(sent.pixel_id, [sent.attempt], verdict)

    def _after_probe(self, sent: Sent, verdict: Verdict | None) -> None:
        """Let a probe that shows that the pixel works again go on as any other; park every other at once."""
        standing, reason = self._desk.standing, self._desk.standing.holds(sent.pixel)
        if verdict is not None and verdict.kind is Kind.DELIVERED:
            self._delivered(sent, verdict)
        elif verdict is not None and verdict.looked_at_event and reason is not Reason.MOSTLY_REFUSED:
            standing.works(sent.pixel_id, sent.began)
            self._refused(sent, verdict)
        elif verdict is not None and verdict.kind is Kind.PARK:
            self._park(sent, verdict)
        elif verdict is not None and verdict.kind is Kind.STOP:
            self._stop(sent, verdict)
        else:
            if verdict is not None and verdict.kind is Kind.THROTTLE:
                self.throttle(sent.pixel, sent.began, verdict)
            self._desk.park_all(sent.pixel_id, [sent.attempt], parked_for(reason or Reason.BLOCKED))

    # ---- something in it is refused

    def _refused(self, sent: Sent, verdict: Verdict) -> None:
        self._desk.standing.failed(sent.pixel_id, verdict)
        if (reason := self._desk.standing.holds(sent.pixel)) is not None:  # parked meanwhile
            self._desk.park_all(sent.pixel_id, [sent.attempt], parked_for(reason))
            return
        if len(sent.attempt.batch.entries) > 1:
            self._desk.office.events.split(sent.pixel_id)
        self._go_on(sent, after_refusal(sent.attempt, verdict))

    def _go_on(self, sent: Sent, found: Found) -> None:
        """Take the next steps of a search for a bad event."""
        refusal = found.refusal
        if found.culprit is None or refusal is None:
            self._desk.put_back(found.next)
        elif refusal.reason is Reason.REFUSED_BY_META and self._shares.refused(sent.pixel_id):
            self._give_up(sent, refusal)
        else:
            self._desk.settle(Outcome.DEAD_LETTERED, sent.pixel_id, [found.culprit], refusal)
            self._desk.put_back(found.next)

    def _give_up(self, sent: Sent, refusal: Verdict) -> None:
        """Park a pixel most of whose events are refused: that is a fault of all of them, which someone can mend."""
        self._shares.forget(sent.pixel_id)
        verdict = Verdict(
            Kind.PARK,
            Reason.MOSTLY_REFUSED,
            code=refusal.code,
            subcode=refusal.subcode,
            fbtrace_id=refusal.fbtrace_id,
        )
        self._desk.park(sent.pixel, verdict)
        self._desk.park_all(sent.pixel_id, [sent.attempt], verdict)

    # ---- nothing would get through

    def _stop(self, sent: Sent, verdict: Verdict) -> None:
        self._desk.put_back([sent.attempt.later(self._desk.clock() + self._backoff.max_seconds)])
        self._desk.office.failed(
            UserError(
                f"Meta refuses every request: {MEANINGS.get(verdict.code or 0, 'our configuration is at fault')} "
                f"(code {verdict.code}). meta.base_url is {self._meta.base_url}, meta.api_version "
                f"{self._meta.api_version}."
            )
        )


def _key_of(scope: Scope, pixel: Pixel) -> Key:
    return next(key for key in scopes_of(pixel) if key[0] is scope)
