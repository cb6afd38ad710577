"""What brings parked events back, put together as the service does it, on simulated topics."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from streamer.connections import Connections
from streamer.delivery.courier import Courier
from streamer.delivery.probe import ask
from streamer.kafka.announcer import Announcer
from streamer.kafka.follower import News
from streamer.kafka.gate import Known, PassGate
from streamer.kafka.passes import Made, Rules, Why
from streamer.pixels.pixel import PixelBook
from streamer.probing import Parts, Prober
from streamer.settings import Settings
from tests.simulation.kafka import Kafka, SimulatedWriter, unix_time
from tests.simulation.meta import Wire

Failed = Callable[[BaseException], None]

_HEARD_AFTER_SECONDS = 0.1
_STOP_SECONDS = 3.0


class Resuming:
    """The connections, the gate of the parked topic, and the prober of one replica."""

    def __init__(
        self, settings: Settings, kafka: Kafka, book: PixelBook, writer: SimulatedWriter, failed: Failed
    ) -> None:
        """Prepare; :meth:`join` completes it."""
        self._settings = settings
        self._kafka = kafka
        self._failed = failed
        self._book = book
        self._heard = 0
        self._prober: Prober | None = None
        self._announcer = Announcer(writer, settings.kafka.connections_topic, failed)
        self.connections = Connections(book, self._announcer, unix_time)
        parking = settings.parking
        rules = Rules(parking.sweep_hours * 3600, parking.pass_pause_seconds)
        self.gate = PassGate(self.connections.known, rules, _PassesMade(self.connections), unix_time)
        self.connections.learnt = self._learnt

    def join(self, courier: Courier, wire: Wire) -> None:
        """Take the courier, and know what the other replicas know."""
        settings = self._settings
        self.connections.join(courier)
        if settings.parking.probes:
            parts = Parts(partial(ask, wire, settings.meta), self._book, courier, self.connections, _uncounted)
            self._prober = Prober(parts, settings.delivery.probe_seconds, self._failed, unix_time)
            self.connections.prove = self._prober.prove
        self._hear()
        self.connections.caught_up()

    def works(self) -> list[Coroutine[Any, Any, None]]:
        """Return what is to turn until the end."""
        return [self._follow(), *([self._prober.run()] if self._prober else [])]

    async def _follow(self) -> None:
        while True:
            await self._kafka.news()
            await asyncio.sleep(_HEARD_AFTER_SECONDS)
            self._hear()

    async def stop(self) -> None:
        """Write what is to be told."""
        await self._announcer.close(_STOP_SECONDS)

    async def kill(self) -> None:
        """Write nothing more."""
        await self._announcer.close(0)

    def _hear(self) -> None:
        (log,) = self._kafka.partitions(self._settings.kafka.connections_topic)
        messages = log.messages[self._heard :] if self._kafka.up.is_set() else []
        self._heard += len(messages)
        news = [News(_text(message.key()), message.value(), message.offset() or 0) for message in messages]
        if news:
            self.connections.heard(news)

    def _learnt(self, known: Known) -> None:
        self.gate.known = known


class _PassesMade:
    """Tells the connections of passes; the rest is for metrics alone."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def waits(self, partition: int, records: int) -> None:
        """Ignore how many copies wait."""

    def began(self, why: Why) -> None:
        """Ignore that a pass began."""

    def made(self, partition: int, made: Made) -> None:
        """Tell that a pass is settled."""
        self._connections.made(partition, made)

    def left(self, partition: int) -> None:
        """Ignore that a partition is no longer owned."""


def _uncounted(_shown: str) -> None:
    pass


def _text(key: bytes | str | None) -> str:
    return key.decode() if isinstance(key, bytes) else key or ""
