"""Offset progress of one assignment: which records are owed an outcome, and what may be committed.

Pure bookkeeping. An assignment is a partition *and* an epoch: when the partition is revoked or lost, its progress
is fenced, and answers that come later move nothing. Offsets are never taken to be dense: compaction and
transaction markers leave gaps.
"""

import re
from array import array
from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from streamer.kafka.ranges import METADATA_LIMIT, Range, encode_completed

MAX_OUTCOMES = 255
"""Pixels that one record may be routed to."""

_OWED = re.compile(rb"[^\0]")
_DONE = re.compile(rb"\0+")
_FORGET_AFTER = 4096


class Position(NamedTuple):
    """What may be committed of an assignment at one moment."""

    offset: int
    """The first offset that is not settled."""
    metadata: str
    """The completions beyond it, for the commit's metadata."""


class Progress:
    """Offset progress of one partition under one assignment.

    Every record taken gets a *slot*: a number that rises by one with each. A record settles when all outcomes
    expected of it have come.
    """

    __slots__ = (
        "_done_before",
        "_end",
        "_gone",
        "_head",
        "_left",
        "_offsets",
        "epoch",
        "fenced",
        "note",
        "partition",
        "topic",
    )

    def __init__(self, topic: str, partition: int, epoch: int, start: int, done: Sequence[Range] = ()) -> None:
        """Begin at ``start``, the first offset to be read.

        :param epoch: tells this assignment from earlier and later ones of the same partition.
        :param done: runs beyond ``start`` that were settled under an earlier assignment, from a commit's metadata.
        """
        self.topic = topic
        self.partition = partition
        self.epoch = epoch
        self.fenced = False
        self.note = ""
        """Stands before the completions in the metadata of every commit."""
        self._end = start  # nothing below it is still to be read
        self._offsets = array("q")
        self._left = bytearray()  # outcomes still owed, by slot
        self._gone = 0  # slots settled and forgotten
        self._head = 0  # index of the first slot that may be owed something
        self._done_before = list(done)

    def take(self, offsets: Sequence[int]) -> int:
        """Take in records in the order they were read, each owed one outcome.

        :param offsets: rising, and beyond all taken before.
        :return: the slot of the first; the others follow.
        :raises ValueError: if the offsets do not rise.
        """
        if not offsets:
            return self._gone + len(self._offsets)
        first = self._gone + len(self._offsets)
        if offsets[0] < self._end or any(a >= b for a, b in pairwise(offsets)):
            raise ValueError("offsets must rise")
        self._offsets.extend(offsets)
        self._left.extend(b"\1" * len(offsets))
        self._end = offsets[-1] + 1
        return first

    @property
    def end(self) -> int:
        """The offset that would be read next: everything below it was taken, or is no record."""
        return self._end

    @property
    def carries_completions(self) -> bool:
        """Some records ahead may have been settled under an earlier assignment."""
        return bool(self._done_before)

    def was_done(self, offset: int) -> bool:
        """Tell whether the record was settled under an earlier assignment and must not be sent again."""
        if not self._done_before:
            return False
        at = bisect_left(self._done_before, offset, key=lambda run: run[1])
        if at == len(self._done_before):
            self._done_before.clear()  # offsets rise: none of these runs can matter any more
            return False
        return self._done_before[at][0] <= offset

    def expect(self, slot: int, outcomes: int) -> None:
        """Say how many outcomes a record is owed, before the first of them comes; 0 settles it.

        :raises ValueError: if there are more than :data:`MAX_OUTCOMES`.
        """
        if not 0 <= outcomes <= MAX_OUTCOMES:
            raise ValueError(f"a record has 0 to {MAX_OUTCOMES} outcomes")
        self._left[slot - self._gone] = outcomes

    def settle(self, slot: int) -> bool:
        """Take one outcome of a record as final.

        :return: True when the record is owed nothing more.
        :raises ValueError: if it was owed nothing.
        """
        at = slot - self._gone
        if at < 0 or not self._left[at]:
            raise ValueError("this record was settled already")
        self._left[at] -= 1
        return not self._left[at]

    def reach(self, end: int) -> None:
        """Note that the partition ends at ``end`` for now: offsets below it that were not read hold no record."""
        self._end = max(self._end, end)

    def fence(self) -> None:
        """End this assignment: nothing is committed for it any more."""
        self.fenced = True

    @property
    def unsettled(self) -> int:
        """How many records are owed an outcome."""
        return len(self._left) - self._left.count(0)

    def position(self) -> Position:
        """Return what may be committed now."""
        self._advance()
        committed = self._end if self._head == len(self._left) else self._offsets[self._head]
        completed = [
            (self._offsets[run.start()], self._offsets[run.end() - 1]) for run in _DONE.finditer(self._left, self._head)
        ]
        room = METADATA_LIMIT - len(self.note)
        return Position(committed, self.note + encode_completed(committed, completed + self._done_ahead(), room))

    def _done_ahead(self) -> list[Range]:
        """Return what an earlier assignment had completed and this one has not come to yet."""
        return [(max(first, self._end), last) for first, last in self._done_before if last >= self._end]

    def _advance(self) -> None:
        owed = _OWED.search(self._left, self._head)
        self._head = owed.start() if owed else len(self._left)
        if self._head < _FORGET_AFTER:
            return
        del self._offsets[: self._head]
        del self._left[: self._head]
        self._gone += self._head
        self._head = 0
