"""The parked topic is read by the way: it must not show as lag of the live topics."""

import asyncio
from typing import Any

import pytest

from streamer.metrics import Metrics
from streamer.pixels.book import FilePixelBook
from streamer.reader import Intake
from streamer.resuming import Common, Resuming, parked_settings
from streamer.settings import KafkaSettings, Settings
from tests.support.paused import run_paused
from tests.support.pipelines import HeldWriter

PARKED = KafkaSettings().parked_topic


def _parked_intake(metrics: Metrics) -> Intake:
    async def make() -> Intake:
        settings = Settings()
        book = FilePixelBook(settings.pixels, settings.meta, {})
        failed: Any = asyncio.get_running_loop().create_future().set_result
        return Resuming(Common(settings, book, metrics, HeldWriter(), failed)).intake(2**20)

    return run_paused(make())


def test_a_pass_over_the_parked_topic_shows_neither_as_lag_nor_as_rebalance_nor_as_pause() -> None:
    metrics = Metrics()
    events = _parked_intake(metrics).events
    before = metrics.text()
    events.lag(PARKED, 0, 1_000_000)
    events.committed(PARKED, 0, 5)
    events.rebalanced("assigned", 3)
    events.paused(on=True)
    events.gone(PARKED, 0)
    after = metrics.text()
    assert [line for line in after.splitlines() if PARKED.encode() in line] == []
    for name in (b"streamer_lag", b"streamer_committed", b"streamer_rebalances", b"streamer_reading_paused"):
        assert _of(name, before) == _of(name, after)
    assert metrics.partitions == []


def _of(name: bytes, text: bytes) -> list[bytes]:
    return [line for line in text.splitlines() if line.startswith(name)]


@pytest.mark.parametrize("count", ["commit_failed", "jumped"])
def test_trouble_with_the_parked_topic_is_counted_with_that_of_the_others(count: str) -> None:
    metrics = Metrics()
    events: Any = _parked_intake(metrics).events
    before = metrics.text()
    getattr(events, count)(*{"commit_failed": ("_TIMED_OUT",), "jumped": (PARKED, 0)}[count])
    assert len(metrics.text().splitlines()) == len(before.splitlines()) + 1


def test_the_parked_topic_has_a_group_of_its_own() -> None:
    settings = parked_settings(KafkaSettings(group_id="g", topics=["t"], on_out_of_range="fail"))
    assert (settings.group_id, settings.topics, settings.on_out_of_range) == ("g.parked", [PARKED], "earliest")
