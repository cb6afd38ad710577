"""A server event while it is being made."""

from collections.abc import Sequence
from typing import Any

from streamer.translate.engine import Note, Origin
from streamer.translate.notes import NoteReason
from streamer.translate.plan import PixelRules

MOST_NOTES = 200
"""Of one event: a list of 100,000 bad items is one fault."""

Section = dict[str, Any]
"""The event itself, or a part of it such as ``custom_data``."""


class Draft(dict[str, Section]):
    """What the rules write to: sections by name; the event itself is under the empty one.

    A section is there as soon as something is looked for in it.
    """

    __slots__ = ("notes", "origin", "pixels", "place", "region", "row", "rules", "time_ms")

    def __init__(self, row: int, origin: Origin, pixels: Sequence[str], read_by: tuple[PixelRules, str | None]) -> None:
        """Begin with nothing.

        :param row: which record of the slice it comes from.
        :param origin: where the record first stood.
        :param pixels: those it is for.
        :param read_by: the rules that count for all of them, and the country that the event says its user lives in.
        """
        self.row = row
        self.origin = origin
        self.pixels = pixels
        self.rules, self.place = read_by
        """The country, by which states and postcodes are read, is ISO 3166-1 alpha-2 in lowercase."""
        self.region = self.place or self.rules.phone_region
        """Country by which phone numbers are read."""
        self.time_ms = 0
        """When it happened, milliseconds since 1970: more than the event's own seconds say."""
        self.notes: list[Note] = []

    def __missing__(self, name: str) -> Section:
        section: Section = {}
        self[name] = section
        return section

    def note(self, field: str, reason: NoteReason) -> None:
        """Say that a field was left out or repaired; no more is said of a record than anybody reads."""
        if len(self.notes) < MOST_NOTES:
            self.notes.append(Note(field, reason))

    def joined(self) -> Section:
        """Return the event with the sections that have something; ``user_data`` is there in any case."""
        event = self.pop("", {})
        event["user_data"] = self["user_data"]
        for name, section in self.items():
            if section:
                event[name] = section
        return event


def place_of(key: str) -> tuple[str, str]:
    """Return in which section a CAPI key such as ``user_data.em`` stands, and how it is called there."""
    section, _, name = key.rpartition(".")
    return section, name
