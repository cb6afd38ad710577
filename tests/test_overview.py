"""What the status page is told of a process at work."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest

from streamer import overview as module
from streamer.kafka.consumer import ConsumerThread
from streamer.overview import QUALITY_SECONDS, Overview
from tests.support.deliveries import Book
from tests.support.pipelines import Stage, play
from tests.support.tag_events import tag_events


class Clock:
    """Stands in for the module time."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


def _consumer() -> ConsumerThread:
    known: Any = SimpleNamespace(joined=True, alive=True, partitions=1, turned=0.0)
    return cast("ConsumerThread", known)


def test_the_page_shows_the_data_of_the_last_half_hour_to_hour_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    ten_minutes = QUALITY_SECONDS / 3
    seen: list[tuple[float, int]] = []

    async def story(stage: Stage) -> None:
        overview = Overview(stage.pipeline, stage.assignments, _consumer(), Book(), stage.metrics)
        progress = stage.assign()
        for turn in range(12):
            overview.mark()
            stage.feed(progress, list(tag_events(1, turn)), first=turn)
            await asyncio.sleep(6)
            status = overview.status()
            seen.append((status.quality_seconds, sum(one.quality.events for one in status.pixels)))
            clock.now += ten_minutes

    play(story)
    told = [round(seconds / ten_minutes) for seconds, _ in seen]
    assert told == [0, 1, 2, 3, 4, 5, 3, 4, 5, 3, 4, 5], "the last half hour to hour"
    assert [events for _, events in seen] == [span + 1 for span in told], "one event every ten minutes"


def test_a_pixel_of_which_nothing_was_made_is_shown_without_figures() -> None:
    async def story(stage: Stage) -> None:
        overview = Overview(stage.pipeline, stage.assignments, _consumer(), Book(), stage.metrics)
        stage.ledger.translated("1001", 1)
        (shown,) = overview.status().pixels
        assert (shown.pixel_id, shown.quality.events, shown.quality.coverage("em")) == ("1001", 0, None)

    play(story)


def test_a_kafka_thread_that_stands_is_told_by_how_long_and_by_the_one_that_stands_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    idle: list[float] = []

    async def story(stage: Stage) -> None:
        consumer: Any = SimpleNamespace(joined=True, alive=True, partitions=1, turned=clock.now)
        overview = Overview(stage.pipeline, stage.assignments, consumer, Book(), stage.metrics)
        clock.now += 40.0
        idle.append(overview.levels().kafka_thread_idle_seconds)
        consumer.turned = clock.now
        idle.append(overview.levels().kafka_thread_idle_seconds)
        parked: Any = SimpleNamespace(thread=SimpleNamespace(turned=clock.now - 7), assignments=stage.assignments)
        overview.add(cast("Any", SimpleNamespace(not_understood=0)), parked)
        idle.append(overview.levels().kafka_thread_idle_seconds)

    play(story)
    assert idle == [40.0, 0.0, 7.0]
