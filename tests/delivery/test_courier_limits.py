"""The courier and Meta's limits: slow down before they are reached, wait when they are, and come back gently."""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from itertools import pairwise
from typing import Any

import orjson
import pytest

from streamer.delivery.batch import Batch
from streamer.delivery.capi import NoAnswerError, Response
from streamer.delivery.events import Uncounted
from streamer.delivery.usage import gap
from streamer.kafka.progress import Progress
from streamer.outcomes import Outcome
from streamer.pixels.connection import State
from streamer.settings import WindowSettings
from tests.support.deliveries import Answer, Service, batch, entry, error, received
from tests.support.scene import HOUR, Scene, ids

APP = "X-App-Usage"
BUSINESS = "X-Business-Use-Case-Usage"


def used(header: str, percent: float, minutes: int = 0) -> dict[str, str]:
    use = {"call_count": percent, "estimated_time_to_regain_access": minutes}
    return {header: orjson.dumps(use if header == APP else {"1": [use]}).decode()}


def taking(headers: dict[str, str]) -> Callable[[str, list[str]], Answer | None]:
    """Take everything of pixels with one digit for a name, with these headers; of the others without."""
    return lambda pixel, found: received(len(found))._replace(headers=headers) if len(pixel) == 1 else None


def times(service: Service, *pixels: str) -> list[float]:
    return [at for (pixel, _), at in zip(service.posts, service.at, strict=True) if pixel in pixels]


def first_then(others: int) -> Callable[[Scene], Coroutine[Any, Any, None]]:
    """Send one event to find out, then one to each of five pixels of the same token and to one of another, often."""

    async def story(scene: Scene) -> None:
        scene.book.tokens["other"] = "of another client"
        scene.courier.send(batch(1, "0"))
        await asyncio.sleep(1)
        for number in range(others):
            scene.courier.send(batch(1, str(number % 5), first=10 + number))
            scene.courier.send(batch(1, "other", first=100 + number))
        await asyncio.sleep(HOUR)

    return story


@pytest.mark.parametrize("header", [APP, BUSINESS])
@pytest.mark.parametrize("percent", [80, 90, 95, 99])
def test_requests_are_spaced_over_all_pixels_of_a_limit_that_is_nearly_used_up(header: str, percent: float) -> None:
    scene = Scene(Service(taking(used(header, percent)))).play(first_then(20))
    at = times(scene.service, *"01234")
    assert min(later - sooner for sooner, later in pairwise(at)) >= gap(percent) * 0.999
    assert at[-1] <= 1 + 20 * gap(percent) * 1.001
    assert set(times(scene.service, "other")) == {1}, "another token's are not"
    assert len(scene.outcomes.of(Outcome.DELIVERED)) == 41


def test_a_limit_of_which_three_quarters_are_used_slows_nothing() -> None:
    scene = Scene(Service(taking(used(APP, 75)))).play(first_then(20))
    assert set(scene.service.at) == {0, 1}


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        (used(BUSINESS, 100, minutes=19), 19 * 60),
        (used(BUSINESS, 30, minutes=2), 120),
        ({"X-Ad-Account-Usage": '{"acc_id_util_pct":100,"reset_time_duration":300}'}, 300),
        (used(APP, 100), 60),
        (used(BUSINESS, 130), 60),
    ],
)
def test_a_limit_that_is_full_is_left_alone_for_as_long_as_meta_says_or_a_minute_though_the_last_request_was_taken(
    headers: dict[str, str], seconds: float
) -> None:
    service = Service()
    full = taking(headers)
    service.script = lambda pixel, found: full(pixel, found) if service.at[-1] == 0 else None

    async def story(scene: Scene) -> None:
        await first_then(20)(scene)
        assert scene.courier.state("3") == (State.WORKS, None)

    scene = Scene(service).play(story)
    at = times(service, *"01234")
    assert seconds <= at[1] <= seconds * 1.25 + 1
    assert len(scene.outcomes.of(Outcome.DELIVERED)) == 41


def test_pixels_of_a_full_limit_are_shown_as_throttled_and_those_of_another_are_not() -> None:
    async def story(scene: Scene) -> None:
        scene.book.tokens["other"] = "of another client"
        scene.courier.send(batch(1, "0"))
        await asyncio.sleep(1)
        assert scene.courier.state("3") == (State.THROTTLED, None)
        assert scene.courier.state("other") == (State.WORKS, None)

    Scene(Service(taking(used(BUSINESS, 100)))).play(story)


def test_a_throttle_that_names_no_time_is_left_alone_for_longer_each_time_and_asked_by_one_request() -> None:
    """Meta's block begins anew with each call during it."""
    service = Service()
    blocked_until = 300.0

    def script(*_: object) -> Response | None:
        nonlocal blocked_until
        now = service.at[-1]
        if now < blocked_until:
            blocked_until = now + 300
            return error(4)
        return None

    service.script = script

    async def story(scene: Scene) -> None:
        for number in range(100):
            scene.courier.send(batch(1, str(number), first=number))
        await asyncio.sleep(HOUR)

    scene = Scene(service).play(story)
    assert len(scene.outcomes.of(Outcome.DELIVERED)) == 100
    holds = sorted({at for at in service.at if at > 0})
    assert Counter(service.at)[holds[0]] == Counter(service.at)[holds[1]] == 1
    spaces = [later - sooner for sooner, later in pairwise([0.0, *holds[:3]])]
    assert [bound <= space <= 1.25 * bound for bound, space in zip((60, 120, 240), spaces, strict=True)] == [True] * 3


