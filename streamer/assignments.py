"""The assignments of one consumer: how one begins, what may be committed of it, and how it ends.

The loop's side of the crossing.
"""

import asyncio
from collections.abc import Sequence

import structlog

from streamer.kafka.crossing import Crossing, Positions, Slice
from streamer.kafka.progress import Progress
from streamer.pipeline import Pipeline

_log = structlog.get_logger(__name__)


class Assignments:
    """Leads records into the pipeline, and answers the Kafka thread."""

    def __init__(self, pipeline: Pipeline) -> None:
        """Own nothing yet."""
        self._pipeline = pipeline
        self._owned: set[Progress] = set()
        self._carried = 0

    @property
    def unsettled(self) -> int:
        """Records that are owed an outcome."""
        return sum(progress.unsettled for progress in self._owned)

    @property
    def carried(self) -> int:
        """Records that were taken in and translated so far."""
        return self._carried

    def assigned(self, progress: Sequence[Progress]) -> None:
        """Take note of new assignments."""
        self._owned.update(progress)

    def records(self, slices: Sequence[Slice]) -> None:
        """Take in the records of one poll."""
        self._pipeline.take(slices, self._count)

    async def publish(self, crossing: Crossing, interval: float) -> None:
        """Tell the Kafka thread what may be committed, every ``interval`` seconds, until cancelled."""
        while True:
            crossing.publish({progress: progress.position() for progress in self._owned})
            await asyncio.sleep(interval)

    async def drain(self, progress: Sequence[Progress], deadline: float) -> Positions:
        """Finish what is under way for these assignments, as far as the deadline allows, and fence them."""
        leaving = set(progress)
        try:
            async with asyncio.timeout_at(deadline):
                await self._pipeline.finish(leaving, deadline)
        except TimeoutError:
            unsettled = sum(one.unsettled for one in leaving)
            _log.warning("drain limit reached: what is left will be read anew", unsettled=unsettled)
        positions = {one: one.position() for one in leaving}
        self.lost(progress)
        return positions

    def lost(self, progress: Sequence[Progress]) -> None:
        """Forget assignments that are ours no more: nothing that comes later counts for them."""
        for one in progress:
            one.fence()
            self._owned.discard(one)
        self._pipeline.forget_gone()

    def failed(self, error: BaseException) -> None:
        """Ask for the end of the process."""
        self._pipeline.failed(error)

    def _count(self, records: int) -> None:
        self._carried += records
