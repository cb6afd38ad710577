"""The courier under a paused clock: what becomes of events, whatever Meta does."""

import asyncio
import math
import random
from typing import Any

import pytest

from streamer.delivery.answers import Kind, Verdict
from streamer.delivery.batch import Batch
from streamer.delivery.capi import NoAnswerError, Response
from streamer.errors import UserError
from streamer.kafka.progress import Progress
from streamer.outcomes import Outcome, Reason
from tests.support.deliveries import Service, batch, entry, error
from tests.support.scene import HOUR, Scene, ids, sending


def test_events_that_meta_takes_are_delivered_with_its_trace_id() -> None:
    scene = Scene(Service()).play(sending(batch(3)))
    (settlement,) = scene.outcomes.settlements
    assert (settlement.outcome, settlement.fbtrace_id, settlement.reason) == (Outcome.DELIVERED, "Trace", None)
    assert len(settlement.entries) == 3


@pytest.mark.parametrize("size", [2, 3, 10, 500, 1000])
def test_one_poisoned_event_costs_itself_and_few_posts_and_the_others_are_delivered_at_once(size: int) -> None:
    for culprit in {0, size // 3, size - 1}:

        def poisoned(_: str, found: list[str], culprit: int = culprit) -> Response | None:
            return error(100, 2804050) if str(culprit) in found else None

        service = Service(poisoned)
        scene = Scene(service).play(sending(batch(size), seconds=1))
        (refused,) = scene.outcomes.by_id[str(culprit)]
        assert (refused.outcome, refused.reason) == (Outcome.DEAD_LETTERED, Reason.REFUSED_BY_META)
        assert (refused.code, refused.subcode) == (100, 2804050)
        assert scene.outcomes.of(Outcome.DELIVERED) == ids(range(size)) - {str(culprit)}
        assert len(service.posts) <= 2 * math.log2(size) + 2
        assert max(service.at) == 0, "the good rest waited"


def test_a_culprit_that_meta_names_is_found_in_three_posts() -> None:
    def blaming(_: str, found: list[str]) -> Response | None:
        if "7" not in found:
            return None
        return error(100, 2804003, error_data={"blame_field_specs": [["data", found.index("7"), "event_time"]]})

    service = Service(blaming)
    scene = Scene(service).play(sending(batch(1000), seconds=1))
    assert scene.outcomes.of(Outcome.DEAD_LETTERED) == {"7"}
    assert len(service.posts) == 3


def test_several_poisoned_events_are_all_found() -> None:
    bad = {"3", "4", "500", "998"}
    scene = Scene(Service(lambda _, found: error(100, 2804008) if bad & set(found) else None)).play(
        sending(batch(1000), seconds=1)
    )
    assert scene.outcomes.of(Outcome.DEAD_LETTERED) == bad
    assert len(scene.outcomes.of(Outcome.DELIVERED)) == 996


@pytest.mark.parametrize("trouble", [error(2, status=503), error(1, status=500), NoAnswerError("timeout")])
def test_an_outage_of_an_hour_loses_nothing_and_sends_the_same_bytes_again(trouble: Response | NoAnswerError) -> None:
    service = Service()
    service.script = lambda *_: trouble if service.at[-1] < HOUR else None
    scene = Scene(service).play(sending(batch(5), seconds=2 * HOUR))
    assert scene.outcomes.of(Outcome.DELIVERED) == ids(range(5))
    assert len({request.body for request in service.requests}) == 1
    assert len(service.posts) < 300, "a dead service is not hammered"


def test_an_event_for_which_meta_always_answers_unknown_fault_does_not_hold_up_those_beside_it() -> None:
    async def story(scene: Scene) -> None:
        scene.courier.send(batch(1000))
        for number in range(200):
            scene.courier.send(batch(1, "other", first=1000 + number))
            await asyncio.sleep(30)

    service = Service(lambda _, found: error(1, status=500) if "7" in found else None)
    scene = Scene(service).play(story)
    assert scene.outcomes.of(Outcome.DELIVERED) == ids(range(1200)) - {"7"}
    assert scene.courier.waiting_events == 1, "nobody is condemned for a fault that may be Meta's own"


def test_many_that_fail_together_do_not_come_back_together() -> None:
    service = Service()
    service.script = lambda *_: error(2, status=503) if service.at[-1] < 10 else None
    Scene(service).play(sending(*[batch(1, str(pixel), first=pixel) for pixel in range(60)], seconds=200))
    later = [round(at, 1) for at in service.at if at >= 10]
    assert len(set(later)) > 30


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (error(190, 463, 401), Reason.TOKEN_DEAD),
        (error(190), Reason.TOKEN_DEAD),
        (error(200, status=403), Reason.NO_PERMISSION),
        (error(100, 33), Reason.PIXEL_NOT_FOUND),
        (error(368), Reason.BLOCKED),
    ],
)
def test_a_pixel_that_cannot_be_sent_to_is_parked_and_not_asked_again_for_each_batch(
    answer: Response, reason: Reason
) -> None:
    service = Service(lambda pixel, _: answer if pixel == "dead" else None)
    batches = [batch(2, "dead", first=10 * number) for number in range(5)] + [batch(2, "well", first=100)]
    scene = Scene(service, max_in_flight_per_pixel=1).play(sending(*batches, seconds=60))
    assert {found[0].reason for key, found in scene.outcomes.by_id.items() if int(key) < 100} == {reason}
    assert len(scene.outcomes.of(Outcome.PARKED)) == 10
    assert scene.outcomes.of(Outcome.DELIVERED) == {"100", "101"}
    assert [pixel for pixel, _ in service.posts].count("dead") == 1


