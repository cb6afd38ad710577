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
from streamer.memory import Budget, held_bytes

BACKLOG_LIMIT = 2000
"""Records that may wait for their translation."""

Positions = Mapping[Progress, Position]


class Slice(NamedTuple):
    """Records of one assignment from one poll, in order."""

    progress: Progress
    messages: list[Message]
    end: int | None
    """The offset at which the partition ended, if its end was seen behind these records."""


class LoopSide(Protocol):
    """What the loop does for the Kafka thread; every method runs on the loop."""

    @property
    def carried(self) -> int:
        """Records that were taken in and translated so far; read from both sides."""

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

    def __init__(self, loop: asyncio.AbstractEventLoop, side: LoopSide, budget: Budget) -> None:
        """Join the two; ``budget`` counts every record that crosses."""
        self._loop = loop
        self._side = side
        self._budget = budget
        self._handed = 0
        self.positions: Positions = {}
        """What may be committed: replaced as a whole by the loop, read by the thread."""

    @property
    def may_read(self) -> bool:
        """There is room for more records."""
        return self._handed - self._side.carried < BACKLOG_LIMIT and not self._budget.full

    @property
    def has_room(self) -> bool:
        """There is so much room that reading may go on after it had stopped."""
        return self._handed - self._side.carried < BACKLOG_LIMIT and self._budget.has_room

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
