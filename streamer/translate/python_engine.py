"""The engine in plain Python: the specification of what a record becomes, and always there.

The plan is compiled once, when the engine is made. A slice of records then goes through in four passes: decode and
route; carry out the rules of the mapping; check; JSON.
"""

from collections.abc import Iterable, Sequence
from io import BytesIO
from typing import NamedTuple

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

_AT_ONCE = 32
"""Records that are decoded at the same time: what they take stays in the processor's cache."""

_BAD_AVRO = Refusal(Outcome.DEAD_LETTERED, Reason.BAD_AVRO)
_TRAILING_BYTES = Refusal(Outcome.DEAD_LETTERED, Reason.TRAILING_BYTES)
_INCOMPATIBLE_SCHEMA = Refusal(Outcome.DEAD_LETTERED, Reason.INCOMPATIBLE_SCHEMA)
_UNTRANSLATABLE = Refusal(Outcome.DEAD_LETTERED, Reason.UNTRANSLATABLE)


class _Row(NamedTuple):
    """A record on its way to pixels that have the same rules."""

    record: Decoded
    draft: Draft
    answer: list[ServerEvent | Refusal]
    """What comes of the record for all of its pixels."""
    pixels: Sequence[str]


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
        answers: list[Translation] = []
        for start in range(0, len(records), _AT_ONCE):
            end = start + _AT_ONCE
            answers += self._translate(records[start:end], origins[start:end], now)
        return answers

    def _translate(self, records: Sequence[bytes], origins: Sequence[Origin], now: int) -> list[Translation]:
        try:
            return self._together(records, origins, now)
        except Exception:  # noqa: BLE001 - one record must never stop the others; its values must not be logged
            if len(records) == 1:
                return [(_UNTRANSLATABLE,)]
            return [self._translate([body], [origin], now)[0] for body, origin in zip(records, origins, strict=True)]

    def _together(self, records: Sequence[bytes], origins: Sequence[Origin], now: int) -> list[Translation]:
        answers: list[list[ServerEvent | Refusal]] = [[] for _ in records]
        rows: list[_Row] = []
        for body, origin, answer in zip(records, origins, answers, strict=True):
            record = self._decode(body)
            if isinstance(record, Refusal):
                answer.append(record)
            else:
                rows += self._rows(record, origin, answer)
        walk(self._tree, [row[:2] for row in rows])
        for row in rows:
            row.answer.extend(self._finish(row.draft, row.pixels, now))
        return list(map(tuple, answers))

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

    def _rows(self, record: Decoded, origin: Origin, answer: list[ServerEvent | Refusal]) -> Iterable[_Row]:
        """Find the pixels a record goes to: a row for all that have the same rules. Refusals go to the answer."""
        pixels = self._route(record)
        if isinstance(pixels, Refusal):
            answer.append(pixels)
            return ()
        forbidden = self._consent(record)
        if forbidden is not None:
            answer.extend([forbidden._replace(pixel_id=pixel_id) for pixel_id in pixels])
            return ()
        place = self._place(record)
        return [
            _Row(record, Draft(origin, place, place or rules.phone_region), answer, alike)
            for rules, alike in self._by_rules(pixels)
        ]

    def _by_rules(self, pixels: Sequence[str]) -> Iterable[tuple[PixelRules, Sequence[str]]]:
        if len(pixels) == 1:
            return ((self._pixels.get(pixels[0], self._defaults), pixels),)
        groups: dict[PixelRules, list[str]] = {}
        for pixel_id in pixels:
            groups.setdefault(self._pixels.get(pixel_id, self._defaults), []).append(pixel_id)
        return groups.items()

    def _finish(self, draft: Draft, pixels: Sequence[str], now: int) -> list[ServerEvent | Refusal]:
        """Check an event, and make its JSON once for all of its pixels."""
        event = draft.joined()
        fault = complete(event, draft) or age_fault(event, self._margin, now) or fault_of(event, draft)
        if fault is not None:
            return [Refusal(Outcome.DEAD_LETTERED, *fault, pixel_id) for pixel_id in pixels]
        body, notes, expires = orjson.dumps(event), tuple(draft.notes), expires_at(event, self._margin)
        name, event_id, event_time = event["event_name"], event["event_id"], event["event_time"]
        return [ServerEvent(pixel_id, body, name, event_id, event_time, expires, notes) for pixel_id in pixels]
