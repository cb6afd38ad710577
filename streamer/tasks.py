"""Tasks in the background: none is lost sight of, and an error in one is told."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any


class Tasks:
    """A group of running tasks. Each leaves the group when it ends."""

    def __init__(self, failed: Callable[[BaseException], None]) -> None:
        """Tell ``failed`` of every task that ends by an error; being cancelled is none."""
        self._failed = failed
        self._running: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Run ``work`` on the loop that is running."""
        task = asyncio.get_running_loop().create_task(work)
        self._running.add(task)
        task.add_done_callback(self._ended)

    async def wait(self) -> None:
        """Return when all that run now have ended; those that are started meanwhile are not waited for."""
        if self._running:
            await asyncio.wait(set(self._running))

    async def cancel(self) -> None:
        """Cancel all, and return when they have ended."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def __len__(self) -> int:
        return len(self._running)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failed(error)
