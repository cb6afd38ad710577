"""A courier at work in a paused world."""

import asyncio
import random
from collections.abc import Callable, Coroutine
from typing import Any

from streamer.delivery.backoff import Backoff
from streamer.delivery.batch import Batch
from streamer.delivery.courier import Courier, Office
from streamer.delivery.events import DeliveryEvents, Uncounted
from streamer.pixels.connection import Connection
from streamer.settings import DeliverySettings, MetaSettings, WindowSettings
from tests.support.deliveries import Book, Outcomes, Service
from tests.support.paused import run_paused

HOUR = 3600.0


class Scene:
    """A courier at work in a paused world."""

    def __init__(self, service: Service, seed: int = 1, **delivery: Any) -> None:
        self.service = service
        self.book = Book()
        self.outcomes = Outcomes()
        self.events: DeliveryEvents = Uncounted()
        self.changes: list[tuple[str, Connection]] = []
        self.window: WindowSettings | None = None
        self.settings = DeliverySettings(**delivery)
        self._random = random.Random(seed)
        self.courier: Courier

    def play(self, story: Callable[["Scene"], Coroutine[Any, Any, None]]) -> "Scene":
        async def play() -> None:
            office = Office(
                self.service,
                self.book,
                self.outcomes.settle,
                self.outcomes.forget,
                self.outcomes.failures.append,
                self.events,
                unix_time=asyncio.get_running_loop().time,
                window=self.window,
                changed=lambda pixel_id, connection: self.changes.append((pixel_id, connection)),
            )
            backoff = Backoff(self.settings.backoff_base_seconds, self.settings.backoff_max_seconds, self._random)
            self.courier = Courier(office, MetaSettings(), self.settings, backoff)
            try:
                await story(self)
            finally:
                await self.courier.close()

        run_paused(play())
        assert not self.outcomes.twice(), "an event was settled twice"
        return self


def sending(*batches: Batch, seconds: float = HOUR) -> Callable[[Scene], Coroutine[Any, Any, None]]:
    async def story(scene: Scene) -> None:
        for one in batches:
            scene.courier.send(one)
        await asyncio.sleep(seconds)

    return story


def ids(numbers: range | list[int]) -> set[str]:
    return {str(number) for number in numbers}
