"""A simulated world: the platform's Kafka, Meta, the replicas, and what happens to them, all under one paused clock."""

import asyncio
import logging
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from unittest import mock

import structlog
from confluent_kafka import Message

from streamer.outcomes import Reason
from streamer.pixels.pixel import Pixel
from streamer.settings import Settings
from tests.simulation.group import Group
from tests.simulation.kafka import BEGAN, Kafka
from tests.simulation.meta import Meta
from tests.simulation.records import TOPIC, Records, Truth, plan_of
from tests.simulation.replica import Replica, Surroundings
from tests.simulation.scenario import Change, Scenario, numbers, pixel_id
from tests.simulation.witness import BrokenPromiseError, Key, Witness, header, number_of
from tests.support.paused import run_paused

PARKED_PARTITIONS = 2
_SAMPLE_SECONDS = 1.0
_HEARD_BY_ALL_SECONDS = 10.0


class Book:
    """The pixels, with the tokens and apps that they have at this moment."""

    def __init__(self, scenario: Scenario) -> None:
        self.tokens: dict[str, str | None] = {
            pixel_id(number): f"token-p{number}" for number in range(1, scenario.pixels + 1)
        }
        self.apps: dict[str, str] = {}
        for token, pixels in scenario.tokens.items():
            self.tokens |= dict.fromkeys(map(pixel_id, numbers(pixels, scenario.pixels)), token)
        for app, pixels in scenario.apps.items():
            self.apps |= dict.fromkeys(map(pixel_id, numbers(pixels, scenario.pixels)), app)
        self._app_of_token = {self.tokens[pixel]: app for pixel, app in self.apps.items()}

    def get(self, pixel: str) -> Pixel:
        """Return a pixel as it is now."""
        return Pixel(pixel, access_token=self.tokens.get(pixel), app_secret=self.apps.get(pixel))

    def app_of(self, token: str) -> str:
        """Return the app of a token; a token whose app has no name is its own."""
        return self._app_of_token.get(token, token)


@dataclass
class Samples:
    """What was looked at every second."""

    tasks: list[int] = field(default_factory=list)
    parked: list[set[str]] = field(default_factory=list)
    """By each replica, before they stop, which pixels are parked for all of them."""
    held: int = 0
    """Things in all collections of the couriers, settlings and metrics, before they stop."""