def test_a_parked_pixel_is_probed_with_one_request_and_works_again_when_that_succeeds() -> None:
    service = Service()
    service.script = lambda *_: error(190) if service.at[-1] < 400 else None

    async def story(scene: Scene) -> None:
        for number in range(100):
            scene.courier.send(batch(1, first=number))
            await asyncio.sleep(10)

    scene = Scene(service, probe_seconds=300).play(story)
    assert [round(at) for at in service.at if at < 600] == [0, 300]
    assert scene.outcomes.of(Outcome.DELIVERED) == ids(range(60, 100))


def test_a_changed_token_unparks_its_pixel_at_once() -> None:
    service = Service(
        lambda *_: error(190) if service.requests[-1].headers["Authorization"] == "Bearer invented" else None
    )

    async def story(scene: Scene) -> None:
        scene.courier.send(batch(1, first=0))
        await asyncio.sleep(1)
        scene.book.tokens["1"] = "another"
        scene.courier.send(batch(1, first=1))
        await asyncio.sleep(1)
        assert scene.courier.state("1") == ("works", None)

    scene = Scene(service).play(story)
    assert scene.outcomes.of(Outcome.PARKED) == {"0"}
    assert scene.outcomes.of(Outcome.DELIVERED) == {"1"}


def test_a_pixel_without_a_token_is_parked_without_a_request() -> None:
    scene = Scene(Service())
    scene.book.tokens["1"] = None
    scene.play(sending(batch(2)))
    assert scene.service.posts == []
    assert {one.reason for one in scene.outcomes.settlements} == {Reason.NO_TOKEN}


def test_a_throttle_is_waited_out_for_as_long_as_meta_says_and_nothing_is_sent_meanwhile() -> None:
    service = Service()
    throttled = error(613)._replace(headers={"Retry-After": "900"})
    service.script = lambda *_: throttled if service.at[-1] < 800 else None
    scene = Scene(service, max_in_flight_per_pixel=1).play(
        sending(batch(1, first=0), batch(1, first=1), batch(1, first=2))
    )
    assert scene.outcomes.of(Outcome.DELIVERED) == {"0", "1", "2"}
    assert [round(at) for at in service.at] == [0, 900, 900, 900]


def test_a_parked_pixel_is_not_probed_while_meta_holds_it_up_and_a_throttled_probe_holds_it_up() -> None:
    async def story(scene: Scene) -> None:
        scene.courier.park("1", Reason.TOKEN_DEAD, since=0.0, told_by="another")
        await asyncio.sleep(HOUR)
        began = asyncio.get_running_loop().time()
        scene.courier.heed(scene.book.get("1"), began, Verdict(Kind.THROTTLE, wait=HOUR, code=613))
        assert not scene.courier.claim_probe("1")
        await asyncio.sleep(HOUR + 1)
        assert scene.courier.claim_probe("1")

    Scene(Service()).play(story)


