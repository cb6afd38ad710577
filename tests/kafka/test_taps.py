"""Which partitions are read: all of them, none while memory is full, and gated ones by their gate alone."""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from confluent_kafka import TopicPartition

from streamer.kafka.commits import Key
from streamer.kafka.crossing import Crossing
from streamer.kafka.progress import Position, Progress
from streamer.kafka.taps import PAUSE_AFTER_SECONDS, Taps, Turned
from streamer.memory import Budget

ONE, TWO = ("topic", 0), ("topic", 1)


@dataclass
class Paused:
    """A consumer that knows which partitions are paused, and the events' pauses."""

    keys: set[Key] = field(default_factory=set)
    told: list[bool] = field(default_factory=list)

    def pause(self, partitions: list[TopicPartition]) -> None:
        self.keys |= {(one.topic, one.partition) for one in partitions}

    def resume(self, partitions: list[TopicPartition]) -> None:
        self.keys -= {(one.topic, one.partition) for one in partitions}

    def paused(self, *, on: bool) -> None:
        self.told.append(on)


@dataclass
class Gate:
    """Opens what a test says."""

    open: set[Key] = field(default_factory=set)
    next: Turned = field(default_factory=Turned)
    begun: list[tuple[Key, int]] = field(default_factory=list)
    seen: list[tuple[Key, int, bool]] = field(default_factory=list)

    def turn(self, consumer: Any, positions: Mapping[Progress, Position]) -> Turned:
        turned, self.next = self.next, Turned()
        self.open = (self.open | set(turned.opened)) - set(turned.shut)
        return turned

    def is_open(self, key: Key) -> bool:
        return key in self.open

    def begins(self, key: Key, offset: int) -> None:
        self.begun.append((key, offset))

    def read(self, key: Key, behind: int, *, at_end: bool) -> None:
        self.seen.append((key, behind, at_end))

    def gone(self, key: Key) -> None:
        self.open.discard(key)


class Scene:
    def __init__(self, gate: Gate | None = None) -> None:
        self.budget = Budget(1000)
        self.consumer: Any = Paused()
        self.gate = gate
        side: Any = Paused()
        side.carried = 0
        loop: Any = asyncio
        self.taps = Taps(Crossing(loop, side, self.budget), self.consumer, gate)
        self.assign(ONE, TWO)

    def assign(self, *keys: Key) -> None:
        self.taps.assigned(self.consumer, [TopicPartition(*key, 7) for key in keys])

    def may_consume(self, at: float, owned: Collection[Key] = (ONE, TWO)) -> bool:
        self.taps.turn(self.consumer, {})
        return self.taps.may_consume(self.consumer, owned, at)


def test_a_full_memory_first_holds_reading_up_and_pauses_only_when_it_lasts() -> None:
    scene = Scene()
    assert scene.may_consume(10)
    scene.budget.take(1000)
    assert not scene.may_consume(10)
    assert not scene.may_consume(10 + PAUSE_AFTER_SECONDS - 0.1)
    assert scene.consumer.keys == set()
    assert scene.may_consume(10 + PAUSE_AFTER_SECONDS), "a paused consumer must be polled"
    assert scene.consumer.keys == {ONE, TWO}
    scene.budget.give(100)
    assert scene.may_consume(20)
    assert scene.consumer.keys == {ONE, TWO}
    scene.budget.give(900)
    assert scene.may_consume(21)
    assert scene.consumer.keys == set()
    assert scene.consumer.told == [True, False]


def test_what_is_assigned_while_memory_is_full_is_paused_too() -> None:
    scene = Scene()
    scene.budget.take(1000)
    scene.may_consume(10)
    scene.may_consume(20)
    scene.assign(("topic", 2))
    assert ("topic", 2) in scene.consumer.keys


def test_gated_partitions_rest_from_the_assignment_on_and_open_one_by_one() -> None:
    gate = Gate()
    scene = Scene(gate)
    assert gate.begun == [(ONE, 7), (TWO, 7)]
    assert scene.consumer.keys == {ONE, TWO}
    gate.next = Turned(opened=[ONE])
    assert scene.may_consume(10)
    assert scene.consumer.keys == {TWO}
    scene.taps.read(ONE, 12, at_end=True)
    assert gate.seen == [(ONE, 12, True)]
    gate.next = Turned(shut=[ONE])
    assert scene.may_consume(11)
    assert scene.consumer.keys == {ONE, TWO}


def test_a_reader_that_rests_is_polled_and_says_nothing_of_a_full_memory() -> None:
    scene = Scene(Gate())
    scene.budget.take(1000)
    for at in range(100):
        assert scene.may_consume(at)
    assert scene.consumer.told == []


def test_a_pass_waits_for_memory_and_then_only_what_it_reads_is_opened() -> None:
    gate = Gate()
    scene = Scene(gate)
    gate.next = Turned(opened=[ONE])
    scene.may_consume(10)
    scene.budget.take(1000)
    scene.may_consume(11)
    scene.may_consume(20)
    assert scene.consumer.keys == {ONE, TWO}
    gate.next = Turned(opened=[TWO], shut=[ONE])
    scene.may_consume(21)
    assert scene.consumer.keys == {ONE, TWO}
    scene.budget.give(1000)
    scene.may_consume(22)
    assert scene.consumer.keys == {ONE}


def test_a_partition_that_goes_on_elsewhere_after_a_jump_stays_as_it_was() -> None:
    gate = Gate()
    scene = Scene(gate)
    gate.next = Turned(opened=[ONE])
    scene.may_consume(10)
    scene.consumer.keys.clear()  # as a new assignment does
    scene.assign(ONE, TWO)
    assert scene.consumer.keys == {TWO}
