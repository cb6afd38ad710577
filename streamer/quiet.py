"""Pixels that went quiet are forgotten: the one place that decides which, so that nothing grows with time."""

import asyncio

from streamer.delivery.courier import Courier
from streamer.ledger import Ledger
from streamer.metrics import Metrics

QUIET_SECONDS = 3600.0
"""A pixel of which nothing came from one look to the next, and of which nothing is in flight, is quiet."""


class Quiet:
    """Finds pixels that went quiet by the ledger alone, which costs the way of a record nothing."""

    def __init__(self, ledger: Ledger, metrics: Metrics, courier: Courier) -> None:
        """Have these forget. Pixels that are parked are kept: of them there is something to be told."""
        self._ledger = ledger
        self._metrics = metrics
        self._courier = courier
        self._before: dict[str, int] = {}

    async def run(self) -> None:
        """Look every hour, until cancelled."""
        while True:
            await asyncio.sleep(QUIET_SECONDS)
            self.sweep()

    def sweep(self) -> None:
        """Forget the pixels of which nothing has come since the last look."""
        now, parked = self._ledger.at_rest(), self._courier.parked()
        quiet = {
            pixel_id
            for pixel_id, decided in now.items()
            if self._before.get(pixel_id) == decided and pixel_id not in parked
        }
        for pixel_id in quiet:
            self._metrics.forget_pixel(pixel_id)
        self._courier.forget(quiet)
        self._ledger.fold(quiet)
        self._before = {pixel_id: decided for pixel_id, decided in now.items() if pixel_id not in quiet}
