"""Paths in a decoded record, such as ``user.email``: how they are written, and how they are followed.

Steps are separated by dots; each goes to a field of a record or a key of a map. A step may end in brackets:

- ``items[0]``: one of a list, from 0;
- ``items[]``: each of a list; the path then gives the list of what it finds there;
- ``params[key=page_location]``: the first of a list whose field has this text, or begins with it where a ``*`` follows;
  a record that is no list counts as a list of one, and the field may be one inside another: ``entities[data.name=x]``;
- ``params[key=page_location][]``: each of a list whose field has this text;
- ``cookies['_ga.x']``: a field or key with a name that cannot be written plainly.

``payload|json`` reads the text at a step as JSON, and goes on in it.
"""

import re
import sys
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple

import orjson

from streamer.records.decode import Decoded, Value

Find = Callable[[Decoded], Value]
"""A record in; what stands at the path, or ``None``."""

Follow = Callable[[Value], Value]
"""What stands at a step in; what stands at the next, or ``None``."""


class PathError(ValueError):
    """A path that cannot be read; the message is a sentence that goes on after the path."""


class Field(NamedTuple):
    """To a field of a record, or a key of a map."""

    name: str


class Index(NamedTuple):
    """To one item of a list."""

    at: int


class Each(NamedTuple):
    """To every item of a list."""


class Match(NamedTuple):
    """To the first item of a list whose field has a text; where :class:`Each` follows, to each of those."""

    field: str
    """Its name, or names with dots between them."""
    text: str
    """Ends in ``*``: what comes before it is the beginning of the field's text."""


class Parse(NamedTuple):
    """Into a text that holds JSON."""


Step = Field | Index | Each | Match | Parse

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_BRACKET = re.compile(r"\[(?:(\d{1,4})|([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)=([^\[\]]+)|'([^']+)'|)\]")
JSON = "|json"
"""How a path says that a text is to be read as JSON."""
_LONGEST_KEPT = 2**16


def parse_path(path: str) -> tuple[Step, ...]:
    """Read a path.

    :raise PathError: it is not written as paths are.
    """
    steps: list[Step] = []
    at = 0
    while at < len(path) or not steps:
        if plain := _PLAIN.match(path, at):
            steps.append(Field(sys.intern(plain[0])))
            at = plain.end()
        elif not (path[at : at + 1] == "[" and "'" in path[at : at + 2]):
            raise PathError(f"is no path: a name is missing at character {at + 1}")
        at = _endings(path, at, steps)
        if at < len(path):
            if path[at] != "." or at + 1 == len(path):
                raise PathError(f"is no path: see character {at + 1}")
            at += 1
    return tuple(steps)


def _endings(path: str, at: int, steps: list[Step]) -> int:
    """Read brackets and ``|json`` after a name."""
    while True:
        if bracket := _BRACKET.match(path, at):
            steps.append(_in_brackets(bracket))
            at = bracket.end()
        elif path.startswith(JSON, at):
            steps.append(Parse())
            at += len(JSON)
        else:
            return at


def _in_brackets(bracket: re.Match[str]) -> Step:
    index, field, text, name = bracket.groups()
    if index is not None:
        return Index(int(index))
    if field is not None:
        return Match(sys.intern(field), text)
    return Each() if name is None else Field(sys.intern(name))


def split_head(path: str) -> tuple[str, str] | None:
    """Split off what leads to the first record within a record: a name with all that ends it, and a dot.

    :return: both parts, each a path; None where nothing follows, or where the first leads to each item of a list.
    """
    steps: list[Step] = []
    plain = _PLAIN.match(path)
    at = _endings(path, plain.end() if plain else 0, steps)
    if at == 0 or path[at : at + 1] != "." or any(isinstance(step, Each) for step in steps):
        return None
    return path[:at], path[at + 1 :]


def plain_head(path: str) -> tuple[str, str] | None:
    """Split off the first field of a path, where another follows after a dot; None: there is no such."""
    found = re.match(r"([A-Za-z_][A-Za-z0-9_-]*)\.(?=[A-Za-z_])", path)
    return (found[1], path[found.end() :]) if found else None


