"""Time is a paused clock: an event loop that jumps to its next timer whenever it would have to wait."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class _JumpingSelector(selectors.DefaultSelector):
    """Never waits: it moves the loop's clock on instead."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("everything waits and nothing will ever happen")
        self.now += max(timeout, 0)
        return super().select(0)


class PausedLoop(asyncio.SelectorEventLoop):
    """An event loop with a clock of its own, which begins at 0."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now


def run_paused(main: Coroutine[Any, Any, T]) -> T:
    """Run to the end under a paused clock: hours pass in no time, and always in the same order."""
    with asyncio.Runner(loop_factory=PausedLoop) as runner:
        return runner.run(main)
