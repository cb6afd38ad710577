"""Probes of parked pixels: who is asked, how often, and what comes of the answer."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from streamer.delivery.answers import Kind, Verdict
from streamer.delivery.probe import Proof, Shown
from streamer.outcomes import Reason
from streamer.pixels.connection import Connection, State
from streamer.pixels.pixel import Pixel
from streamer.probing import AT_ONCE, Parts, Prober
from tests.support.deliveries import Book
from tests.support.paused import run_paused

PIXEL, OTHER = "1000000000000001", "1000000000000002"
WORKS = Proof(Shown.WORKS, "It works.")
REFUSED = Proof(Shown.REFUSED, "It does not.", Verdict(Kind.PARK, Reason.NO_PERMISSION, code=10))
UNCLEAR = Proof(Shown.UNCLEAR, "Meta does not say.")


@dataclass
class _Parked:
    reason: Reason


@dataclass
class Courier:
    """Parks pixels; each probe is due once."""

    pixels: dict[str, _Parked] = field(default_factory=dict)
    due: set[str] = field(default_factory=set)
    heeded: list[tuple[str, Verdict]] = field(default_factory=list)

    def heed(self, pixel: Pixel, _began: float, verdict: Verdict) -> None:
        self.heeded.append((pixel.pixel_id, verdict))

    def parked(self) -> dict[str, _Parked]:
        return dict(self.pixels)

    def claim_probe(self, pixel_id: str) -> bool:
        found = pixel_id in self.due
        self.due.discard(pixel_id)
        return found


@dataclass
class Told:
    """What the prober told."""

    told: list[tuple[str, ...]] = field(default_factory=list)
    copied: dict[str, float] = field(default_factory=dict)
    refusals: list[Connection] = field(default_factory=list)

    def works(self, pixel_id: str, cause: str) -> None:
        self.told.append(("works", pixel_id, cause))

    def refused(self, pixel_id: str, connection: Connection) -> None:
        self.told.append(("refused", pixel_id))
        self.refusals.append(connection)

    def wish(self, pixel_id: str, cause: str) -> None:
        self.told.append(("wish", pixel_id, cause))

    def last_copied(self, pixel_id: str) -> float | None:
        return self.copied.get(pixel_id)

    def forget_copied(self) -> None:
        pass


class Scene:
    def __init__(self, proof: Proof) -> None:
        self.proof = proof
        self.book = Book()
        self.courier = Courier()
        self.connections = Told()
        self.asked: list[str] = []
        self.counted: list[str] = []
        self.failures: list[BaseException] = []
        self.at_once = 0
        parts = Parts(
            self._ask, self.book, cast("Any", self.courier), cast("Any", self.connections), self.counted.append
        )
        self.prober = Prober(parts, 300, self.failures.append, asyncio.get_running_loop().time)

    def park(self, pixel_id: str, reason: Reason = Reason.TOKEN_DEAD) -> None:
        self.courier.pixels[pixel_id] = _Parked(reason)
        self.courier.due.add(pixel_id)

    async def _ask(self, pixel: Pixel) -> Proof:
        self.asked.append(pixel.pixel_id)
        self.at_once += 1
        assert self.at_once <= AT_ONCE
        await asyncio.sleep(3)
        self.at_once -= 1
        return self.proof


def _play(story: Callable[[Scene], Coroutine[Any, Any, None]], proof: Proof) -> Scene:
    async def play() -> Scene:
        scene = Scene(proof)
        running = asyncio.create_task(scene.prober.run())
        await story(scene)
        await asyncio.sleep(100)
        running.cancel()
        assert scene.failures == []
        return scene

    return run_paused(play())


def test_a_parked_pixel_of_which_nothing_comes_is_asked_about_once_a_turn() -> None:
    async def story(scene: Scene) -> None:
        scene.park(PIXEL)
        await asyncio.sleep(100)
        scene.courier.due.add(PIXEL)

    scene = _play(story, WORKS)
    assert scene.asked == [PIXEL, PIXEL]
    assert scene.connections.told == [("works", PIXEL, "probe")] * 2
    assert scene.counted == ["works", "works"]


@pytest.mark.parametrize(("seconds", "asked"), [(55, []), (61, [PIXEL])])
def test_one_whose_events_come_is_left_to_its_own_next_event(seconds: float, asked: list[str]) -> None:
    async def story(scene: Scene) -> None:
        await asyncio.sleep(200)
        scene.park(PIXEL)
        scene.connections.copied[PIXEL] = 200.0 - seconds
        await asyncio.sleep(1.5)
        scene.courier.due.clear()

    assert _play(story, WORKS).asked == asked


def test_that_an_empty_event_is_refused_says_nothing_of_a_pixel_whose_own_events_are() -> None:
    async def story(scene: Scene) -> None:
        scene.park(PIXEL, Reason.MOSTLY_REFUSED)

    assert _play(story, WORKS).asked == []


@pytest.mark.parametrize(
    ("proof", "told"),
    [(WORKS, ("works", PIXEL, "token")), (REFUSED, ("refused", PIXEL)), (UNCLEAR, ("wish", PIXEL, "token"))],
    ids=["works", "refused", "unclear"],
)
def test_a_new_token_is_proved_at_once_and_if_meta_does_not_say_the_events_themselves_find_out(
    proof: Proof, told: tuple[str, ...]
) -> None:
    async def story(scene: Scene) -> None:
        scene.prober.prove(PIXEL)
        scene.prober.prove(PIXEL)

    scene = _play(story, proof)
    assert scene.connections.told == [told]
    for connection in scene.connections.refusals:
        assert (connection.state, connection.reason, connection.code) == (State.PARKED, Reason.NO_PERMISSION, 10)


def test_a_probe_that_meta_does_not_answer_changes_nothing() -> None:
    async def story(scene: Scene) -> None:
        scene.park(PIXEL)

    assert _play(story, UNCLEAR).connections.told == []


def test_a_throttle_that_answers_a_probe_holds_up_what_it_is_a_limit_of() -> None:
    async def story(scene: Scene) -> None:
        scene.park(PIXEL)

    throttled = Verdict(Kind.THROTTLE, code=613)
    scene = _play(story, Proof(Shown.UNCLEAR, "Meta does not say.", throttled))
    assert scene.courier.heeded == [(PIXEL, throttled)]
    assert scene.connections.told == []


def test_an_answer_about_a_token_that_was_replaced_meanwhile_does_not_count() -> None:
    async def story(scene: Scene) -> None:
        scene.prober.prove(PIXEL)
        await asyncio.sleep(1)
        scene.book.tokens[PIXEL] = "invented-newest"

    scene = _play(story, REFUSED)
    assert scene.asked == [PIXEL, PIXEL]
    assert scene.connections.told == [("refused", PIXEL)]


def test_a_token_that_a_thousand_pixels_share_is_proved_a_few_pixels_at_a_time() -> None:
    async def story(scene: Scene) -> None:
        for number in range(100):
            scene.prober.prove(str(number))

    assert len(_play(story, WORKS).connections.told) == 100
