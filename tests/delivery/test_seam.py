"""What other replicas are told of a pixel's connection, and how what they tell is obeyed."""

import asyncio

import pytest

from streamer.delivery.answers import Kind, Verdict
from streamer.delivery.capi import NoAnswerError, Response
from streamer.delivery.office import Office, tell_nobody
from streamer.delivery.parking import MOST_PARKED, Parking
from streamer.delivery.standing import Standing
from streamer.outcomes import Outcome, Reason
from streamer.pixels.connection import Connection, State
from streamer.pixels.pixel import Pixel
from tests.support.deliveries import Answer, Book, Outcomes, Service, batch, error
from tests.support.scene import HOUR, Scene, ids, sending


def told(scene: Scene, pixel_id: str = "1") -> list[tuple[State, Reason | None]]:
    return [(change.state, change.reason) for pixel, change in scene.changes if pixel == pixel_id]


async def send_each(scene: Scene, count: int, seconds: float, first: int = 0) -> None:
    for number in range(first, first + count):
        scene.courier.send(batch(1, first=number))
        await asyncio.sleep(seconds)


def test_a_pixel_is_told_of_when_it_is_parked_and_when_it_works_again_and_never_in_between() -> None:
    service = Service()
    service.script = lambda *_: error(190, 463) if service.at[-1] < 1000 else None

    async def story(scene: Scene) -> None:
        await send_each(scene, 200, 10)

    scene = Scene(service).play(story)
    assert scene.changes == [
        ("1", Connection(State.PARKED, 0, Reason.TOKEN_DEAD, 190, 463, "Trace")),
        ("1", Connection(State.WORKS, 1200)),
    ]


def test_a_throttle_is_told_of_once_and_its_end_too() -> None:
    service = Service()
    slow = error(613)._replace(headers={"Retry-After": "60"})
    service.script = lambda *_: slow if service.at[-1] < 150 else None
    scene = Scene(service).play(sending(batch(3)))
    assert told(scene) == [(State.THROTTLED, None), (State.WORKS, None)]
    assert scene.changes[0][1].since_unix == 0
    assert 180 <= scene.changes[1][1].since_unix <= 210, "the second hold, which was too short again, was longer"
    assert scene.changes[0][1].code == 613


def test_a_pixel_that_always_works_tells_nobody() -> None:
    assert Scene(Service()).play(sending(*[batch(1, first=n) for n in range(50)])).changes == []


def test_another_reason_and_another_token_that_does_not_work_are_told_of_too() -> None:
    answers: list[Response] = [error(190), error(200), error(200)]
    service = Service(lambda *_: answers.pop(0))

    async def story(scene: Scene) -> None:
        await send_each(scene, 2, 300)
        scene.book.tokens["1"] = "another"
        await send_each(scene, 1, 1, first=9)

    scene = Scene(service).play(story)
    assert told(scene) == [
        (State.PARKED, Reason.TOKEN_DEAD),
        (State.PARKED, Reason.NO_PERMISSION),
        (State.PARKED, Reason.NO_PERMISSION),
    ]


def test_a_pixel_that_another_replica_found_dead_is_parked_without_a_request_and_with_all_that_waits() -> None:
    service = Service(lambda *_: error(613)._replace(headers={"Retry-After": "7200"}))

    async def story(scene: Scene) -> None:
        scene.courier.send(batch(3))
        await asyncio.sleep(1)
        scene.courier.send(batch(2, first=10))
        scene.courier.park("1", Reason.TOKEN_DEAD, since=-500, told_by="other")
        assert scene.outcomes.of(Outcome.PARKED) == {"0", "1", "2", "10", "11"}
        assert scene.courier.waiting_events == 0
        scene.courier.send(batch(1, first=20))
        assert scene.courier.state("1") == (State.PARKED, Reason.TOKEN_DEAD)
        assert list(scene.courier.parked()) == ["1"]

    scene = Scene(service).play(story)
    assert len(service.posts) == 1
    assert "20" in scene.outcomes.of(Outcome.PARKED)
    assert told(scene) == [(State.THROTTLED, None)], "who was told does not tell it on"


def test_a_pixel_that_works_elsewhere_gets_its_next_batch_at_once_and_whole() -> None:
    service = Service()
    service.script = lambda *_: error(190) if service.at[-1] < 5 else None

    async def story(scene: Scene) -> None:
        await send_each(scene, 1, 10)
        scene.courier.send(batch(1, first=1))
        scene.courier.unpark("1")
        assert scene.courier.state("1") == (State.WORKS, None)
        scene.courier.send(batch(5, first=10))
        await asyncio.sleep(1)

    scene = Scene(service).play(story)
    assert scene.outcomes.of(Outcome.PARKED) == {"0", "1"}
    assert scene.outcomes.of(Outcome.DELIVERED) == ids(range(10, 15))
    assert told(scene) == [(State.PARKED, Reason.TOKEN_DEAD), (State.WORKS, None)], "the proof is told"


