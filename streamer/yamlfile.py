"""YAML files written by people: read safely, duplicate keys refused, and the line of every key known."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from streamer.errors import ConfigError

Place = tuple[str | int, ...]
"""The way to a value: keys of maps and positions in lists, from the top of the file."""

_MERGE = "tag:yaml.org,2002:merge"


class _Loader(yaml.SafeLoader):
    """Reads a bare word as a number, a flag or nothing only where that loses nothing of how it was written.

    All else stays the text that it is. YAML 1.1 would make 8 of ``010``, 1.1 of ``1.10``, 750 of ``12:30``, false of
    ``no`` and a date of ``2026-01-01``: of a password another password, and of Norway nothing.
    """


_Loader.yaml_implicit_resolvers = {}  # of its own, and not those of its parent
for _tag, _form, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|false", ["t", "f"]),
    ("int", r"0|-?[1-9][0-9]{0,17}", list("-0123456789")),
    ("merge", r"<<", ["<"]),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"(?:{_form})\Z"), _first)

_INDENTATION = (
    "Check the indentation here and above: keys of one level begin in the same column, with spaces and no tabs."
)
_IN_OTHER_WORDS: Mapping[str, tuple[str, str]] = {
    "expected <block end>": ("what begins here does not go with the lines above", _INDENTATION),
    "expected alphabetic or numeric character": (
        "a name is missing behind * or &",
        'Put what begins with one of them in quotes, as in "*": order.extra.',
    ),
    "expected ',' or": (
        "a list or map is not closed",
        "Close what was opened above with [ or {, and put a comma between its items.",
    ),
}
"""What the library says in words of its own, by how it begins: what is wrong, and what to do."""
_TO_DO: Mapping[str, str] = {
    "mapping values are not allowed": f"{_INDENTATION} Text with a colon in it needs quotes.",
    "found character": "Indent with spaces, not with tabs; put text that begins with a sign such as @ or % in quotes.",
    "could not find expected ':'": "A key has a colon and a space behind it.",
    "found unexpected end of stream": "A quotation mark is not closed.",
}
"""What to do about what it says plainly."""


@dataclass(frozen=True, slots=True)
class YamlFile:
    """A file's value, and where in the file each part of it stands."""

    path: Path
    value: Any
    lines: Mapping[Place, int]

    def where(self, place: Place) -> str:
        """Return ``file:line`` of ``place``, or of the nearest thing around it that has a line."""
        while place and place not in self.lines:
            place = place[:-1]
        return f"{self.path}:{self.lines.get(place, 1)}"


def read_yaml(path: Path) -> YamlFile:
    """Read one YAML document; an empty file's value is None.

    :raises ConfigError: when the file cannot be read, is no YAML, or has a key twice. The text has file and line, and
        never a value.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: is not UTF-8 text.") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}). Check the path and its permissions.") from None
    return parse_yaml(text, path)


def parse_yaml(text: str, path: Path) -> YamlFile:
    """Do what :func:`read_yaml` does, with ``text`` in place of the file's content."""
    try:
        value, lines, twice = _parse(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (f":{mark.line + 1}", f" (column {mark.column + 1})") if mark else ("", "")
        problem, advice = _problem(error)
        raise ConfigError(f"{path}{line}: is no YAML: {problem}{column}.{advice and ' '}{advice}") from None
    except (yaml.YAMLError, ValueError, RecursionError):
        raise ConfigError(f"{path}: is no YAML: something in it cannot be read.") from None
    if twice:
        raise ConfigError([f"{path}:{line}: {key} stands there twice. Keep one." for key, line in twice])
    return YamlFile(path, value, lines)


def _parse(text: str) -> tuple[Any, dict[Place, int], list[tuple[str, int]]]:
    """Return the value, the line of each place, and keys that stand there twice with their lines."""
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None, {}, []
        lines, twice = _survey(node)
        return loader.construct_document(node), lines, twice
    finally:
        loader.dispose()


def _problem(error: yaml.MarkedYAMLError) -> tuple[str, str]:
    """Say what is wrong and what to do; in other words where the library would quote a value, which can be a secret."""
    if isinstance(error, yaml.composer.ComposerError):
        if error.context == "expected a single document in the stream":
            return "a second document begins there (---); keep one a file", ""
        return "an alias (*name) has no anchor; put a value that begins with * in quotes", ""
    if isinstance(error, yaml.constructor.ConstructorError):
        return "a tag (!name) or a key of it is not known; put a value that begins with ! in quotes", ""
    problem = error.problem or "it cannot be parsed"
    for start, words in _IN_OTHER_WORDS.items():
        if problem.startswith(start):
            return words
    if "<" in problem:  # names of its own, such as <block end>
        return "it cannot be parsed", _INDENTATION
    return problem, next((do for start, do in _TO_DO.items() if problem.startswith(start)), "")


def _survey(root: yaml.Node) -> tuple[dict[Place, int], list[tuple[str, int]]]:
    lines: dict[Place, int] = {}
    twice: list[tuple[str, int]] = []
    seen: set[int] = set()  # an anchor may be used often, or hold itself
    todo: list[tuple[Place, yaml.Node]] = [((), root)]
    while todo:
        place, node = todo.pop()
        lines.setdefault(place, node.start_mark.line + 1)
        if id(node) in seen:
            continue
        seen.add(id(node))
        for key, mark, child in _children(node):
            below = (*place, key)
            if below in lines:
                twice.append((".".join(map(str, below)), mark.line + 1))
            lines[below] = mark.line + 1
            todo.append((below, child))
    return lines, twice


def _children(node: yaml.Node) -> Iterator[tuple[str | int, yaml.Mark, yaml.Node]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != _MERGE:
                yield key.value, key.start_mark, value
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield index, value.start_mark, value
