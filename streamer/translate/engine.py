"""The record path's seam: Avro bytes in, ready server events or refusals out, a slice of records a call.

Whatever is slow about a record (decode, map, normalise, hash, encode) lies behind :class:`Engine`. There is no
input or output and no clock inside; nothing outside may know which engine runs.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

from streamer.outcomes import Outcome, Reason

MATCH_KEYS: Final = (
    "em",
    "ph",
    "fn",
    "ln",
    "db",
    "ge",
    "ct",
    "st",
    "zp",
    "country",
    "external_id",
    "client_ip_address",
    "client_user_agent",
    "fbc",
    "fbp",
    "lead_id",
    "madid",
    "anon_id",
    "ctwa_clid",
    "subscription_id",
    "fb_login_id",
    "page_scoped_user_id",
    "ig_sid",
    "event_id",
)
"""What Meta can find a person, or the browser's copy of an event, by; in the order of the bits of
:attr:`ServerEvent.matched`. All but the last are keys of ``user_data``; ``event_id`` means that the source brought
it."""


class Origin(NamedTuple):
    """Where a record first stood in Kafka: to derive an ``event_id``, and for nothing else."""

    topic: str
    partition: int
    offset: int


class Note(NamedTuple):
    """A field that was repaired or left out; neither part ever holds a value of the record."""

    field: str
    """The CAPI key, such as ``user_data.em``."""
    reason: str
    """From the closed set :class:`streamer.translate.notes.NoteReason`."""


class ServerEvent(NamedTuple):
    """One server event for one pixel, ready to be sent."""

    pixel_id: str
    body: bytes
    """One JSON object, ready to be joined with ``b","``."""
    event_name: str
    event_id: str
    event_time: int
    """Unix seconds."""
    expires_at: int
    """Unix seconds from which on Meta would refuse it: 7 days after ``event_time`` (62 for ``physical_store``), less a
    margin."""
    notes: tuple[Note, ...] = ()
    matched: int = 0
    """Which of :data:`MATCH_KEYS` the event has: bit i is set for key i."""


class Refusal(NamedTuple):
    """Why a record, or a record for one pixel, gives no server event."""

    outcome: Outcome
    """:attr:`Outcome.SKIPPED` or :attr:`Outcome.DEAD_LETTERED`."""
    reason: Reason
    field: str | None = None
    """The path in the reader schema or the CAPI key that is at fault; never a value."""
    pixel_id: str | None = None
    """``None`` when the record did not get as far as a pixel."""


Translation = tuple[ServerEvent | Refusal, ...]
"""All that comes of one record, never empty: one entry a pixel, or a single refusal of the whole record."""


class Engine(Protocol):
    """Translates records of one writer schema by one plan."""

    name: str
    """``python`` or ``compiled``."""

    def translate(self, records: Sequence[bytes], origins: Sequence[Origin], now: int) -> list[Translation]:
        """Translate a slice.

        :param records: Avro bodies, the wire framing already stripped, all of the engine's writer schema.
        :param origins: where each record first stood, in the same order.
        :param now: Unix seconds, for age limits.
        :return: one :data:`Translation` a record, in order. Never raises for a record; thread-safe.
        """
        ...
