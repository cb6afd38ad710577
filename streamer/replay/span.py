"""What a user asks to be replayed: from where to where, and of which events. Pure."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import orjson

from streamer.errors import UserError
from streamer.translate.plan import Only
from streamer.translate.routing import is_pixel_id

NAME_DIGITS = 10
"""Hex digits of a name that is derived from the span."""

_NAME = re.compile(r"[A-Za-z0-9._-]{1,100}")
_OFFSET = re.compile(r"\d{1,18}")
_OF_PARTITION = re.compile(r"(\d{1,9}):(\d{1,18})")


@dataclass(frozen=True, slots=True)
class Bound:
    """One side of the range; where nothing is said, it is where the topic begins or ends."""

    offset: int | None = None
    """In each partition."""
    by_partition: Mapping[int, int] = field(default_factory=dict)
    at_ms: int | None = None
    """The first record that is not older: Unix milliseconds, by Kafka's timestamps."""

    def of(self, partition: int) -> int | None:
        """Return the offset that was said for a partition; None: none was."""
        return self.by_partition.get(partition, self.offset)


@dataclass(frozen=True, slots=True)
class Span:
    """All that a replay is about: two that are equal are the same replay."""

    topics: tuple[str, ...]
    """Names, and regular expressions that begin with ``^``."""
    start: Bound = Bound()
    end: Bound = Bound()
    """Not part of the range itself."""
    only: Only = field(default_factory=Only)

    @property
    def digest(self) -> str:
        """Hex digits that tell this span from others."""
        only = [sorted(self.only.pixels), sorted(self.only.containers), sorted(self.only.events)]
        said = [sorted(self.topics), _plain(self.start), _plain(self.end), only]
        return hashlib.sha256(orjson.dumps(said)).hexdigest()[:16]

    @property
    def partitions(self) -> frozenset[int] | None:
        """The partitions that are named with their offsets; None: all are meant."""
        named = frozenset(self.start.by_partition) | frozenset(self.end.by_partition)
        return named or None


def _plain(bound: Bound) -> list[object]:
    return [bound.offset, sorted(bound.by_partition.items()), bound.at_ms]


def group_of(group_id: str, name: str | None, span: Span) -> str:
    """Return the consumer group of a replay.

    :param name: None: it is derived from the span, so that the same command has the same group.
    :raises UserError: if the name cannot be part of a group's.
    """
    if name is not None and not _NAME.fullmatch(name):
        raise UserError("--name: write 1 to 100 letters, digits, dots, underscores and hyphens.")
    return f"{group_id}.replay.{name or span.digest[:NAME_DIGITS]}"


def make_bound(side: str, offsets: str | None, moment: str | None) -> Bound:
    """Read one side of the range from what was said on the command line.

    :param side: ``from`` or ``to``.
    :param offsets: ``N``, or ``p:N,p:N``.
    :param moment: ISO 8601, with a zone.
    :raises UserError: if that is no bound, or both are said.
    """
    if offsets is not None and moment is not None:
        raise UserError(f"--{side} and --{side}-offset: give one of the two.")
    if offsets is not None:
        return _offsets(f"--{side}-offset", offsets)
    return Bound(at_ms=None if moment is None else _milliseconds(f"--{side}", moment))


def check_order(span: Span) -> None:
    """Make sure that the range can hold anything.

    :raises UserError: if it ends before it begins.
    """
    start, end = span.start, span.end
    if start.at_ms is not None and end.at_ms is not None and start.at_ms >= end.at_ms:
        raise UserError("--to: is not later than --from, so there is nothing between them.")
    for partition in span.partitions or [-1]:
        first, behind = start.of(partition), end.of(partition)
        if first is not None and behind is not None and first >= behind:
            where = f" of partition {partition}" if partition >= 0 else ""
            raise UserError(
                f"--to-offset: {behind}{where} is not greater than --from-offset {first}, so there is nothing between "
                "them. The offset of --to-offset is the first that is left out."
            )


def make_only(pixels: tuple[str, ...], containers: tuple[str, ...], events: tuple[str, ...]) -> Only:
    """Return a choice of events.

    :raises UserError: if a pixel's id is none.
    """
    for pixel_id in pixels:
        if not pixel_id or not is_pixel_id(pixel_id):
            raise UserError("--pixel: a pixel's id is a number of at most 20 digits that does not begin with 0.")
    return Only(tuple(dict.fromkeys(pixels)), tuple(dict.fromkeys(containers)), tuple(dict.fromkeys(events)))


def iso(at_ms: float) -> str:
    """Write a time as ``--from`` takes it, to the second, in UTC."""
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _offsets(option: str, text: str) -> Bound:
    if _OFFSET.fullmatch(text):
        return Bound(offset=int(text))
    found = [_OF_PARTITION.fullmatch(each.strip()) for each in text.split(",")]
    pairs = [(int(each[1]), int(each[2])) for each in found if each]
    if len(pairs) < len(found):
        raise UserError(f"{option}: write an offset for all partitions, as in 1000, or some with theirs: 0:1000,3:500.")
    if len(dict(pairs)) < len(pairs):
        raise UserError(f"{option}: a partition has two offsets.")
    return Bound(by_partition=dict(pairs))


def _milliseconds(option: str, text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UserError(f"{option}: is no time; write it by ISO 8601, as in 2026-11-01T00:00Z.") from None
    if moment.tzinfo is None:
        raise UserError(f"{option}: has no zone, and might mean another hour. Add Z for UTC, or one such as +01:00.")
    return int(moment.timestamp() * 1000)
