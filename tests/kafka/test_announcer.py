"""Announcements: the newest of each key is written, soon and not too often."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from streamer.errors import UserError
from streamer.kafka.announcer import REST_SECONDS, Announcer
from streamer.kafka.writer import Headers
from tests.support.paused import run_paused
from tests.support.pipelines import HeldWriter

TOPIC = "streamer.connections"


class _Barred(HeldWriter):
    """Takes nothing while it is barred."""

    barred = True

    async def write(self, topic: str, value: bytes | None, key: bytes | str | None, headers: Headers = ()) -> None:
        if self.barred:
            raise UserError("A record for topic streamer.connections has no topic to go to.")
        await super().write(topic, value, key, headers)


def _play(story: Callable[[Announcer], Coroutine[Any, Any, None]], writer: HeldWriter) -> list[tuple[Any, Any]]:
    failures: list[BaseException] = []

    async def play() -> None:
        await story(Announcer(writer, TOPIC, failures.append))

    run_paused(play())
    assert failures == []
    assert {written.topic for written in writer.written} <= {TOPIC}
    return [(written.key, written.value) for written in writer.written]


def _writer() -> HeldWriter:
    async def make() -> HeldWriter:
        return HeldWriter()

    return run_paused(make())


def test_the_first_value_of_a_key_is_written_at_once_and_then_only_the_newest_after_a_rest() -> None:
    async def story(announcer: Announcer) -> None:
        for number in range(10):
            announcer.say("1", b"%d" % number)
            announcer.say("2", b"%d" % number)
            await asyncio.sleep(0.1)
        assert len(writer.written) == 2
        await asyncio.sleep(REST_SECONDS)
        assert len(writer.written) == 4
        await asyncio.sleep(60)

    writer = _writer()
    written = _play(story, writer)
    assert (written[:2], sorted(written[2:])) == ([("1", b"0"), ("2", b"0")], [("1", b"9"), ("2", b"9")])


def test_what_is_announced_in_one_go_is_written_in_that_order() -> None:
    async def story(announcer: Announcer) -> None:
        announcer.say("1", b"works")
        announcer.say("parked", b"wish")
        await asyncio.sleep(1)

    assert _play(story, _writer()) == [("1", b"works"), ("parked", b"wish")]


def test_the_end_writes_what_waits_and_does_not_wait_for_a_broker_that_is_away() -> None:
    async def story(announcer: Announcer) -> None:
        announcer.say("1", b"parked")
        await asyncio.sleep(0.1)
        announcer.say("1", b"works")
        began = asyncio.get_running_loop().time()
        await announcer.close(2)
        assert asyncio.get_running_loop().time() == began
        assert [written.value for written in writer.written] == [b"parked", b"works"]

    writer = _writer()
    _play(story, writer)

    async def away(announcer: Announcer) -> None:
        silent.acknowledge.clear()
        announcer.say("1", b"parked")
        began = asyncio.get_running_loop().time()
        await announcer.close(2)
        assert asyncio.get_running_loop().time() == began + 2

    silent = _writer()
    _play(away, silent)


def test_a_topic_that_cannot_be_written_is_told_and_harms_nothing_else() -> None:
    unwritten: list[str] = []

    async def story(announcer: Announcer) -> None:
        announcer.unwritten = unwritten.append
        announcer.say("parked", b"1")
        await asyncio.sleep(10)
        assert unwritten == ["parked"]
        writer.barred = False
        announcer.say("parked", b"2")
        await asyncio.sleep(10)

    async def make() -> _Barred:
        return _Barred()

    writer = run_paused(make())
    assert _play(story, writer) == [("parked", b"2")]
    assert unwritten == ["parked"]
