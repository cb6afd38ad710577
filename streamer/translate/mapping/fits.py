"""Whether what stands at a path can be what a key holds, and in which unit and scale, by the types of a schema."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from streamer.layers import nearest
from streamer.translate.mapping.forms import UNITS, is_time
from streamer.translate.mapping.parsed import Entry, Holds
from streamer.translate.mapping.schema_paths import listed
from streamer.translate.mapping.schema_types import Kind, SchemaTypes, Type, Types
from streamer.translate.mapping.values import shown
from streamer.translate.plan import Condition, Source, Unit
from streamer.translate.surface import HASHED_PARTS

_Kinds = frozenset[Kind]

_WRITTEN: Final[_Kinds] = frozenset({"text", "whole", "real"})
_PLAIN: Final[_Kinds] = _WRITTEN | {"flag"}
_TEXT: Final[_Kinds] = frozenset({"text"})
_HOLDERS: Final[_Kinds] = frozenset({"record", "map"})

_TAKES: Final[Mapping[Holds, _Kinds]] = {
    **dict.fromkeys(
        ("text", "id", "referrer", "fbc", "fbclid", "lead_id", "hash", "number", "share", "whole", "texts"), _WRITTEN
    ),
    **dict.fromkeys(("flag", "bit", "opt_out"), frozenset[Kind]({"flag", "text", "whole"})),
    **dict.fromkeys(("processing_country", "processing_state"), frozenset[Kind]({"whole", "text"})),
    **dict.fromkeys(("pixel_id", "container_id"), frozenset[Kind]({"text", "whole"})),
    **dict.fromkeys(("property", "choice"), _PLAIN),
    **dict.fromkeys(("properties", "choices"), _HOLDERS),
}
"""What each rule can make something of; any other takes text alone."""

_LISTS: Final = frozenset[Holds](
    {"hash", "texts", "processing_options", "property", "pixel_id", "container_id", "choice"}
)
"""Whose values may stand in lists."""

_WANTED: Final[Mapping[Holds, str]] = {
    **dict.fromkeys(("text", "id", "fbc", "fbclid", "lead_id", "hash", "texts"), "text or a number"),
    **dict.fromkeys(("number", "share"), "a number"),
    **dict.fromkeys(("whole", "processing_country", "processing_state"), "a whole number"),
    **dict.fromkeys(("flag", "bit", "opt_out"), "true or false"),
    **dict.fromkeys(("properties", "choices"), "a map or a record"),
    **dict.fromkeys(("property", "choice"), "one value, or a list of values,"),
    **dict.fromkeys(("pixel_id", "container_id"), "an id"),
    "contents": "a list of records",
    "seconds": "a time",
}

_TIMES: Final[Mapping[str, Unit]] = {
    "timestamp-millis": "milliseconds",
    "local-timestamp-millis": "milliseconds",
    "timestamp-micros": "microseconds",
    "local-timestamp-micros": "microseconds",
    "timestamp-nanos": "nanoseconds",
    "local-timestamp-nanos": "nanoseconds",
    "date": "days",
}
"""Avro's logical types."""


class MisfitError(Exception):
    """What stands at a path can never be what a key holds. The text goes on after the key."""


def settle(entry: Entry, source: Source, types: Types, schema: SchemaTypes) -> Source:
    """Return a source with the unit and the scale that the schema says.

    :param types: of what stands at its path.
    :raises MisfitError: it can never be what the key holds.
    """
    if not types:
        raise MisfitError(f"can never have a value from {source.path}, which is always null.")
    if source.table is not None:
        if not _has(types, _PLAIN, schema if _takes_lists(entry) else None):
            raise MisfitError(_misfit(entry, source.path, types, schema))
        return source
    if is_time(entry.holds, entry.key) and (unit := _unit(entry, source, types, schema)) is not None:
        return replace(source, unit=unit)
    if not _fits(entry, source, types, schema):
        raise MisfitError(_misfit(entry, source.path, types, schema))
    return replace(source, scale=_scale(source, types)) if source.scale is None else source


def _closed(types: Types) -> list[str] | None:
    """Return all values that there can be, as texts; ``None``: there may be others."""
    values: list[str] = []
    for one in types:
        if one.kind == "flag":
            values += ["true", "false"]
        elif one.kind == "text" and one.schema["type"] == "enum":
            values += one.schema["symbols"]
        else:
            return None
    return values


def condition_fault(condition: Condition, types: Types, schema: SchemaTypes) -> str | None:
    """Return why a condition says nothing, in words that go on after the key; ``None``: it does."""
    if condition.test in {"present", "absent"}:
        return None
    if not _has(types, _PLAIN, None):
        return f"cannot compare {condition.path}: that is {schema.described(types)}, and no single value."
    return unheard(condition.values, types, condition.path, cased=True)


def unheard(values: Iterable[str], types: Types, path: str, *, cased: bool) -> str | None:
    """Return which value can never stand at a path, in words that go on after the key; ``None``: none.

    :param cased: it must be the same to the letter, and not only but for upper and lower case.
    """
    known = _closed(types)
    if known is None:
        return None
    heard = {each if cased else each.casefold() for each in known}
    for value in values:
        if (value if cased else value.strip().casefold()) not in heard:
            return f"has {shown(value)}, which {path} never is. {nearest(value, known)}"
    return None


