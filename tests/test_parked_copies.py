"""Copies on the parked topic, read again: for whom they are translated, under which id, and what becomes of them."""

import asyncio
import time
from collections.abc import Sequence

import pytest
from confluent_kafka import Message

from streamer.kafka.crossing import Slice
from streamer.kafka.progress import Progress
from streamer.memory import held_bytes
from streamer.outcomes import Outcome, Reason
from streamer.refusals import RefusalGuard
from streamer.translate.checks import derived_event_id
from streamer.translate.engine import Origin
from streamer.translate.mapping import TAG_EVENT
from streamer.translate.plan import Plan
from tests.support.deliveries import Service, error
from tests.support.pipelines import TOPIC, Stage, Written, play
from tests.support.tag_events import PIXELS, encode, tag_event, tag_events

FIRST, SECOND = PIXELS[:2]
SHOP = {"pixel_id": None, "container_id": "GTM-SHOP"}
PLAN = Plan(TAG_EVENT, {"GTM-SHOP": (FIRST, SECOND)})
WINDOW = 6


def _dead(*pixels: str) -> Service:
    dead = set(pixels)
    return Service(lambda pixel_id, _: error(190) if pixel_id in dead else None)


def _copies(stage: Stage) -> list[Written]:
    return [written for written in stage.writer.written if written.topic == stage.kafka.parked_topic]


def _feed(stage: Stage, copies: Sequence[Written], first: int = 0) -> Progress:
    """Hand copies over as the reader of the parked topic does."""
    topic = stage.kafka.parked_topic
    progress = Progress(topic, 0, 1, first)
    stage.assignments.assigned([progress])
    messages = [
        Message(topic=topic, partition=0, offset=offset, value=copy.value, headers=[*copy.headers])
        for offset, copy in enumerate(copies, first)
    ]
    stage.budget.take(held_bytes(messages))
    stage.assignments.records([Slice(progress, messages, first + len(messages))])
    return progress


def _stripped(copy: Written, *names: str) -> Written:
    return copy._replace(headers=[header for header in copy.headers if header[0] not in names])


def _all_is_free(stage: Stage) -> None:
    snapshot = stage.ledger.snapshot()
    assert (stage.budget.used, snapshot.in_flight, snapshot.balanced) == (0, 0, True)


def test_a_copy_goes_to_the_pixel_it_was_parked_for_and_to_no_other_under_the_id_of_its_first_place() -> None:
    service = _dead(SECOND)

    async def story(stage: Stage) -> None:
        progress = stage.assign(partition=3, start=42)
        stage.feed(progress, [encode(tag_event(0, event_id=None) | SHOP)], first=42)
        await asyncio.sleep(WINDOW)
        (copy,) = _copies(stage)
        service.script = lambda *_: None
        stage.pipeline.parts.courier.unpark(SECOND)
        again = _feed(stage, [copy], first=7)
        await asyncio.sleep(WINDOW)
        assert again.position().offset == 8

    stage = play(story, service, plan=PLAN)
    derived = derived_event_id(Origin(TOPIC, 3, 42))
    assert service.posts == [(FIRST, [derived]), (SECOND, [derived]), (SECOND, [derived])]
    _all_is_free(stage)


def test_what_still_cannot_be_sent_is_parked_again_behind_and_keeps_its_first_place() -> None:
    async def story(stage: Stage) -> None:
        stage.feed(stage.assign(), [encode(tag_event(1, SECOND))])
        await asyncio.sleep(WINDOW)
        (first,) = _copies(stage)
        progress = _feed(stage, [first], first=9)
        await asyncio.sleep(WINDOW)
        assert progress.position().offset == 10

    stage = play(story, _dead(SECOND))
    before, after = (dict(copy.headers) for copy in _copies(stage))
    assert int(after.pop("streamer.copied_at") or 0) >= int(before.pop("streamer.copied_at") or 0)
    for name in ("streamer.meta.error", "streamer.meta.fbtrace_id"):  # it was parked without a request this time
        before.pop(name)
    assert after == before
    assert after["streamer.origin.topic"] == TOPIC.encode()
    assert _copies(stage)[0].value == _copies(stage)[1].value
    assert len(stage.service.posts) == 1
    _all_is_free(stage)


def test_copies_that_outlived_metas_limit_are_dead_lettered_for_their_pixel_and_do_not_stop_the_process() -> None:
    async def story(stage: Stage) -> None:
        stage.feed(stage.assign(), [encode(tag_event(1, SECOND))])
        await asyncio.sleep(WINDOW)
        (copy,) = _copies(stage)
        old = encode(tag_event(1, SECOND, event_time=int((time.time() - 8 * 86_400) * 1000)))
        _feed(stage, [copy._replace(value=old)] * 100)
        await asyncio.sleep(WINDOW)
        assert not stage.pipeline.failure.done()

    stage = play(story, _dead(SECOND), guard=RefusalGuard(0.5, 10))
    (row,) = stage.ledger.snapshot().pixels
    assert (row.pixel_id, row.dead_lettered) == (SECOND, 100)
    assert row.reasons[Outcome.DEAD_LETTERED, Reason.TOO_OLD] == 100
    _all_is_free(stage)


def test_a_wrong_deploy_is_still_seen_when_it_meets_parked_records() -> None:
    async def story(stage: Stage) -> None:
        stage.feed(stage.assign(), [encode(tag_event(1, SECOND))])
        await asyncio.sleep(WINDOW)
        (copy,) = _copies(stage)
        _feed(stage, [copy._replace(value=b"junk")] * 100)
        await asyncio.sleep(WINDOW)
        assert stage.pipeline.failure.done()

    play(story, _dead(SECOND), guard=RefusalGuard(0.5, 10))


@pytest.mark.parametrize("pixel", [None, b"", b"no number", b"\xff", b"1" * 21])
def test_a_record_there_that_names_no_pixel_is_a_record_like_others(pixel: bytes | None) -> None:
    service = _dead(FIRST)

    async def story(stage: Stage) -> None:
        stage.feed(stage.assign(), [encode(tag_event(0, FIRST))])
        await asyncio.sleep(WINDOW)
        (copy,) = _copies(stage)
        bare = _stripped(copy, "streamer.pixel")
        value = encode(tag_event(7) | SHOP)
        named = bare if pixel is None else bare._replace(headers=[*bare.headers, ("streamer.pixel", pixel)])
        service.script = lambda *_: None
        stage.pipeline.parts.courier.unpark(FIRST)
        _feed(stage, [named._replace(value=value)])
        await asyncio.sleep(WINDOW)

    play(story, service, plan=PLAN)
    assert sorted(service.posts[1:]) == [(FIRST, ["e-7"]), (SECOND, ["e-7"])]


def test_a_pixel_is_told_of_when_its_copies_are_acknowledged_and_not_before() -> None:
    told: list[str] = []

    async def story(stage: Stage) -> None:
        stage.settling.parked = told.append
        stage.writer.acknowledge.clear()
        stage.feed(stage.assign(), list(tag_events(2, first=1)))
        await asyncio.sleep(WINDOW)
        assert told == []
        stage.writer.acknowledge.set()
        await asyncio.sleep(1)

    play(story, _dead(SECOND))
    assert told == [SECOND]
