"""Reading values.yaml with its comments: what each value is for, and what may stand there."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

_SECTION = "# == "
_DESCRIPTION = "# -- "
_SCHEMA = "# @schema "


@dataclass(frozen=True, slots=True)
class Value:
    """A value: a leaf of the file, or a map that its comment describes as a whole."""

    path: tuple[str, ...]
    default: Any
    description: str
    schema: dict[str, Any] | None
    section: str


@dataclass(slots=True)
class _Notes:
    """What the comments before a key say."""

    description: list[str] = field(default_factory=list)
    schema: list[str] = field(default_factory=list)


def read_values(path: Path) -> list[Value]:
    """Return the values of a file, in its order.

    :raises ValueError: if one has no description, or a comment that is not understood. The text has the line.
    """
    text = path.read_text(encoding="utf-8")
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(root, yaml.MappingNode):
        raise TypeError(f"{path}: must hold keys.")
    return list(_walk(root, (), text.splitlines(), yaml.safe_load(text)))


def _walk(
    node: yaml.MappingNode, above: tuple[str, ...], lines: list[str], defaults: dict[str, Any]
) -> Iterator[Value]:
    for key, below in node.value:
        path = (*above, key.value)
        notes, default = _notes(lines, key.start_mark.line), defaults[key.value]
        if isinstance(below, yaml.MappingNode) and below.value and not notes.schema:
            yield from _walk(below, path, lines, default)
            continue
        if not notes.description:
            raise ValueError(f"line {key.start_mark.line + 1}: {'.'.join(path)} has no comment that begins with # --")
        schema = json.loads(" ".join(notes.schema)) if notes.schema else None
        yield Value(path, default, " ".join(notes.description), schema, _section(lines, key.start_mark.line))


def _notes(lines: list[str], at: int) -> _Notes:
    """Return what the comment right above a line says."""
    first = at
    while first > 0 and lines[first - 1].lstrip().startswith("#"):
        first -= 1
    notes, into = _Notes(), None
    for line in map(str.strip, lines[first:at]):
        if line.startswith(_DESCRIPTION):
            into = notes.description
            into.append(line.removeprefix(_DESCRIPTION))
        elif line.startswith(_SCHEMA):
            into = notes.schema
            into.append(line.removeprefix(_SCHEMA))
        elif into is not None:
            into.append(line.removeprefix("#").strip())
    return notes


def _section(lines: list[str], at: int) -> str:
    headings = (line.removeprefix(_SECTION) for line in reversed(lines[:at]) if re.match(_SECTION, line))
    return next(headings, "")
