"""The parts of a replay, one a partition, and how they are shared out among workers. Pure."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeVar

from streamer.kafka.assigning import Start
from streamer.kafka.ends import Extent

T = TypeVar("T")


class Part(NamedTuple):
    """What of one partition is replayed."""

    extent: Extent
    start: Start
    """Where it goes on: at the extent's first offset, or where an earlier run stopped."""

    @property
    def key(self) -> tuple[str, int]:
        """Topic and partition."""
        return self.start.topic, self.start.partition

    @property
    def is_new(self) -> bool:
        """Nothing was committed of it yet."""
        return self.start.committed is None

    @property
    def left(self) -> int:
        """Offsets that are still to be read."""
        return max(0, self.extent.end - self.start.offset)


class Ages(NamedTuple):
    """How many of the offsets that are left are older than a limit, by Kafka's timestamps."""

    folding: int
    """48 hours: beyond that, Meta does not fold an event with its copy."""
    limit: int
    """7 days: what Meta takes, but of physical stores."""
    limit_in_store: int
    """62 days: what Meta takes of them."""


class Survey(NamedTuple):
    """What there is to be done, as it was found at start."""

    group: str
    parts: Sequence[Part]
    """Of this worker."""
    ages: Ages
    notices: Sequence[str]
    """Sentences on what a user should know beside the ages."""

    @property
    def offsets(self) -> int:
        """Offsets of the whole range."""
        return sum(part.extent.end - part.extent.first for part in self.parts)

    @property
    def left(self) -> int:
        """Offsets that are still to be read; gaps count too."""
        return sum(part.left for part in self.parts)


def share(keys: Iterable[T], workers: int, worker: int) -> list[T]:
    """Return those that are one worker's, of all that there are in order: every one is exactly one worker's."""
    return [key for at, key in enumerate(keys) if at % workers == worker]
