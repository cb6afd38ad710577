"""A server event while it is being made."""

from typing import Any

from streamer.translate.engine import Note, Origin
from streamer.translate.notes import NoteReason

Section = dict[str, Any]
"""The event itself, or a part of it such as ``custom_data``."""


class Draft(dict[str, Section]):
    """What the rules write to: sections by name; the event itself is under the empty one.

    A section is there as soon as something is looked for in it.
    """

    __slots__ = ("notes", "origin", "place", "region")

    def __init__(self, origin: Origin, place: str | None, region: str | None) -> None:
        """Begin with nothing.

        :param origin: where the record first stood.
        :param place: country by which states and postcodes are read, ISO 3166-1 alpha-2 in lowercase.
        :param region: country by which phone numbers are read.
        """
        self.origin = origin
        self.place = place
        self.region = region
        self.notes: list[Note] = []

    def __missing__(self, name: str) -> Section:
        section: Section = {}
        self[name] = section
        return section

    def note(self, field: str, reason: NoteReason) -> None:
        """Say that a field was left out or repaired."""
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
