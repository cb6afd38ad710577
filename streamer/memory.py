"""One budget in bytes for all records and server events in the process, from the fetch to the outcome."""

from collections.abc import Collection, Sized
from threading import Lock
from typing import NamedTuple

FETCH_SHARE = 8
"""One part in so many of the whole is librdkafka's queue of fetched records."""

PARKED_SHARE = 4
"""One part in so many of that queue is the parked topic's: it is read now and then, and by the way."""

SEND_SHARE = 4
"""One part in so many is the bodies of requests being sent, which are copies."""

LOW_WATER = 0.75
"""Reading goes on when this share of the budget or less is used."""

RECORD_OVERHEAD = 900
"""Bytes that a record costs beside its own, as measured: message object, event, entry, slot."""


def held_bytes(messages: Collection[Sized]) -> int:
    """Return what these records cost of the budget, from the fetch on; each must be given back by the same measure."""
    return sum(map(len, messages)) + RECORD_OVERHEAD * len(messages)


class Shares(NamedTuple):
    """How ``memory.budget`` is divided, in bytes."""

    fetched: int
    fetched_parked: int
    sending: int
    held: int
    """For records and server events, from the fetch to the outcome."""


def divide(budget: int) -> Shares:
    """Divide the whole budget into its shares."""
    fetched, sending = max(budget // FETCH_SHARE, 2**21), budget // SEND_SHARE
    parked = max(fetched // PARKED_SHARE, 2**20)
    return Shares(fetched - parked, parked, sending, budget - fetched - sending)


class Budget:
    """Counts the bytes that are held. The Kafka thread takes, the loop takes and gives back."""

    def __init__(self, limit: int) -> None:
        """Hold at most ``limit`` bytes, give or take one slice of records."""
        self.limit = limit
        self._used = 0
        self._lock = Lock()

    @property
    def used(self) -> int:
        """Bytes held now."""
        return self._used

    @property
    def full(self) -> bool:
        """Nothing more may be read."""
        return self._used >= self.limit

    @property
    def has_room(self) -> bool:
        """Reading may go on after it had stopped."""
        return self._used <= self.limit * LOW_WATER

    def take(self, size: int) -> None:
        """Count ``size`` bytes more."""
        with self._lock:
            self._used += size

    def give(self, size: int) -> None:
        """Count ``size`` bytes less."""
        with self._lock:
            self._used -= size