def _fits(entry: Entry, source: Source, types: Types, schema: SchemaTypes) -> bool:
    if entry.holds == "contents":
        return bool(item_types(types, schema))
    takes = _TAKES.get(entry.holds, _TEXT)
    numbers = {"decimal"} | ({"bytes"} if source.scale is not None else set())
    if "real" in takes and any(one.kind in numbers for one in types):
        return True
    return _has(types, takes, schema if _takes_lists(entry) else None)


def _has(types: Types, takes: _Kinds, lists: SchemaTypes | None) -> bool:
    """Say whether one of the types will do; with ``lists``, also one whose items will."""
    fit = takes | {"any"}
    if any(one.kind in fit for one in types):
        return True
    return lists is not None and any(item.kind in fit for one in types for item in _items(one, lists))


def _takes_lists(entry: Entry) -> bool:
    return entry.holds in _LISTS and entry.name not in HASHED_PARTS


def _items(one: Type, schema: SchemaTypes) -> Types:
    return schema.inside(one) if one.kind == "list" else ()


def item_types(types: Types, schema: SchemaTypes) -> Types:
    """Return what an item of ``contents`` may be; none where there can be no item."""
    found = [item for one in types for item in (_items(one, schema) if one.kind == "list" else (one,))]
    return tuple(item for item in found if item.kind in _HOLDERS | {"any"})


def _scale(source: Source, types: Types) -> int | None:
    """Return the scale of Avro's decimals."""
    decimals = [one for one in types if one.kind == "decimal"]
    if not decimals:
        return None
    scales = {one.scale for one in decimals}
    if len(scales) > 1 or len(decimals) < len(types):
        raise MisfitError(
            f"cannot tell apart what {source.path} may be, a decimal number or another: name one of them."
        )
    return scales.pop()


def _unit(entry: Entry, source: Source, types: Types, schema: SchemaTypes) -> Unit | None:
    """Return in what a time is counted; ``None`` for a day that is written out."""
    kinds, numbers = {one.kind for one in types}, [one for one in types if one.kind in {"whole", "real"}]
    said = {_TIMES.get(one.logical or "") for one in numbers}
    is_clock = any((one.logical or "").startswith("time-") for one in numbers)
    is_plain = bool(numbers or kinds & {"text", "any"})
    if is_clock or (not is_plain and (entry.holds == "seconds" or source.unit is not None)):
        raise MisfitError(_misfit(entry, source.path, types, schema))
    if source.unit is not None:
        return _agreed(source.unit, said - {None}, source.path, is_text=bool(kinds & {"text", "any"}))
    if entry.holds != "seconds" and said <= {None}:
        return None
    if not numbers and "any" not in kinds:
        return "iso8601"
    if len(said) != 1 or None in said:
        what = "JSON" if not numbers else "a number" if said == {None} else "more than one kind of time"
        raise MisfitError(
            f"needs a unit for {source.path}, which is {what}: {{path: {source.path}, unit: milliseconds}}. "
            f"There are: {', '.join(UNITS)}."
        )
    return said.pop()


def _agreed(unit: Unit, said: Iterable[Unit | None], path: str, *, is_text: bool) -> Unit:
    if unit == "iso8601" and not is_text:
        raise MisfitError(f"cannot have the unit iso8601: {path} is a number, and no text.")
    others = [each for each in said if each is not None and each != unit]
    if others and unit != "iso8601":
        raise MisfitError(f"cannot have the unit {unit}: by the schema, {path} is in {others[0]}.")
    return unit


def _misfit(entry: Entry, path: str, types: Types, schema: SchemaTypes) -> str:
    """Say what stands there, what is wanted, and what could be written."""
    wanted = _WANTED.get(entry.holds, "text")
    advice = next(_advice(entry, path, types, schema), "")
    return f"cannot be {path}: that is {schema.described(types)}, and {wanted} is wanted.{advice and ' '}{advice}"


def _advice(entry: Entry, path: str, types: Types, schema: SchemaTypes) -> Iterator[str]:
    takes = _TAKES.get(entry.holds, _TEXT)
    each = "[]" if _takes_lists(entry) else "[0]"
    for one in types:
        items = _items(one, schema)
        if entry.holds != "contents" and _has(items, takes, None):
            first = path.replace("[]", "[0]") if "[]" in path else f"{path}[0]"
            yield f"Write {first} for its first item."
        fields = [name for item in items for name in item.names]
        if fields and entry.holds not in {"contents", "properties", "choices"}:
            yield f"Name a field of its items: {path}{each}.{fields[0]}, say. There are: {listed(fields)}."
        if one.kind == "record":
            yield f"Name one of its fields. There are: {listed(one.names)}."
        if one.kind == "map":
            yield f"Name one of its keys, as in {path}.NAME."
        if one.kind in {"flag", "whole"} - takes and "text" in takes and entry.holds != "seconds":
            yield f"A table can say what stands for it: {{path: {path}, values: {{…}}}}."
        if one.kind == "bytes":
            yield f"If it holds JSON, name what is in it, as in {path}|json.NAME."
