"""Lanes: whose turn it is."""

import asyncio
import random
from collections import Counter

import pytest

from streamer.delivery.attempt import Attempt
from streamer.delivery.batch import Batch
from streamer.delivery.scopes import Key, Scope
from tests.support.deliveries import Answer, Service, batch, entry, error
from tests.support.lanes import firsts, hold, make, make_wide, taken
from tests.support.scene import Scene

HOUR = 3600


def test_turns_go_round_so_that_a_flooded_pixel_waits_for_itself() -> None:
    lanes = make(6, 6)
    for number in range(20):
        lanes.submit(batch(1, "flooded", first=number), 0.0)
    lanes.submit(batch(1, "a", first=100), 0.0)
    lanes.submit(batch(1, "b", first=200), 0.0)
    assert set(firsts(taken(lanes))[:3]) == {"0", "100", "200"}


def test_what_expires_soonest_goes_first_and_the_order_of_arrival_counts_within_an_hour() -> None:
    lanes = make(9, 9)
    for number, hours in enumerate([50, 7, 50, 7.5, 9]):
        lanes.submit(Batch("1", [entry(number, expires_at=int(hours * HOUR)), entry(90)], 0.0), 0.0)
    assert firsts(taken(lanes)) == ["1", "3", "4", "0", "2"]


def test_halves_of_a_refused_batch_go_before_everything_else_in_their_order() -> None:
    lanes = make(9, 9)
    lanes.submit(Batch("1", [entry(7, expires_at=0)], 0.0), 0.0)
    lanes.put_back([Attempt(batch(1, first=1)), Attempt(batch(1, first=2))], 0.0)
    assert firsts(taken(lanes)) == ["1", "2", "7"]


def test_a_batch_that_waits_does_not_hold_up_those_behind_it() -> None:
    lanes = make(9, 9)
    lanes.put_back([Attempt(batch(1, first=1), not_before=60.0)], 0.0)
    lanes.submit(batch(1, first=2), 0.0)
    assert firsts(taken(lanes, 0.0)) == ["2"]
    assert lanes.next_wake() is None or lanes.next_wake() == 60.0
    assert taken(lanes, 59.9) == []
    assert lanes.next_wake() == 60.0
    assert firsts(taken(lanes, 60.0)) == ["1"]


def test_a_pixel_that_fails_is_asked_by_one_request_at_a_time_until_one_succeeds() -> None:
    lanes = make(9, 4)
    for number in range(8):
        lanes.submit(batch(1, first=number), 0.0)
    for attempt in taken(lanes):
        lanes.failed("1", 10.0, 0.0)
        lanes.put_back([attempt.later(10.0)], 0.0)
        lanes.landed(attempt)
    assert taken(lanes, 9.0) == []
    (probe,) = taken(lanes, 10.0)
    lanes.worked("1", 10.0)
    lanes.landed(probe)
    assert len(taken(lanes, 10.0)) == 4


def test_a_hold_that_meta_asked_for_outlasts_a_hurry_and_a_retry_does_not() -> None:
    lanes = make(9, 9)
    lanes.put_back([Attempt(batch(1, "held", first=1))], 0.0)
    hold(lanes, "held", 3600.0)
    lanes.put_back([Attempt(batch(1, "retry", first=2), not_before=60.0)], 0.0)
    lanes.failed("retry", 60.0, 0.0)
    lanes.hasten(0.0)
    assert firsts(taken(lanes, 1.0)) == ["2"]
    assert firsts(taken(lanes, 3600.0)) == ["1"]


def test_ten_thousand_batches_behind_a_hold_cost_their_own_bytes_and_one_alarm() -> None:
    lanes = make(9, 9)
    lanes.submit(batch(1, "held"), 0.0)
    hold(lanes, "held", 3600.0)
    for number in range(10_000):
        lanes.submit(batch(1, "held", first=number), 0.0)
        assert lanes.take(number / 100) is None
        assert len(lanes._round) + len(lanes._alarms) <= 1
        assert sum(map(len, lanes._lines.values())) == 1
    assert lanes.next_wake() == 3600.0
    assert len(taken(lanes, 3600.0)) == 9