def test_a_named_wait_that_is_too_short_again_is_made_longer_since_another_replica_may_call_too() -> None:
    service = Service()
    service.script = lambda *_: error(4)._replace(headers={"Retry-After": "60"}) if service.at[-1] < 200 else None

    async def story(scene: Scene) -> None:
        scene.courier.send(batch(1))
        await asyncio.sleep(HOUR)

    Scene(service).play(story)
    spaces = [later - sooner for sooner, later in pairwise(service.at)]
    assert spaces[0] == 60
    assert [bound <= space <= 1.25 * bound for bound, space in zip((120, 240), spaces[1:], strict=True)] == [True] * 2


def test_after_a_throttle_its_pixels_do_not_return_all_at_once() -> None:
    service = Service()
    throttled = error(17)._replace(headers={"Retry-After": "600"})
    service.script = lambda *_: [0.5, throttled] if service.at[-1] < 1 else [0.5]

    async def story(scene: Scene) -> None:
        for number in range(60):
            scene.courier.send(batch(1, str(number), first=number))
        await asyncio.sleep(HOUR)

    scene = Scene(service).play(story)
    waves = Counter(round(at - 600.5, 1) for at in service.at if at > 1)
    assert [waves[wave] for wave in sorted(waves)] == [1, 2, 4, 8, 16, 29]
    assert len(scene.outcomes.of(Outcome.DELIVERED)) == 60


@pytest.mark.parametrize("limits", [{"max_in_flight_per_token": 6}, {"max_in_flight_per_app": 6}], ids=["token", "app"])
def test_a_token_that_hangs_leaves_the_rest_of_the_requests_to_the_others(limits: dict[str, int]) -> None:
    service = Service(lambda pixel, _: [10.0, NoAnswerError("timeout")] if pixel != "other" else [0.1])

    async def story(scene: Scene) -> None:
        scene.book.tokens["other"] = "of another client"
        for number in range(50):
            scene.courier.send(batch(1, str(number), first=number))
        for number in range(100, 160):
            scene.courier.send(batch(1, "other", first=number))
            await asyncio.sleep(0.5)
            assert str(number) in scene.outcomes.of(Outcome.DELIVERED)
            assert scene.courier.in_flight <= 6

    Scene(service, max_in_flight=8, **limits).play(story)


def test_a_pixel_with_much_to_send_gets_more_requests_at_the_same_time_while_it_answers_as_quickly() -> None:
    flying = most = 0

    async def story(scene: Scene) -> None:
        nonlocal flying, most
        for number in range(400):
            scene.courier.send(batch(1, first=number))
        for _ in range(300):
            most = max(most, scene.courier.in_flight)
            await asyncio.sleep(0.1)

    Scene(Service(lambda *_: [0.5]), max_in_flight_per_pixel=12).play(story)
    assert most == 12


def test_after_an_outage_small_windows_that_were_never_sent_go_together() -> None:
    service = Service()
    service.script = lambda *_: error(2, status=503) if service.at[-1] < HOUR else None
    scene = Scene(service)
    scene.window = WindowSettings()

    async def story(scene: Scene) -> None:
        for number in range(720):
            scene.courier.send(batch(1, first=number))
            await asyncio.sleep(5)
        await asyncio.sleep(HOUR)

    scene.play(story)
    assert scene.outcomes.of(Outcome.DELIVERED) == ids(range(720))
    assert sum(at >= HOUR for at in service.at) < 10


def test_what_waits_for_a_hold_of_a_day_is_forgotten_at_once_when_its_assignment_goes() -> None:
    going = Progress("tag-events", 1, 1, 0)
    service = Service(lambda *_: error(4)._replace(headers={"Retry-After": "86400"}))

    async def story(scene: Scene) -> None:
        scene.courier.send(Batch("1", [entry(0), entry(1, progress=going)], 0.0))
        scene.courier.send(Batch("2", [entry(2, "2", progress=going)], 0.0))
        await asyncio.sleep(1)
        going.fence()
        scene.courier.forget_gone()
        assert scene.outcomes.forgotten == ["1", "2"]
        assert scene.courier.waiting_events == 1
        scene.courier.send(Batch("3", [entry(3, "3", progress=going)], 0.0))
        assert scene.outcomes.forgotten == ["1", "2", "3"], "from a window that was open meanwhile"

    Scene(service).play(story)


class Heard(Uncounted):
    def __init__(self) -> None:
        self.answers: list[tuple[str, int | None]] = []

    def answered(self, pixel_id: str, kind: str, code: int | None, seconds: float) -> None:
        self.answers.append((kind, code))


def test_an_answer_that_nobody_understands_is_counted_as_such_with_its_code() -> None:
    answers: list[Answer | None] = [
        error(987),
        Response(200, {}, b"<html>"),
        NoAnswerError("timeout"),
        error(2),
        error(4),
        None,
    ]
    scene = Scene(Service(lambda *_: answers.pop(0)))
    scene.events = heard = Heard()

    async def story(scene: Scene) -> None:
        scene.courier.send(batch(1))
        await asyncio.sleep(HOUR)

    scene.play(story)
    assert heard.answers == [
        ("not_understood", 987),
        ("not_understood", None),
        ("no_answer", None),
        ("retry", 2),
        ("throttle", 4),
        ("delivered", None),
    ]
