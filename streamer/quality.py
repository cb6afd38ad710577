"""The quality of the data as it passes, by pixel: match keys, freshness, faulty fields. Pure.

docs/quality.md says what each figure means, and what is good.
"""

import struct
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from operator import itemgetter
from typing import Final

from streamer.translate.engine import MATCH_KEYS, Note, ServerEvent
from streamer.translate.notes import NoteReason

AGE_LIMITS: Final = (300, 3600, 7200, 86_400)
"""Seconds. Within an hour is what Meta asks for, beyond two it sees clearly worse performance, beyond a day a serious
loss (Meta, Conversions API best practices: data freshness). Five minutes are what this program aims at."""

# All counts of a pixel stand side by side in one whole number, 64 bits each, so that a single addition counts every key
# of an event, and a subtraction gives all that came since. None can run over within any machine's life.
_BITS: Final = 64
_EVENTS: Final = len(MATCH_KEYS)
_FAULTY: Final = _EVENTS + 1
_AGES: Final = _FAULTY + 1
_AGE_SECONDS: Final = _AGES + len(AGE_LIMITS) + 1
_PLACES: Final = struct.Struct(f"<{_AGE_SECONDS + 1}Q")

_NO_FAULT: Final = frozenset({NoteReason.ABSENT, NoteReason.NO_COUNTRY_CODE, NoteReason.POLICY})
"""Reasons of notes on fields that are missing, were kept, or were left out on purpose."""

_PIXEL_AND_MATCHED: Final = itemgetter(*map(ServerEvent._fields.index, ("pixel_id", "matched")))
_SEEN_KEPT: Final = 20_000
_PIXELS_KEPT: Final = 20_000
_FIELDS_KEPT: Final = 250
_MASKS_KEPT: Final = 4096


@dataclass(frozen=True, slots=True)
class PixelQuality:
    """What was seen of the server events of a pixel."""

    events: int = 0
    """Server events that were made of records."""
    keys: Mapping[str, int] = field(default_factory=dict)
    """How many of them have each of :data:`MATCH_KEYS`; none that no event has."""
    faulty: int = 0
    """How many of them lost a field, or had one repaired."""
    fields: Mapping[Note, int] = field(default_factory=dict)
    """Fields that were left out, repaired or missed, and why."""
    ages: tuple[int, ...] = (0,) * (len(AGE_LIMITS) + 1)
    """How many were delivered within each of :data:`AGE_LIMITS` (and beyond the one before), and beyond the last."""
    age_seconds: int = 0
    """Their ages together."""

    @property
    def delivered(self) -> int:
        """How many were delivered; made and delivered ones are not the same, for some wait, and some are parked."""
        return sum(self.ages)

    @property
    def mean_age(self) -> float | None:
        """Seconds from an event to Meta's answer, on average; None: nothing was delivered."""
        return self.age_seconds / self.delivered if self.delivered else None

    @property
    def faulty_share(self) -> float | None:
        """Share of the events that lost a field or had one repaired; None: there was no event."""
        return self.faulty / self.events if self.events else None

    def coverage(self, key: str) -> float | None:
        """Return the share of the events that have a match key; None: there was no event."""
        return self.keys.get(key, 0) / self.events if self.events else None

    def within(self, seconds: int) -> float | None:
        """Return the share of what was delivered that was no older than one of :data:`AGE_LIMITS`."""
        return sum(self.ages[: AGE_LIMITS.index(seconds) + 1]) / self.delivered if self.delivered else None


@dataclass(slots=True)
class _Row:
    counts: int = 0
    fields: dict[Note, int] = field(default_factory=dict)


