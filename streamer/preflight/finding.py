"""What a check found: one line for people."""

from enum import StrEnum
from typing import NamedTuple


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    """Streamer runs, but perhaps not as is wanted."""
    FAULT = "fault"
    """Streamer does not run, or not right."""


class Finding(NamedTuple):
    """One thing that was looked at."""

    name: str
    """What it is about: ``brokers``, ``topic tag-events``."""
    level: Level
    sentence: str
    """What is so; for a fault also what to do. Never a secret."""


def ok(name: str, sentence: str) -> Finding:
    """Make a finding that all is well."""
    return Finding(name, Level.OK, sentence)


def warning(name: str, sentence: str) -> Finding:
    """Make a finding that someone should look at."""
    return Finding(name, Level.WARNING, sentence)


def fault(name: str, sentence: str) -> Finding:
    """Make a finding that something has to be put right."""
    return Finding(name, Level.FAULT, sentence)
