"""A pixel most of whose events Meta refuses is parked, and its events are kept."""

import asyncio
import math

import pytest

from streamer.delivery.batch import Batch
from streamer.delivery.capi import Response
from streamer.outcomes import Outcome, Reason
from streamer.pixels.connection import State
from tests.support.deliveries import Service, batch, entry, error
from tests.support.scene import Scene, ids, sending

BAD = error(100, 2804050)


def refusing(pixel: str, _: list[str]) -> Response | None:
    return BAD if pixel == "bad" else None


def test_a_pixel_whose_events_are_all_refused_is_parked_after_fifty_of_them_and_another_is_not() -> None:
    batches = [batch(500, "bad", first=1000 * number) for number in range(1, 4)] + [batch(500, "good")]
    scene = Scene(Service(refusing)).play(sending(*batches, seconds=60))
    assert len(scene.outcomes.of(Outcome.DEAD_LETTERED)) <= 50
    assert len(scene.outcomes.of(Outcome.PARKED)) >= 1450
    assert scene.outcomes.of(Outcome.DELIVERED) == ids(range(500))
    assert {one.reason for one in scene.outcomes.settlements if one.outcome is Outcome.PARKED} == {
        Reason.MOSTLY_REFUSED
    }
    assert [(pixel, change.reason, change.code, change.subcode) for pixel, change in scene.changes] == [
        ("bad", Reason.MOSTLY_REFUSED, 100, 2804050)
    ]
    assert len(scene.service.posts) < 250


def test_it_comes_back_when_one_of_its_events_is_taken_and_not_because_meta_looks_at_them() -> None:
    service = Service()
    service.script = lambda *_: BAD if service.at[-1] < 1000 else None

    async def story(scene: Scene) -> None:
        scene.courier.send(batch(200))
        for number in range(300, 315):
            await asyncio.sleep(100)
            scene.courier.send(batch(1, first=number))
        await asyncio.sleep(1)
        assert scene.courier.state("1") == (State.WORKS, None)

    scene = Scene(service, probe_seconds=300).play(story)
    assert [at for at in service.at if at > 0] == [300, 600, 900, 1200, 1300, 1400, 1500]
    assert scene.outcomes.of(Outcome.DELIVERED) == ids(range(311, 315))
    assert ids(range(300, 311)) <= scene.outcomes.of(Outcome.PARKED), "a refused probe condemns nobody"


def test_a_probe_of_it_is_a_handful_of_events_each_by_itself_and_the_rest_stay_parked() -> None:
    service = Service()
    service.script = lambda _, found: BAD if service.at[-1] < 5 or int(found[0]) % 4 else None

    async def story(scene: Scene) -> None:
        scene.courier.send(batch(60))
        await asyncio.sleep(300)
        scene.courier.send(batch(200, first=1001))
        await asyncio.sleep(1)
        assert scene.courier.state("1") == (State.WORKS, None)

    scene = Scene(service).play(story)
    assert sorted(found for (_, found), at in zip(service.posts, service.at, strict=True) if at > 5) == [
        [str(number)] for number in range(1001, 1006)
    ]
    assert scene.outcomes.of(Outcome.DELIVERED) == {"1004"}
    assert len(scene.outcomes.of(Outcome.PARKED) & ids(range(1001, 1201))) >= 195


@pytest.mark.parametrize("share", [0.1, 0.3])
def test_a_pixel_that_sends_some_bad_events_goes_on_and_loses_only_those(share: float) -> None:
    bad = {str(number) for number in range(2000) if (number * 7919) % 100 < share * 100}
    service = Service(lambda _, found: BAD if bad & set(found) else None)
    batches = [batch(200, first=200 * number) for number in range(10)]
    scene = Scene(service).play(sending(*batches, seconds=600))
    assert scene.outcomes.of(Outcome.DEAD_LETTERED) == bad
    assert scene.outcomes.of(Outcome.DELIVERED) == ids(range(2000)) - bad
    assert scene.changes == []


@pytest.mark.parametrize("culprits", [1, 2, 3, 5, 8])
def test_several_bad_events_cost_few_posts_each(culprits: int) -> None:
    size = 1000
    bad = ids([(number * 337 + 11) % size for number in range(culprits)])
    service = Service(lambda _, found: BAD if bad & set(found) else None)
    scene = Scene(service).play(sending(batch(size), seconds=60))
    assert scene.outcomes.of(Outcome.DEAD_LETTERED) == bad
    assert len(service.posts) <= culprits * (2 * math.log2(size) + 2)


def test_what_is_too_large_for_a_proxy_is_no_fault_of_the_pixels_events() -> None:
    service = Service(lambda *_: Response(413, {}, b""))
    scene = Scene(service).play(sending(batch(100), seconds=60))
    assert len(scene.outcomes.of(Outcome.DEAD_LETTERED)) == 100
    assert scene.changes == []


def test_a_pixel_that_is_parked_during_a_search_takes_the_rest_of_it_along() -> None:
    service = Service()

    def script(_: str, found: list[str]) -> Response | None:
        if len(service.posts) == 4:
            return error(190)
        return BAD if "0" in found else None

    service.script = script
    scene = Scene(service).play(sending(Batch("1", [entry(number) for number in range(64)], 0.0), seconds=60))
    assert scene.outcomes.of(Outcome.PARKED) == ids(range(64))
    assert len(service.posts) == 4
