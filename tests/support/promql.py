"""What a PromQL expression names: metrics, the labels it picks by, the labels it groups by."""

import re
from collections.abc import Iterator
from typing import NamedTuple

_STRING = r'"(?:[^"\\]|\\.)*"'
_METRIC = re.compile(rf"\b(streamer_\w+|process_\w+|up)\b(?:\s*\{{((?:[^{{}}\"]|{_STRING})*)\}})?")
_PICK = re.compile(rf"(\w+)\s*(=~|!~|!=|=)\s*({_STRING})")
_GROUPING = re.compile(r"\b(?:by|on|without|ignoring|group_left|group_right)\s*\(([^()]*)\)")


class Pick(NamedTuple):
    """A condition on a label."""

    label: str
    operator: str
    text: str

    @property
    def values(self) -> list[str]:
        """The values that it names; none where it has a variable or a pattern that is more than alternatives."""
        if "$" in self.text:
            return []
        given = self.text.split("|") if "~" in self.operator else [self.text]
        return [each for each in given if re.fullmatch(r"[\w.+-]+", each)]


class Named(NamedTuple):
    """A metric that an expression asks for."""

    metric: str
    picks: tuple[Pick, ...]


def named(expression: str) -> Iterator[Named]:
    """Yield every metric of ours, of the process and ``up`` in an expression, with its conditions."""
    for metric, picks in _METRIC.findall(expression):
        yield Named(metric, tuple(Pick(label, how, text[1:-1]) for label, how, text in _PICK.findall(picks)))


def grouped(expression: str) -> set[str]:
    """Return the labels that an expression groups or matches by."""
    return {label.strip() for found in _GROUPING.findall(expression) for label in found.split(",") if label.strip()}
