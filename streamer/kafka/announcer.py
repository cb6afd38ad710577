"""Announcements on a compacted topic: the newest value of each key, and none too often."""

import asyncio
from collections.abc import Callable

import structlog

from streamer.errors import UserError
from streamer.kafka.writer import RecordWriter
from streamer.tasks import Tasks

_log = structlog.get_logger(__name__)

REST_SECONDS = 2.0
"""A key is written at most this often: of values that come faster, only the newest is."""


class Announcer:
    """Writes what is announced. Every method runs on the loop."""

    def __init__(self, writer: RecordWriter, topic: str, failed: Callable[[BaseException], None]) -> None:
        """Write to ``topic``.

        :param failed: told of a fault of the program's own; that the topic cannot be written is logged, and is none.
        """
        self._writer = writer
        self._topic = topic
        self._tasks = Tasks(failed)
        self._pending: dict[str, bytes] = {}
        self._busy: set[str] = set()
        self._closing = asyncio.Event()
        self._told = False
        self.unwritten: Callable[[str], None] = _nothing
        """Called with the key of an announcement that could not be made."""

    def say(self, key: str, value: bytes) -> None:
        """Announce a value; returns at once."""
        self._pending[key] = value
        if key not in self._busy:
            self._busy.add(key)
            self._tasks.start(self._write(key))

    async def close(self, seconds: float) -> None:
        """Write what was announced, for at most so long."""
        self._closing.set()
        try:
            async with asyncio.timeout(seconds):
                await self._tasks.wait()
        except TimeoutError:
            _log.warning("what was to be told to other replicas is not written", keys=len(self._busy))
        await self._tasks.cancel()

    async def _write(self, key: str) -> None:
        try:
            while key in self._pending:
                await self._try(key, self._pending.pop(key))
                await self._rest()
        finally:
            self._busy.discard(key)

    async def _try(self, key: str, value: bytes) -> None:
        try:
            await self._writer.write(self._topic, value, key)
        except UserError as error:
            if not self._told:
                _log.error("states of pixels cannot be told to other replicas", reason=str(error))
            self._told = True
            self.unwritten(key)
        else:
            self._told = False

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(REST_SECONDS):
                await self._closing.wait()
        except TimeoutError:
            pass


def _nothing(key: str) -> None:
    pass
