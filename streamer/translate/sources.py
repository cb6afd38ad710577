"""Reading one value from a record, by the sources that a mapping gives for it: paths, constants, tables, units."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from math import isfinite

from streamer.records.decode import Decoded, Value
from streamer.translate.notes import Drop, NoteReason
from streamer.translate.paths import finder
from streamer.translate.plan import Source, Table, Unit

Read = Callable[[Decoded], Value]
"""A record in; a value out, or a :class:`Drop`, or ``None`` where there is nothing."""

Adapt = Callable[[Value], Value]
"""A value that is not ``None`` in; what a table, a unit or a scale makes of it out, or a :class:`Drop`."""

_MALFORMED = Drop(NoteReason.MALFORMED)
_UNKNOWN = Drop(NoteReason.UNKNOWN)
NOT_TO_BE_SENT = Drop(NoteReason.UNWANTED)
"""What a table makes of a value whose events are not to be sent (``otherwise: skip``)."""

_EPOCH = date(1970, 1, 1)
_PER_MILLISECOND = {"microseconds": 1_000, "nanoseconds": 1_000_000}
_MILLISECONDS = {"seconds": 1000, "days": 86_400_000}
_LONGEST_NUMBER = 20
_LARGEST_TIME = 2.0**63


class Constant:
    """Reads the value that a mapping gives itself."""

    __slots__ = ("_value",)

    def __init__(self, value: Value) -> None:
        """Give ``value`` whatever the record."""
        self._value = value

    def __call__(self, _record: Decoded) -> Value:
        """Return it."""
        return self._value


def is_fault(dropped: Drop) -> bool:
    """Tell whether something was there that could not be read: not so a blank, or what a table leaves out."""
    return dropped.reason is not NoteReason.EMPTY and dropped is not _UNKNOWN


def first_of(sources: Sequence[Source], *, dates: bool = False) -> Read:
    """Bind sources.

    :param dates: times and days become texts such as ``1990-02-28``, and not milliseconds since 1970.
    :return: gives the first value that is one; else the first drop, if there was one.
    """
    reads = [read_source(source, dates=dates) for source in sources]
    if len(reads) == 1:
        return reads[0]

    return lambda record: first_made(reads, _as_it_is, record)


def _as_it_is(value: Value) -> Value:
    return value


def first_made(reads: Iterable[Read], convert: Adapt, record: Decoded) -> Value:
    """Return the first value that can be made; if there is none, the first drop.

    A constant stands for what is not there, and for nothing that is there and cannot be read: no price becomes another.
    """
    dropped = None
    for read in reads:
        if dropped is not None and is_fault(dropped) and isinstance(read, Constant):
            return dropped
        value = read(record)
        if value is None:
            continue
        made = value if value.__class__ is Drop else convert(value)
        if made is NOT_TO_BE_SENT or (made is not None and made.__class__ is not Drop):
            return made
        if made is not None and (dropped is None or (is_fault(made) and not is_fault(dropped))):
            dropped = made
    return dropped


def read_source(source: Source, *, dates: bool = False) -> Read:
    """Bind one source; see :func:`first_of`."""
    if not source.path:
        return Constant(source.constant)
    find, adapt = finder(source.path), adapter(source, dates=dates)
    if adapt is None:
        return find

    def read(record: Decoded) -> Value:
        value = find(record)
        return None if value is None else adapt(value)

    return read


def adapter(source: Source, *, dates: bool = False) -> Adapt | None:
    """Return what is done to a value before its rule sees it; None: nothing is."""
    if source.table is not None:
        return _looked_up(source.table)
    if source.unit is not None:
        unit = source.unit
        if dates:
            return lambda value: _date(value, unit)
        return None if unit == "milliseconds" else lambda value: milliseconds(value, unit)
    if source.scale is not None:
        scale = source.scale
        return lambda value: _scaled(value, scale)
    return None


def _looked_up(table: Table) -> Adapt:
    exact = dict(table.values)
    folded = {key.casefold(): value for key, value in reversed(table.values)}

    def look_up(value: Value) -> Value:
        if value.__class__ is list:
            several = [made for made in map(look_up, value) if made.__class__ is not Drop]
            return several or (None if table.otherwise == "drop" else several)
        key = as_text(value)
        if key is None:
            return _MALFORMED
        found = exact[key] if key in exact else folded.get(key.strip().casefold())
        if found is not None:
            return found
        if table.otherwise == "keep":
            return value
        return _UNKNOWN if table.otherwise == "drop" else NOT_TO_BE_SENT

    return look_up


def as_text(value: Value) -> str | None:
    """Write a plain value as it stands in tables and conditions; ``None`` for what is not plain."""
    if value.__class__ is str:
        return str(value)
    if value.__class__ is bool:
        return "true" if value else "false"
    if value.__class__ is float and value.is_integer():
        value = int(value)
    return str(value) if value.__class__ in {int, float} else None


def milliseconds(value: Value, unit: Unit) -> int | Drop:
    """Return a time in milliseconds since 1970 UTC. A text that is no number is read as ISO 8601, whatever the unit."""
    if value.__class__ is str:
        if unit == "iso8601" or len(value) > _LONGEST_NUMBER or not value.strip().isdecimal():
            return _instant(value)
        value = int(value)
    if unit == "iso8601":
        return _MALFORMED
    if value.__class__ is float and abs(value) < _LARGEST_TIME:  # false for what is no number
        return int(value * _MILLISECONDS.get(unit, 1)) // _PER_MILLISECOND.get(unit, 1)
    if value.__class__ is not int:
        return _MALFORMED
    return int(value * _MILLISECONDS.get(unit, 1) // _PER_MILLISECOND.get(unit, 1))


def _instant(value: str) -> int | Drop:
    """Read ISO 8601; a time that does not say its zone is UTC."""
    try:
        moment = datetime.fromisoformat(value.strip())
    except ValueError:
        return _MALFORMED
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def _date(value: Value, unit: Unit) -> Value:
    """Return the day of a time as ``YYYY-MM-DD``; a text stays what it is."""
    if unit == "iso8601":
        return value
    made = milliseconds(value, unit)
    if isinstance(made, Drop):
        return made
    try:
        return (_EPOCH + timedelta(milliseconds=made)).isoformat()
    except OverflowError:
        return Drop(NoteReason.IMPOSSIBLE)


def _scaled(value: Value, scale: int) -> float | Drop:
    """Return a number of whose digits so many stand behind the point; Avro's decimals are bytes."""
    if value.__class__ is bytes:
        value = int.from_bytes(value, "big", signed=True)
    made = as_number(value)
    if isinstance(made, Drop):
        return made
    try:
        return float(made / 10**scale)
    except OverflowError:
        return _MALFORMED


def as_number(value: Value) -> int | float | Drop:
    """Take a number, or a text that is one as programs write it (``12.50``); never NaN or infinite."""
    if value.__class__ is str:
        text = value.strip()
        if not text.isascii() or "_" in text:
            return _MALFORMED
        try:
            value = float(text)
        except ValueError:
            return Drop(NoteReason.EMPTY) if not text else _MALFORMED
    if value.__class__ is float:
        return float(value) if isfinite(value) else _MALFORMED
    return int(value) if value.__class__ is int else _MALFORMED
