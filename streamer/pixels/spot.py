"""A place in pixels.yaml: reads what stands there, and notes what is wrong with it by file, line and key."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from streamer.layers import nearest
from streamer.yamlfile import YamlFile


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in the file, and where to say what is wrong there."""

    file: YamlFile
    place: tuple[str | int, ...]
    faults: list[str]

    def below(self, key: str | int) -> "Spot":
        """Return the place of a key, or of an item of a list."""
        return Spot(self.file, (*self.place, key), self.faults)

    @property
    def where(self) -> str:
        """``file:line``."""
        return self.file.where(self.place)

    @property
    def key(self) -> str:
        """As people write it: ``pixels.1001.containers[0]``; nothing for the file as a whole."""
        parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.place)
        return "".join(parts).removeprefix(".")

    def fault(self, what: str) -> None:
        """Note a fault. ``what`` goes on after the key."""
        self.faults.append(f"{self.where}: {self.key or 'the file'} {what}")

    def map(self, value: object, known: Iterable[str], holds: str) -> dict[str, Any]:
        """Return a map with no other keys than known ones."""
        if not isinstance(value, dict):
            self.fault(f"must hold {holds}, indented below it.")
            return {}
        for key in value:
            if key not in known:
                below = self.below(str(key))
                self.faults.append(f"{below.where}: there is no key {below.key}. {nearest(str(key), known)}")
        return {key: each for key, each in value.items() if key in known}


Read = Callable[[Spot, object], Any]
"""A place and what stands there in; its value out, or None after noting a fault."""


def text(spot: Spot, value: object) -> str | None:
    """Take text that is not empty, without white space around it."""
    if isinstance(value, str) and value.strip():
        return value.strip()
    number = isinstance(value, int | float)
    spot.fault("must be text: put it in quotes." if number else "must be text that is not empty.")
    return None


def texts(spot: Spot, value: object, example: str, read: Read = text) -> tuple[str, ...] | None:
    """Take a list of texts, without doubles."""
    if not isinstance(value, list):
        spot.fault(f"must be a list, such as [{example}].")
        return None
    names = [read(spot.below(at), each) for at, each in enumerate(value)]
    return tuple(dict.fromkeys(name for name in names if name is not None))


def flag(spot: Spot, value: object) -> bool | None:
    """Take true or false."""
    made = {"true": True, "false": False}.get(str(value).lower())
    if made is None:
        spot.fault("must be true or false.")
    return made


def word_of(*known: str) -> Read:
    """Take one of these words, in any case."""

    def word(spot: Spot, value: object) -> str | None:
        made = text(spot, value)
        if made is None or made.lower() in known:
            return made and made.lower()
        spot.fault(f"cannot be {made}. {nearest(made.lower(), known)}")
        return None

    return word
