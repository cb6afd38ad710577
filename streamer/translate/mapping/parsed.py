"""A mapping as its file says it: what is known before it is held against a schema, and where each part stands."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

from streamer.translate.plan import Condition, Followed, RuleName, Source
from streamer.yamlfile import Place, YamlFile

Holds = RuleName | Literal["pixel_id", "container_id", "origin", "choice", "choices"]
"""What a key holds: what its rule makes; or where an event goes, who reported it, what its user allows."""


class Fault(NamedTuple):
    """What is wrong, as a sentence with file, line and key."""

    line: int
    text: str


def fault_at(path: Path, line: int, sentence: str) -> Fault:
    """Return a fault, in one line whatever is quoted in it."""
    text = "".join(character if character.isprintable() else " " for character in sentence)
    return Fault(line, f"{path}:{line}: {text}" if line else f"{path}: {text}")


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in the file, and where to say what is wrong there."""

    file: YamlFile
    place: Place
    key: str
    """As people would call it: ``user_data.em``, also deep inside of what stands there."""
    faults: list[Fault] = field(repr=False)

    def below(self, *names: str | int) -> "Spot":
        """Return a place inside of what the key holds."""
        return Spot(self.file, (*self.place, *names), self.key, self.faults)

    def key_below(self, name: str) -> "Spot":
        """Return the place of a key that stands below this one."""
        return Spot(self.file, (*self.place, name), f"{self.key}.{name}" if self.key else name, self.faults)

    @property
    def line(self) -> int:
        """Where it stands, from 1."""
        return int(self.file.where(self.place).rpartition(":")[2])

    def fault(self, what: str) -> None:
        """Note a fault. ``what`` goes on after the key."""
        self.says(f"{self.key} {what}" if self.key else f"the file {what}")

    def says(self, sentence: str) -> None:
        """Note a fault that is a sentence of its own."""
        self.faults.append(fault_at(self.file.path, self.line, sentence))


@dataclass(frozen=True, slots=True)
class Given:
    """One place that a value may come from, as it is written: units and scales may be missing still."""

    source: Source
    line: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One key."""

    key: str
    """Such as ``event_name``, ``user_data.em`` or ``route.pixel_id``; of a part of ``contents`` or ``extinfo``, all
    of it: ``custom_data.contents.id``."""
    holds: Holds
    line: int
    given: tuple[Given, ...] = ()
    every: bool = False
    without: tuple[str, ...] = ()
    parts: tuple["Entry", ...] = ()
    """Of ``contents`` and ``extinfo``."""

    @property
    def name(self) -> str:
        """What comes last in the key."""
        return self.key.rpartition(".")[2]


class Test(NamedTuple):
    """One of the conditions."""

    condition: Condition
    line: int


@dataclass(frozen=True, slots=True)
class Mapped:
    """All that a file says."""

    path: Path
    entries: tuple[Entry, ...]
    pixel_id: Entry | None
    container_id: Entry | None
    origin: Entry | None
    choices: Entry | None
    """Where the map from purpose to choice is."""
    purposes: tuple[tuple[str, Entry], ...]
    """Purposes with places of their own."""
    when: tuple[Test, ...]
    follow: tuple[Followed, ...]
