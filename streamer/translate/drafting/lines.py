"""Lines of a draft: YAML, with comments on what is to be checked."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from streamer.translate.drafting import words
from streamer.translate.drafting.finding import Found
from streamer.translate.drafting.places import Place

_PLAIN = re.compile(r"(?!(?:true|false|null|Null|NULL)\Z)[A-Za-z_][A-Za-z0-9_.-]*")
_MOST_ALTERNATIVES = 3


@dataclass(frozen=True, slots=True)
class Line:
    """One line."""

    key: str
    """A key of the section it stands in."""
    value: str = ""
    """YAML; empty for one that only opens what stands below it."""
    checks: tuple[str, ...] = ()
    """What is to be checked."""
    depth: int = 0

    def deeper(self) -> "Line":
        """Return the line as it stands below another."""
        return replace(self, depth=self.depth + 1)

    def __str__(self) -> str:
        written = f"{'  ' * self.depth}{quoted(self.key)}:{self.value and ' '}{self.value}"
        return f"{written}  # check: {'; '.join(self.checks)}" if self.checks else written


def line_of(key: str, found: Sequence[Found]) -> Line:
    """Write what was found for a key: the likeliest, with its doubt, and the others as what is to be checked."""
    best = found[0]
    value = quoted(best.place.path)
    doubts = [best.doubt]
    if best.scale is not None:
        value = f"{{path: {value}, scale: {best.scale}}}"
        doubts.append("that so many digits stand behind the point")
    return Line(key, value, (*filter(None, doubts), *others(found)))


def time_line(key: str, found: Sequence[Found]) -> Line:
    """Write a time: where the schema does not say in what it counts, a unit is guessed."""
    line, place = line_of(key, found), found[0].place
    if place.logical is not None:
        day = ("that a day without an hour will do",) if place.logical == "date" else ()
        return replace(line, checks=(*day, *line.checks))
    if place.kinds <= {"text"}:
        return replace(line, checks=("that it is ISO 8601, as 2026-11-24T12:00:00Z", *line.checks))
    unit = _unit(place)
    return replace(
        line,
        value=f"{{path: {line.value}, unit: {unit}}}",
        checks=("the unit, which the schema does not say", *line.checks),
    )


def others(found: Sequence[Found]) -> tuple[str, ...]:
    """Say which other places have as good a name, if there are some."""
    best = found[0]
    rivals = [quoted(each.place.path) for each in found[1:] if bool(each.doubt) == bool(best.doubt)]
    return (f"or is it {', '.join(rivals[:_MOST_ALTERNATIVES])}",) if rivals else ()


def quoted(text: str) -> str:
    """Write a text as YAML, in quotes where it needs them."""
    return text if _PLAIN.fullmatch(text) else json.dumps(text)


def listed(values: Sequence[str]) -> str:
    """Write a list in one line."""
    return f"[{', '.join(values)}]"


def mapped(values: Mapping[str, str]) -> str:
    """Write keys and values in one line."""
    return f"{{{', '.join(f'{quoted(key)}: {value}' for key, value in values.items())}}}"


def _unit(place: Place) -> str:
    """Guess in what a time is counted: by a word in its name, else as most programs count in numbers of its kind."""
    for word in place.words[-1]:
        if word in words.UNITS:
            return words.UNITS[word]
    return "seconds" if "real" in place.kinds else "milliseconds"
