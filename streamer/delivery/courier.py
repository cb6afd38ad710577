"""The courier: takes batches from the lanes, sends them, and does what the answers ask for."""

import asyncio
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import structlog

from streamer.delivery.answers import MEANINGS, Kind, Scope, Verdict, read_answer
from streamer.delivery.attempt import Attempt, Found, after_delivery, after_refusal, in_halves, without_batch
from streamer.delivery.backoff import Backoff
from streamer.delivery.batch import Batch, Entry, Settlement
from streamer.delivery.capi import NoAnswerError, Transport
from streamer.delivery.events import DeliveryEvents, Uncounted
from streamer.delivery.lanes import Lanes
from streamer.delivery.parking import Parking
from streamer.delivery.requests import Request, make_request, usable
from streamer.errors import UserError
from streamer.outcomes import Outcome, Reason
from streamer.pixels.pixel import Pixel, PixelBook
from streamer.settings import DeliverySettings, MetaSettings
from streamer.tasks import Tasks

_log = structlog.get_logger(__name__)

_LARGE = 64 * 1024
_UNKNOWN_FAULT = 1  # Meta's code for a fault that may be its own, or an event's
_HALVED_AFTER = 5  # tries, so that an event which causes it does not hold up those beside it
_REMEMBERED = 20_000
"""Pixels whose last success and error are remembered."""


@dataclass(frozen=True, slots=True)
class Office:
    """Whom the courier works for."""

    transport: Transport
    pixels: PixelBook
    settle: Callable[[Settlement], None]
    """Takes final outcomes; must not wait."""
    forget: Callable[[str, Sequence[Entry]], None]
    """Takes entries of a pixel whose assignment is gone: they are not sent any more."""
    failed: Callable[[BaseException], None]
    """Asks for the end of the process."""
    events: DeliveryEvents = field(default_factory=Uncounted)
    unix_time: Callable[[], float] = time.time
    max_bytes_in_flight: float = math.inf
    """Of JSON, in all requests at the same time."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What was last seen of a pixel."""

    last_success: float | None = None
    """Unix seconds."""
    last_code: int | None = None
    """Meta's code of the last error, if none succeeded since."""