def test_a_throttled_token_holds_up_every_pixel_that_shares_it_and_no_other() -> None:
    service = Service()
    throttled = error(17, 2446079)._replace(headers={"Retry-After": "600"})
    service.script = lambda pixel, _: throttled if pixel == "a" and service.at[-1] < 500 else None

    async def story(scene: Scene) -> None:
        scene.book.tokens["other"] = "of another client"
        scene.courier.send(batch(1, "a", first=0))
        await asyncio.sleep(1)
        scene.courier.send(batch(1, "b", first=1))
        scene.courier.send(batch(1, "other", first=2))
        await asyncio.sleep(HOUR)

    Scene(service).play(story)
    at = {pixel: when for (pixel, _), when in zip(service.posts, service.at, strict=True)}
    assert at["other"] == 1
    assert at["b"] >= 600


def test_one_pixel_that_hangs_costs_the_nineteen_others_nothing() -> None:
    service = Service(lambda pixel, _: [10.0, NoAnswerError("timeout")] if pixel == "0" else None)

    async def story(scene: Scene) -> None:
        for turn in range(60):
            for pixel in range(20):
                scene.courier.send(batch(1, str(pixel), first=turn * 100 + pixel))
            await asyncio.sleep(1)
            done = scene.outcomes.of(Outcome.DELIVERED)
            assert {str(turn * 100 + pixel) for pixel in range(1, 20)} <= done

    Scene(service, max_in_flight=8).play(story)


def test_an_event_that_expired_while_it_waited_is_dead_lettered_and_the_request_goes_without_it() -> None:
    service = Service()
    service.script = lambda *_: NoAnswerError("timeout") if service.at[-1] < 100 else None
    old = entry(1, expires_at=50)
    scene = Scene(service).play(sending(Batch("1", [entry(0), old, entry(2)], 0.0)))
    (late,) = scene.outcomes.by_id["1"]
    assert (late.outcome, late.reason) == (Outcome.DEAD_LETTERED, Reason.TOO_OLD)
    assert scene.outcomes.of(Outcome.DELIVERED) == {"0", "2"}
    assert service.posts[-1][1] == ["0", "2"]


def test_events_of_an_assignment_that_is_gone_are_not_sent() -> None:
    gone = Progress("tag-events", 1, 1, 0)
    gone.fence()
    scene = Scene(Service()).play(sending(Batch("1", [entry(0), entry(1, progress=gone)], 0.0)))
    assert scene.service.posts == [("1", ["0"])]
    assert scene.outcomes.forgotten == ["1"]


def test_a_stop_is_not_held_up_by_a_retry_after_of_an_hour() -> None:
    throttled = error(4)._replace(headers={"Retry-After": "3600"})

    async def story(scene: Scene) -> None:
        loop = asyncio.get_running_loop()
        scene.courier.send(batch(3))
        await asyncio.sleep(5)
        await scene.courier.drain_some(lambda _: True, loop.time() + 25)
        assert loop.time() == 5

    scene = Scene(Service(lambda *_: throttled)).play(story)
    assert scene.outcomes.by_id == {}, "what is left stays unsettled"


def test_a_stop_tries_once_more_what_waits_for_another_try() -> None:
    service = Service()
    service.script = lambda *_: NoAnswerError("x") if len(service.posts) == 1 else None

    async def story(scene: Scene) -> None:
        scene.courier.send(batch(3))
        await asyncio.sleep(0.001)
        await scene.courier.drain_some(lambda _: True, 25)

    scene = Scene(service, backoff_base_seconds=60).play(story)
    assert scene.outcomes.of(Outcome.DELIVERED) == ids(range(3))


def test_a_drain_waits_for_what_is_in_flight_and_at_most_until_its_deadline() -> None:
    service = Service(lambda pixel, _: [7.0] if pixel == "slow" else [100.0])

    async def story(scene: Scene) -> None:
        loop = asyncio.get_running_loop()
        scene.courier.send(batch(1, "slow", first=0))
        await asyncio.sleep(1)
        await scene.courier.drain_some(lambda _: True, 25)
        assert loop.time() == 7
        scene.courier.send(batch(1, "stuck", first=1))
        await scene.courier.drain_some(lambda _: True, 25)
        assert loop.time() == 25

    scene = Scene(service).play(story)
    assert scene.outcomes.of(Outcome.DELIVERED) == {"0"}


