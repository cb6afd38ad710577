"""One budget in bytes for all records and server events in the process, from the fetch to the outcome."""

from threading import Lock

LOW_WATER = 0.75
"""Reading goes on when this share of the budget or less is used."""

RECORD_OVERHEAD = 600
"""Bytes that a record costs beside its own: message object, slot, entry."""


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
