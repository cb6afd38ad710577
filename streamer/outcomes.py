"""What can become of a record for a pixel: four final outcomes, and for three of them a reason from a closed set."""

from enum import StrEnum
from typing import NamedTuple


class Outcome(StrEnum):
    """The final fate of one (record, pixel)."""

    DELIVERED = "delivered"
    SKIPPED = "skipped"
    DEAD_LETTERED = "dead_lettered"
    PARKED = "parked"


class Reason(StrEnum):
    """Why something was not delivered: written to headers, receipts and metrics, and never holding a value."""

    # skipped: policy says do not send
    TOMBSTONE = "tombstone"
    NO_PIXEL = "no_pixel"
    NO_CONSENT = "no_consent"
    PIXEL_OPTED_OUT = "pixel_opted_out"
    EVENT_FILTERED = "event_filtered"
    ORIGIN_FILTERED = "origin_filtered"
    SUPPRESSED = "suppressed"
    DUPLICATE = "duplicate"
    NOT_CHOSEN = "not_chosen"

    # dead-lettered: undecodable
    BAD_FRAMING = "bad_framing"
    UNKNOWN_SCHEMA = "unknown_schema"
    INCOMPATIBLE_SCHEMA = "incompatible_schema"
    BAD_AVRO = "bad_avro"
    TRAILING_BYTES = "trailing_bytes"

    # dead-lettered: untranslatable
    BAD_PIXEL_ID = "bad_pixel_id"
    TOO_MANY_PIXELS = "too_many_pixels"
    NO_EVENT_NAME = "no_event_name"
    BAD_EVENT_NAME = "bad_event_name"
    NO_EVENT_TIME = "no_event_time"
    IN_FUTURE = "in_future"
    BAD_ACTION_SOURCE = "bad_action_source"
    MISSING_FIELD = "missing_field"
    TOO_LITTLE_USER_DATA = "too_little_user_data"
    TOO_LARGE = "too_large"
    UNTRANSLATABLE = "untranslatable"

    # dead-lettered: sent too late, or refused by Meta as a bad event
    TOO_OLD = "too_old"
    REFUSED_BY_META = "refused_by_meta"

    # parked: it cannot be sent now
    NO_TOKEN = "no_token"  # noqa: S105 - a reason, no token
    TOKEN_DEAD = "token_dead"  # noqa: S105 - the same
    NO_PERMISSION = "no_permission"
    PIXEL_NOT_FOUND = "pixel_not_found"
    BLOCKED = "blocked"
    MOSTLY_REFUSED = "mostly_refused"
    BACKLOG = "backlog"


class Fate(NamedTuple):
    """What became of something, and why: what a copy's headers and a receipt say of it."""

    outcome: Outcome
    pixel_id: str | None
    """None when the record did not get as far as a pixel."""
    reason: Reason | None = None
    """None only for :attr:`Outcome.DELIVERED`."""
    field: str | None = None
    """The field at fault; never a value."""
    fbtrace_id: str | None = None
    """Meta's name for the request that decided it."""
    code: int | None = None
    """Meta's error code."""
    subcode: int | None = None
    """Meta's error subcode."""