def test_the_next_alarm_is_that_of_the_pixel_that_may_go_first() -> None:
    lanes = make(9, 9)
    assert lanes.next_wake() is None
    for pixel_id, until in (("late", 90.0), ("soon", 30.0), ("later", 60.0)):
        lanes.submit(batch(1, pixel_id), 0.0)
        hold(lanes, pixel_id, until)
    assert taken(lanes, 0.0) == []
    assert lanes.next_wake() == 30.0
    assert [attempt.batch.pixel_id for attempt in taken(lanes, 30.0)] == ["soon"]
    assert lanes.next_wake() == 60.0


def test_a_hold_is_never_cut_short_by_a_shorter_one() -> None:
    lanes = make(9, 9)
    lanes.submit(batch(1), 0.0)
    hold(lanes, "1", 60.0)
    hold(lanes, "1", 10.0)
    assert taken(lanes, 59.0) == []
    assert len(taken(lanes, 60.0)) == 1


def test_a_throttled_token_rests_as_long_as_the_longest_of_several_answers_asks_for() -> None:
    """Two pixels share it; the answer that comes last names no time."""
    service = Service()

    def script(pixel_id: str, _: list[str]) -> list[Answer]:
        if service.at[-1] >= 1:
            return []
        return [0.2, error(17)._replace(headers={"Retry-After": "3600"})] if pixel_id == "a" else [0.5, error(17)]

    async def story(scene: Scene) -> None:
        scene.courier.send(batch(1, "a", first=0))
        scene.courier.send(batch(1, "b", first=1))
        await asyncio.sleep(2)
        scene.courier.send(batch(1, "c", first=2))
        await asyncio.sleep(7200)

    service.script = script
    Scene(service).play(story)
    assert [at for at in service.at if 0 < at < 3600] == []
    assert set(service.taken) == {"0", "1", "2"}


def test_a_pixel_that_went_quiet_leaves_nothing_behind() -> None:
    lanes = make(9, 4)
    for number in range(1000):
        lanes.submit(batch(1, str(number)), 0.0)
        (attempt,) = taken(lanes)
        lanes.landed(attempt)
    assert lanes._lanes == {}
    assert lanes.oldest is None


