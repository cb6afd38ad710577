"""The courier where things go wrong together."""

import asyncio
import random
from typing import Any

import pytest

from streamer.delivery.batch import Batch
from streamer.delivery.capi import NoAnswerError, Response
from streamer.outcomes import Outcome, Reason
from tests.support.deliveries import Service, batch, entry, error, received
from tests.support.scene import HOUR, Scene, ids, sending


@pytest.mark.parametrize(
    "once", [error(100, 2804050), error(100), Response(413, {}, b""), received(7)], ids=["bad", "bare", "413", "short"]
)
def test_a_refusal_that_does_not_repeat_costs_no_event(once: Response) -> None:
    service = Service()
    service.script = lambda *_: once if len(service.posts) == 1 else None
    scene = Scene(service).play(sending(batch(8), seconds=60))
    assert scene.outcomes.of(Outcome.DELIVERED) == ids(range(8))


def test_a_proxy_that_takes_only_small_requests_costs_no_event() -> None:
    service = Service(lambda _, found: Response(413, {}, b"") if len(found) > 300 else None)
    scene = Scene(service).play(sending(batch(1000), seconds=60))
    assert scene.outcomes.of(Outcome.DELIVERED) == ids(range(1000))
    assert len(service.posts) == 7


def test_an_event_that_no_request_can_hold_is_dead_lettered_as_too_large() -> None:
    service = Service(lambda _, found: Response(413, {}, b"") if "5" in found else None)
    scene = Scene(service).play(sending(batch(20), seconds=60))
    (refused,) = scene.outcomes.by_id["5"]
    assert (refused.outcome, refused.reason) == (Outcome.DEAD_LETTERED, Reason.TOO_LARGE)
    assert len(scene.outcomes.of(Outcome.DELIVERED)) == 19


def test_a_culprit_that_expires_during_the_search_takes_nobody_with_it() -> None:
    service = Service()

    def script(_: str, found: list[str]) -> Response | NoAnswerError | None:
        if len(service.posts) == 2:
            return NoAnswerError("timeout")
        return error(100, 2804003) if "0" in found else None

    service.script = script
    old = entry(0, expires_at=1)
    scene = Scene(service, seed=5, backoff_base_seconds=60).play(
        sending(Batch("1", [old, *(entry(number) for number in range(1, 8))], 0.0))
    )
    assert scene.outcomes.by_id["0"][0].reason is Reason.TOO_OLD
    assert scene.outcomes.of(Outcome.DELIVERED) == ids(range(1, 8))


def test_a_batch_that_meta_never_answers_well_does_not_hold_up_the_pixels_others() -> None:
    service = Service(lambda _, found: error(1, status=500) if "0" in found else None)

    async def story(scene: Scene) -> None:
        for number in range(3001):
            scene.courier.send(batch(1, first=number))
            await asyncio.sleep(1)
        await asyncio.sleep(HOUR)

    scene = Scene(service).play(story)
    assert scene.outcomes.of(Outcome.DELIVERED) == ids(range(1, 3001))
    assert scene.courier.waiting_events == 1


def test_a_dead_service_is_asked_seldom_however_much_waits_for_it() -> None:
    service = Service()
    service.script = lambda *_: error(2, status=503) if service.at[-1] < HOUR else None
    batches = [batch(1, first=number) for number in range(500)]
    scene = Scene(service).play(sending(*batches, seconds=2 * HOUR))
    assert sum(at < HOUR for at in service.at) < 300
    assert scene.outcomes.of(Outcome.DELIVERED) == ids(range(500))


def test_what_expires_soonest_overtakes_a_queue() -> None:
    batches = [batch(1, first=number) for number in range(10)]
    urgent = Batch("1", [entry(99, expires_at=5)], 0.0)
    scene = Scene(Service(lambda *_: [1.0]), max_in_flight_per_pixel=1).play(sending(*batches, urgent))
    assert "99" in scene.outcomes.of(Outcome.DELIVERED)


