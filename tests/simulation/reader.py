"""What stands where the Kafka thread does: reads, rests, commits and lets go by the same rules, on the loop."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import cast

from confluent_kafka import Consumer, TopicPartition

from streamer.assignments import Assignments
from streamer.kafka.consumer import SLICE
from streamer.kafka.crossing import Crossing, Slice
from streamer.kafka.progress import Position, Progress
from streamer.kafka.ranges import decode_completed
from streamer.kafka.taps import Gate, Taps
from tests.simulation.kafka import Kafka, Place
from tests.simulation.witness import Witness

_POLL_SECONDS = 0.01
_HELD_UP_SECONDS = 0.2
_GATE_SECONDS = 1.0
_EPOCHS = count(1)


@dataclass(frozen=True, slots=True)
class LoopEnd:
    """The loop's side of a reader."""

    side: Assignments
    crossing: Crossing
    gate: Gate | None = None


class Reader:
    """A member of one group."""

    def __init__(self, name: str, group: str, kafka: Kafka, witness: Witness, loop_end: LoopEnd) -> None:
        """Belong to the replica ``name``, and own nothing yet."""
        self._name = name
        self._group = group
        self._kafka = kafka
        self._witness = witness
        self._crossing = loop_end.crossing
        self._side = loop_end.side
        self._gated = loop_end.gate is not None
        self._taps = Taps(loop_end.crossing, _Unheard(), loop_end.gate)
        self._consumer = _SimulatedConsumer(kafka)
        self._next: dict[Place, int] = {}
        self._end_seen: dict[Place, int] = {}
        self.owned: dict[Place, Progress] = {}

    def assign(self, places: Sequence[Place]) -> None:
        """Begin to read partitions, from what the group has committed."""
        if not places:
            return
        begun, starts = [], []
        for place in places:
            position = self._kafka.position(self._group, place)
            done = decode_completed(position.offset, position.metadata)
            progress = Progress(*place, next(_EPOCHS), position.offset, done)
            self.owned[place] = progress
            self._next[place] = position.offset
            self._end_seen.pop(place, None)
            begun.append(progress)
            starts.append(TopicPartition(*place, position.offset))
        self._taps.assigned(self._as_consumer, starts)
        self._crossing.assigned(begun)
        self._kafka.ring()

    async def revoke(self, places: Sequence[Place], seconds: float) -> None:
        """Finish what is under way for partitions, commit it, and let them go."""
        leaving = self._release(places)
        if not leaving:
            return
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        positions = await self._side.drain(leaving, deadline)
        self._witness.drained(loop.time() - deadline)
        for progress, position in positions.items():
            self._commit(progress, position)

    def lose(self, places: Sequence[Place]) -> None:
        """Let go of partitions that another member has already."""
        self._crossing.lost(self._release(places))

    async def read(self) -> None:
        """Read until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            self._taps.turn(self._as_consumer, self._positions())
            slices = self._fetch() if self._taps.may_consume(self._as_consumer, self.owned, loop.time()) else None
            if slices:
                self._crossing.hand_over(slices)
                await asyncio.sleep(_POLL_SECONDS)
            elif slices is None or self._consumer.paused - self._shut_by_gate():
                await asyncio.sleep(_HELD_UP_SECONDS)
            elif self._gated:
                await asyncio.sleep(_GATE_SECONDS)
            else:
                await self._kafka.news()

    async def commit(self, interval: float) -> None:
        """Commit what the loop says may be, until cancelled."""
        while True:
            await asyncio.sleep(interval)
            for progress, position in self._positions().items():
                self._commit(progress, position)

    @property
    def _as_consumer(self) -> Consumer:
        return cast("Consumer", self._consumer)

    def _shut_by_gate(self) -> set[Place]:
        return set(self.owned) if self._gated else set()

    def _positions(self) -> Mapping[Progress, Position]:
        return {
            progress: position
            for progress, position in self._crossing.positions.items()
            if self.owned.get((progress.topic, progress.partition)) is progress
        }

    def _release(self, places: Sequence[Place]) -> list[Progress]:
        leaving = []
        for place in places:
            if place in self.owned:
                leaving.append(self.owned.pop(place))
                self._taps.gone(place)
                self._consumer.paused.discard(place)
        return leaving

    def _commit(self, progress: Progress, position: Position) -> None:
        place = (progress.topic, progress.partition)
        before = self._kafka.position(self._group, place)
        if before == position or not self._kafka.up.is_set():
            return
        self._witness.committed(place, before, position)
        self._kafka.committed[self._group, place] = position

    def _fetch(self) -> list[Slice]:
        """Return the records of one poll."""
        room, slices = SLICE, []
        for place, progress in self.owned.items():
            if place in self._consumer.paused or not self._kafka.up.is_set():
                continue
            slices += self._fetch_of(place, progress, room)
            room = SLICE - sum(len(part.messages) for part in slices)
            if not room:
                break
        return slices

    def _fetch_of(self, place: Place, progress: Progress, most: int) -> list[Slice]:
        log = self._kafka.logs[place]
        messages = log.read(self._next[place], most)
        if messages:
            self._next[place] = (messages[-1].offset() or 0) + 1
            self._witness.handed(self._name, messages, progress._done_before)
        end = log.end if self._next[place] >= log.end and self._end_seen.get(place) != log.end else None
        if not messages and end is None:
            return []
        if end is not None:
            self._end_seen[place] = self._next[place] = end
        self._taps.read(place, self._next[place], at_end=end is not None)
        return [Slice(progress, messages, end)]


class _SimulatedConsumer:
    """What taps and gates ask of a consumer."""

    def __init__(self, kafka: Kafka) -> None:
        self._kafka = kafka
        self.paused: set[Place] = set()

    def pause(self, partitions: list[TopicPartition]) -> None:
        self.paused |= {(one.topic, one.partition) for one in partitions}

    def resume(self, partitions: list[TopicPartition]) -> None:
        self.paused -= {(one.topic, one.partition) for one in partitions}

    def get_watermark_offsets(self, partition: TopicPartition, **_: object) -> tuple[int, int]:
        return 0, self._kafka.logs[partition.topic, partition.partition].end


class _Unheard:
    def paused(self, *, on: bool) -> None:
        """Ignore that reading stops or goes on."""
