"""Who gives way when memory runs short: a pixel that gets nothing through, and nobody else."""

import asyncio

import pytest

from streamer.delivery.attempt import Attempt
from streamer.delivery.capi import NoAnswerError
from streamer.delivery.lane import Lane
from streamer.delivery.pressure import Pressure
from streamer.outcomes import Outcome, Reason
from tests.support.deliveries import Answer, Service, batch, error
from tests.support.scene import Scene, ids


def lane(pixel_id: str, events: int, *, fails: bool = True, moved_at: float = 0.0, failed_at: float = 50.0) -> Lane:
    one = Lane(pixel_id, moved_at)
    one.submit(Attempt(batch(events, pixel_id)))
    if fails:
        one.failed_at = failed_at
    return one


def pressure(*, slowed: str = "", first: int = 10, last: int = 100) -> Pressure:
    """Return one that has seen some pixel succeed each second from the first on."""
    found = Pressure(30, 0.25, lambda pixel_id: pixel_id == slowed)
    for now in range(first, last + 1):
        found.succeeded(now)
    return found


def test_of_the_pixels_that_get_nothing_through_the_one_that_holds_most_gives_way() -> None:
    lanes = [lane("small", 10), lane("large", 50), lane("works", 500, fails=False), lane("new", 400, moved_at=90)]
    assert pressure().gives_way(lanes, 1.0, 100.0) == "large"


def test_a_pixel_that_waits_only_for_its_turn_never_gives_way_however_much_it_holds() -> None:
    assert pressure().gives_way([lane("1", 500, fails=False)], 2.0, 100.0) is None


def test_a_pixel_that_meta_asks_to_send_less_gives_way_too() -> None:
    assert pressure(slowed="1").gives_way([lane("1", 500, fails=False)], 1.0, 100.0) == "1"


def test_if_nothing_succeeds_at_all_nobody_gives_way() -> None:
    assert pressure(last=60).gives_way([lane("1", 500)], 1.0, 100.0) is None
    assert pressure(first=1, last=0).gives_way([lane("1", 500)], 1.0, 100.0) is None


def test_after_an_outage_of_all_a_pixel_that_rests_still_is_not_taken_for_stuck_because_another_was_quicker() -> None:
    rests, failed_since = lane("1", 500, failed_at=59), lane("1", 500, failed_at=61)
    assert pressure(first=60).gives_way([rests], 1.0, 100.0) is None
    assert pressure(first=60).gives_way([failed_since], 1.0, 89.0) is None, "others have not succeeded for long"
    assert pressure(first=60).gives_way([failed_since], 1.0, 100.0) == "1"


@pytest.mark.parametrize(
    ("used", "events", "gives_way"),
    [(0.4, 1000, False), (0.6, 1000, True), (0.6, 300, False), (0.9, 500, True), (1.0, 1, True)],
)
def test_before_memory_is_full_only_a_stuck_pixel_with_more_than_its_share_gives_way(
    used: float,
    events: int,
    gives_way: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    lanes = [lane("stuck", events), lane("well", 1000, fails=False)]
    assert (pressure().gives_way(lanes, used, 100.0) == "stuck") is gives_way


def test_what_was_parked_gets_a_second_to_be_acknowledged_before_the_next_gives_way() -> None:
    one, lanes = pressure(), [lane("1", 50), lane("2", 40)]
    assert one.gives_way(lanes, 1.0, 100.0) == "1"
    assert one.gives_way(lanes[1:], 1.0, 100.5) is None
    assert one.gives_way(lanes[1:], 1.0, 101.0) == "2"


def test_a_pixel_that_hangs_and_floods_is_parked_with_all_it_holds_and_the_others_never_notice() -> None:
    def script(pixel: str, _: list[str]) -> list[Answer]:
        return [10.0, NoAnswerError("timeout")] if pixel == "stuck" else [0.1]

    async def story(scene: Scene) -> None:
        for turn in range(100):
            scene.courier.send(batch(100, "stuck", first=10_000 + 100 * turn))
            scene.courier.send(batch(1, "well", first=turn))
            relieved = scene.courier.relieve(0.8)
            assert relieved == (turn == 31)
            await asyncio.sleep(1)
        assert scene.courier.state("stuck") == ("parked", Reason.BACKLOG)
        assert scene.courier.waiting_events == 0

    scene = Scene(Service(script)).play(story)
    assert scene.outcomes.of(Outcome.DELIVERED) == ids(range(100))
    assert len(scene.outcomes.of(Outcome.PARKED)) == 10_000
    assert [(pixel, change.reason) for pixel, change in scene.changes] == [("stuck", Reason.BACKLOG)]


def test_when_meta_is_down_for_all_nothing_is_parked_however_full_memory_is() -> None:
    async def story(scene: Scene) -> None:
        for turn in range(200):
            scene.courier.send(batch(10, str(turn % 5), first=10 * turn))
            assert not scene.courier.relieve(1.0)
            await asyncio.sleep(1)

    scene = Scene(Service(lambda *_: error(2, status=503))).play(story)
    assert scene.outcomes.by_id == {}


def test_a_throttled_pixel_that_fills_memory_gives_way_and_comes_back_by_a_probe_when_its_hold_is_over() -> None:
    service = Service()

    def script(pixel: str, _: list[str]) -> Answer | None:
        blocked = pixel == "held" and service.at[-1] < 100
        return error(613)._replace(headers={"Retry-After": "1000"}) if blocked else None

    service.script = script

    async def story(scene: Scene) -> None:
        for turn in range(200):
            scene.courier.send(batch(10, "held", first=10_000 + 10 * turn))
            scene.courier.send(batch(1, "well", first=turn))
            scene.courier.relieve(1.0)
            await asyncio.sleep(10)
        assert scene.courier.state("held") == ("works", None)

    scene = Scene(service).play(story)
    held_at = [at for (pixel, _), at in zip(service.posts, service.at, strict=True) if pixel == "held"]
    assert held_at[0] == 0
    assert min(at for at in held_at if at > 0) >= 1000
    assert len(scene.outcomes.by_id) == 200 + 2000
