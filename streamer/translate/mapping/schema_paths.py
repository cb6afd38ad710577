"""Following a path through the types of a schema: what may stand there, and what was meant where nothing can."""

from collections.abc import Iterable, Iterator
from typing import Final

from streamer.layers import nearest
from streamer.translate.mapping.schema_types import ANY, SchemaTypes, Type, Types
from streamer.translate.paths import Each, Field, Index, Match, Parse, Step, parse_path

_NAMED_BELOW: Final = 12
"""Names that a sentence lists; of more, it tells the first ones."""


class NowhereError(Exception):
    """No record of the schema has anything at a path. The text is the end of a sentence, and what was meant."""


def follow(path: str, start: Types, schema: SchemaTypes) -> Types:
    """Return what may stand at a path that can be read and that begins at ``start``.

    :raises NowhereError: nothing can.
    """
    at, done, many, before = start, "", False, None
    for step in parse_path(path):
        if not (isinstance(step, Each) and isinstance(before, Match)):  # each that matches, of the same types
            at = _step(at, step, done, schema)
        done, many, before = _written(done, step), many or isinstance(step, Each), step
    return (Type("list", items=_distinct(_spread(at, schema))),) if many else at


def listed(names: Iterable[str]) -> str:
    """List names for people; of many, the first."""
    each = list(dict.fromkeys(names))
    more = f", … ({len(each)} in all)" if len(each) > _NAMED_BELOW else ""
    return ", ".join(each[:_NAMED_BELOW]) + more


def _spread(types: Types, schema: SchemaTypes) -> Iterator[Type]:
    """Give the items of lists in place of the lists: a path of each of a list's items makes one list of all."""
    for one in types:
        yield from schema.inside(one) if one.kind == "list" else (one,)


def _step(types: Types, step: Step, done: str, schema: SchemaTypes) -> Types:
    found = [each for one in types for each in _below(one, step, schema)]
    if found or (isinstance(step, Field) and any(step.name in one.names for one in types)):  # the latter: always null
        return _distinct(found)
    raise NowhereError(_nowhere(types, step, done, schema))


def _below(one: Type, step: Step, schema: SchemaTypes) -> Types:
    if one.kind == "any":
        return ANY
    match step:
        case Field(name):
            return schema.field(one, name)
        case Index() | Each():
            return schema.inside(one) if one.kind == "list" else ()
        case Match(name):
            return tuple(item for item in _items(one, schema) if _has_text(item, name, schema))
        case Parse():
            return ANY if one.kind in {"text", "bytes"} else ()


def _items(one: Type, schema: SchemaTypes) -> Types:
    """Return what is looked through for a match: a record that is no list counts as a list of one."""
    items = schema.inside(one) if one.kind == "list" else (one,)
    return tuple(item for item in items if item.kind in {"record", "map", "any"})


def _has_text(item: Type, name: str, schema: SchemaTypes) -> bool:
    """Say whether a field, or one inside another (``data.name``), may be text."""
    try:
        return any(one.kind in {"text", "any"} for one in follow(name, (item,), schema))
    except NowhereError:
        return False


def _nowhere(types: Types, step: Step, done: str, schema: SchemaTypes) -> str:
    """Say why a step cannot be made, and which could."""
    match step:
        case Field(name) if names := [each for one in types for each in one.names]:
            return f"there is no {_written(done, step)}. {_nearest(name, names, done)}"
        case Field(name) if any(one.kind == "list" for one in types):
            return f"{done} is a list. Write {done}[0].{name} for its first item, {done}[].{name} for each."
        case Match(name) if items := [item for one in types for item in _items(one, schema)]:
            return _no_match(name, done, tuple(items), schema)
    missing = {Index: ", and no list", Each: ", and no list", Match: ", and no list of records", Parse: ", and no text"}
    return f"{done} is {schema.described(types)}{missing.get(type(step), ': nothing stands below it')}."


def _no_match(name: str, done: str, items: Types, schema: SchemaTypes) -> str:
    try:
        types = follow(name, items, schema)
    except NowhereError as error:
        return f"in an item of {done}, {error}"
    return f"{name} is {schema.described(types)}, and no text, in an item of {done}."


def _nearest(name: str, names: list[str], before: str) -> str:
    """Return the end of a sentence about an unknown field."""
    close = nearest(name, names)
    if close.startswith("Did"):
        return f"Did you mean {before}{before and '.'}{close.removeprefix('Did you mean ')}"
    return f"There are: {listed(names)}."


def _written(done: str, step: Step) -> str:
    """Write a path that is one step longer."""
    match step:
        case Field(name):
            plain = name.replace("-", "_").isidentifier() and not name.startswith("-")
            return f"{done}{done and '.'}{name}" if plain else f"{done}['{name}']"
        case Index(at):
            return f"{done}[{at}]"
        case Each():
            return f"{done}[]"
        case Match(name, text):
            return f"{done}[{name}={text}]"
        case Parse():
            return f"{done}|json"


def _distinct(types: Iterable[Type]) -> Types:
    """Drop types that stand there twice, as where several records have a field alike."""
    seen: list[Type] = []
    for one in types:
        if one not in seen:
            seen.append(one)
    return tuple(seen)
