"""Tag events for tests: small, valid, each with its own id."""

import time
from collections.abc import Iterator
from typing import Any

from streamer.records.sample import encode_tag_event
from streamer.records.schema import AvroSchema, crc_64_avro, load_schema
from streamer.records.wire import WireFormat, frame

SCHEMA = load_schema()
_FINGERPRINT = crc_64_avro(SCHEMA)

PIXELS = [f"{1000000000000000 + number}" for number in range(1, 6)]


def tag_event(number: int, pixel_id: str | None = None, **changes: Any) -> dict[str, Any]:
    """Return an event whose id is ``e-<number>``, of one of :data:`PIXELS` unless another is given."""
    event = {
        "pixel_id": pixel_id or PIXELS[number % len(PIXELS)],
        "container_id": None,
        "event_name": "Purchase",
        "event_id": f"e-{number}",
        "event_time": int(time.time() * 1000),
        "page_url": "https://shop.example.com/thanks",
        "referrer": None,
        "client_ip": "203.0.113.7",
        "user_agent": "Mozilla/5.0",
        "cookies": {},
        "user": {"email": f"shopper.{number}@example.com"},
        "properties": {"currency": "EUR", "value": 12.5, "order_id": f"o-{number}", "items": []},
    }
    return event | changes


def encode(
    event: dict[str, Any],
    wire_format: WireFormat = "single-object",
    schema_id: int = 0,
    schema: AvroSchema = SCHEMA,
) -> bytes:
    """Write an event as a record's value.

    :param schema_id: the registry's, for Confluent's framing.
    :param schema: the writer's; another than the tag event's own goes with Confluent's framing only.
    """
    key = {"single-object": _FINGERPRINT, "confluent": schema_id, "bare": None}[wire_format]
    return frame(wire_format, key, encode_tag_event(event, schema))  # type: ignore[arg-type]


def tag_events(count: int, first: int = 0) -> Iterator[bytes]:
    """Yield records of ``count`` events, numbered from ``first``."""
    for number in range(first, first + count):
        yield encode(tag_event(number))
