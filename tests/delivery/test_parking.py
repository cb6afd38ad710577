"""Which pixels are parked, and how they come back."""

import asyncio

from streamer.delivery.batch import Batch
from streamer.delivery.events import Uncounted
from streamer.delivery.parking import Parking
from streamer.kafka.progress import Progress
from streamer.outcomes import Outcome, Reason
from tests.support.deliveries import Service, batch, entry, error
from tests.support.scene import HOUR, Scene


def parked() -> Parking:
    parking = Parking(probe_seconds=300)
    assert parking.park("1", Reason.TOKEN_DEAD, "old", 10.0)
    return parking


def test_a_parked_pixel_blocks_itself_and_no_other() -> None:
    parking = parked()
    assert parking.blocks("1", "old", 11.0) is Reason.TOKEN_DEAD
    assert parking.blocks("2", "old", 11.0) is None


def test_one_request_passes_in_each_interval_to_see_whether_the_pixel_works_again() -> None:
    parking = parked()
    passed = [now for now in range(10, 1000, 10) if parking.blocks("1", "old", float(now)) is None]
    assert passed == [310, 610, 910]


def test_another_token_passes_at_once() -> None:
    assert parked().blocks("1", "new", 11.0) is None


def test_a_probe_that_fails_keeps_the_time_since_when_the_pixel_is_parked() -> None:
    parking = parked()
    assert not parking.park("1", Reason.TOKEN_DEAD, "old", 310.0)
    state = parking.get("1")
    assert state is not None
    assert (state.since, state.reason) == (10.0, Reason.TOKEN_DEAD)
    assert "old" not in repr(state), "a token must not get into logs"


def test_a_request_from_before_the_token_died_does_not_bring_its_pixel_back() -> None:
    parking = parked()
    assert not parking.works("1", began=9.0)
    assert parking.blocks("1", "old", 12.0) is Reason.TOKEN_DEAD
    assert parking.works("1", began=310.0)
    assert parking.blocks("1", "old", 311.0) is None
    assert len(parking) == 0


def test_a_pixel_that_is_parked_for_another_reason_than_before_is_told_of_again() -> None:
    parking = parked()
    assert parking.park("1", Reason.NO_PERMISSION, "old", 310.0)
    assert not parking.park("1", Reason.NO_PERMISSION, "old", 610.0)
    state = parking.get("1")
    assert state is not None
    assert (state.since, state.reason) == (10.0, Reason.NO_PERMISSION)


class Heard(Uncounted):
    def __init__(self) -> None:
        self.parkings: list[tuple[str, str | None]] = []

    def parked(self, pixel_id: str, reason: str | None) -> None:
        self.parkings.append((pixel_id, reason))


def test_a_pixel_without_a_token_is_shown_as_parked_until_its_token_works() -> None:
    heard = Heard()

    async def story(scene: Scene) -> None:
        scene.book.tokens["1"] = None
        for number in range(3):
            scene.courier.send(batch(1, first=number))
            await asyncio.sleep(400)
        assert scene.courier.state("1") == ("parked", Reason.NO_TOKEN)
        assert scene.courier.parked_pixels == 1
        scene.book.tokens["1"] = "arrived"
        scene.courier.send(batch(1, first=3))
        await asyncio.sleep(1)
        assert scene.courier.state("1") == ("works", None)

    scene = Scene(Service())
    scene.events = heard
    scene.play(story)
    assert heard.parkings == [("1", "no_token"), ("1", None)]
    assert scene.outcomes.of(Outcome.PARKED) == {"0", "1", "2"}
    assert scene.outcomes.of(Outcome.DELIVERED) == {"3"}


def test_events_that_went_to_another_member_are_not_parked_too_when_their_pixel_is() -> None:
    leaving = Progress("tag-events", 1, 1, 0)
    service = Service()
    service.script = lambda *_: error(100, 2804050) if len(service.posts) == 1 else [1.0, error(190)]

    async def story(scene: Scene) -> None:
        staying, going = [entry(0), entry(1)], [entry(2, progress=leaving), entry(3, progress=leaving)]
        scene.courier.send(Batch("1", [*staying, *going], 0.0))
        await asyncio.sleep(0.5)
        leaving.fence()
        await asyncio.sleep(HOUR)

    scene = Scene(service).play(story)
    assert scene.outcomes.of(Outcome.PARKED) == {"0", "1"}
    assert scene.outcomes.forgotten == ["2", "3"]


def test_an_answer_that_comes_after_the_assignment_went_decides_nothing() -> None:
    leaving = Progress("tag-events", 1, 1, 0)

    async def story(scene: Scene) -> None:
        scene.courier.send(Batch("1", [entry(0), entry(1, progress=leaving)], 0.0))
        await asyncio.sleep(0.5)
        leaving.fence()
        await asyncio.sleep(1)

    scene = Scene(Service(lambda *_: [1.0])).play(story)
    assert scene.outcomes.of(Outcome.DELIVERED) == {"0"}
    assert scene.outcomes.forgotten == ["1"]