class World:
    """One run of a scenario; :meth:`run` may be called once."""

    def __init__(self, scenario: Scenario, seed: int) -> None:
        self.scenario = scenario
        self.draw = random.Random(seed)
        self.settings = Settings.model_validate({"kafka": {"commit_interval_seconds": 2}} | scenario.settings)
        self.book = Book(scenario)
        self.samples = Samples()
        self.failures: list[BaseException] = []
        self.last: list[Replica] = []
        """The replicas that ran to the end."""
        self.kafka: Kafka
        self.records: Records
        self.witness: Witness
        self.meta: Meta
        self.group: Group

    def run(self) -> "World":
        """Play it to its end.

        :raises BrokenPromiseError: if a promise of the product was broken.
        """
        with _quiet():
            run_paused(self._play())
        return self

    @property
    def truths(self) -> list[Truth]:
        """All records that were written."""
        return self.records.truths

    async def _play(self) -> None:
        scenario = self.scenario
        with mock.patch("streamer.pipeline.TICK_SECONDS", scenario.tick):
            self._prepare()
            for number in range(scenario.replicas):
                await self.group.start(number)
            tasks = [asyncio.create_task(work) for work in (self.records.write(), self._change())]
            sampling = asyncio.create_task(self._sample())
            end = asyncio.create_task(asyncio.sleep(scenario.seconds + scenario.rest))
            await self._until(end, tasks)
            await self._stop([*tasks, sampling])

    def _prepare(self) -> None:
        scenario, kafka_settings = self.scenario, self.settings.kafka
        margin = self.settings.delivery.age_margin_seconds
        kafka = self.kafka = Kafka(scenario.broker_seconds)
        kafka.create(TOPIC, scenario.partitions, scenario.gap)
        kafka.create(kafka_settings.parked_topic, PARKED_PARTITIONS)
        for topic in (
            kafka_settings.dead_letter_topic,
            kafka_settings.receipts_topic,
            kafka_settings.connections_topic,
        ):
            kafka.create(topic, 1)
        self.records = Records(scenario, kafka, margin)
        self.witness = Witness(kafka, self.settings, self.truths)
        kafka.appended = self.witness.appended
        self.meta = Meta(
            scenario.meta,
            scenario.pixels,
            self.truths,
            random.Random(self.draw.random()),
            self.settings.delivery.timeout_seconds,
            self.witness,
            self.book.app_of,
        )
        self.witness.taken, self.witness.refused = self.meta.taken, self.meta.refused
        around = Surroundings(
            kafka,
            self.meta,
            self.witness,
            self.book,
            plan_of(scenario),
            self.settings,
            scenario.budget,
            self.draw,
            self.failures.append,
        )
        topics = (TOPIC, kafka_settings.parked_topic)
        places = {topic: [log.place for log in kafka.partitions(topic)] for topic in topics}
        self.group = Group(lambda name: Replica(name, around), places, self.settings.stop.drain_seconds)

    async def _until(self, end: asyncio.Task[None], works: Sequence[asyncio.Task[None]]) -> None:
        """Wait for the end; what breaks on the way breaks the run at once."""
        waiting = {end, *works}
        while not end.done():
            done, _ = await asyncio.wait(waiting, timeout=_SAMPLE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                waiting.discard(task)
                task.result()
            for failure in self.failures:
                if isinstance(failure, BrokenPromiseError):
                    raise failure
            if self.scenario.ends_early and waiting == {end} and self._all_is_done():
                end.cancel()
                return

    def _all_is_done(self) -> bool:
        """Tell whether every record is committed, and no copy waits for its pixel."""
        return not self.behind(TOPIC) and not self.behind(self.settings.kafka.parked_topic)

    def behind(self, topic: str, *, all_copies: bool = False) -> dict[int, int]:
        """Return how many records are not committed, by partition; one where all are is left out.

        :param all_copies: count those too that may stay parked.
        """
        group = self.settings.kafka.group_id + ("" if topic == TOPIC else ".parked")
        found = {}
        for log in self.kafka.partitions(topic):
            left = log.read(self.kafka.position(group, log.place).offset, len(log.offsets))
            counts = all_copies or topic == TOPIC
            found[log.place[1]] = sum(counts or not self._may_stay(message) for message in left)
        return {partition: count for partition, count in found.items() if count}

    def _told_since(self, at: float) -> set[str]:
        """Return the pixels of which something was told lately: not every replica may have heard it."""
        found = [message for message in self.log_of_connections() if message.timestamp()[1] >= (BEGAN + at) * 1000]
        return {(message.key() or b"").decode() for message in found}

    def log_of_connections(self) -> list[Message]:
        """Return all that replicas have told each other."""
        (log,) = self.kafka.partitions(self.settings.kafka.connections_topic)
        return log.messages

    def unfinished(self) -> list[Key]:
        """Return the events that have not come to their end, but for those that may stay parked."""
        witness = self.witness
        return [key for key in witness.unfinished() if key not in witness.parked or not self._may_stay_of(*key)]

    def _may_stay(self, copy: Message) -> bool:
        return self._may_stay_of(number_of(copy), header(copy, "streamer.pixel") or "")

    def _may_stay_of(self, number: int, pixel: str) -> bool:
        """Tell whether a parked event may wait until it is too old: of a pixel of whose events most are refused."""
        states = [replica.courier.state(pixel) for replica in self.last or self.group.members.values()]
        mostly_refused = any(reason is Reason.MOSTLY_REFUSED for _, reason in states)
        return mostly_refused or self.truths[number].kind == "bad"

    async def _stop(self, tasks: list[asyncio.Task[None]]) -> None:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.last = list(self.group.members.values())
        ended, parked = asyncio.get_running_loop().time(), [replica.parked_for_all() for replica in self.last]
        self.samples.held = sum(sum(replica.census().values()) for replica in self.last)
        for number in list(self.group.members):
            await self.group.stop(number)
        newest = self._told_since(ended - _HEARD_BY_ALL_SECONDS)
        self.samples.parked = [pixels - newest for pixels in parked]

    async def _change(self) -> None:
        loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as under_way:
            for change in sorted(self.scenario.changes, key=lambda change: change.at):
                await asyncio.sleep(max(0, change.at - loop.time()))
                self._give_tokens(change)
                if change.broker:
                    self.kafka.turn(on=change.broker == "up")
                if change.schemas:
                    self.kafka.schemas.up = change.schemas == "up"
                if change.replicas:
                    under_way.create_task(getattr(self.group, change.replicas)(change.replica))

    def _give_tokens(self, change: Change) -> None:
        if change.token is not None:
            token = None if change.token == "none" else change.token
            pixels = [pixel_id(number) for number in numbers(change.pixels, self.scenario.pixels)]
            self.book.tokens |= dict.fromkeys(pixels, token)
            for replica in self.group.members.values():
                replica.token_changed(pixels)

    async def _sample(self) -> None:
        while True:
            self.samples.tasks.append(len(asyncio.all_tasks()))
            await asyncio.sleep(_SAMPLE_SECONDS)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the product from logging: thousands of runs would say a great deal."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        yield
    finally:
        structlog.configure(**before)
