"""Following a compacted topic: old records first, new ones soon, and a topic that comes later."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from confluent_kafka import Consumer

from streamer.kafka import follower as module
from streamer.kafka.follower import Follower, News, follower_config, read_once
from streamer.settings import KafkaSettings
from tests.support.kafka_cluster import KafkaCluster, Outgoing


class Heard:
    """What a follower gave, and told of itself."""

    def __init__(self) -> None:
        self.news: list[News] = []
        self.said: list[str] = []

    def values(self) -> list[bytes | None]:
        return [one.value for one in self.news]


def _settings(kafka: KafkaCluster, topic: str) -> KafkaSettings:
    return KafkaSettings(bootstrap_servers=kafka.bootstrap, connections_topic=topic, client={"log_level": "0"})


@asynccontextmanager
async def _following(kafka: KafkaCluster, topic: str) -> AsyncIterator[tuple[Heard, Follower]]:
    heard, settings = Heard(), _settings(kafka, topic)
    follower = Follower(lambda: Consumer(follower_config(settings)), topic, heard.news.extend)
    follower.caught_up = lambda: heard.said.append("caught up")
    follower.lost = lambda: heard.said.append("lost")
    task = asyncio.create_task(follower.run())
    try:
        yield heard, follower
    finally:
        task.cancel()
        await asyncio.wait([task], timeout=10)
        assert task.cancelled()


async def _until(true: Callable[[], bool], seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 - what is waited for has no event of its own
            await asyncio.sleep(0.02)


async def test_what_was_told_before_is_heard_before_the_end_and_what_is_told_then_within_a_second(
    kafka: KafkaCluster, topic: str
) -> None:
    await asyncio.to_thread(kafka.create_topic, topic, 3)
    old = [Outgoing(b"%d" % number, b"key-%d" % number) for number in range(1000)]
    await asyncio.to_thread(kafka.produce, topic, old)
    async with _following(kafka, topic) as (heard, follower):
        await asyncio.wait_for(follower.began.wait(), 20)
        assert sorted(int(value or b"") for value in heard.values()) == list(range(1000))
        assert heard.said == ["caught up"]
        await asyncio.to_thread(kafka.produce, topic, [Outgoing(b"new", b"key-1"), Outgoing(None, b"key-2")])
        began = asyncio.get_running_loop().time()
        await _until(lambda: set(heard.values()) >= {b"new", None})
        assert asyncio.get_running_loop().time() - began < 1
    assert await read_once(_settings(kafka, topic), 20) is not None


async def test_a_topic_that_is_missing_is_told_at_once_and_followed_when_it_is_there(
    kafka: KafkaCluster, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "AGAIN_SECONDS", 0.5)
    assert await read_once(_settings(kafka, topic), 20) is None
    async with _following(kafka, topic) as (heard, follower):
        await asyncio.wait_for(follower.began.wait(), 10)
        assert heard.said[0] == "lost"
        await asyncio.to_thread(kafka.create_topic, topic)
        await asyncio.to_thread(kafka.produce, topic, [Outgoing(b"first", b"key")])
        await _until(lambda: heard.values() == [b"first"])
        await _until(lambda: heard.said[-1] == "caught up")
