"""What can be said of a field that was repaired or left out: a closed set of reasons, never a value."""

from enum import StrEnum
from typing import NamedTuple


class NoteReason(StrEnum):
    """Why a field was left out or changed. A bad field costs the field, never the event."""

    EMPTY = "empty"
    """Nothing is left of it after normalising."""
    MALFORMED = "malformed"
    """It has not the form that the field needs."""
    TOO_LONG = "too_long"
    """Longer than any real value of this field."""
    PLACEHOLDER = "placeholder"
    """A stand-in for "no value", such as ``undefined``."""
    UNKNOWN = "unknown"
    """Not in the table of this field: no such country, currency or gender word."""
    IMPOSSIBLE = "impossible"
    """Well-formed, but it cannot exist: a date that is in no calendar, a phone number of an impossible length."""
    NOT_SHA256 = "not_sha256"
    """Already hashed, but with something that Meta does not match, such as MD5."""
    PRIVATE_ADDRESS = "private_address"
    """An IP address that no browser has on the internet."""
    NO_COUNTRY_CODE = "no_country_code"
    """A phone number that was kept although neither it nor the event says of which country it is."""
    INCOMPLETE = "incomplete"
    """Of no use without another field, which is missing: a value without its currency."""
    ABSENT = "absent"
    """Not there, although Meta advises it for this event."""
    PERSONAL = "personal"
    """A custom property that is somebody's own data, by its name or because it is an e-mail address: it would leave
    unhashed."""
    RESERVED = "reserved"
    """A custom property under a name that is Meta's own."""
    HASHED = "hashed"
    """An id that Meta takes only as it is, and that came hashed."""
    UNWANTED = "unwanted"
    """Meta refuses the event with it."""
    POLICY = "policy"
    """The policy of its pixel keeps it back."""


class Drop(NamedTuple):
    """What a normaliser answers instead of a value: the field is left out."""

    reason: NoteReason