class Courier:
    """Sends batches. Every entry given to :meth:`send` is settled once, forgotten, or left when the process ends."""

    def __init__(self, office: Office, meta: MetaSettings, delivery: DeliverySettings, backoff: Backoff) -> None:
        """Work for ``office``, within the limits of ``delivery``; must be made on the loop."""
        self._office = office
        self._meta = meta
        self._delivery = delivery
        self._backoff = backoff
        self._lanes = Lanes(delivery.max_in_flight, delivery.max_in_flight_per_pixel, office.max_bytes_in_flight)
        self._parking = Parking(delivery.probe_seconds)
        self._held_scopes: dict[tuple[Scope, str], float] = {}
        self._seen: dict[str, Seen] = {}
        self._loop = asyncio.get_running_loop()
        self._tasks = Tasks(office.failed)
        self._timer: asyncio.TimerHandle | None = None
        self._landed = asyncio.Event()
        self._last_success = -math.inf
        self._closed = False

    def send(self, batch: Batch) -> None:
        """Take a batch; returns at once."""
        self._lanes.submit(batch)
        self._pump()

    async def drain_some(self, belongs: Callable[[Entry], bool], deadline: float) -> None:
        """Return when no entry that belongs is in flight or could be sent now, or at the deadline (loop's clock).

        Waits for another try are cut short, once; what Meta asked to be held, or fails again, is left.
        """
        self._lanes.hasten()
        self._pump()
        while self._moves(belongs):
            self._landed.clear()
            left = deadline - self._loop.time()
            if left <= 0:
                return
            try:
                await asyncio.wait_for(self._landed.wait(), left)
            except TimeoutError:
                return

    async def close(self) -> None:
        """Give up whatever is in flight: it stays unsettled."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        await self._tasks.cancel()

    @property
    def in_flight(self) -> int:
        """Requests in flight."""
        return self._lanes.in_flight

    @property
    def waiting_events(self) -> int:
        """Events that wait to be sent or are in flight."""
        return self._lanes.waiting_events

    @property
    def oldest(self) -> float | None:
        """When the oldest of them came, on the loop's clock."""
        return self._lanes.oldest

    @property
    def parked_pixels(self) -> int:
        """How many pixels are parked."""
        return len(self._parking)

    def seen(self, pixel_id: str) -> Seen:
        """Return what was last seen of a pixel."""
        return self._seen.get(pixel_id, Seen())

    def state(self, pixel_id: str) -> tuple[str, Reason | None]:
        """Return ``works``, ``throttled``, or ``parked`` with its reason."""
        parked = self._parking.get(pixel_id)
        if parked is not None:
            return "parked", parked.reason
        return ("throttled" if self._lanes.held(pixel_id, self._loop.time()) else "works"), None

    # ---- turning

    def _pump(self) -> None:
        """Start what may be sent, and set the alarm for what may be sent later."""
        while not self._closed and (attempt := self._lanes.take(self._loop.time())) is not None:
            self._tasks.start(self._carry(attempt))
        wake = self._lanes.next_wake()
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if wake is None or self._closed else self._loop.call_at(wake, self._pump)

    async def _carry(self, attempt: Attempt) -> None:
        try:
            await self._send(attempt)
        finally:
            self._lanes.landed(attempt)
            self._landed.set()
            self._pump()

    def _moves(self, belongs: Callable[[Entry], bool]) -> bool:
        return any(belongs(entry) for one in self._lanes.moving(self._loop.time()) for entry in one.entries)

    # ---- one attempt

    async def _send(self, attempt: Attempt) -> None:
        attempt = self._without_expired(self._without_gone(attempt))
        if not attempt.batch.entries:
            self._lanes.put_back(without_batch(attempt))
            return
        began = self._loop.time()
        pixel = self._office.pixels.get(attempt.batch.pixel_id)
        blocked = self._blocked(pixel)
        if blocked is not None:
            self._settle(Outcome.PARKED, pixel.pixel_id, attempt.entries, Verdict(Kind.PARK, blocked))
            return
        held_until = self._held(pixel)
        if held_until is not None:
            self._wait(attempt, held_until)
            return
        self._obey(attempt, pixel, began, await self._post(pixel, attempt.batch))

    def _without_gone(self, attempt: Attempt) -> Attempt:
        """Leave out what belongs to an assignment that is gone: its next owner sends it."""
        entries = attempt.batch.entries
        ours = self._ours(attempt.batch.pixel_id, entries)
        return attempt if ours is entries else attempt.with_entries(ours)

    def _ours(self, pixel_id: str, entries: Sequence[Entry]) -> Sequence[Entry]:
        """Return them without those whose assignment is gone, which are forgotten."""
        gone = [entry for entry in entries if entry.record.progress.fenced]
        if not gone:
            return entries
        self._office.forget(pixel_id, gone)
        return [entry for entry in entries if not entry.record.progress.fenced]

    def _without_expired(self, attempt: Attempt) -> Attempt:
        """Leave out what Meta would refuse for its age, and the whole request with it."""
        now = self._office.unix_time()
        expired = [entry for entry in attempt.batch.entries if entry.event.expires_at <= now]
        if not expired:
            return attempt
        self._settle(Outcome.DEAD_LETTERED, attempt.batch.pixel_id, expired, Verdict(Kind.SPLIT, Reason.TOO_OLD))
        return attempt.with_entries([entry for entry in attempt.batch.entries if entry.event.expires_at > now])

    def _blocked(self, pixel: Pixel) -> Reason | None:
        fault = None
        if pixel.access_token is None:
            fault = Reason.NO_TOKEN
        elif not usable(pixel.access_token):
            fault = Reason.TOKEN_DEAD
        if fault is not None:  # another token brings it back, as with one that Meta refuses
            self._park(pixel, Verdict(Kind.PARK, fault))
            return fault
        return self._parking.blocks(pixel.pixel_id, pixel.access_token, self._loop.time())

    async def _post(self, pixel: Pixel, batch: Batch) -> Verdict | None:
        """Return what the answer means, or None when there was none."""
        events = [entry.event.body for entry in batch.entries]
        request = await self._request(pixel, events)
        self._office.events.sent(len(events), len(request.body))
        began = self._loop.time()
        verdict = None
        code = None
        try:
            response = await self._office.transport.post(request)
        except NoAnswerError as error:
            _log.info("no answer from Meta, will be tried again", pixel=pixel.pixel_id, reason=str(error))
        else:
            verdict = read_answer(response.status, response.headers, response.body, len(events))
            code = verdict.code
            if not verdict.known:
                _log.warning(
                    "an answer that is not understood", pixel=pixel.pixel_id, status=response.status, code=code
                )
        kind = verdict.kind.value if verdict else "no_answer"
        self._office.events.answered(pixel.pixel_id, kind, code, self._loop.time() - began)
        return verdict

    async def _request(self, pixel: Pixel, events: list[bytes]) -> Request:
        compress = self._delivery.gzip
        if compress and sum(map(len, events)) > _LARGE:  # compressing a large body would hold up the loop
            return await asyncio.to_thread(make_request, self._meta, pixel, events, compress=True)
        return make_request(self._meta, pixel, events, compress=compress)

    # ---- what answers ask for

    def _obey(self, attempt: Attempt, pixel: Pixel, began: float, verdict: Verdict | None) -> None:
        if verdict is not None and verdict.kind in {Kind.DELIVERED, Kind.SPLIT}:
            self._lanes.worked(pixel.pixel_id)
        if verdict is None or verdict.kind is Kind.RETRY:
            self._try_again(attempt, verdict)
        elif verdict.kind is Kind.DELIVERED:
            self._succeeded(pixel, began)
            self._settle(Outcome.DELIVERED, pixel.pixel_id, attempt.batch.entries, verdict)
            self._go_on(pixel.pixel_id, after_delivery(attempt))
        elif verdict.kind is Kind.THROTTLE:
            self._throttle(attempt, pixel, verdict)
        elif verdict.kind is Kind.PARK:
            self._park(pixel, verdict)
            self._settle(Outcome.PARKED, pixel.pixel_id, attempt.entries, verdict)
        elif verdict.kind is Kind.SPLIT:
            self._failed(pixel.pixel_id, verdict)
            if len(attempt.batch.entries) > 1:
                self._office.events.split(pixel.pixel_id)
            self._go_on(pixel.pixel_id, after_refusal(attempt, verdict))
        else:
            self._stop(attempt, verdict)

    def _succeeded(self, pixel: Pixel, began: float) -> None:
        self._last_success = self._loop.time()
        self._note(pixel.pixel_id, Seen(last_success=self._office.unix_time()))
        if self._parking.works(pixel.pixel_id, began):
            self._office.events.parked(pixel.pixel_id, None)
            _log.info("pixel works again", pixel=pixel.pixel_id)

    def _failed(self, pixel_id: str, verdict: Verdict) -> None:
        self._note(pixel_id, replace(self.seen(pixel_id), last_code=verdict.code))

    def _note(self, pixel_id: str, seen: Seen) -> None:
        """Remember what was last seen of a pixel, and forget the one that has been quiet longest."""
        self._seen.pop(pixel_id, None)
        self._seen[pixel_id] = seen
        if len(self._seen) > _REMEMBERED:
            del self._seen[next(iter(self._seen))]

    def _try_again(self, attempt: Attempt, verdict: Verdict | None) -> None:
        pixel_id, now = attempt.batch.pixel_id, self._loop.time()
        if verdict is not None:
            self._failed(pixel_id, verdict)
            if verdict.wait:
                self._lanes.hold(pixel_id, now + verdict.wait)
        self._lanes.failed(pixel_id, now + self._backoff.wait(self._lanes.failures(pixel_id) + 1))
        until = now + self._backoff.wait(attempt.tries + 1)
        if verdict is not None and verdict.code == _UNKNOWN_FAULT and self._is_its_own_fault(attempt):
            self._lanes.put_back(in_halves(attempt.later(until), until))
        else:
            self._wait(attempt, until)

    def _is_its_own_fault(self, attempt: Attempt) -> bool:
        """Tell whether a batch fails again and again while others, of any pixel, succeed."""
        others_succeed = self._loop.time() - self._last_success < self._backoff.max_seconds
        return others_succeed and attempt.tries >= _HALVED_AFTER

    def _throttle(self, attempt: Attempt, pixel: Pixel, verdict: Verdict) -> None:
        wait = verdict.wait or self._backoff.wait(attempt.tries + 1)
        until = self._loop.time() + wait
        self._failed(pixel.pixel_id, verdict)
        _log.warning(
            "throttled by Meta",
            pixel=pixel.pixel_id,
            code=verdict.code,
            scope=verdict.scope.value,
            seconds=round(wait, 1),
            meaning=MEANINGS.get(verdict.code or 0),
        )
        self._lanes.hold(pixel.pixel_id, until)
        if verdict.scope is not Scope.PIXEL:
            key = self._scope_key(verdict.scope, pixel)
            self._held_scopes[key] = max(until, self._held_scopes.get(key, 0))  # the longest of several answers counts
        self._wait(attempt, 0)

    def _held(self, pixel: Pixel) -> float | None:
        """Return until when the pixel's token or app is throttled, if it is: another pixel may have found out."""
        now = self._loop.time()
        keys = [self._scope_key(scope, pixel) for scope in (Scope.TOKEN, Scope.APP)]
        until = max((self._held_scopes.get(key, 0) for key in keys), default=0)
        if until > now:
            self._lanes.hold(pixel.pixel_id, until)
            return until
        for key in keys:
            self._held_scopes.pop(key, None)
        return None

    def _scope_key(self, scope: Scope, pixel: Pixel) -> tuple[Scope, str]:
        """Name a token or an app: pixels with the platform's app secret share its app, others are their token's."""
        if scope is Scope.APP and pixel.app_secret:
            return scope, pixel.app_secret
        return scope, pixel.access_token or ""

    def _park(self, pixel: Pixel, verdict: Verdict) -> None:
        reason = verdict.reason or Reason.BLOCKED
        self._failed(pixel.pixel_id, verdict)
        if self._parking.park(pixel.pixel_id, reason, pixel.access_token, self._loop.time()):
            self._office.events.parked(pixel.pixel_id, reason.value)
            _log.error(
                "pixel parked: its events go to the parked topic until it works again",
                pixel=pixel.pixel_id,
                client=pixel.client,
                reason=reason.value,
                code=verdict.code,
                subcode=verdict.subcode,
                fbtrace_id=verdict.fbtrace_id,
            )

    def _go_on(self, pixel_id: str, found: Found) -> None:
        """Take the next steps of a search for a bad event."""
        if found.culprit is not None and found.refusal is not None:
            self._settle(Outcome.DEAD_LETTERED, pixel_id, [found.culprit], found.refusal)
        self._lanes.put_back(found.next)

    def _stop(self, attempt: Attempt, verdict: Verdict) -> None:
        self._wait(attempt, self._loop.time() + self._backoff.max_seconds)
        self._office.failed(
            UserError(
                f"Meta refuses every request: {MEANINGS.get(verdict.code or 0, 'our configuration is at fault')} "
                f"(code {verdict.code}). meta.base_url is {self._meta.base_url}, meta.api_version "
                f"{self._meta.api_version}."
            )
        )

    def _wait(self, attempt: Attempt, until: float) -> None:
        self._lanes.put_back([attempt.later(until)])

    def _settle(self, outcome: Outcome, pixel_id: str, entries: Sequence[Entry], verdict: Verdict) -> None:
        """Hand on an outcome, but for entries whose assignment went meanwhile: their next owner decides."""
        entries = self._ours(pixel_id, entries)
        if not entries:
            return
        reason = None if outcome is Outcome.DELIVERED else verdict.reason
        self._office.settle(
            Settlement(outcome, pixel_id, entries, reason, verdict.fbtrace_id, verdict.code, verdict.subcode)
        )