def test_a_proxy_that_asks_for_time_is_left_alone_for_so_long() -> None:
    service = Service()
    slow_down = Response(429, {"Retry-After": "600"}, b"<html>")
    service.script = lambda *_: slow_down if service.at[-1] < 500 else None
    Scene(service).play(sending(batch(1, first=0), batch(1, first=1)))
    assert [at for at in service.at if 0 < at < 600] == []


def test_a_token_that_no_header_can_hold_parks_its_pixel_and_not_the_process() -> None:
    scene = Scene(Service())
    scene.book.tokens["1"] = "two\nlines"
    scene.play(sending(batch(1, "1", first=1), batch(1, "2", first=2)))
    assert scene.outcomes.by_id["1"][0].reason is Reason.TOKEN_DEAD
    assert scene.outcomes.of(Outcome.DELIVERED) == {"2"}
    assert scene.outcomes.failures == []


def test_an_answer_from_before_the_token_died_does_not_unpark_its_pixel() -> None:
    service = Service(lambda _, found: [5.0] if found == ["0"] else error(190))

    async def story(scene: Scene) -> None:
        scene.courier.send(batch(1, first=0))
        await asyncio.sleep(1)
        scene.courier.send(batch(1, first=1))
        await asyncio.sleep(10)
        assert scene.courier.state("1") == ("parked", Reason.TOKEN_DEAD)
        scene.courier.send(batch(1, first=2))
        await asyncio.sleep(1)

    Scene(service).play(story)
    assert len(service.posts) == 2


def test_pixels_that_went_quiet_are_forgotten() -> None:
    async def story(scene: Scene) -> None:
        for number in range(25_000):
            scene.courier.send(batch(1, str(number), first=number))
            if number % 500 == 0:
                await asyncio.sleep(1)
        await asyncio.sleep(60)
        assert len(scene.courier._standing._seen) <= 20_000
        assert scene.courier._lanes._lanes == {}
        assert len(scene.courier._tasks) == 0
        assert len(scene.courier._desk.scopes) == 0
        scene.courier.forget([str(number) for number in range(25_000)])
        assert len(scene.courier._standing._seen) == 0
        assert len(scene.courier._desk.limits) == 0

    Scene(Service()).play(story)


def _stop_at_random(seed: int) -> None:
    draw = random.Random(seed)
    troubles: list[Any] = [
        NoAnswerError("timeout"),
        error(2, status=503),
        error(4)._replace(headers={"Retry-After": "3600"}),
        error(100, 2804050),
        error(190),
        Response(200, {}, b"<html>"),
        Response(413, {}, b""),
        received(0),
        error(999_999),
    ]

    def misbehaving(_pixel: str, _ids: list[str]) -> list[Any]:
        return [draw.choice([0.0, 0.5, 30.0]), draw.choice(troubles) if draw.random() < 0.5 else None]

    async def story(scene: Scene) -> None:
        loop = asyncio.get_running_loop()
        for number in range(draw.randint(1, 40)):
            pixel = str(draw.randrange(5))
            scene.courier.send(Batch(pixel, [entry(number * 100 + n, pixel) for n in range(draw.randint(1, 20))], 0.0))
            await asyncio.sleep(draw.random() * 3)
        before = scene.courier.waiting_events + len(scene.outcomes.by_id)
        deadline = loop.time() + 25
        await scene.courier.drain_some(lambda _: True, deadline)
        assert loop.time() <= deadline, f"seed {seed}"
        assert scene.courier.waiting_events + len(scene.outcomes.by_id) == before, f"seed {seed}: an event got lost"
        settled = set(scene.outcomes.by_id)
        await scene.courier.close()
        await asyncio.sleep(HOUR)
        assert set(scene.outcomes.by_id) == settled, f"seed {seed}: something was settled after the stop"

    limits = {"max_in_flight": draw.randint(1, 8), "max_in_flight_per_pixel": draw.randint(1, 4)}
    Scene(Service(misbehaving), seed, **limits).play(story)


@pytest.mark.parametrize("chunk", range(5))
def test_a_stop_at_any_moment_ends_in_time_and_every_event_is_settled_once_or_left(chunk: int) -> None:
    for seed in range(chunk * 100, chunk * 100 + 100):
        _stop_at_random(seed)
