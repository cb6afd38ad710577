"""Settling: what is waited for when a partition leaves."""

import asyncio

from streamer.kafka.writer import Headers
from streamer.outcomes import Outcome, Reason
from streamer.refusals import RefusalGuard
from tests.support.pipelines import HeldWriter, Stage, play
from tests.support.tag_events import encode, tag_event


class _SlowWriter(HeldWriter):
    """Acknowledges each record after a second."""

    async def write(self, topic: str, value: bytes | None, key: bytes | str | None, headers: Headers = ()) -> None:
        await super().write(topic, value, key, headers)
        await asyncio.sleep(1)


def test_a_partition_that_leaves_does_not_wait_for_what_comes_of_those_that_stay() -> None:
    async def story(stage: Stage) -> None:
        stage.settling._writer = _SlowWriter()
        leaving, staying = stage.assign(0), stage.assign(1)
        loop = asyncio.get_running_loop()

        async def keep_busy() -> None:
            for offset in range(100):
                stage.feed(staying, [None], first=offset)
                await asyncio.sleep(0.5)

        busy = asyncio.create_task(keep_busy())
        stage.feed(leaving, [None])
        await asyncio.sleep(0.1)
        began = loop.time()
        positions = await stage.assignments.drain([leaving], began + 25)
        assert loop.time() - began < 2
        assert positions[leaving].offset == 1
        assert stage.settling.under_way > 0
        busy.cancel()

    play(story)


def test_that_the_range_of_a_replay_is_too_old_is_taken_for_no_wrong_deploy() -> None:
    async def story(stage: Stage) -> None:
        stage.settling.old_tells = False
        progress = stage.assign(0)
        old = encode(tag_event(1, event_time=10**12))
        for slice_of in range(10):
            stage.feed(progress, [old] * 100, first=slice_of * 100)
            await asyncio.sleep(0.1)
        assert not stage.pipeline.failure.done()
        assert stage.ledger.snapshot().reasons == {(Outcome.DEAD_LETTERED, Reason.TOO_OLD): 1000}

    play(story, guard=RefusalGuard(0.5, 100))


def test_a_live_consumer_that_finds_all_too_old_stops() -> None:
    async def story(stage: Stage) -> None:
        progress = stage.assign(0)
        for slice_of in range(10):
            stage.feed(progress, [encode(tag_event(1, event_time=10**12))] * 100, first=slice_of * 100)
            await asyncio.sleep(0.1)
        assert stage.pipeline.failure.done()

    play(story, guard=RefusalGuard(0.5, 100))
