"""The witness: knows what is true of every event, and objects to whatever may never happen, when it happens.

- An outcome is final once in an assignment, and nothing is sent for an event that has one.
- What is sent again is the same, byte for byte.
- What is committed has its outcome, and what the outcome leaves behind is there: in Meta, or as a copy.
- Nothing is a dead letter but what is too old, or what Meta refused when it was sent by itself.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson
from confluent_kafka import Message

from streamer.delivery.batch import Entry, Settlement
from streamer.kafka.progress import Position, Progress
from streamer.kafka.ranges import Range, decode_completed
from streamer.outcomes import Outcome, Reason
from streamer.settings import Settings
from tests.simulation.kafka import Kafka, Place, unix_time
from tests.simulation.meta import Post
from tests.simulation.records import TOPIC, WEEK, Truth

Key = tuple[int, str]
"""Number of a record, and a pixel."""


_MOMENT = 1e-6


class BrokenPromiseError(AssertionError):
    """A promise was broken."""


class Witness:
    """Watches one simulation."""

    def __init__(self, kafka: Kafka, settings: Settings, truths: Sequence[Truth]) -> None:
        self._kafka = kafka
        self._settings = settings.kafka
        self._truths = truths
        self._margin = settings.delivery.age_margin_seconds
        self._most_events = settings.window.max_events
        self._bodies: dict[Key, bytes] = {}
        self._open: Counter[tuple[str, Key]] = Counter()
        self._settled: dict[Progress, set[tuple[int, str]]] = {}
        self._receipts: dict[tuple[str, int, int], dict[str | None, str]] = {}
        self.taken: dict[Key, float] = {}
        """When Meta took each event first; kept by it."""
        self.refused: set[Key] = set()
        """Events that Meta refused by themselves; kept by it too."""
        self.parked: dict[Key, list[int]] = {}
        """Offsets of the copies on the parked topic."""
        self.dead: dict[Key, str] = {}
        """Reasons of the dead letters."""
        self.parked_at: dict[Key, float] = {}
        self.outcomes: Counter[tuple[str, Outcome, Reason | None]] = Counter()
        self.of_replica: Counter[tuple[str, Outcome]] = Counter()

    # ---- what the product does

    def handed(self, replica: str, messages: Iterable[Message], done: Sequence[Range]) -> None:
        """Note records that are given to a replica; those settled under an earlier assignment must stay unsent."""
        for message in messages:
            offset = message.offset() or 0
            if any(first <= offset <= last for first, last in done):
                continue
            for pixel in self._pixels(message):
                self._open[replica, (number_of(message), pixel)] += 1

    def posted(self, post: Post, bodies: Sequence[bytes]) -> None:
        """Check a request."""
        if len(post.numbers) > self._most_events:
            raise BrokenPromiseError(f"a request to {post.pixel} has {len(post.numbers)} events, which are too many")
        for number, body in zip(post.numbers, bodies, strict=True):
            key = (number, post.pixel)
            if post.pixel not in self._truths[number].pixels:
                raise BrokenPromiseError(f"event {number} was sent to pixel {post.pixel}, which it does not belong to")
            if self._bodies.setdefault(key, body) != body:
                raise BrokenPromiseError(f"event {number} was sent to {post.pixel} once more with other bytes")
            if self._open[post.replica, key] <= 0:
                raise BrokenPromiseError(f"event {number} was sent to {post.pixel} although it has an outcome")

    def settled(self, replica: str, settlement: Settlement) -> None:
        """Check outcomes that delivery has decided."""
        for entry in settlement.entries:
            self._decided(replica, settlement, entry)
        self.outcomes[settlement.pixel_id, settlement.outcome, settlement.reason] += len(settlement.entries)
        self.of_replica[replica, settlement.outcome] += len(settlement.entries)

    def _decided(self, replica: str, settlement: Settlement, entry: Entry) -> None:
        record, pixel = entry.record, settlement.pixel_id
        number = number_of(record.message)
        place = (record.slot, pixel)
        settled = self._settled.setdefault(record.progress, set())
        if place in settled:
            raise BrokenPromiseError(f"event {number} was settled twice for {pixel}")
        settled.add(place)
        self._open[replica, (number, pixel)] -= 1

    def _may_die(self, number: int, pixel: str, reason: Reason) -> None:
        truth = self._truths[number]
        expired = truth.event_time + WEEK - self._margin <= unix_time()
        if reason is Reason.TOO_OLD and expired:
            return
        if truth.kind != "junk" and (number, pixel) not in self.refused:
            raise BrokenPromiseError(
                f"event {number} is {truth.kind} and was dead-lettered as {reason}, not refused by itself"
            )

    def appended(self, message: Message) -> None:
        """Look at what the product writes to its topics."""
        topic, kafka = message.topic(), self._settings
        if topic == kafka.receipts_topic:
            self._receipt(orjson.loads(message.value() or b""))
        elif topic == kafka.parked_topic:
            key = (number_of(message), header(message, "streamer.pixel") or "")
            self.parked.setdefault(key, []).append(message.offset() or 0)
            self.parked_at.setdefault(key, asyncio.get_running_loop().time())
        elif topic == kafka.dead_letter_topic:
            key = (number_of(message), header(message, "streamer.pixel") or "")
            self.dead[key] = header(message, "streamer.reason") or ""
            self._may_die(*key, Reason(self.dead[key]))

    def _receipt(self, body: dict[str, Any]) -> None:
        for place in body["offsets"]:
            log = self._kafka.logs[place["topic"], place["partition"]]
            edges = place["ranges"]
            for first, last in zip(edges[::2], edges[1::2], strict=True):
                for message in log.read(first, last - first + 1):
                    if (message.offset() or 0) > last:
                        break
                    at = (place["topic"], place["partition"], message.offset() or 0)
                    self._receipts.setdefault(at, {})[body.get("pixel")] = body["outcome"]

    def committed(self, place: Place, before: Position, now: Position) -> None:
        """Check what is committed: all below it, and all that its metadata says is done."""
        log = self._kafka.logs[place]
        known = set(decode_completed(before.offset, before.metadata))
        runs = {(before.offset, now.offset - 1), *decode_completed(now.offset, now.metadata)}
        for first, last in sorted(runs - known):
            for message in log.read(first, last - first + 1) if last >= first else ():
                if (message.offset() or 0) > last:
                    break
                self._is_done(place, message)

    def _is_done(self, place: Place, message: Message) -> None:
        number = number_of(message)
        found = self._receipts.get((*place, message.offset() or 0), {})
        for pixel in self._pixels(message) or [""]:
            outcome = found.get(pixel, found.get(None))
            if outcome is None:
                raise BrokenPromiseError(f"record {number} was committed without an outcome for {pixel}")
            kept: dict[str, Mapping[Key, object]]
            kept = {"delivered": self.taken, "parked": self.parked, "dead_lettered": self.dead}
            if outcome in kept and not {(number, pixel), (number, "")} & kept[outcome].keys():
                raise BrokenPromiseError(
                    f"record {number} was committed as {outcome} for {pixel}, and nothing of it is there"
                )

    def drained(self, late: float) -> None:
        """Check that a drain ended by its deadline."""
        if late > _MOMENT:
            raise BrokenPromiseError(f"a drain went on for {late:g} seconds after its deadline")

    def died(self, replica: str) -> None:
        """Note that a replica has ended: what was open with it is read anew by another."""
        for key in [key for key in self._open if key[0] == replica]:
            del self._open[key]

    # ---- in the end

    def unfinished(self) -> list[Key]:
        """Return the events that have neither been taken by Meta nor become what they must, parked ones among them."""
        due = (truth for truth in self._truths if truth.kind != "no_consent")
        keys = ((truth.number, pixel) for truth in due for pixel in truth.pixels)
        return [key for key in keys if key not in self.taken and key not in self.dead]

    def _pixels(self, message: Message) -> Sequence[str]:
        """For which pixels a record is due: a copy only for the one that it was parked for."""
        truth = self._truths[number_of(message)]
        if message.topic() == TOPIC:
            return truth.pixels
        parked_for = header(message, "streamer.pixel")
        return [parked_for] if parked_for else truth.pixels


def number_of(message: Message) -> int:
    """Return the number of a record, which every copy of it keeps as its key."""
    return int(message.key() or b"-1")


def header(message: Message, name: str) -> str | None:
    """Return a header of a copy."""
    found = dict(message.headers() or []).get(name)
    return found.decode() if isinstance(found, bytes) else found
