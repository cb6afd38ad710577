"""What brings parked events back: the connections topic, a second reader for the parked topic, and probes."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple

import structlog
from confluent_kafka import Consumer

from streamer.connections import Connections
from streamer.delivery.capi import Transport
from streamer.delivery.courier import Courier
from streamer.delivery.probe import ask
from streamer.kafka.announcer import Announcer
from streamer.kafka.consumer import Reading
from streamer.kafka.follower import Follower, follower_config
from streamer.kafka.gate import PassGate
from streamer.kafka.passes import Made, Rules, Why
from streamer.kafka.writer import RecordWriter
from streamer.metrics import Metrics
from streamer.pixels.book import FilePixelBook
from streamer.probing import Parts as ProberParts
from streamer.probing import Prober
from streamer.reader import Intake
from streamer.settings import KafkaSettings, Settings

_log = structlog.get_logger(__name__)
_librdkafka = logging.getLogger("librdkafka")

CATCH_UP_SECONDS = 10.0
"""How long the start waits to know what the other replicas know."""
TELL_SECONDS = 2.0
"""How long the last announcements may take at the end."""
SHARE = 0.5
"""Of the memory budget: beyond it, parked events wait, and what comes in fresh has the rest."""


class Common(NamedTuple):
    """What it shares with the rest of the process."""

    settings: Settings
    book: FilePixelBook
    metrics: Metrics
    writer: RecordWriter
    failed: Callable[[BaseException], None]
    """Asks for the end of the process."""


class Resuming:
    """Parks by what other replicas say, and brings back what was parked. Made on the loop."""

    def __init__(self, common: Common) -> None:
        """Make the parts that need no courier; :meth:`join` completes it."""
        kafka = common.settings.kafka
        self._common = common
        self._announcer = Announcer(common.writer, kafka.connections_topic, common.failed)
        self.connections = Connections(common.book, self._announcer)
        self._follower = Follower(
            lambda: Consumer(follower_config(kafka), logger=_librdkafka),
            kafka.connections_topic,
            self.connections.heard,
        )
        self._follower.caught_up = self.connections.caught_up
        self._follower.lost = self.connections.lost
        self._prober: Prober | None = None

    def join(self, courier: Courier, transport: Transport) -> None:
        """Take the courier, which was made to answer to the connections, and what it sends with."""
        common = self._common
        self.connections.join(courier)
        if not common.settings.parking.probes:
            return
        meta = common.settings.meta
        parts = ProberParts(
            lambda pixel: ask(transport, meta, pixel), common.book, courier, self.connections, common.metrics.probed
        )
        self._prober = Prober(parts, common.settings.delivery.probe_seconds, common.failed)
        self.connections.prove = self._prober.prove

    def works(self) -> list[Coroutine[Any, Any, None]]:
        """Return what is to turn until the end."""
        return [self._follower.run(), *([self._prober.run()] if self._prober else [])]

    async def catch_up(self) -> None:
        """Return when it is known what the other replicas know, or when that takes too long."""
        try:
            async with asyncio.timeout(CATCH_UP_SECONDS):
                await self._follower.began.wait()
        except TimeoutError:
            _log.warning("it takes long to learn how the pixels stand; each will be found out anew meanwhile")

    async def close(self) -> None:
        """Tell what is still to be told."""
        await self._announcer.close(TELL_SECONDS)

    def intake(self, fetched_bytes: int) -> Intake:
        """Return how the parked topic is read."""
        parking = self._common.settings.parking
        rules = Rules(parking.sweep_hours * 3600, parking.pass_pause_seconds)
        passes = _Passes(asyncio.get_running_loop(), self._common.metrics, self.connections)
        gate = PassGate(self.connections.known, rules, passes)
        self.connections.learnt = lambda known: setattr(gate, "known", known)
        settings = parked_settings(self._common.settings.kafka)
        reading = Reading(settings, self._common.settings.stop.drain_seconds, gate)
        return Intake(reading, _Aside(self._common.metrics), fetched_bytes, SHARE)


def parked_settings(settings: KafkaSettings) -> KafkaSettings:
    """Return how the parked topic is read: in a group of its own, from its beginning.

    An offset that is gone from it does not stop the process: retention took copies that nobody could send in all that
    time, and the live topics must go on. The jump is counted and logged.
    """
    return settings.model_copy(
        update={
            "topics": [settings.parked_topic],
            "group_id": f"{settings.group_id}.parked",
            "start_from": "earliest",
            "on_out_of_range": "earliest",
        }
    )


class _Passes:
    """Tells the loop and the metrics what the gate does; called on the Kafka thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop, metrics: Metrics, connections: Connections) -> None:
        self._loop = loop
        self._metrics = metrics
        self._connections = connections

    def waits(self, partition: int, records: int) -> None:
        self._metrics.parked_waits(partition, records)

    def began(self, why: Why) -> None:
        self._metrics.pass_began(why.value)

    def made(self, partition: int, made: Made) -> None:
        self._loop.call_soon_threadsafe(self._connections.made, partition, made)

    def left(self, partition: int) -> None:
        self._metrics.parked_left(partition)


class _Aside:
    """Counts what of the second reader is worth to be counted with the first's; the gate tells the rest."""

    def __init__(self, metrics: Metrics) -> None:
        self.commit_failed = metrics.commit_failed
        self.jumped = metrics.jumped

    def committed(self, topic: str, partition: int, offset: int) -> None:
        pass

    def rebalanced(self, kind: str, partitions: int) -> None:
        pass

    def paused(self, *, on: bool) -> None:
        pass

    def lag(self, topic: str, partition: int, records: int) -> None:
        pass

    def gone(self, topic: str, partition: int) -> None:
        pass
