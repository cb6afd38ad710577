"""The way of a record as a whole, without sockets: what settles, when, and what is left behind."""

import asyncio
import time
from typing import Any

import orjson
import pytest

from streamer.errors import UserError
from streamer.metrics import Metrics
from streamer.records.schema import AvroSchema
from streamer.records.sources import SchemaFiles, SchemaSourceUnavailable
from streamer.records.wire import SchemaKey
from streamer.refusals import RefusalGuard
from streamer.translate.mapping import TAG_EVENT
from streamer.translate.plan import Plan
from tests.support.deliveries import Service, error
from tests.support.pipelines import Stage, play
from tests.support.tag_events import PIXELS, SCHEMA, encode, tag_event, tag_events

DEAD_LETTERS, PARKED, RECEIPTS = "streamer.dead-letters", "streamer.parked", "streamer.receipts"
WINDOW = 6


def _receipts(stage: Stage) -> list[dict[str, Any]]:
    return [orjson.loads(written.value or b"") for written in stage.writer.written if written.topic == RECEIPTS]


def _all_is_free(stage: Stage) -> None:
    snapshot = stage.ledger.snapshot()
    assert (stage.budget.used, snapshot.in_flight, snapshot.balanced) == (0, 0, True)


def test_an_offset_settles_only_when_the_receipt_is_acknowledged() -> None:
    async def story(stage: Stage) -> None:
        progress = stage.assign()
        stage.writer.acknowledge.clear()
        stage.feed(progress, list(tag_events(3)))
        await asyncio.sleep(WINDOW)
        assert sum(stage.service.taken.values()) == 3
        assert progress.position().offset == 0
        stage.writer.acknowledge.set()
        await asyncio.sleep(0.1)
        assert progress.position().offset == 3

    _all_is_free(play(story))


def test_a_dead_letter_is_acknowledged_before_its_receipt_is_written() -> None:
    async def story(stage: Stage) -> None:
        progress = stage.assign()
        stage.writer.acknowledge.clear()
        stage.feed(progress, [b"junk"])
        await asyncio.sleep(1)
        assert stage.writer.topics() == [DEAD_LETTERS]
        stage.writer.acknowledge.set()
        await asyncio.sleep(0.1)
        assert stage.writer.topics() == [DEAD_LETTERS, RECEIPTS]
        assert progress.position().offset == 1

    stage = play(story)
    letter = stage.writer.written[0]
    assert (letter.value, letter.key) == (b"junk", b"k")
    _all_is_free(stage)


def test_tombstones_junk_and_skipped_records_settle_too_and_do_not_hold_the_commit() -> None:
    values = [None, b"", b"junk", encode(tag_event(1, consent={"ad_storage": "denied"})), encode(tag_event(2))]

    async def story(stage: Stage) -> None:
        progress = stage.assign()
        stage.feed(progress, values, end=7)
        await asyncio.sleep(WINDOW)
        assert progress.position() == (7, "")

    stage = play(story)
    found = stage.ledger.snapshot()
    assert (found.read, found.delivered, found.skipped, found.dead_lettered) == (5, 1, 2, 2)
    _all_is_free(stage)


def test_a_record_of_two_pixels_settles_when_both_have_an_outcome() -> None:
    first, second = PIXELS[:2]
    service = Service(lambda pixel, _: [100.0] if pixel == second else None)

    async def story(stage: Stage) -> None:
        progress = stage.assign()
        stage.feed(progress, [encode(tag_event(1, container_id="GTM-1") | {"pixel_id": None})])
        await asyncio.sleep(WINDOW)
        assert stage.ledger.snapshot().delivered == 1
        assert progress.position().offset == 0
        await asyncio.sleep(100)
        assert progress.position().offset == 1

    stage = play(story, service, plan=Plan(TAG_EVENT, {"GTM-1": (first, second)}))
    assert {receipt["pixel"] for receipt in _receipts(stage)} == {first, second}
    _all_is_free(stage)


