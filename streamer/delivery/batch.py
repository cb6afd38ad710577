"""What delivery carries: server events with the records they came from, and what it says of them in the end."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from streamer.kafka.record import Record
from streamer.outcomes import Outcome, Reason
from streamer.translate.engine import ServerEvent


class Entry(NamedTuple):
    """A server event on its way, with the record it came from."""

    event: ServerEvent
    record: Record

    def __repr__(self) -> str:
        """Say where it came from, and nothing of the person it tells of."""
        progress = self.record.progress
        place = f"{progress.topic}/{progress.partition}/{self.record.offset}"
        return f"Entry({place} for pixel {self.event.pixel_id}, {len(self.event.body)} bytes)"


@dataclass(frozen=True, slots=True)
class Batch:
    """Server events of one pixel that go to Meta in one request."""

    pixel_id: str
    entries: Sequence[Entry]
    opened_at: float
    """When the first of them came, on the clock of the loop, in seconds."""


@dataclass(frozen=True, slots=True)
class Settlement:
    """The final outcome of some entries of one pixel."""

    outcome: Outcome
    pixel_id: str
    entries: Sequence[Entry]
    reason: Reason | None = None
    """``None`` only for :attr:`Outcome.DELIVERED`."""
    fbtrace_id: str | None = None
    """Meta's name for the request that decided it."""
    code: int | None = None
    """Meta's error code."""
    subcode: int | None = None
    """Meta's error subcode."""
