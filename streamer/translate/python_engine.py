"""The engine in plain Python: the specification of what a record becomes, and always there.

The plan is compiled once, when the engine is made. A record then costs its decoding, one pass over the fields that the
mapping uses, its hashes, and one pass of JSON.
"""

from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO

import orjson
from fastavro import schemaless_reader
from fastavro.read import SchemaResolutionError

from streamer.outcomes import Outcome, Reason
from streamer.records.compat import reads_directly
from streamer.records.schema import AvroSchema
from streamer.translate.checks import age_fault, complete, expires_at, fault_of
from streamer.translate.draft import Draft
from streamer.translate.engine import Origin, Refusal, ServerEvent, Translation
from streamer.translate.paths import Decoded
from streamer.translate.places import place_finder
from streamer.translate.plan import PixelRules, Plan
from streamer.translate.routing import consent_checker, router
from streamer.translate.special import SPECIAL
from streamer.translate.tree import grow, walk


_BAD_AVRO = Refusal(Outcome.DEAD_LETTERED, Reason.BAD_AVRO)
_TRAILING_BYTES = Refusal(Outcome.DEAD_LETTERED, Reason.TRAILING_BYTES)
_INCOMPATIBLE_SCHEMA = Refusal(Outcome.DEAD_LETTERED, Reason.INCOMPATIBLE_SCHEMA)
_UNTRANSLATABLE: Translation = (Refusal(Outcome.DEAD_LETTERED, Reason.UNTRANSLATABLE),)


class PythonEngine:
    """Translates records of one writer's schema by one plan. Holds no state between records: thread-safe."""

    name = "python"

    def __init__(self, writer: AvroSchema, reader: AvroSchema, plan: Plan) -> None:
        """Compile the plan."""
        self._writer = writer.parsed
        self._reader = None if reads_directly(writer, reader) else reader.parsed
        self._pixels = dict(plan.pixels)
        self._defaults = plan.defaults
        self._margin = plan.age_margin_seconds
        self._route = router(plan)
        self._consent = consent_checker(plan.mapping.consent)
        self._tree = grow(plan.mapping.rules, SPECIAL)
        self._place = place_finder(plan.mapping.rules)

    def translate(self, records: Sequence[bytes], origins: Sequence[Origin], now: int) -> list[Translation]:
        """Translate a slice; see :class:`streamer.translate.engine.Engine`."""
        return [self._translate(body, origin, now) for body, origin in zip(records, origins, strict=True)]

    def _translate(self, body: bytes, origin: Origin, now: int) -> Translation:
        record = self._decode(body)
        if isinstance(record, Refusal):
            return (record,)
        try:
            return self._answer(record, origin, now)
        except Exception:  # noqa: BLE001 - one record must never stop the others; its values must not be logged
            return _UNTRANSLATABLE

    def _decode(self, body: bytes) -> Decoded | Refusal:
        source = BytesIO(body)
        try:
            record = schemaless_reader(source, self._writer, self._reader)
        except SchemaResolutionError:
            return _INCOMPATIBLE_SCHEMA
        except Exception:  # noqa: BLE001 - fastavro raises a dozen kinds for bad bytes, and their texts hold values
            return _BAD_AVRO
        # fastavro stops at the end of the record and does not mind what follows.
        return record if source.tell() == len(body) else _TRAILING_BYTES  # type: ignore[return-value]

    def _answer(self, record: Decoded, origin: Origin, now: int) -> Translation:
        pixels = self._route(record)
        if isinstance(pixels, Refusal):
            return (pixels,)
        forbidden = self._consent(record)
        if forbidden is not None:
            return _for_each(pixels, forbidden)
        first = self._server_event(record, origin, pixels[0], now)
        return (first,) if len(pixels) == 1 else (first, *self._for_others(record, origin, pixels, first, now))

    def _for_others(
        self, record: Decoded, origin: Origin, pixels: Sequence[str], first: ServerEvent | Refusal, now: int
    ) -> Iterator[ServerEvent | Refusal]:
        """Make the event for further pixels; those of the same rules share one body."""
        made = {self._rules(pixels[0]): first}
        for pixel_id in pixels[1:]:
            rules = self._rules(pixel_id)
            if rules not in made:
                made[rules] = self._server_event(record, origin, pixel_id, now)
            yield made[rules]._replace(pixel_id=pixel_id)

    def _rules(self, pixel_id: str) -> PixelRules:
        return self._pixels.get(pixel_id, self._defaults)

    def _server_event(self, record: Decoded, origin: Origin, pixel_id: str, now: int) -> ServerEvent | Refusal:
        place = self._place(record)
        draft = Draft(place, place or self._rules(pixel_id).phone_region)
        walk(self._tree, record, draft)
        event = draft.joined()
        fault = complete(event, origin, draft.notes) or age_fault(event, self._margin, now) or fault_of(event, draft)
        if fault is not None:
            return Refusal(Outcome.DEAD_LETTERED, fault.reason, fault.field, pixel_id)
        return ServerEvent(
            pixel_id,
            orjson.dumps(event),
            event["event_name"],
            event["event_id"],
            event["event_time"],
            expires_at(event, self._margin),
            tuple(draft.notes),
        )


def _for_each(pixels: Iterable[str], refusal: Refusal) -> Translation:
    return tuple([refusal._replace(pixel_id=pixel_id) for pixel_id in pixels])