def test_receipts_cover_every_offset_with_its_outcome() -> None:
    values = [*tag_events(20), b"junk", None]

    async def story(stage: Stage) -> None:
        stage.feed(stage.assign(), values)
        await asyncio.sleep(WINDOW)

    covered: dict[int, list[str]] = {}
    for receipt in _receipts(play(story)):
        (part,) = receipt["offsets"]
        for first, last in zip(part["ranges"][::2], part["ranges"][1::2], strict=True):
            for offset in range(first, last + 1):
                covered.setdefault(offset, []).append(receipt["outcome"])
    assert covered == {offset: ["delivered"] for offset in range(20)} | {20: ["dead_lettered"], 21: ["skipped"]}


def test_a_registry_that_is_down_makes_records_wait_and_dead_letters_none() -> None:
    class Flaky(SchemaFiles):
        down = True

        async def find(self, key: SchemaKey) -> AvroSchema | None:
            if self.down:
                raise SchemaSourceUnavailable("it is down")
            return await super().find(key)

    source = Flaky(SCHEMA)

    async def story(stage: Stage) -> None:
        stage.feed(stage.assign(), list(tag_events(5)))
        await asyncio.sleep(600)
        assert stage.pipeline.waiting_for_schemas
        assert stage.writer.written == []
        source.down = False
        await asyncio.sleep(2 * WINDOW)
        assert not stage.pipeline.waiting_for_schemas

    stage = play(story, source=source)
    assert stage.ledger.snapshot().delivered == 5
    _all_is_free(stage)


def test_a_revoked_partition_is_drained_and_what_is_committed_for_it_is_all_that_was_delivered() -> None:
    async def story(stage: Stage) -> None:
        leaving, staying = stage.assign(0), stage.assign(1)
        stage.feed(leaving, list(tag_events(10)))
        stage.feed(staying, list(tag_events(10, 100)))
        positions = await stage.assignments.drain([leaving], 25)
        assert asyncio.get_running_loop().time() < 1, "the window was not waited for"
        assert positions[leaving].offset == 10
        assert leaving.fenced
        assert not staying.fenced

    _all_is_free(play(story))


def test_an_answer_after_the_drain_limit_moves_no_offset_of_the_partition_that_is_gone() -> None:
    async def story(stage: Stage) -> None:
        progress = stage.assign()
        stage.feed(progress, list(tag_events(3)))
        positions = await stage.assignments.drain([progress], 25)
        assert asyncio.get_running_loop().time() == pytest.approx(25)
        assert positions[progress].offset == 0
        await asyncio.sleep(100)
        assert stage.ledger.snapshot().forgotten == 3, "its next owner has them"

    stage = play(story, Service(lambda *_: [60.0]))
    assert _receipts(stage) == []
    _all_is_free(stage)


def test_what_is_left_of_a_lost_partition_is_not_sent_by_its_former_owner() -> None:
    async def story(stage: Stage) -> None:
        progress = stage.assign()
        stage.feed(progress, list(tag_events(3)))
        await asyncio.sleep(1)
        stage.assignments.lost([progress])
        stage.feed(progress, list(tag_events(3, 3)), first=3)
        await asyncio.sleep(WINDOW)

    stage = play(story)
    assert stage.service.posts == []
    assert stage.ledger.snapshot().forgotten == 3
    assert _receipts(stage) == []
    _all_is_free(stage)


def test_what_was_settled_before_a_restart_is_not_sent_again() -> None:
    async def story(stage: Stage) -> None:
        progress = stage.assign(done=[(1, 2), (4, 4)])
        stage.feed(progress, list(tag_events(6)))
        await asyncio.sleep(WINDOW)
        assert progress.position().offset == 6

    stage = play(story)
    assert set(stage.service.taken) == {"e-0", "e-3", "e-5"}
    assert stage.ledger.snapshot().already_settled == 3
    _all_is_free(stage)


def test_records_that_are_read_twice_in_one_assignment_are_sent_once() -> None:
    async def story(stage: Stage) -> None:
        progress = stage.assign()
        stage.feed(progress, list(tag_events(4)))
        stage.feed(progress, list(tag_events(4, 2)), first=2)
        await asyncio.sleep(WINDOW)

    stage = play(story)
    assert dict(stage.service.taken) == {f"e-{number}": 1 for number in range(6)}
    _all_is_free(stage)


def test_a_bad_deploy_stops_before_the_topic_is_dead_lettered() -> None:
    async def story(stage: Stage) -> None:
        progress = stage.assign()
        stage.feed(progress, [b"junk"] * 200)
        await asyncio.sleep(1)
        failure = stage.pipeline.failure.result()
        assert isinstance(failure, UserError)
        assert progress.position().offset == 0
        assert stage.writer.written == []

    play(story, guard=RefusalGuard(0.9, 100))


