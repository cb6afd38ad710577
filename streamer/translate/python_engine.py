"""The engine in plain Python: the specification of what a record becomes, and always there.

The plan is compiled once, when the engine is made. A slice of records then goes through in four passes: decode and
route; carry out the rules of the mapping; check; JSON.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache, partial

import orjson
from fastavro.read import SchemaResolutionError

from streamer.outcomes import Outcome, Reason
from streamer.records.compat import reads_directly
from streamer.records.decode import Decoded, decoder
from streamer.records.schema import AvroSchema
from streamer.translate.checks import Event, Fault, age_fault, click, complete, expires_at, fault_of, follower
from streamer.translate.draft import Draft
from streamer.translate.engine import MATCH_KEYS, Origin, Refusal, ServerEvent, Translation
from streamer.translate.paths import forget_parsed
from streamer.translate.places import place_finder
from streamer.translate.plan import Plan
from streamer.translate.policy import Amend, Policy, make_policy
from streamer.translate.pruning import prune_mapping
from streamer.translate.routing import router, sifter
from streamer.translate.selecting import choose_pixels, chooser
from streamer.translate.special import SPECIAL
from streamer.translate.tree import grow, walk

_Row = tuple[Decoded, Draft, Policy]

# A named tuple's own constructor is a Python call; these are made for each event.
_server_event = partial(tuple.__new__, ServerEvent)

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
        if reads_directly(writer, reader):
            plan = replace(plan, mapping=prune_mapping(plan.mapping, writer))
        self._decode_body = decoder(writer, reader)
        self._margin = plan.age_margin_seconds
        self._follow = follower(plan.mapping.follow)
        self._choose = chooser(plan)
        self._sift = sifter(plan.mapping.when)
        self._route = router(plan)
        self._plan = plan
        self._policies: dict[int, Policy] = {}
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
        rows: list[_Row] = []
        for row, body in enumerate(records):
            record = self._decode(body)
            if isinstance(record, Refusal):
                answers[row] = (record,)
            else:
                answers[row] = self._begin(row, record, origins[row], rows)
        walk(self._tree, [(record, draft) for record, draft, _ in rows])
        forget_parsed()
        for record, draft, policy in rows:
            answers[draft.row] += self._finish(record, draft, policy, now)
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

    def _begin(self, row: int, record: Decoded, origin: Origin, rows: list[_Row]) -> Translation:
        """Route a record: a draft for all pixels that have the same rules, and the refusals for the others."""
        passed_over = self._choose(record) if self._choose is not None else None
        if passed_over is None and self._sift is not None:
            passed_over = self._sift(record)
        pixels = passed_over or self._route(record)
        if isinstance(pixels, Refusal):
            return (pixels,)
        refusals: Translation
        pixels, refusals = choose_pixels(self._plan.only, pixels)
        place = self._place(record)
        for policy, alike in self._by_policy(pixels):
            rules, admit, _ = policy
            refused = admit(record) if admit is not None and rules.enabled else None
            if not rules.enabled:
                refused = _OPTED_OUT
            if refused is None:
                rows.append((record, Draft(row, origin, alike, (rules, place)), policy))
            else:
                refusals += _for_each(alike, refused)
        return refusals

    def _policy(self, pixel_id: str) -> Policy:
        """Return a pixel's policy, bound when it is wanted: a plan may have thousands, and be replaced at any time."""
        rules = self._plan.pixels.get(pixel_id, self._plan.defaults)
        policy = self._policies.get(id(rules))
        if policy is None:
            policy = self._policies[id(rules)] = make_policy(rules, self._plan)
        return policy

    def _by_policy(self, pixels: Sequence[str]) -> Iterable[tuple[Policy, Sequence[str]]]:
        if len(pixels) == 1:
            return ((self._policy(pixels[0]), pixels),)
        groups: dict[int, tuple[Policy, list[str]]] = {}
        for pixel_id in pixels:
            policy = self._policy(pixel_id)
            groups.setdefault(id(policy), (policy, []))[1].append(pixel_id)
        return groups.values()

    def _finish(self, record: Decoded, draft: Draft, policy: Policy, now: int) -> Translation:
        """Check an event, and make its JSON once for all of its pixels."""
        event = draft.joined()
        brought = "event_id" in event
        fault = complete(event, draft)
        if fault is not None:
            return _refused(draft, fault)
        click(event, draft)
        if policy.amend is None:
            self._follow(event, event["event_name"], draft)
        elif refusal := self._amend(event, record, draft, policy.amend):
            return _for_each(draft.pixels, refusal)
        expires = expires_at(event, self._margin)
        fault = age_fault(event, expires, now) or fault_of(event, draft)
        if fault is not None:
            return _refused(draft, fault)
        first, *others = draft.pixels
        ready = _server_event(
            (
                first,
                bytes(memoryview(orjson.dumps(event))),  # a copy: orjson's own bytes keep kilobytes that they grew into
                event["event_name"],
                event["event_id"],
                event["event_time"],
                expires,
                tuple(draft.notes),
                _matched(tuple(event["user_data"]), brought),
            )
        )
        return (ready, *[ready._replace(pixel_id=pixel_id) for pixel_id in others]) if others else (ready,)

    def _amend(self, event: Event, record: Decoded, draft: Draft, amend: Amend) -> Refusal | None:
        """Let the pixel's policy have its say, also on what follows from contents."""
        name: str = event["event_name"]
        self._follow(event, dict(draft.rules.events.rename).get(name, name), draft)
        return amend(event, record, draft)


@lru_cache(maxsize=4096)
def _matched(keys: tuple[str, ...], brought_id: bool) -> int:  # noqa: FBT001 - a key of a cache
    """Return the bits of :data:`MATCH_KEYS`."""
    return sum(1 << at for at, key in enumerate(MATCH_KEYS) if (brought_id if key == "event_id" else key in keys))


def _refused(draft: Draft, fault: Fault) -> Translation:
    outcome = Outcome.SKIPPED if fault.reason is Reason.EVENT_FILTERED else Outcome.DEAD_LETTERED
    return _for_each(draft.pixels, Refusal(outcome, *fault))


def _for_each(pixels: Iterable[str], refusal: Refusal) -> Translation:
    return tuple([refusal._replace(pixel_id=pixel_id) for pixel_id in pixels])
