"""Asks Meta whether parked pixels work again: those of which nothing comes, and those that have another token."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import NamedTuple

import structlog

from streamer.connections import Connections
from streamer.delivery.answers import Kind
from streamer.delivery.courier import Courier
from streamer.delivery.probe import Proof, Shown
from streamer.outcomes import Reason
from streamer.pixels.pixel import Pixel, PixelBook
from streamer.tasks import Tasks

_log = structlog.get_logger(__name__)

LOOK_SECONDS = 1.0
RECENT_SECONDS = 60.0
"""A pixel of which something was parked within this time, or within ``delivery.probe_seconds`` if that is less, is
probed by its own next event."""
AT_ONCE = 8
"""Probes at the same time."""
_TOKEN = "token"  # noqa: S105 - a word for why
_PROBE = "probe"


class Parts(NamedTuple):
    """What probing needs."""

    ask: Callable[[Pixel], Awaitable[Proof]]
    book: PixelBook
    courier: Courier
    connections: Connections
    counted: Callable[[str], None]
    """Counts probes by what they showed."""


class Prober:
    """Probes, and tells what was shown. Every method runs on the loop."""

    def __init__(
        self,
        parts: Parts,
        probe_seconds: float,
        failed: Callable[[BaseException], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Probe nothing yet.

        :param probe_seconds: how often a parked pixel is probed.
        :param failed: told of a fault of the program's own.
        :param clock: Unix seconds.
        """
        self._parts = parts
        self._recent = min(RECENT_SECONDS, probe_seconds)
        self._clock = clock
        self._tasks = Tasks(failed)
        self._at_once = asyncio.Semaphore(AT_ONCE)
        self._asked: set[str] = set()

    async def run(self) -> None:
        """Look again and again which pixels are to be probed, until cancelled."""
        try:
            while True:
                await asyncio.sleep(LOOK_SECONDS)
                self.look()
        finally:
            await self._tasks.cancel()

    def look(self) -> None:
        """Probe the parked pixels whose time has come and of which nothing comes."""
        self._parts.connections.forget_copied()
        for pixel_id, parked in self._parts.courier.parked().items():
            # That an empty event is refused says nothing of a pixel whose own events are.
            telling = parked.reason is not Reason.MOSTLY_REFUSED
            if telling and not self._is_busy(pixel_id) and self._parts.courier.claim_probe(pixel_id):
                self._start(pixel_id, _PROBE)

    def prove(self, pixel_id: str) -> None:
        """Find out about a pixel that has another token."""
        self._start(pixel_id, _TOKEN)

    def _is_busy(self, pixel_id: str) -> bool:
        copied_at = self._parts.connections.last_copied(pixel_id)
        return copied_at is not None and self._clock() - copied_at < self._recent

    def _start(self, pixel_id: str, cause: str) -> None:
        if pixel_id not in self._asked:
            self._asked.add(pixel_id)
            self._tasks.start(self._probe(pixel_id, cause))

    async def _probe(self, pixel_id: str, cause: str) -> None:
        try:
            async with self._at_once:
                pixel, began = self._parts.book.get(pixel_id), asyncio.get_running_loop().time()
                proof = await self._parts.ask(pixel)
        finally:
            self._asked.discard(pixel_id)
        self._parts.counted(proof.shown.value)
        if proof.verdict is not None and proof.verdict.kind is Kind.THROTTLE:
            self._parts.courier.heed(pixel, began, proof.verdict)
        if self._parts.book.get(pixel_id).access_token != pixel.access_token:
            self._start(pixel_id, cause)  # it has got yet another one meanwhile
        else:
            self._conclude(pixel_id, cause, proof)

    def _conclude(self, pixel_id: str, cause: str, proof: Proof) -> None:
        connections = self._parts.connections
        if proof.shown is Shown.WORKS:
            _log.info("a probe shows that the pixel works", pixel=pixel_id)
            connections.works(pixel_id, cause)
        elif proof.shown is Shown.REFUSED:
            connections.refused(pixel_id, proof.connection(self._clock()))
        elif cause == _TOKEN:
            connections.wish(pixel_id, cause)  # its own events will tell