def finder(path: str) -> Find:
    """Return a function that gives a path's value, or ``None`` where there is none. The empty path is the record."""
    if not path:
        return lambda record: record
    steps = parse_path(path)
    names = [step.name for step in steps if isinstance(step, Field)]
    if len(names) < len(steps):
        return _followed(steps)
    if len(names) == 1:
        only = names[0]
        return lambda record: record.get(only)
    if len(names) == len(("outer", "inner")):
        outer, inner = names

        def find_inner(record: Decoded) -> Value:
            value = record.get(outer)
            return value.get(inner) if value.__class__ is dict else None

        return find_inner

    def find(record: Decoded) -> Value:
        value: Value = record
        for name in names:
            if value.__class__ is not dict:
                return None
            value = value.get(name)
        return value

    return find


def _followed(steps: tuple[Step, ...]) -> Follow:
    follow: Follow = _itself
    for at in range(len(steps) - 1, -1, -1):
        follow = _follow(steps[at], follow, every=at + 1 < len(steps) and isinstance(steps[at + 1], Each))
    return follow


def _itself(value: Value) -> Value:
    return value


def _follow(step: Step, rest: Follow, *, every: bool = False) -> Follow:
    """Bind a step to what follows it.

    :param every: each of the items that match is wanted, and not the first alone.
    """
    match step:
        case Field(name):
            return lambda value: rest(value.get(name)) if value.__class__ is dict else None
        case Index(at):
            return lambda value: rest(value[at]) if value.__class__ is list and at < len(value) else None
        case Match(field, text) if every:
            find = finder(field)
            return lambda value: rest(list(_matching(value, find, text)))
        case Match(field, text):
            return _first_match(finder(field), text, rest)
        case Parse():
            return lambda value: rest(parsed(value))
        case Each():
            return lambda value: _of_each(value, rest)


def _first_match(find: Find, text: str, rest: Follow) -> Follow:
    matches = _matcher(text)

    def follow(value: Value) -> Value:
        for item in value if value.__class__ is list else (value,):
            if item.__class__ is dict and matches(find(item)):
                return rest(item)
        return None

    return follow


def _matching(value: Value, find: Find, text: str) -> Iterator[Value]:
    matches = _matcher(text)
    for item in value if value.__class__ is list else (value,):
        if item.__class__ is dict and matches(find(item)):
            yield item


def _matcher(text: str) -> Callable[[Value], bool]:
    """Bind what a field must hold: a text, or one that begins with what stands before a ``*``."""
    if not text.endswith("*"):
        return lambda found: found.__class__ is str and found == text
    beginning = text[:-1]
    return lambda found: found.__class__ is str and found.startswith(beginning)


def _of_each(value: Value, rest: Follow) -> Value:
    """Return what is found at each item; None if nothing is."""
    if value.__class__ is not list:
        return None
    return list(_found(value, rest)) or None


def _found(items: list[Value], rest: Follow) -> Iterator[Value]:
    for item in items:
        value = rest(item)
        if value.__class__ is list:
            yield from value
        elif value is not None:
            yield value


def parsed(value: Value) -> Value:
    """Read a text, or bytes, as JSON; ``None`` where it is none."""
    if value.__class__ is not str and value.__class__ is not bytes:
        return None
    return _parsed(value) if len(value) <= _LONGEST_KEPT else _parsed.__wrapped__(value)


@lru_cache(maxsize=256)
def _parsed(text: str | bytes) -> Value:
    """Several rules look into one text: those of the records that are being translated are read once."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None


def not_json(value: Value) -> bool:
    """Tell whether something is there that cannot be read as JSON."""
    if value.__class__ is str or value.__class__ is bytes:
        return bool(value.strip()) and parsed(value) is None and value.strip() not in {"null", b"null"}
    return value is not None


def forget_parsed() -> None:
    """Let go of what was read from texts of JSON: people's data must not outlive the records it came with."""
    _parsed.cache_clear()
