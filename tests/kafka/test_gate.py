"""Passes at work: what is read of the parked topic, when it is read, and what the next owner learns of it."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException

from streamer.kafka.gate import LOOK_SECONDS, GateEvents, Known, PassGate
from streamer.kafka.passes import Made, Mark, Rules, Why, Wish
from streamer.kafka.progress import Position, Progress

RULES = Rules(sweep_seconds=3600, pause_seconds=10)
TOPIC = "streamer.parked"
KEY = (TOPIC, 0)
OTHER = (TOPIC, 1)
NOW = 1_790_000_000.0
QUIET = Made(Mark(5), NOW - 60)


@dataclass
class Ends:
    """Stands where the consumer does: tells where partitions end, or does not."""

    ends: dict[int, int | None]
    asked: int = 0

    def get_watermark_offsets(self, partition: Any, timeout: float, *, cached: bool) -> tuple[int, int]:
        assert not cached
        self.asked += 1
        end = self.ends[partition.partition]
        if end is None:
            raise KafkaException(KafkaError(KafkaError._TRANSPORT))
        return 0, end


@dataclass
class Told(GateEvents):
    """Keeps what the gate tells."""

    waiting: dict[int, int] = field(default_factory=dict)
    passes: list[Why] = field(default_factory=list)
    settled: list[tuple[int, Made]] = field(default_factory=list)

    def waits(self, partition: int, records: int) -> None:
        self.waiting[partition] = records

    def began(self, why: Why) -> None:
        self.passes.append(why)

    def made(self, partition: int, made: Made) -> None:
        self.settled.append((partition, made))

    def left(self, partition: int) -> None:
        self.waiting.pop(partition, None)


class Scene:
    """A gate over two partitions that end at 100, and were gone over to the offset 40 a minute ago."""

    def __init__(self) -> None:
        self.now = NOW
        self.consumer: Any = Ends({0: 100, 1: 100})
        self.told = Told()
        known = Known(Wish(Mark(5), NOW - 3600), {0: QUIET, 1: QUIET})
        self.gate = PassGate(known, RULES, self.told, lambda: self.now)
        for key in (KEY, OTHER):
            self.gate.begins(key, 40)

    def turn(self, *positions: tuple[int, int]) -> tuple[list[Any], list[Any]]:
        """Turn once; return what was opened and shut."""
        at = {Progress(TOPIC, partition, 1, 0): Position(offset, "") for partition, offset in positions}
        turned = self.gate.turn(self.consumer, at)
        return sorted(turned.opened), sorted(turned.shut)

    def wish(self, offset: int) -> None:
        self.gate.known = self.gate.known._replace(wish=Wish(Mark(offset), self.now))


def test_nothing_is_read_while_no_pixel_came_back() -> None:
    scene = Scene()
    for _ in range(100):
        assert scene.turn() == ([], [])
        scene.now += 0.1
    assert not scene.gate.is_open(KEY)
    assert scene.told.waiting == {0: 60, 1: 60}
    assert scene.consumer.asked == 2


def test_a_pass_goes_to_the_end_as_it_stood_and_what_is_parked_meanwhile_waits_for_the_next() -> None:
    scene = Scene()
    scene.wish(6)
    assert scene.turn() == ([KEY, OTHER], [])
    assert scene.gate.is_open(KEY)
    scene.consumer.ends[0] = 160  # what still cannot be sent is parked again, behind
    scene.gate.read(KEY, 99, at_end=False)
    assert scene.turn() == ([], [])
    scene.gate.read(KEY, 110, at_end=False)
    assert not scene.gate.is_open(KEY)
    assert scene.turn() == ([], [KEY])
    scene.now += 600
    assert scene.turn() == ([KEY], [])  # the pass that looks for what another replica parked late
    scene.gate.read(KEY, 160, at_end=True)
    scene.now += 3000
    assert scene.turn() == ([], [KEY])
    assert scene.told.passes == [Why.RESUMED, Why.RESUMED, Why.LATE]


def test_a_pass_is_told_when_all_that_it_read_is_settled_and_not_before() -> None:
    scene = Scene()
    scene.wish(6)
    scene.turn()
    scene.gate.read(KEY, 103, at_end=False)
    scene.now += 1
    scene.turn((0, 102), (1, 103))
    assert scene.told.settled == []
    scene.turn((0, 103), (1, 103))
    scene.turn((0, 103), (1, 103))
    assert scene.told.settled == [(0, Made(Mark(6), NOW))]


def test_a_pass_that_was_cut_off_is_made_again_by_the_next_owner_and_one_that_was_told_is_not() -> None:
    scene = Scene()
    scene.wish(6)
    assert scene.turn() == ([KEY, OTHER], [])
    scene.gate.gone(KEY)
    scene.gate.gone(OTHER)
    assert scene.turn() == ([], [])
    assert scene.told.waiting == {}
    scene.gate.known = scene.gate.known._replace(made={0: QUIET, 1: Made(Mark(6), NOW)})
    scene.now += 0.1
    scene.gate.begins(KEY, 70)
    scene.gate.begins(OTHER, 100)
    assert scene.turn() == ([KEY], [])


def test_two_pixels_that_come_back_one_after_the_other_cost_passes_with_a_rest_between() -> None:
    scene = Scene()
    scene.wish(6)
    scene.turn()
    scene.gate.read(KEY, 100, at_end=True)
    scene.consumer.ends[0] = 120
    scene.now += 1
    scene.wish(7)
    assert scene.turn() == ([], [KEY])
    scene.now += 8.9
    assert scene.turn() == ([], [])
    scene.now += 0.2
    assert scene.turn() == ([KEY], [])


def test_a_partition_without_anything_parked_is_not_opened_and_asked_about_no_more() -> None:
    scene = Scene()
    scene.consumer.ends = {0: 40, 1: 40}
    scene.wish(6)
    for _ in range(50):
        assert scene.turn() == ([], [])
        scene.now += 0.1
    assert scene.consumer.asked == 2
    assert scene.told.passes == []


def test_what_is_parked_just_after_a_pixel_came_back_is_found_by_a_second_look() -> None:
    scene = Scene()
    scene.consumer.ends = {0: 40, 1: 40}
    scene.wish(6)
    scene.turn()
    scene.consumer.ends = {0: 43, 1: 40}
    scene.now += 10
    assert scene.turn() == ([KEY], [])
    assert scene.told.passes == [Why.LATE]


def test_a_pass_over_nothing_is_told_so_that_a_restart_makes_none_but_not_before_the_one_before_is_settled() -> None:
    scene = Scene()
    scene.consumer.ends[0] = 40
    scene.wish(6)
    assert scene.turn() == ([OTHER], [])
    assert scene.told.settled == [(0, Made(Mark(6), NOW))]
    scene.gate.read(OTHER, 100, at_end=True)
    scene.now += 30
    scene.turn((0, 40), (1, 90))
    assert [partition for partition, _ in scene.told.settled] == [0, 0]
    scene.turn((0, 40), (1, 100))
    assert scene.told.settled[-1] == (1, Made(Mark(6), NOW + 30))


def test_silent_brokers_are_asked_again_and_the_wish_is_not_forgotten() -> None:
    scene = Scene()
    scene.consumer.ends = {0: None, 1: 40}
    scene.wish(6)
    for _ in range(100):
        assert scene.turn() == ([], [])
        scene.now += 0.1
    assert 10 <= scene.consumer.asked <= 12
    scene.consumer.ends[0] = 100
    scene.now += 1
    assert scene.turn() == ([KEY], [])


def test_a_topic_that_was_made_anew_and_is_shorter_does_not_keep_a_pass_open_for_ever() -> None:
    scene = Scene()
    scene.wish(6)
    scene.turn()
    scene.gate.begins(KEY, 0)  # the jump
    assert scene.gate.is_open(KEY)
    scene.gate.read(KEY, 12, at_end=True)
    assert scene.turn() == ([], [KEY])


def test_a_partition_nobody_knows_anything_of_is_gone_over_once() -> None:
    scene = Scene()
    scene.gate.begins((TOPIC, 7), 0)
    scene.consumer.ends[7] = 3
    assert scene.turn() == ([(TOPIC, 7)], [])
    assert scene.told.passes == [Why.SWEEP]


@pytest.mark.parametrize("skew", [-3600, 3600])
def test_another_replicas_clock_delays_no_pass(skew: float) -> None:
    scene = Scene()
    scene.gate.known = Known(Wish(Mark(6), NOW), {2: Made(Mark(5), NOW + skew)})
    scene.gate.begins((TOPIC, 2), 0)
    scene.consumer.ends[2] = 1
    scene.now += RULES.pause_seconds
    assert (TOPIC, 2) in scene.turn()[0]


def test_how_much_is_parked_is_looked_at_now_and_then() -> None:
    scene = Scene()
    scene.turn()
    scene.consumer.ends[0] = 90
    scene.now += LOOK_SECONDS
    scene.turn()
    assert scene.told.waiting == {0: 50, 1: 60}
