"""Where the Kafka thread and the event loop meet. Nothing else passes between the two.

Everything the thread hands over reaches the loop in the order in which it was handed; what the loop tells the
thread is a few plain attributes, each written by one side only.
"""

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from typing import NamedTuple, Protocol

from confluent_kafka import Message

from streamer.kafka.progress import Position, Progress
from streamer.memory import LOW_WATER, Budget, held_bytes

BACKLOG_LIMIT = 2000
"""Records that may wait for their translation."""

MODEST = 1000
"""Records that a consumer with a share may have under way though others hold more of the memory than that leaves."""

Positions = Mapping[Progress, Position]


class Slice(NamedTuple):
    """Records of one assignment from one poll, in order."""

    progress: Progress
    messages: list[Message]
    end: int | None
    """The offset at which the partition ended, if its end was seen behind these records."""

    @property
    def behind(self) -> int:
        """The offset below which everything is read with these."""
        last = self.messages[-1].offset() if self.messages else None
        return max(self.end or 0, 0 if last is None else last + 1)


class _Published(NamedTuple):
    """What the loop last told the thread: replaced as a whole."""

    positions: Positions
    unsettled: int
    carried: int


class LoopSide(Protocol):
    """What the loop does for the Kafka thread; every method runs on the loop."""

    @property
    def carried(self) -> int:
        """Records that were taken in and translated so far; read from both sides."""

    @property
    def unsettled(self) -> int:
        """Records of this consumer that are owed an outcome."""

    def assigned(self, progress: Sequence[Progress]) -> None:
        """Take note of new assignments."""

    def records(self, slices: Sequence[Slice]) -> None:
        """Take in the records of one poll."""

    async def drain(self, progress: Sequence[Progress], deadline: float) -> Positions:
        """Finish what is under way for these assignments, as far as the deadline allows, and fence them.

        :param deadline: on the clock of the loop, in seconds.
        :return: what is to be committed for them.
        """

    def lost(self, progress: Sequence[Progress]) -> None:
        """Forget these assignments: they belong to another member already."""

    def failed(self, error: BaseException) -> None:
        """Take note that the Kafka thread has ended by an error."""


class Crossing:
    """The Kafka thread's view of the loop."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, side: LoopSide, budget: Budget, share: float | None = None
    ) -> None:
        """Join the two; ``budget`` counts every record that crosses.

        :param share: stop when this share of the whole budget is used, by whomever, so that the rest is left to other
            consumers; a modest number of records crosses all the same. None: use what there is.
        """
        self._loop = loop
        self._side = side
        self._budget = budget
        self._share = share
        self._handed = 0
        self._published = _Published({}, 0, 0)

    @property
    def positions(self) -> Positions:
        """What may be committed."""
        return self._published.positions

    def publish(self, positions: Positions) -> None:
        """Tell the thread what may be committed; called on the loop."""
        self._published = _Published(positions, self._side.unsettled, self._side.carried)

    @property
    def may_read(self) -> bool:
        """There is room for more records."""
        return self._handed - self._side.carried < BACKLOG_LIMIT and not self._budget.full and self._may_use(1)

    @property
    def has_room(self) -> bool:
        """There is so much room that reading may go on after it had stopped."""
        backlog = self._handed - self._side.carried
        return backlog < BACKLOG_LIMIT and self._budget.has_room and self._may_use(LOW_WATER)

    def _may_use(self, part: float) -> bool:
        if self._share is None or self._budget.used < self._budget.limit * self._share * part:
            return True
        _, unsettled, carried = self._published
        return unsettled + self._handed - carried < MODEST * part

    def assigned(self, progress: Sequence[Progress]) -> None:
        """Tell the loop of new assignments."""
        self._loop.call_soon_threadsafe(self._side.assigned, progress)

    def hand_over(self, slices: Sequence[Slice]) -> None:
        """Give the loop the records of one poll."""
        messages = [message for part in slices for message in part.messages]
        self._handed += len(messages)
        self._budget.take(held_bytes(messages))
        self._loop.call_soon_threadsafe(self._side.records, slices)

    def drain(self, progress: Sequence[Progress], seconds: float) -> Future[Positions]:
        """Ask the loop to finish these assignments within ``seconds``; the answer comes in the future."""

        async def drain() -> Positions:
            return await self._side.drain(progress, self._loop.time() + seconds)

        return asyncio.run_coroutine_threadsafe(drain(), self._loop)

    def lost(self, progress: Sequence[Progress]) -> None:
        """Tell the loop that these assignments are another member's."""
        for one in progress:
            one.fence()  # at once, from this side too: no later answer may count
        self._loop.call_soon_threadsafe(self._side.lost, progress)

    def failed(self, error: BaseException) -> None:
        """Tell the loop that the Kafka thread has ended by an error."""
        self._loop.call_soon_threadsafe(self._side.failed, error)
