"""The courier: takes batches, sends them when it is their turn, and hands on what becomes of them."""

import asyncio
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

from streamer.delivery.answering import Answering, Sent
from streamer.delivery.answers import Kind, Verdict
from streamer.delivery.attempt import Attempt, without_batch
from streamer.delivery.backoff import Backoff
from streamer.delivery.batch import Batch, Entry
from streamer.delivery.desk import make_desk, parked_for
from streamer.delivery.drain import Drain
from streamer.delivery.office import Office
from streamer.delivery.parking import Parked
from streamer.delivery.posting import Posting
from streamer.delivery.pressure import Pressure
from streamer.delivery.requests import usable
from streamer.delivery.scopes import scopes_of
from streamer.delivery.shares import RefusedShares
from streamer.delivery.standing import Seen
from streamer.outcomes import Outcome, Reason
from streamer.pixels.connection import State
from streamer.pixels.pixel import Pixel
from streamer.settings import DeliverySettings, MetaSettings
from streamer.tasks import Tasks

__all__ = ["Courier", "Office", "Seen"]

_PROBES = 5


class Courier:
    """Sends batches. Every entry given to :meth:`send` is settled once, forgotten, or left when the process ends."""

    def __init__(self, office: Office, meta: MetaSettings, delivery: DeliverySettings, backoff: Backoff) -> None:
        """Work for ``office``, within the limits of ``delivery``; must be made on the loop."""
        self._office = office
        self._loop = asyncio.get_running_loop()
        self._desk = make_desk(office, delivery, self._loop.time)
        self._lanes = self._desk.lanes
        self._standing = self._desk.standing
        self._posting = Posting(office, meta, gzip=delivery.gzip)
        self._pressure = Pressure(delivery.stuck_seconds, office.pixel_share, self._slowed)
        shares = RefusedShares(delivery.pixel_refused_share_limit, delivery.pixel_refused_share_minimum)
        self._answering = Answering(self._desk, meta, backoff, shares, self._pressure)
        self._tasks = Tasks(office.failed)
        self._timer: asyncio.TimerHandle | None = None
        self._landed = asyncio.Event()
        self._closed = False

    # ---- what is asked of it

    def send(self, batch: Batch) -> None:
        """Take a batch; returns at once. One of a parked pixel goes no further, but for a probe."""
        pixel = self._office.pixels.get(batch.pixel_id)
        entries = self._desk.ours(batch.pixel_id, batch.entries)
        if not entries:
            return
        blocked = self._fault(pixel) or self._standing.blocks(pixel)
        if blocked is not None:
            self._desk.settle(Outcome.PARKED, pixel.pixel_id, entries, parked_for(blocked))
            return
        batch = batch if entries is batch.entries else replace(batch, entries=entries)
        reason = self._standing.holds(pixel)
        if reason is None:
            self._lanes.submit(batch, self._loop.time())
        else:
            self._probe(batch, reason)
        self._pump()

    def park(self, pixel_id: str, reason: Reason, *, since: float, told_by: str) -> None:
        """Park a pixel, and all that waits for it, because another replica found that it cannot be sent to.

        :param since: Unix seconds.
        :param told_by: names that replica.
        """
        self._standing.obey(self._office.pixels.get(pixel_id), reason, since, told_by)
        self._desk.flush(pixel_id, parked_for(reason))

    def unpark(self, pixel_id: str) -> None:
        """Let all of a pixel's batches out again: it works elsewhere, or has another token."""
        self._standing.unpark(pixel_id)
        self._lanes.look_again(pixel_id)
        self._pump()

    def claim_probe(self, pixel_id: str) -> bool:
        """Return True if a parked pixel is to be probed now, and no batch of its own does it.

        While Meta holds its token, its app or itself up, it is not: each call would lengthen that.
        """
        if self._desk.scopes.closed(self._desk.keys(pixel_id), self._loop.time()) is not None:
            return False
        return self._standing.claim_probe(pixel_id)

    def heed(self, pixel: Pixel, began: float, verdict: Verdict) -> None:
        """Take note of a throttle that answered a probe.

        :param began: when the probe began, on the loop's clock.
        """
        self._answering.throttle(pixel, began, verdict)

    def relieve(self, used: float) -> bool:
        """Park a pixel that gets nothing through and holds the memory that others need; return True if one was.

        :param used: the share of the memory budget that is used; 1: it is full.
        """
        pixel_id = self._pressure.gives_way(self._lanes.lanes, used, self._loop.time())
        if pixel_id is not None:
            self._desk.park(self._office.pixels.get(pixel_id), parked_for(Reason.BACKLOG))
        return pixel_id is not None

    def forget(self, pixel_ids: Collection[str]) -> None:
        """Forget pixels that went quiet; those that are parked stay so."""
        for pixel_id in pixel_ids:
            self._desk.limits.forget(pixel_id)
            self._standing.forget(pixel_id)
            self._answering.forget(pixel_id)
        self._desk.scopes.sweep(self._loop.time())

    def forget_gone(self) -> None:
        """Let go at once of what belongs to assignments that are gone, however long it would have waited."""
        self._lanes.sift(self._without_gone)

    async def drain_some(self, belongs: Callable[[Entry], bool], deadline: float) -> None:
        """Return when no entry that belongs is in flight or could be sent now, or at the deadline (loop's clock).

        Waits for another try are cut short, once; what Meta asked to be held, or fails again, is left.
        """
        self._lanes.hasten(self._loop.time())
        self._pump()
        drain = Drain(self._lanes, belongs)
        while drain.moves(self._loop.time()):
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

    # ---- what it knows

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
        return len(self._standing.parked)

    def parked(self) -> Mapping[str, Parked]:
        """Return the pixels that are parked now."""
        return dict(self._standing.parked)

    @property
    def slowed(self) -> Mapping[tuple[str, str], int]:
        """How many pixels, tokens and apps Meta asks to send less now, by scope and how."""
        return self._desk.scopes.count_slowed(self._loop.time())

    def seen(self, pixel_id: str) -> Seen:
        """Return what was last seen of a pixel."""
        return self._standing.seen(pixel_id)

    def state(self, pixel_id: str) -> tuple[State, Reason | None]:
        """Return how a pixel stands, and the reason if it is parked."""
        parked = self._standing.parked.get(pixel_id)
        if parked is not None:
            return State.PARKED, parked.reason
        held = self._desk.scopes.held_until(self._desk.keys(pixel_id), self._loop.time())
        return (State.WORKS if held is None else State.THROTTLED), None

    def _slowed(self, pixel_id: str) -> bool:
        return self._desk.scopes.slowed(self._desk.keys(pixel_id), self._loop.time())

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

    # ---- one attempt

    def _probe(self, batch: Batch, reason: Reason) -> None:
        """Send single events of a parked pixel to see whether it works again, and park the others.

        Where most events are refused, a single one shows little.
        """
        probes = _PROBES if reason is Reason.MOSTLY_REFUSED else 1
        self._desk.settle(Outcome.PARKED, batch.pixel_id, batch.entries[probes:], parked_for(reason))
        for entry in batch.entries[:probes]:
            self._lanes.submit(replace(batch, entries=[entry]), self._loop.time(), probe=True)

    async def _send(self, attempt: Attempt) -> None:
        left = self._without_gone(attempt)
        if left is None:
            return
        attempt = self._without_expired(left)
        if not attempt.batch.entries:
            self._desk.put_back(without_batch(attempt))
            return
        pixel = self._office.pixels.get(attempt.batch.pixel_id)
        blocked = self._fault(pixel) or (None if attempt.probe else self._standing.holds(pixel))
        if blocked is not None:
            self._desk.park_all(pixel.pixel_id, [attempt], parked_for(blocked))
            return
        began = self._loop.time()
        if self._desk.scopes.held_until(scopes_of(pixel), began) is not None:  # an answer came since it was taken
            self._desk.put_back([attempt])
            return
        verdict = await self._posting.post(pixel, [entry.event.body for entry in attempt.batch.entries])
        self._answering.obey(Sent(attempt, pixel, began), verdict)

    def _fault(self, pixel: Pixel) -> Reason | None:
        """Return what keeps a pixel from being sent to without asking Meta; it is parked then."""
        if pixel.access_token is None:
            fault = Reason.NO_TOKEN
        elif not usable(pixel.access_token):
            fault = Reason.TOKEN_DEAD
        else:
            return None
        self._desk.park(pixel, parked_for(fault))  # another token brings it back, as with one that Meta refuses
        return fault

    def _without_gone(self, attempt: Attempt) -> Attempt | None:
        """Leave out what belongs to an assignment that is gone: its next owner sends it."""
        entries = attempt.entries
        if self._desk.ours(attempt.batch.pixel_id, entries) is entries:
            return attempt
        return attempt.only(lambda entry: not entry.record.progress.fenced)

    def _without_expired(self, attempt: Attempt) -> Attempt:
        """Leave out what Meta would refuse for its age, and the whole request with it."""
        now = self._office.unix_time()
        expired = [entry for entry in attempt.batch.entries if entry.event.expires_at <= now]
        if not expired:
            return attempt
        too_old = Verdict(Kind.SPLIT, Reason.TOO_OLD)
        self._desk.settle(Outcome.DEAD_LETTERED, attempt.batch.pixel_id, expired, too_old)
        return attempt.with_entries([entry for entry in attempt.batch.entries if entry.event.expires_at > now])
