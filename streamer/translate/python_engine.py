"""The engine in plain Python: the specification of what a record becomes, and always there.

The plan is compiled once, when the engine is made. A slice of records then goes through in four passes: decode and
route; carry out the rules of the mapping; check; JSON.
"""

from collections.abc import Iterable, Sequence

import orjson
from fastavro.read import SchemaResolutionError

from streamer.outcomes import Outcome, Reason
from streamer.records.decode import Decoded, decoder
from streamer.records.schema import AvroSchema
from streamer.translate.checks import age_fault, complete, expires_at, fault_of
from streamer.translate.draft import Draft
from streamer.translate.engine import Origin, Refusal, ServerEvent, Translation
from streamer.translate.places import place_finder
from streamer.translate.plan import PixelRules, Plan
from streamer.translate.routing import consent_checker, router
from streamer.translate.special import SPECIAL
from streamer.translate.tree import grow, walk

_AT_ONCE = 64
"""Records that are decoded at the same time: what they take stays in the processor's cache."""

_BAD_AVRO = Refusal(Outcome.DEAD_LETTERED, Reason.BAD_AVRO)
_TRAILING_BYTES = Refusal(Outcome.DEAD_LETTERED, Reason.TRAILING_BYTES)
_INCOMPATIBLE_SCHEMA = Refusal(Outcome.DEAD_LETTERED, Reason.INCOMPATIBLE_SCHEMA)
_OPTED_OUT = Refusal(Outcome.SKIPPED, Reason.PIXEL_OPTED_OUT)
_UNTRANSLATABLE = Refusal(Outcome.DEAD_LETTERED, Reason.UNTRANSLATABLE)


class PythonEngine:
    """Translates records of one writer's schema by one plan. Holds no state between records: thread-safe."""

    name = "python"

    def __init__(self, writer: AvroSchema, reader: AvroSchema, plan: Plan) -> None:
        """Compile the plan."""
        self._decode_body = decoder(writer, reader)
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
        answers: list[Translation] = [()] * len(records)
        rows: list[tuple[Decoded, Draft]] = []
        for row, body in enumerate(records):
            record = self._decode(body)
            if isinstance(record, Refusal):
                answers[row] = (record,)
            else:
                answers[row] = self._begin(row, record, origins[row], rows)
        walk(self._tree, rows)
        for _, draft in rows:
            answers[draft.row] += self._finish(draft, now)
        return answers

    def _decode(self, body: bytes) -> Decoded | Refusal:
        try:
            record, end = self._decode_body(body)
        except SchemaResolutionError:
            return _INCOMPATIBLE_SCHEMA
        except Exception:  # noqa: BLE001 - bad bytes raise a dozen kinds, and their texts hold values
            return _BAD_AVRO
        if end == len(body):
            return record
        return _TRAILING_BYTES if end < len(body) else _BAD_AVRO

    def _begin(self, row: int, record: Decoded, origin: Origin, rows: list[tuple[Decoded, Draft]]) -> Translation:
        """Route a record: a draft for all pixels that have the same rules, and the refusals for the others."""
        pixels = self._route(record)
        if isinstance(pixels, Refusal):
            return (pixels,)
        forbidden = self._consent(record)
        if forbidden is not None:
            return _for_each(pixels, forbidden)
        refusals: Translation = ()
        place = self._place(record)
        for rules, alike in self._by_rules(pixels):
            if not rules.enabled:
                refusals += _for_each(alike, _OPTED_OUT)
                continue
            draft = Draft(row, origin, alike)
            draft.place, draft.region = place, place or rules.phone_region
            rows.append((record, draft))
        return refusals

    def _by_rules(self, pixels: Sequence[str]) -> Iterable[tuple[PixelRules, Sequence[str]]]:
        if len(pixels) == 1:
            return ((self._pixels.get(pixels[0], self._defaults), pixels),)
        groups: dict[PixelRules, list[str]] = {}
        for pixel_id in pixels:
            groups.setdefault(self._pixels.get(pixel_id, self._defaults), []).append(pixel_id)
        return groups.items()

    def _finish(self, draft: Draft, now: int) -> Translation:
        """Check an event, and make its JSON once for all of its pixels."""
        event = draft.joined()
        fault = complete(event, draft)
        expires = 0 if fault else expires_at(event, self._margin)
        fault = fault or age_fault(event, expires, now) or fault_of(event, draft)
        if fault is not None:
            return _for_each(draft.pixels, Refusal(Outcome.DEAD_LETTERED, *fault))
        first, *others = draft.pixels
        ready = ServerEvent(
            first,
            orjson.dumps(event),
            event["event_name"],
            event["event_id"],
            event["event_time"],
            expires,
            draft.notes,
        )
        return (ready, *[ready._replace(pixel_id=pixel_id) for pixel_id in others]) if others else (ready,)


def _for_each(pixels: Iterable[str], refusal: Refusal) -> Translation:
    return tuple([refusal._replace(pixel_id=pixel_id) for pixel_id in pixels])
