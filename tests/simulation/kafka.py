"""Kafka without a broker: logs that only grow, committed offsets, and a writer that acknowledges after a while."""

import asyncio
import zlib
from bisect import bisect_left
from collections.abc import Callable

from confluent_kafka import Message

from streamer.kafka.progress import Position
from streamer.kafka.writer import Headers
from streamer.records.schema import AvroSchema
from streamer.records.sources import SchemaFiles, SchemaSourceUnavailable
from streamer.records.wire import SchemaKey
from tests.support.tag_events import SCHEMA

Place = tuple[str, int]
"""Topic and partition."""

BEGAN = 1_790_000_000
"""Unix seconds at which every simulation begins."""


def unix_time() -> float:
    """Return the time of the simulation as Unix seconds."""
    return BEGAN + asyncio.get_running_loop().time()


class Log:
    """One partition."""

    def __init__(self, topic: str, partition: int, gap: int = 1) -> None:
        """Begin empty; offsets rise by ``gap``, as where compaction took records out."""
        self.place = (topic, partition)
        self.offsets: list[int] = []
        self.messages: list[Message] = []
        self._gap = gap

    @property
    def end(self) -> int:
        """The offset behind the last record."""
        return self.offsets[-1] + 1 if self.offsets else 0

    def append(self, value: bytes | None, key: bytes, headers: Headers, at: float) -> Message:
        """Write a record at a moment of the simulation."""
        topic, partition = self.place
        offset = self.offsets[-1] + self._gap if self.offsets else 0
        stamp = (1, int((BEGAN + at) * 1000))
        message = Message(topic, partition, offset, key, value, headers=list(headers), timestamp=stamp)
        self.offsets.append(offset)
        self.messages.append(message)
        return message

    def read(self, offset: int, most: int) -> list[Message]:
        """Return up to ``most`` records from an offset on."""
        first = bisect_left(self.offsets, offset)
        return self.messages[first : first + most]


class Schemas:
    """Where the writers' schema comes from, when it can be had."""

    def __init__(self) -> None:
        """Have it."""
        self.up = True
        self._source = SchemaFiles(SCHEMA)

    async def find(self, key: SchemaKey) -> AvroSchema | None:
        """Return the schema of a key.

        :raises SchemaSourceUnavailable: while it cannot be had.
        """
        if not self.up:
            raise SchemaSourceUnavailable("down")
        return await self._source.find(key)

    async def close(self) -> None:
        """Have nothing to close."""


class Kafka:
    """All topics, and what every group has committed."""

    def __init__(self, ack_seconds: float) -> None:
        """Acknowledge what is written after so many seconds."""
        self.logs: dict[Place, Log] = {}
        self.committed: dict[tuple[str, Place], Position] = {}
        self.up = asyncio.Event()
        self.up.set()
        self.appended: Callable[[Message], None] = lambda _message: None
        self.ack_seconds = ack_seconds
        self.schemas = Schemas()
        self._bell = asyncio.Event()

    def create(self, topic: str, partitions: int, gap: int = 1) -> None:
        """Make a topic."""
        for partition in range(partitions):
            self.logs[topic, partition] = Log(topic, partition, gap)

    def partitions(self, topic: str) -> list[Log]:
        """Return the partitions of a topic."""
        return [log for place, log in self.logs.items() if place[0] == topic]

    def append(self, topic: str, value: bytes | None, key: bytes, headers: Headers = ()) -> Message:
        """Write a record to the partition of its key."""
        logs = self.partitions(topic)
        log = logs[zlib.crc32(key) % len(logs)]
        message = log.append(value, key, headers, asyncio.get_running_loop().time())
        self.appended(message)
        self.ring()
        return message

    async def news(self) -> None:
        """Return when something was written, or the bell was rung for another reason to look."""
        await self._bell.wait()

    def ring(self) -> None:
        """Wake who waits for news."""
        self._bell.set()
        self._bell = asyncio.Event()

    def turn(self, *, on: bool) -> None:
        """Take the brokers down, or up again."""
        (self.up.set if on else self.up.clear)()
        self.ring()

    def position(self, group: str, place: Place) -> Position:
        """Return what a group has committed."""
        return self.committed.get((group, place), Position(0, ""))


class SimulatedWriter:
    """A replica's producer. What it has written stays written though the replica dies before it is told so."""

    def __init__(self, kafka: Kafka) -> None:
        self._kafka = kafka

    async def write(self, topic: str, value: bytes | None, key: bytes | str | None, headers: Headers = ()) -> None:
        """Write a record, and return when it is acknowledged."""
        await asyncio.sleep(self._kafka.ack_seconds / 2)
        await self._kafka.up.wait()
        self._kafka.append(topic, value, key.encode() if isinstance(key, str) else key or b"", headers)
        await asyncio.sleep(self._kafka.ack_seconds / 2)