def test_a_pixel_that_is_unparked_in_vain_is_parked_and_told_of_again() -> None:
    async def story(scene: Scene) -> None:
        await send_each(scene, 1, 10)
        scene.courier.unpark("1")
        scene.courier.unpark("1")
        await send_each(scene, 3, 10, first=1)

    scene = Scene(Service(lambda *_: error(190))).play(story)
    assert len(scene.service.posts) == 2
    assert told(scene) == [(State.PARKED, Reason.TOKEN_DEAD)] * 2


def test_a_new_token_frees_what_waits_for_the_old_ones_hold() -> None:
    service = Service()
    service.script = lambda *_: (
        error(17)._replace(headers={"Retry-After": "3600"})
        if service.requests[-1].headers["Authorization"] == "Bearer invented"
        else None
    )

    async def story(scene: Scene) -> None:
        scene.courier.send(batch(2))
        await asyncio.sleep(10)
        scene.book.tokens["1"] = "another"
        scene.courier.unpark("1")
        await asyncio.sleep(1)

    assert Scene(service).play(story).outcomes.of(Outcome.DELIVERED) == {"0", "1"}


def test_an_answer_about_a_token_that_was_replaced_meanwhile_parks_nothing() -> None:
    service = Service()
    service.script = lambda *_: [1.0, error(190)] if len(service.posts) == 1 else None

    async def story(scene: Scene) -> None:
        scene.courier.send(batch(2))
        await asyncio.sleep(0.5)
        scene.book.tokens["1"] = "another"
        await asyncio.sleep(10)

    scene = Scene(service).play(story)
    assert scene.outcomes.of(Outcome.DELIVERED) == {"0", "1"}
    assert scene.changes == []


def test_whoever_claims_the_probe_is_the_only_one_to_probe() -> None:
    service = Service(lambda *_: error(190))

    async def story(scene: Scene) -> None:
        await send_each(scene, 1, 299)
        assert not scene.courier.claim_probe("1")
        assert not scene.courier.claim_probe("never seen")
        await asyncio.sleep(1)
        assert scene.courier.claim_probe("1")
        assert not scene.courier.claim_probe("1")
        await send_each(scene, 1, 1, first=1)
        assert len(service.posts) == 1

    Scene(service, probe_seconds=300).play(story)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (NoAnswerError("timeout"), Reason.TOKEN_DEAD),
        (error(2, status=503), Reason.TOKEN_DEAD),
        (error(613)._replace(headers={"Retry-After": "60"}), Reason.TOKEN_DEAD),
        (error(100), Reason.TOKEN_DEAD),
        (Response(413, {}, b""), Reason.TOKEN_DEAD),
        (error(200), Reason.NO_PERMISSION),
    ],
    ids=["none", "503", "throttle", "bare 100", "413", "another reason"],
)
def test_a_probe_is_one_event_with_one_try_and_its_pixel_stays_parked_unless_it_is_taken(
    answer: Answer, reason: Reason
) -> None:
    service = Service()
    service.script = lambda *_: error(190) if service.at[-1] < 5 else answer

    async def story(scene: Scene) -> None:
        await send_each(scene, 1, 300)
        scene.courier.send(batch(1000, first=1))
        await asyncio.sleep(100)
        assert scene.courier.state("1") == (State.PARKED, reason)
        assert scene.courier.waiting_events == 0

    scene = Scene(service).play(story)
    assert [len(found) for _, found in service.posts] == [1, 1]
    assert len(scene.outcomes.of(Outcome.PARKED)) == 1001
    assert scene.outcomes.by_id["1"][0].reason is reason


def test_a_probe_whose_event_meta_refuses_shows_that_token_and_pixel_work() -> None:
    service = Service()
    service.script = lambda _, found: (
        error(190) if service.at[-1] < 5 else error(100, 2804050) if "1" in found else None
    )

    async def story(scene: Scene) -> None:
        await send_each(scene, 1, 300)
        scene.courier.send(batch(3, first=1))
        await asyncio.sleep(1)
        assert scene.courier.state("1") == (State.WORKS, None)

    scene = Scene(service).play(story)
    assert scene.outcomes.of(Outcome.DEAD_LETTERED) == {"1"}
    assert told(scene)[-1] == (State.WORKS, None)


def test_parked_pixels_are_no_more_than_so_many_and_the_first_is_tried_again() -> None:
    outcomes, changes = Outcomes(), []
    office = Office(
        Service(),
        Book(),
        outcomes.settle,
        outcomes.forget,
        outcomes.failures.append,
        unix_time=lambda: 0.0,
        changed=lambda pixel_id, change: changes.append((pixel_id, change)),
    )
    standing = Standing(office, Parking(300), lambda: 0.0)
    for number in range(MOST_PARKED + 10):
        standing.park(Pixel(str(number), access_token="t"), Verdict(Kind.PARK, Reason.TOKEN_DEAD))
    assert len(standing.parked) == MOST_PARKED
    assert standing.blocks(Pixel("0", access_token="t")) is None
    assert len(standing._told) == MOST_PARKED
    assert len(changes) == MOST_PARKED + 10
    tell_nobody(*changes[0])


def test_what_was_never_answered_by_the_pixel_tells_no_code() -> None:
    scene = Scene(Service())
    scene.book.tokens["1"] = None
    scene.play(sending(batch(1), seconds=HOUR))
    assert scene.changes == [("1", Connection(State.PARKED, 0, Reason.NO_TOKEN))]
