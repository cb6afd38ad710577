"""Tag events for tests of translation, and what becomes of them."""

from typing import Any

import orjson

from streamer.records.schema import AvroSchema, encode, load_schema
from streamer.translate.engine import Engine, Origin, Refusal, ServerEvent, Translation
from streamer.translate.mapping import TAG_EVENT
from streamer.translate.plan import Plan
from streamer.translate.python_engine import PythonEngine

NOW = 1_790_000_000
SCHEMA = load_schema()
PIXEL = "1234567890123456"
ORIGIN = Origin("tag-events", 3, 42)


def tag_event(**changes: Any) -> dict[str, Any]:
    """Return a small event that can be sent, with changes."""
    event = {
        "pixel_id": PIXEL,
        "event_name": "ViewContent",
        "event_id": "e-1",
        "event_time": NOW * 1000,
        "page_url": "https://shop.example.com/",
        "user_agent": "Mozilla/5.0",
        "user": {"email": "shopper@example.com"},
    }
    return event | changes


def make_engine(plan: Plan | None = None, writer: AvroSchema = SCHEMA) -> Engine:
    """Return an engine of the built-in mapping, unless another plan is given."""
    return PythonEngine(writer, SCHEMA, plan or Plan(TAG_EVENT))


def translate(event: dict[str, Any], plan: Plan | None = None, now: int = NOW) -> Translation:
    """Translate one event."""
    return make_engine(plan).translate([encode(event, SCHEMA)], [ORIGIN], now)[0]


def sent(event: dict[str, Any], plan: Plan | None = None) -> dict[str, Any]:
    """Return the one server event of an event, as Meta would see it."""
    (result,) = translate(event, plan)
    assert isinstance(result, ServerEvent), result
    seen: dict[str, Any] = orjson.loads(result.body)
    return seen


def refusal(event: dict[str, Any], plan: Plan | None = None, now: int = NOW) -> tuple[str, str, str | None]:
    """Return outcome, reason and field of an event that is not sent."""
    (result,) = translate(event, plan, now)
    assert isinstance(result, Refusal), result
    return result.outcome, result.reason, result.field


def notes(event: dict[str, Any], plan: Plan | None = None) -> list[tuple[str, str]]:
    """Return what was noted of an event that is sent."""
    (result,) = translate(event, plan)
    assert isinstance(result, ServerEvent), result
    return [(note.field, note.reason) for note in result.notes]