def test_a_drain_of_one_partition_does_not_wait_for_the_others() -> None:
    leaving = Progress("tag-events", 3, 1, 0)

    async def story(scene: Scene) -> None:
        scene.courier.send(batch(1, "slow", first=0))
        scene.courier.send(Batch("quick", [entry(1, "quick", progress=leaving)], 0.0))
        await asyncio.sleep(0.5)
        await scene.courier.drain_some(lambda one: one.record.progress is leaving, 25)
        assert asyncio.get_running_loop().time() == 1

    service = Service(lambda pixel, _: [1.0] if pixel == "quick" else [20.0])
    assert Scene(service).play(story).outcomes.of(Outcome.DELIVERED) == {"1"}


def test_a_retired_api_version_stops_the_process_with_a_sentence_and_loses_nothing() -> None:
    scene = Scene(Service(lambda *_: error(2635))).play(sending(batch(2), seconds=1))
    assert scene.outcomes.by_id == {}
    (failure,) = scene.outcomes.failures
    assert isinstance(failure, UserError)
    assert "meta.api_version" in str(failure)


def test_a_partial_receipt_finds_the_events_that_meta_did_not_take() -> None:
    def lossy(_: str, found: list[str]) -> Response | None:
        return Response(200, {}, b'{"events_received": %d}' % (len(found) - 1)) if "5" in found else None

    scene = Scene(Service(lossy)).play(sending(batch(64), seconds=1))
    assert scene.outcomes.of(Outcome.DEAD_LETTERED) == {"5"}
    assert len(scene.outcomes.of(Outcome.DELIVERED)) == 63


def test_no_more_requests_are_in_flight_than_allowed_over_all_and_for_one_pixel() -> None:
    flying: list[tuple[int, int]] = []
    scene = Scene(Service(), max_in_flight=6, max_in_flight_per_pixel=2)

    def watching(pixel: str, _: list[str]) -> list[Any]:
        began = [
            p for (p, _), at in zip(scene.service.posts, scene.service.at, strict=True) if at == scene.service.at[-1]
        ]
        flying.append((len(began), began.count(pixel)))
        return [1.0]

    scene.service.script = watching
    batches = [batch(1, str(pixel), first=pixel * 100 + n) for pixel in range(5) for n in range(8)]
    scene.play(sending(*batches, seconds=100))
    assert len(scene.outcomes.of(Outcome.DELIVERED)) == 40
    assert max(over_all for over_all, _ in flying) == 6
    assert max(of_one for _, of_one in flying) == 2


def _play_at_random(seed: int) -> None:
    draw = random.Random(seed)
    poison = ids(draw.sample(range(300), draw.choice([0, 0, 1, 5])))
    dead = {str(pixel) for pixel in range(6) if draw.random() < 0.15}
    troubles: list[Any] = [
        NoAnswerError("timeout"),
        error(2, status=503),
        error(1, is_transient=True),
        error(4)._replace(headers={"Retry-After": str(draw.randint(1, 400))}),
        error(80004),
        Response(200, {}, b"<html>Service Unavailable</html>"),
        Response(302, {"Location": "https://www.example.com/"}, b""),
        error(999_999),
    ]
    share = draw.random() * 0.7

    def misbehaving(pixel: str, found: list[str]) -> list[Any]:
        wait = draw.choice([0.0, 0.01, 5.0])
        if draw.random() < share:
            return [wait, draw.choice(troubles)]
        if pixel in dead:
            return [wait, error(190)]
        return [wait, error(100, 2804050) if poison & set(found) else None]

    async def story(scene: Scene) -> None:
        left = list(range(300))
        while left:
            size = min(len(left), draw.randint(1, 60))
            pixel = str(draw.randrange(6))
            scene.courier.send(Batch(pixel, [entry(left.pop(), pixel) for _ in range(size)], 0.0))
            await asyncio.sleep(draw.random() * 20)
        await asyncio.sleep(100 * HOUR)

    limits = {"max_in_flight": draw.randint(1, 8), "max_in_flight_per_pixel": draw.randint(1, 4)}
    scene = Scene(Service(misbehaving), seed, **limits).play(story)
    settled = set(scene.outcomes.by_id)
    assert settled == ids(range(300)), f"seed {seed}: {len(settled)} of 300 settled"
    assert scene.outcomes.of(Outcome.DEAD_LETTERED) <= poison, f"seed {seed}"
    assert scene.courier.waiting_events == 0, f"seed {seed}"


@pytest.mark.parametrize("chunk", range(10))
def test_whatever_meta_does_every_event_is_settled_once(chunk: int) -> None:
    """A thousand random services; the seed of one that fails is in the message."""
    for seed in range(chunk * 100, chunk * 100 + 100):
        _play_at_random(seed)
