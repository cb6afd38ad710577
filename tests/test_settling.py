"""Settling: what is waited for when a partition leaves."""

import asyncio

from streamer.kafka.writer import Headers
from tests.support.pipelines import HeldWriter, Stage, play


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