class Play:
    """Lanes under random submissions, failures, holds, paces and successes; six pixels, two tokens, one app."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.draw = random.Random(seed)
        self.most, self.most_of_one = self.draw.randint(1, 6), self.draw.randint(1, 4)
        self.most_of_token, self.most_of_app = self.draw.randint(1, 4), self.draw.randint(2, 5)
        self.lanes = make(self.most, self.most_of_one, of_token=self.most_of_token, of_app=self.most_of_app)
        self.flying: dict[Attempt, float] = {}
        self.held: dict[Key, float] = {}
        self.submitted = self.done = 0
        self.now = 0.0

    def submit(self) -> None:
        pixel_id = f"{(number := self.draw.randrange(6))}/{'tu'[number % 2]}"
        one = entry(self.submitted, pixel_id, expires_at=self.draw.randrange(10**6))
        self.lanes.submit(Batch(pixel_id, [one], self.now), self.now)
        self.submitted += 1

    def keys(self, attempt: Attempt) -> tuple[Key, ...]:
        return self.lanes._rules.keys_of(attempt.batch.pixel_id)

    def take_all(self) -> None:
        while (attempt := self.lanes.take(self.now)) is not None:
            assert attempt.not_before <= self.now, f"seed {self.seed}: sent too early"
            assert all(self.held.get(key, 0) <= self.now for key in self.keys(attempt)), f"seed {self.seed}: held"
            self.flying[attempt] = self.now
            of = Counter(key for one in self.flying for key in self.keys(one))
            assert len(self.flying) <= self.most, f"seed {self.seed}"
            for scope, name in self.keys(attempt):
                most = {Scope.PIXEL: self.most_of_one, Scope.TOKEN: self.most_of_token, Scope.APP: self.most_of_app}
                assert of[scope, name] <= most[scope], f"seed {self.seed}"
        assert self.lanes.waiting_events == self.submitted - self.done, f"seed {self.seed}"

    def land_one(self, *, well: bool) -> None:
        attempt = self.draw.choice(list(self.flying))
        began = self.flying.pop(attempt)
        pixel_id, fate = attempt.batch.pixel_id, 1.0 if well else self.draw.random()
        scopes, key = self.lanes._rules.scopes, self.draw.choice(self.keys(attempt))
        if 0.2 <= fate < 0.3:
            until = self.now + self.draw.random() * 9
            self.held[key] = max(until, self.held.get(key, 0))
            scopes.hold(key, until)
            self.lanes.put_back([attempt.later(0.0)], self.now)
        else:
            scopes.not_throttled(self.keys(attempt), began)
        if fate < 0.2:
            self.lanes.failed(pixel_id, self.now + self.draw.random() * 5, began)
            self.lanes.put_back([attempt.later(self.now + self.draw.random() * 9)], self.now)
        elif fate >= 0.3:
            self.lanes.worked(pixel_id, self.now)
            self.done += 1
            if fate < 0.5:
                scopes.pace(key, self.draw.choice([0.0, 0.5, 3.0]), self.now)
        self.lanes.landed(attempt)
        self.look_inside()

    def look_inside(self) -> None:
        lanes = self.lanes
        assert len(lanes._round) <= 6, f"seed {self.seed}: a pixel stands in the round twice"
        assert len(lanes._alarms) <= 6 * 10, f"seed {self.seed}: alarms pile up"
        in_line = [lane for line in lanes._lines.values() for lane in line]
        assert len(in_line) == len(set(in_line)), f"seed {self.seed}: a pixel stands in line twice"
        assert not any(lane.queued for lane in in_line), f"seed {self.seed}: in line and in the round"
        assert sum(lane.weight for lane in lanes.lanes) == sum(attempt.size for attempt in lanes._all())

    def flush_one(self) -> None:
        pixel_id = f"{(number := self.draw.randrange(6))}/{'tu'[number % 2]}"
        self.done += len(self.lanes.flush(pixel_id))
        self.lanes.look_again(f"{number}/{'tu'[number % 2]}")
        self.look_inside()

    def sleep(self) -> None:
        wake = self.lanes.next_wake()
        assert wake is not None, f"seed {self.seed}: batches wait, and nothing will wake them"
        self.now = max(self.now, wake)


@pytest.mark.parametrize("seed", range(200))
def test_no_batch_is_lost_doubled_early_or_beyond_the_limits_whatever_happens(seed: int) -> None:
    play = Play(seed)
    for _ in range(300):
        if play.draw.random() < 0.4:
            play.submit()
        play.take_all()
        if play.flying and play.draw.random() < 0.8:
            play.land_one(well=False)
        elif play.lanes.next_wake() is not None and play.draw.random() < 0.5:
            play.sleep()
        elif play.draw.random() < 0.05:
            play.flush_one()
    while play.done < play.submitted:
        play.take_all()
        if play.flying:
            play.land_one(well=True)
        elif play.done < play.submitted:
            play.sleep()
    assert play.lanes._lanes == {}, f"seed {seed}"
    assert play.lanes._lines == {}, f"seed {seed}"


def test_no_more_bytes_are_in_flight_than_allowed_and_a_larger_batch_goes_alone() -> None:
    one = Attempt(batch(10)).size
    lanes = make_wide(most_bytes=2.5 * one)
    for pixel in range(5):
        lanes.submit(batch(10, str(pixel)), 0.0)
    lanes.submit(batch(100, "large"), 0.0)
    sizes = []
    while (attempt := lanes.take(0)) is not None or lanes.in_flight:
        if attempt is None:
            lanes.landed(next(iter(lanes._flying)))
            continue
        sizes.append(lanes.bytes_in_flight)
        assert lanes.bytes_in_flight <= 2.5 * one or lanes.in_flight == 1
    assert len(sizes) == 6
    assert lanes.bytes_in_flight == 0
