"""Follows a compacted topic from its beginning, outside any group: every replica hears everything."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple, TypeVar

import structlog
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, TopicPartition

from streamer.kafka.config import client_config
from streamer.settings import KafkaSettings

_log = structlog.get_logger(__name__)

T = TypeVar("T")

LOOK_SECONDS = 0.1
"""How often it is looked for something new: that takes some microseconds, and no call of it waits."""
AT_ONCE = 500
ASK_SECONDS = 2.0
"""For the question which partitions there are."""
AGAIN_SECONDS = 15.0
"""Wait before a topic is asked for anew that cannot be followed."""

_HELD_KIB = 1024


class News(NamedTuple):
    """A record of the topic."""

    key: str
    value: bytes | None
    """None: the key is to be forgotten."""
    offset: int
    """Orders the records of one key."""


def follower_config(settings: KafkaSettings) -> dict[str, Any]:
    """Return the configuration of a consumer that follows a topic; its group is never joined."""
    return {
        "queued.max.messages.kbytes": _HELD_KIB,
        "fetch.queue.backoff.ms": 20,
        **client_config(settings),
        "group.id": f"{settings.group_id}.connections",
        "enable.auto.commit": False,
        "enable.partition.eof": True,
        "auto.offset.reset": "earliest",
    }


class Follower:
    """Gives the records of a topic, old ones first, then new ones as they come. Lives on the loop."""

    def __init__(self, make: Callable[[], Consumer], topic: str, take: Callable[[list[News]], None]) -> None:
        """Give what is read to ``take``.

        :param make: makes a consumer; may be called again.
        """
        self._make = make
        self._topic = topic
        self._take = take
        self._open_ends: set[int] = set()
        self.caught_up: Callable[[], None] = _nothing
        """Called whenever the end of the topic has been reached for the first time after a beginning."""
        self.lost: Callable[[], None] = _nothing
        """Called when the topic can be followed no more, or not at all."""
        self.began = asyncio.Event()
        """The end was reached once, or it is known that it cannot be."""

    async def run(self) -> None:
        """Follow until cancelled, whatever happens to the topic."""
        troubled = False
        while True:
            try:
                await self._follow()
            except KafkaException as error:
                if not troubled:
                    _log.error(
                        "what other replicas know of the pixels cannot be followed: create kafka.connections_topic "
                        "(`streamer check --create-topics`), and allow this user to read it",
                        topic=self._topic,
                        reason=error.args[0].name(),
                    )
                troubled = True
            self.lost()
            self.began.set()
            await asyncio.sleep(AGAIN_SECONDS)

    async def _follow(self) -> None:
        consumer = self._make()
        try:
            partitions = await _to_its_end(asyncio.to_thread(_partitions, consumer, self._topic))
            consumer.assign([TopicPartition(self._topic, partition, OFFSET_BEGINNING) for partition in partitions])
            self._open_ends = set(partitions)
            behind = True
            while True:
                messages = consumer.consume(AT_ONCE, 0)
                self._give(messages)
                if behind and not self._open_ends:
                    behind = False
                    self.caught_up()
                    self.began.set()
                await asyncio.sleep(0 if messages else LOOK_SECONDS)
        finally:
            consumer.close()

    def _give(self, messages: list[Message]) -> None:
        news = []
        for message in messages:
            error = message.error()
            if error is None:
                news.append(News(_text(message.key()), message.value(), message.offset() or 0))
            elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - librdkafka's own codes
                self._open_ends.discard(message.partition() or 0)
            else:
                raise KafkaException(error)
        if news:
            self._take(news)


async def read_once(settings: KafkaSettings, seconds: float) -> list[News] | None:
    """Return all that the connections topic holds; None: it cannot be read, or not in so many seconds."""
    found: list[News] = []
    whole = asyncio.Event()
    quiet = follower_config(settings) | {"log_level": 0}
    follower = Follower(lambda: Consumer(quiet), settings.connections_topic, found.extend)
    follower.caught_up = whole.set
    following = asyncio.ensure_future(follower.run())
    try:
        async with asyncio.timeout(seconds):
            await follower.began.wait()
    except TimeoutError:
        return None
    finally:
        following.cancel()
        await asyncio.wait([following])
    return found if whole.is_set() else None


def _partitions(consumer: Consumer, topic: str) -> list[int]:
    """Ask which partitions a topic has.

    :raises KafkaException: if it is not there, or no broker answers.
    """
    found = consumer.list_topics(topic, timeout=ASK_SECONDS).topics[topic]
    if found.error is not None:
        raise KafkaException(found.error)
    return list(found.partitions)


async def _to_its_end(work: Coroutine[Any, Any, T]) -> T:
    """Await a call that must not be given up half way: closing a consumer under another thread's hands would crash."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise


def _text(key: bytes | str | None) -> str:
    return key.decode("utf-8", "replace") if isinstance(key, bytes) else key or ""


def _nothing() -> None:
    pass
