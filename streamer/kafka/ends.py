"""The ends of a bounded read: partitions from one offset to another, outside any rebalance, and then no further.

An extent is fixed once, when a bounded read begins, and travels in the metadata of its group's commits, so that a
restart has the same one whatever was produced meanwhile.
"""

import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from confluent_kafka import Message

from streamer.kafka.assigning import Start
from streamer.kafka.commits import Key
from streamer.kafka.progress import Position, Progress
from streamer.kafka.taps import Turned

_NOTE = re.compile(r"\Areplay1:(\d+):(\d+):([0-9a-f]+);")


class Extent(NamedTuple):
    """What of a partition belongs to a bounded read."""

    first: int
    """The first offset of it."""
    end: int
    """The offset behind its last."""
    span: str
    """Hex digits that tell this read from others: no two have the same."""


def write_note(extent: Extent) -> str:
    """Return what stands in the metadata of each commit, before the completions."""
    return f"replay1:{extent.first}:{extent.end}:{extent.span};"


def read_note(metadata: str | None) -> Extent | None:
    """Return the extent in a commit's metadata; None: none is."""
    found = _NOTE.match(metadata or "")
    return Extent(int(found[1]), int(found[2]), found[3]) if found else None


def behind_note(metadata: str | None) -> str:
    """Return what the metadata of a commit say beside the extent."""
    return _NOTE.sub("", metadata or "", count=1)


def cut(messages: list[Message], seen: int | None, end: int) -> tuple[list[Message], int | None]:
    """Leave out what lies behind an extent.

    Offsets have gaps: the first record beyond the end, or the end of the partition, tells that all below was read.

    :param messages: of one partition, in order.
    :param seen: the offset at which the partition ended, if that was seen behind them.
    :return: what is left, and the end once it is reached.
    """
    kept = messages[: bisect_left(messages, end, key=_offset)]
    if len(kept) < len(messages) or (seen is not None and seen >= end):
        return kept, end
    return kept, seen


def _offset(message: Message) -> int:
    return message.offset() or 0


class Ends:
    """The gate of a bounded read: each partition is open until its end is read. Lives on the Kafka thread."""

    def __init__(self, starts: Sequence[Start], ends: Mapping[Key, int]) -> None:
        """Read these.

        :param starts: where each partition begins.
        :param ends: the offset behind the last that is read, by partition.
        """
        self.starts = starts
        self._ends = ends
        self._open = {(one.topic, one.partition) for one in starts if one.offset < ends[one.topic, one.partition]}
        self._shut: list[Key] = []

    def of(self, key: Key) -> int:
        """Return the offset behind the last that is read of a partition."""
        return self._ends[key]

    def turn(self, consumer: object, positions: Mapping[Progress, Position]) -> Turned:  # noqa: ARG002 - a gate's own signature
        """Shut what has been read to its end."""
        shut, self._shut = self._shut, []
        return Turned((), shut)

    def is_open(self, key: Key) -> bool:
        """Tell whether a partition is to be read further."""
        return key in self._open

    def begins(self, key: Key, offset: int) -> None:
        """Take note of where a partition goes on; that may be behind its end after a jump."""
        self.read(key, offset, at_end=False)

    def read(self, key: Key, behind: int, *, at_end: bool) -> None:  # noqa: ARG002 - a gate's own signature
        """Take note of how far a partition was read."""
        if key in self._open and behind >= self._ends[key]:
            self._open.discard(key)
            self._shut.append(key)

    def gone(self, key: Key) -> None:
        """Forget a partition."""
        self._open.discard(key)
