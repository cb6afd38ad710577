"""Copies for the dead-letter and parked topics: the original bytes, key and headers, plus where from and fate."""

import json
from collections.abc import Mapping
from typing import cast

from confluent_kafka import Message

from streamer.outcomes import Fate
from streamer.translate.engine import Origin
from streamer.translate.routing import is_pixel_id

PREFIX = "streamer."
"""Of every header that a copy has and its original had not."""

ORIGIN_TOPIC = PREFIX + "origin.topic"
ORIGIN_PARTITION = PREFIX + "origin.partition"
ORIGIN_OFFSET = PREFIX + "origin.offset"
ORIGIN_TIMESTAMP = PREFIX + "origin.timestamp"
PIXEL = PREFIX + "pixel"
OUTCOME = PREFIX + "outcome"
REASON = PREFIX + "reason"
FIELD = PREFIX + "field"
ERROR = PREFIX + "meta.error"
TRACE = PREFIX + "meta.fbtrace_id"
COPIED_AT = PREFIX + "copied_at"
GROUP = PREFIX + "group"

Header = tuple[str, bytes | None]


def origin_of(message: Message, *, may_be_copy: bool) -> Origin:
    """Return where a record first stood: by its headers if it is a copy, else where it stands.

    :param may_be_copy: its topic holds copies; headers of other topics' records are a producer's own and not believed.
    """
    here = Origin(message.topic() or "", message.partition() or 0, message.offset() or 0)
    if not may_be_copy:
        return here
    headers = _own(message)
    try:
        return Origin(headers[ORIGIN_TOPIC].decode(), int(headers[ORIGIN_PARTITION]), int(headers[ORIGIN_OFFSET]))
    except (KeyError, ValueError):
        return here


def pixel_of(message: Message) -> str | None:
    """Return the pixel that a copy was made for; None: it names none that could be one, and is a record like others."""
    pixel_id = _own(message).get(PIXEL, b"").decode("ascii", "replace")
    return pixel_id if pixel_id and is_pixel_id(pixel_id) else None


def copy_headers(message: Message, origin: Origin, fate: Fate, group: str, at_ms: int) -> list[Header]:
    """Return the headers of a copy: the original's, unchanged and first, then the product's own.

    :param origin: where the record first stood; copies of copies keep it.
    :param group: the consumer group that made the copy.
    :param at_ms: now, Unix milliseconds.
    """
    ours: dict[str, str] = {
        ORIGIN_TOPIC: origin.topic,
        ORIGIN_PARTITION: str(origin.partition),
        ORIGIN_OFFSET: str(origin.offset),
        ORIGIN_TIMESTAMP: _first_timestamp(message),
        GROUP: group,
        OUTCOME: fate.outcome.value,
        COPIED_AT: str(at_ms),
    }
    ours |= {name: str(value) for name, value in _optional(fate).items() if value is not None}
    original: list[Header] = [header for header in _headers(message) if not header[0].startswith(PREFIX)]
    return original + [(name, value.encode()) for name, value in ours.items()]


def _optional(fate: Fate) -> Mapping[str, str | None]:
    error = None if fate.code is None else json.dumps({"code": fate.code, "error_subcode": fate.subcode})
    reason = fate.reason and fate.reason.value
    return {REASON: reason, PIXEL: fate.pixel_id, FIELD: fate.field, ERROR: error, TRACE: fate.fbtrace_id}


def _first_timestamp(message: Message) -> str:
    """When the original was written, Unix milliseconds; a copy of a copy keeps the first."""
    earlier = _own(message).get(ORIGIN_TIMESTAMP)
    return earlier.decode("ascii", "replace") if earlier else str(message.timestamp()[1])


def _own(message: Message) -> dict[str, bytes]:
    return {name: value for name, value in _headers(message) if name.startswith(PREFIX) and value is not None}


def _headers(message: Message) -> list[Header]:
    return cast("list[Header]", message.headers() or [])
