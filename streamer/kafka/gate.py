"""The gate of the parked topic: a partition rests until a pass over it is wanted, and rests again when it is over."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import structlog
from confluent_kafka import Consumer, KafkaException, TopicPartition

from streamer.kafka.commits import Key
from streamer.kafka.passes import Made, Rules, Why, Wish, rest_until, wanted
from streamer.kafka.progress import Position, Progress
from streamer.kafka.taps import Turned

_log = structlog.get_logger(__name__)

ASK_SECONDS = 1.0
"""For the question where a partition ends."""
AGAIN_SECONDS = 1.0
"""Wait after a question that got no answer."""
LOOK_SECONDS = 60.0
"""How often it is looked how much is parked, though no pass is wanted."""


class Known(NamedTuple):
    """What the loop knows of passes, replaced as a whole."""

    wish: Wish
    made: Mapping[int, Made]
    """The last pass that was settled whole, by partition."""


class GateEvents(Protocol):
    """Who is told of passes. Called on the Kafka thread."""

    def waits(self, partition: int, records: int) -> None:
        """Note how many copies lie behind the last pass."""

    def began(self, why: Why) -> None:
        """Count a pass that began."""

    def made(self, partition: int, made: Made) -> None:
        """Take note that all that a pass read is settled."""

    def left(self, partition: int) -> None:
        """Forget a partition that is no longer owned."""


class _Pass(NamedTuple):
    end: int
    """The partition's end when it began."""
    made: Made


@dataclass(slots=True)
class _Partition:
    behind: int
    """The offset that is read next."""
    last: Made | None
    rests_until: float
    under_way: _Pass | None = None
    unsettled: _Pass | None = None
    """Read to its end, with outcomes to come."""
    looks_at: float = 0.0


class PassGate:
    """Opens a partition for a pass at a time. Every method runs on the Kafka thread, but for what is said of it."""

    def __init__(self, known: Known, rules: Rules, events: GateEvents, clock: Callable[[], float] = time.time) -> None:
        """Let nothing through yet.

        :param known: see :attr:`known`.
        :param clock: Unix seconds.
        """
        self.known = known
        """Replaced by the loop whenever it has learnt something."""
        self._rules = rules
        self._events = events
        self._clock = clock
        self._partitions: dict[Key, _Partition] = {}
        self._shut: list[Key] = []

    def turn(self, consumer: Consumer, positions: Mapping[Progress, Position]) -> Turned:
        """Begin the passes that are wanted, and say which partitions are to be opened and shut."""
        now = self._clock()
        self._tell_settled(positions)
        opened = [key for key, one in self._partitions.items() if self._begin_pass(consumer, key, one, now)]
        shut = [key for key in self._shut if key not in opened]
        self._shut = []
        return Turned(opened, shut)

    def is_open(self, key: Key) -> bool:
        """Tell whether a pass over the partition is under way."""
        one = self._partitions.get(key)
        return one is not None and one.under_way is not None

    def begins(self, key: Key, offset: int) -> None:
        """Take note of a partition that was assigned, or goes on elsewhere after a jump."""
        known = self._partitions.get(key)
        if known is not None:
            known.behind = offset
            return
        now = self._clock()
        last = self.known.made.get(key[1])
        rests_until = min(last.began, now) + self._rules.pause_seconds if last else now
        self._partitions[key] = _Partition(offset, last, rests_until)

    def read(self, key: Key, behind: int, *, at_end: bool) -> None:
        """End a pass when it has come to where the partition ended as it began."""
        one = self._partitions.get(key)
        if one is None:
            return
        one.behind = behind
        run = one.under_way
        if run is None or not (at_end or behind >= run.end):  # a topic that was made anew may end sooner
            return
        one.under_way = None
        one.unsettled = run._replace(end=behind)
        now = self._clock()
        one.rests_until = rest_until(run.made.began, now, self._rules)
        one.looks_at = now + AGAIN_SECONDS
        self._shut.append(key)

    def gone(self, key: Key) -> None:
        """Forget a partition: a pass that was under way is its next owner's."""
        if self._partitions.pop(key, None) is not None:
            self._events.left(key[1])
        self._shut = [other for other in self._shut if other != key]

    def _begin_pass(self, consumer: Consumer, key: Key, one: _Partition, now: float) -> bool:
        if one.under_way is not None:
            return False
        wish = self.known.wish
        why = wanted(now, wish, one.last, one.rests_until, self._rules)
        if why is None and now < one.looks_at:
            return False
        end = _end(consumer, key)
        if end is None:
            one.rests_until = one.looks_at = now + AGAIN_SECONDS
            return False
        one.looks_at = now + LOOK_SECONDS
        self._events.waits(key[1], max(0, end - one.behind))
        if why is None:
            return False
        one.last = Made(wish.mark, now)
        if end <= one.behind:
            self._pass_over_nothing(key[1], one, one.last)
            return False
        one.under_way = _Pass(end, one.last)
        self._events.began(why)
        _log.info("parked records are tried again", partition=key[1], records=end - one.behind, because=why.value)
        return True

    def _pass_over_nothing(self, partition: int, one: _Partition, made: Made) -> None:
        """End a pass with nothing to read at once; what the one before read may still be without an outcome."""
        if one.unsettled is None:
            self._events.made(partition, made)
        else:
            one.unsettled = one.unsettled._replace(made=made)

    def _tell_settled(self, positions: Mapping[Progress, Position]) -> None:
        for progress, position in positions.items():
            one = self._partitions.get((progress.topic, progress.partition))
            if one is not None and one.unsettled is not None and position.offset >= one.unsettled.end:
                self._events.made(progress.partition, one.unsettled.made)
                one.unsettled = None


def _end(consumer: Consumer, key: Key) -> int | None:
    """Return the offset behind a partition's last record; None: no broker answers."""
    try:
        _, end = consumer.get_watermark_offsets(TopicPartition(*key), timeout=ASK_SECONDS, cached=False)
    except KafkaException as error:
        _log.warning("Kafka did not tell where a parked partition ends", partition=key[1], reason=error.args[0].name())
        return None
    return end