class Quality:
    """Counts; some hundred bytes a pixel, whatever events hold. Everything belongs to one thread."""

    def __init__(self) -> None:
        """Begin at nothing."""
        self._seen: Counter[tuple[str, int]] = Counter()  # what was not gathered into the rows yet
        self._rows: dict[str, _Row] = {}
        self._marks: tuple[tuple[float | None, dict[str, _Row]], ...] = ((None, {}), (None, {}))

    # ---- counting

    def saw(self, events: Iterable[ServerEvent]) -> None:
        """Count server events as they are made; best many a call."""
        self._seen.update(map(_PIXEL_AND_MATCHED, events))
        if len(self._seen) > _SEEN_KEPT:
            self._gather()

    def noted(self, pixel_id: str, notes: Iterable[Note]) -> None:
        """Count the fields that were left out, repaired or missed in one event."""
        row = self._row(pixel_id)
        faulty = False
        for note in notes:
            faulty = faulty or note.reason not in _NO_FAULT
            known = note if note in row.fields or len(row.fields) < _FIELDS_KEPT else Note("*", "*")
            row.fields[known] = row.fields.get(known, 0) + 1
        if faulty:
            row.counts += _in(_FAULTY, 1)

    def sent(self, pixel_id: str, event_times: Iterable[int], now: int) -> None:
        """Count events that Meta has.

        :param event_times: Unix seconds, as is ``now``.
        """
        times = sorted(event_times)
        past = bisect_right(times, now)  # a clock that is a little ahead makes no negative age
        counts = _in(_AGE_SECONDS, past * now - sum(times[:past]))
        younger = len(times)
        for place, limit in enumerate(AGE_LIMITS, _AGES):
            older = bisect_left(times, now - limit)
            counts += _in(place, younger - older)
            younger = older
        self._row(pixel_id).counts += counts + _in(_AGES + len(AGE_LIMITS), younger)

    def forget(self, pixel_id: str) -> None:
        """Drop what was counted of a pixel."""
        self._gather()
        self._drop(pixel_id)

    # ---- telling

    def totals(self) -> dict[str, PixelQuality]:
        """Return all that was counted, by pixel id."""
        self._gather()
        return {pixel_id: _quality(row, _Row()) for pixel_id, row in self._rows.items()}

    def turn(self, now: float) -> None:
        """Mark a moment, on any clock: :meth:`recent` tells of what came since the mark before it."""
        self._gather()
        rows = {pixel_id: _Row(row.counts, dict(row.fields)) for pixel_id, row in self._rows.items()}
        self._marks = (self._marks[1], (now, rows))

    @property
    def since(self) -> float | None:
        """The moment that :meth:`recent` tells from; None: the beginning."""
        return self._marks[0][0]

    def recent(self) -> dict[str, PixelQuality]:
        """Return what was counted since the mark before the last one, by pixel id."""
        self._gather()
        before = self._marks[0][1]
        return {pixel_id: _quality(row, before.get(pixel_id, _Row())) for pixel_id, row in self._rows.items()}

    def _gather(self) -> None:
        """Bring what was seen into the rows. An event costs less if its like are brought there together."""
        for (pixel_id, matched), events in self._seen.items():
            self._row(pixel_id).counts += _of_mask(matched) * events
        self._seen.clear()

    def _drop(self, pixel_id: str) -> None:
        for rows in (self._rows, *(rows for _, rows in self._marks)):
            rows.pop(pixel_id, None)

    def _row(self, pixel_id: str) -> _Row:
        row = self._rows.get(pixel_id)
        if row is None:
            if len(self._rows) >= _PIXELS_KEPT:  # ids come from events: the one known longest begins anew
                self._drop(next(iter(self._rows)))
            row = self._rows[pixel_id] = _Row()
        return row


def together(several: Iterable[PixelQuality]) -> PixelQuality:
    """Return the sum over pixels."""
    pixels = list(several)
    keys: Counter[str] = Counter()
    fields: Counter[Note] = Counter()
    for each in pixels:
        keys.update(each.keys)
        fields.update(each.fields)
    return PixelQuality(
        events=sum(each.events for each in pixels),
        keys=keys,
        faulty=sum(each.faulty for each in pixels),
        fields=fields,
        ages=tuple(map(sum, zip(PixelQuality().ages, *(each.ages for each in pixels), strict=True))),
        age_seconds=sum(each.age_seconds for each in pixels),
    )


def _in(place: int, count: int) -> int:
    return count << place * _BITS


@lru_cache(_MASKS_KEPT)
def _of_mask(matched: int) -> int:
    """Return what one event adds."""
    return _in(_EVENTS, 1) + sum(_in(bit, 1) for bit in range(len(MATCH_KEYS)) if matched >> bit & 1)


def _quality(row: _Row, before: _Row) -> PixelQuality:
    counts = _PLACES.unpack((row.counts - before.counts).to_bytes(_PLACES.size, "little"))
    fields = {note: count - before.fields.get(note, 0) for note, count in row.fields.items()}
    return PixelQuality(
        events=counts[_EVENTS],
        keys={key: count for key, count in zip(MATCH_KEYS, counts[:_EVENTS], strict=True) if count},
        faulty=counts[_FAULTY],
        fields={note: count for note, count in fields.items() if count},
        ages=counts[_AGES:_AGE_SECONDS],
        age_seconds=counts[_AGE_SECONDS],
    )
