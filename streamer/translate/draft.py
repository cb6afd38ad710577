"""A server event while it is being made."""

from collections import defaultdict
from typing import Any

from streamer.translate.engine import Note
from streamer.translate.notes import NoteReason

Section = dict[str, Any]
"""The event itself, or a part of it such as ``custom_data``."""


class Draft:
    """What the rules write to."""

    __slots__ = ("notes", "place", "region", "sections")

    def __init__(self, place: str | None, region: str | None) -> None:
        """Begin with nothing.

        :param place: country by which states and postcodes are read, ISO 3166-1 alpha-2 in lowercase.
        :param region: country by which phone numbers are read.
        """
        self.sections: defaultdict[str, Section] = defaultdict(dict)
        """By name, such as ``user_data``; the event itself is under the empty name. Made when something is put there."""
        self.notes: list[Note] = []
        self.place = place
        self.region = region

    def note(self, field: str, reason: NoteReason) -> None:
        """Say that a field was left out or repaired."""
        self.notes.append(Note(field, reason))

    def joined(self) -> Section:
        """Return the event with the sections that have something; ``user_data`` is there in any case."""
        sections = self.sections
        event = sections.pop("", {})
        event["user_data"] = sections.pop("user_data", {})
        for name, section in sections.items():
            if section:
                event[name] = section
        return event


def place_of(key: str) -> tuple[str, str]:
    """Return in which section a CAPI key such as ``user_data.em`` stands, and how it is called there."""
    section, _, name = key.rpartition(".")
    return section, name
