"""What can be said of a field that was repaired or left out: a closed set of reasons, never a value."""

from enum import StrEnum
from typing import NamedTuple


class NoteReason(StrEnum):
    """Why a field was left out or changed. A bad field costs the field, never the event."""

    MALFORMED = "malformed"
    EMPTY = "empty"
    NOT_SHA256 = "not_sha256"


class Drop(NamedTuple):
    """What a normaliser answers instead of a value: the field is left out."""

    reason: NoteReason
