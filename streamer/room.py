"""Room for so much at a time: whoever wants more waits his turn. Pure, but for the waiting."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Room:
    """A semaphore with weights, first come first served; what is larger than the whole room goes alone."""

    def __init__(self, size: int) -> None:
        """Let units of work in until they weigh ``size`` together."""
        self._size = size
        self._free = size
        self._queue: deque[tuple[int, asyncio.Future[None]]] = deque()

    @asynccontextmanager
    async def take(self, weight: int) -> AsyncIterator[None]:
        """Wait for room, and hold it meanwhile."""
        weight = min(weight, self._size)
        if self._queue or weight > self._free:
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._queue.append((weight, turn))
            await self._wait(weight, turn)
        else:
            self._free -= weight
        try:
            yield
        finally:
            self._give(weight)

    async def _wait(self, weight: int, turn: asyncio.Future[None]) -> None:
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # its turn had come at the same moment
                self._give(weight)
            raise

    def _give(self, weight: int) -> None:
        self._free += weight
        while self._queue and (self._queue[0][1].done() or self._queue[0][0] <= self._free):
            wanted, turn = self._queue.popleft()
            if not turn.done():
                self._free -= wanted
                turn.set_result(None)
