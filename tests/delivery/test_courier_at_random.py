"""The courier under whatever Meta, other replicas, rebalances and a full memory may do, at random."""

import asyncio
import random
from collections.abc import Callable
from typing import Any

import pytest

from streamer.delivery.batch import Batch, Entry
from streamer.delivery.capi import NoAnswerError, Response
from streamer.kafka.progress import Progress
from streamer.outcomes import Reason
from streamer.settings import WindowSettings
from tests.support.deliveries import Service, entry, error, received
from tests.support.scene import HOUR, Scene, ids

EVENTS, PIXELS = 400, 6
USAGE = [
    {"X-App-Usage": '{"call_count":100}'},
    {"X-App-Usage": '{"total_time":93}'},
    {"X-Ad-Account-Usage": '{"acc_id_util_pct":88}'},
    {"X-Business-Use-Case-Usage": '{"1":[{"call_count":100,"estimated_time_to_regain_access":3}]}'},
]


class Platform:
    """What goes on around a courier."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)
        self.poison = ids(self.draw.sample(range(EVENTS), self.draw.choice([0, 0, 2, 40, EVENTS])))
        self.share = self.draw.random() * 0.6
        self.progress = [Progress("tag-events", partition, 1, 0) for partition in range(3)]
        self.sent: dict[str, Progress] = {}
        self.troubles: list[Any] = [
            NoAnswerError("timeout"),
            error(2, status=503),
            error(4),
            error(80004)._replace(headers=USAGE[3]),
            error(613)._replace(headers={"Retry-After": "90"}),
            error(190),
            Response(200, {}, b"<html>"),
            Response(413, {}, b""),
        ]

    def answer(self, _: str, found: list[str]) -> list[Any]:
        """Answer as a moody service."""
        wait = self.draw.choice([0.0, 0.2, 5.0])
        assert not any(self.sent[one].fenced for one in found), "an event of an assignment that is gone was sent"
        if self.draw.random() < self.share:
            return [wait, self.draw.choice(self.troubles)]
        headers = self.draw.choice(USAGE) if self.draw.random() < 0.1 else {}
        taken = error(100, 2804050) if self.poison & set(found) else received(len(found))
        return [wait, taken._replace(headers=headers)]

    def events(self, number: int, count: int, pixel: str) -> list[Entry]:
        """Return some events of one partition that is not gone."""
        here = [progress for progress in self.progress if not progress.fenced]
        progress = self.draw.choice(here)
        self.sent |= dict.fromkeys(ids(range(number, number + count)), progress)
        return [entry(one, pixel, progress=progress) for one in range(number, number + count)]

    def leave(self, scene: Scene) -> None:
        """Lose a partition, but for the last."""
        here = [progress for progress in self.progress if not progress.fenced]
        if len(here) > 1:
            here[0].fence()
            scene.courier.forget_gone()

    def intervene(self, scene: Scene) -> None:
        """Do something that happens to a courier from outside."""
        courier, pixel = scene.courier, str(self.draw.randrange(PIXELS))
        deeds: list[Callable[[], Any]] = [
            lambda: courier.park(pixel, Reason.TOKEN_DEAD, since=0.0, told_by="other"),
            lambda: courier.unpark(pixel),
            lambda: courier.claim_probe(pixel),
            lambda: courier.relieve(self.draw.choice([0.6, 1.0])),
            lambda: courier.forget([pixel]),
            lambda: self.leave(scene),
            lambda: scene.book.tokens.update({pixel: self.draw.choice([None, "invented", "another"])}),
        ]
        self.draw.choice(deeds)()

    async def live(self, scene: Scene) -> None:
        """Send all events, with interventions in between, and let it come to rest."""
        number = 0
        while number < EVENTS:
            count, pixel = min(EVENTS - number, self.draw.randint(1, 30)), str(self.draw.randrange(PIXELS))
            scene.courier.send(Batch(pixel, self.events(number, count, pixel), 0.0))
            number += count
            if self.draw.random() < 0.3:
                self.intervene(scene)
            await asyncio.sleep(self.draw.random() * 30)
        for _ in range(200):
            await asyncio.sleep(HOUR)


def live(seed: int) -> None:
    platform = Platform(seed)
    draw = platform.draw
    limits = {
        "max_in_flight": draw.randint(1, 8),
        "max_in_flight_per_app": draw.randint(1, 8),
        "max_in_flight_per_token": draw.randint(1, 6),
        "max_in_flight_per_pixel": draw.randint(1, 4),
        "stuck_seconds": draw.choice([1, 30]),
        "pixel_refused_share_minimum": draw.choice([5, 50]),
    }
    scene = Scene(Service(platform.answer), seed, **limits)
    scene.window = draw.choice([None, WindowSettings(max_events=25)])
    scene.play(platform.live)
    settled, forgotten = set(scene.outcomes.by_id), set(scene.outcomes.forgotten)
    assert settled | forgotten == set(platform.sent), f"seed {seed}: some are lost"
    assert not settled & forgotten, f"seed {seed}"
    assert len(forgotten) == len(scene.outcomes.forgotten), f"seed {seed}: forgotten twice"
    condemned = [one for one in scene.outcomes.settlements if one.reason is Reason.REFUSED_BY_META]
    assert {each.event.event_id for one in condemned for each in one.entries} <= platform.poison, f"seed {seed}"
    assert scene.outcomes.failures == [], f"seed {seed}"
    at_rest(scene, seed)


def at_rest(scene: Scene, seed: int) -> None:
    """Check that nothing is left of it all."""
    courier, lanes = scene.courier, scene.courier._lanes
    assert (courier.waiting_events, courier.in_flight, lanes.bytes_in_flight) == (0, 0, 0), f"seed {seed}"
    assert (lanes._lanes, lanes._lines, lanes._roused, lanes._flying) == ({}, {}, set(), {}), f"seed {seed}"
    courier.forget([str(pixel) for pixel in range(PIXELS)])
    assert len(courier._desk.scopes) == len(courier._desk.limits) == 0, f"seed {seed}"
    assert set(courier._standing._told) == set(courier.parked()), f"seed {seed}"


@pytest.mark.parametrize("chunk", range(5))
def test_every_event_is_settled_once_or_left_to_its_next_owner_and_nothing_remains(chunk: int) -> None:
    """The seed of one that fails is in the message."""
    for seed in range(chunk * 40, chunk * 40 + 40):
        live(seed)