def test_a_third_of_records_refused_for_each_of_three_pixels_does_not_stop_the_others() -> None:
    three = tuple(PIXELS[:3])
    bad = tag_event(0, container_id="GTM-3", event_time=1) | {"pixel_id": None}
    good = [encode(tag_event(number, container_id="GTM-3") | {"pixel_id": None}) for number in range(200)]
    values = [value for each in good for value in (encode(bad), each, each)]

    async def story(stage: Stage) -> None:
        progress = stage.assign()
        stage.feed(progress, values)
        await asyncio.sleep(2 * WINDOW)
        assert progress.position().offset == len(values)

    found = play(story, plan=Plan(TAG_EVENT, {"GTM-3": three}), guard=RefusalGuard(0.9, 100)).ledger.snapshot()
    assert (found.delivered, found.dead_lettered) == (1200, 600)


def test_a_wrong_deploy_that_is_started_again_and_again_dead_letters_nothing_in_its_first_seconds() -> None:
    async def story(stage: Stage) -> None:
        progress = stage.assign()
        stage.feed(progress, [b"junk"] * 99)
        await asyncio.sleep(9)
        assert stage.writer.written == []
        positions = await stage.assignments.drain([progress], asyncio.get_running_loop().time() + 25)
        assert positions[progress].offset == 0
        assert asyncio.get_running_loop().time() < 10

    play(story, guard=RefusalGuard(0.9, 100))


def test_the_only_record_of_a_quiet_topic_is_dead_lettered_after_a_while_though_it_is_all_there_is() -> None:
    async def story(stage: Stage) -> None:
        progress = stage.assign()
        stage.feed(progress, [b"junk"])
        await asyncio.sleep(11)
        assert progress.position().offset == 1

    _all_is_free(play(story, guard=RefusalGuard(0.9, 100)))


def test_a_full_memory_sends_what_waits_in_windows_instead_of_waiting_for_their_age() -> None:
    async def story(stage: Stage) -> None:
        stage.budget.take(stage.budget.limit)
        stage.feed(stage.assign(), list(tag_events(3)))
        await asyncio.sleep(0.2)
        assert len(stage.service.taken) == 3

    play(story)


def test_a_fault_of_ours_ends_the_process_at_once_and_commits_nothing_that_it_touched(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Metrics, "noted", _broken)

    async def story(stage: Stage) -> None:
        progress = stage.assign()
        stage.feed(progress, [encode(tag_event(1, user_agent=None)), *tag_events(3, 2)])
        stage.feed(progress, list(tag_events(3, 5)), first=4)
        await asyncio.sleep(WINDOW)
        assert isinstance(stage.pipeline.failure.result(), ZeroDivisionError)
        positions = await stage.assignments.drain([progress], asyncio.get_running_loop().time() + 25)
        assert positions[progress].offset == 0
        assert asyncio.get_running_loop().time() < 2 * WINDOW, "the drain waited for what will never come"

    play(story)


def _broken(*_: object) -> None:
    raise ZeroDivisionError


def test_a_parked_record_keeps_its_bytes_and_its_receipt_says_why() -> None:
    async def story(stage: Stage) -> None:
        progress = stage.assign()
        stage.feed(progress, [encode(tag_event(1))])
        await asyncio.sleep(WINDOW)
        assert progress.position().offset == 1

    stage = play(story, Service(lambda *_: error(190, 463)))
    parked, receipt = stage.writer.written
    assert parked.topic == PARKED
    assert dict(parked.headers)["streamer.reason"] == b"token_dead"
    assert orjson.loads(receipt.value or b"")["error_subcode"] == 463
    _all_is_free(stage)


def test_an_event_without_an_id_gets_the_same_one_on_every_read() -> None:
    value = encode(tag_event(1, event_id=None, event_time=int(time.time() * 1000)))
    ids = []
    for _ in range(2):

        async def story(stage: Stage) -> None:
            stage.feed(stage.assign(3), [value], first=77)
            await asyncio.sleep(WINDOW)

        (found,) = play(story).service.taken
        ids.append(found)
    assert ids[0] == ids[1]
