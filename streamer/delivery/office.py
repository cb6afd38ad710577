"""Whom the courier works for."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from streamer.delivery.batch import Entry, Settlement
from streamer.delivery.capi import Transport
from streamer.delivery.events import DeliveryEvents, Uncounted
from streamer.pixels.connection import Connection
from streamer.pixels.pixel import PixelBook
from streamer.settings import WindowSettings


def tell_nobody(pixel_id: str, connection: Connection) -> None:
    """Ignore that a connection has changed."""


@dataclass(frozen=True, slots=True)
class Office:
    """Whom the courier works for. None of these may wait."""

    transport: Transport
    pixels: PixelBook
    settle: Callable[[Settlement], None]
    """Takes final outcomes."""
    forget: Callable[[str, Sequence[Entry]], None]
    """Takes entries of a pixel whose assignment is gone: they are not sent any more."""
    failed: Callable[[BaseException], None]
    """Asks for the end of the process."""
    events: DeliveryEvents = field(default_factory=Uncounted)
    unix_time: Callable[[], float] = time.time
    max_bytes_in_flight: float = math.inf
    """Of JSON, in all requests at the same time."""
    window: WindowSettings | None = None
    """Windows that wait are joined within these bounds; None: not at all."""
    pixel_share: float = 0.25
    """Of the memory budget: what a pixel without success may hold of it once half is used."""
    changed: Callable[[str, Connection], None] = tell_nobody
    """Takes what was found out of a pixel's connection, each time its state or the reason for it changes."""
