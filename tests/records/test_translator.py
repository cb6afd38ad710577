"""Each record finds its schema's engine and keeps its place; a schema that can't be had is no fault of the record."""

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.outcomes import Outcome, Reason
from streamer.records.sample import distinct_tag_events, first_version
from streamer.records.schema import AvroSchema, SchemaError, encode, load_schema, parse_schema
from streamer.records.sources import OneSchema, SchemaSourceUnavailable
from streamer.records.translator import UNKNOWN_SECONDS, Reading, Translator
from streamer.records.wire import SchemaKey, frame
from streamer.translate.engine import Origin, Refusal, ServerEvent, Translation
from streamer.translate.mapping import TAG_EVENT
from streamer.translate.plan import Plan

NOW = 1_790_000_000
READER = load_schema()
OLDER = first_version(READER)
EVENT = {
    "pixel_id": "1234567890123456",
    "event_name": "Lead",
    "event_time": NOW * 1000,
    "page_url": "https://shop.example.com/",
    "user_agent": "Mozilla/5.0",
    "cookies": {},
    "user": {"email": "shopper@example.com"},
    "properties": None,
}


class Registry:
    """A source that counts what it is asked."""

    def __init__(self, schemas: dict[SchemaKey, AvroSchema]) -> None:
        self.schemas = schemas
        self.asked: Counter[SchemaKey] = Counter()
        self.down = False
        self.broken: set[SchemaKey] = set()

    async def find(self, key: SchemaKey) -> AvroSchema | None:
        self.asked[key] += 1
        if self.down:
            raise SchemaSourceUnavailable("the registry does not answer")
        if key in self.broken:
            raise SchemaError("not Avro")
        return self.schemas.get(key)

    async def close(self) -> None:
        self.schemas = {}


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def _translator(source: Registry, clock: Clock | None = None) -> Translator:
    return Translator(Reading("confluent", source, READER), Plan(TAG_EVENT), clock=clock or Clock())


def _record(schema_id: int = 1, schema: AvroSchema = READER, **changes: Any) -> bytes:
    return frame("confluent", schema_id, encode(EVENT | changes, schema))


async def _translate(translator: Translator, *values: bytes | None) -> list[Translation]:
    await translator.prepare(values)
    return translator.translate(values, [Origin("t", 0, offset) for offset in range(len(values))], NOW)


def _refused(reason: Reason, field: str | None = None) -> Translation:
    return (Refusal(Outcome.DEAD_LETTERED, reason, field),)


def _ids(answers: Sequence[Translation]) -> list[str]:
    return [event.event_id for answer in answers for event in answer if isinstance(event, ServerEvent)]


async def test_records_of_older_and_newer_writers_in_one_slice_keep_their_places() -> None:
    newer = parse_schema(
        json.dumps(
            {**READER.definition, "fields": [{"name": "x", "type": "long", "default": 0}, *READER.definition["fields"]]}
        ),
        "newer",
    )
    translator = _translator(Registry({1: READER, 2: OLDER, 3: newer}))
    values = [
        _record(2, OLDER, event_id="a"),
        _record(3, newer, event_id="b", x=5),
        _record(1, event_id="c"),
        _record(2, OLDER, event_id="d"),
    ]
    assert _ids(await _translate(translator, *values)) == ["a", "b", "c", "d"]


async def test_a_tombstone_is_skipped() -> None:
    assert await _translate(_translator(Registry({})), None) == [(Refusal(Outcome.SKIPPED, Reason.TOMBSTONE),)]


async def test_junk_between_good_records_costs_only_itself() -> None:
    translator = _translator(Registry({1: READER}))
    good = _record(event_id="good")
    answers = await _translate(translator, b"", good, b"\x00\x00", b'{"a": 1}', good + b"!", good[:-1], good)
    assert [answers[place] for place in (0, 2, 3)] == [_refused(Reason.BAD_FRAMING)] * 3
    assert answers[4:6] == [_refused(Reason.TRAILING_BYTES), _refused(Reason.BAD_AVRO)]
    assert _ids(answers) == ["good", "good"]


async def test_a_registry_that_is_down_is_not_bad_data() -> None:
    source = Registry({1: READER})
    source.down = True
    translator = _translator(source)
    value = _record(event_id="late")
    with pytest.raises(SchemaSourceUnavailable):
        await translator.prepare([value])
    source.down = False
    assert _ids(await _translate(translator, value)) == ["late"]


async def test_known_schemas_are_not_asked_for_again_so_that_an_outage_does_not_matter() -> None:
    source = Registry({1: READER})
    translator = _translator(source)
    await _translate(translator, _record())
    source.down = True
    assert len(_ids(await _translate(translator, _record(), _record()))) == 2
    assert source.asked == {1: 1}


async def test_an_unknown_schema_is_remembered_for_a_while_and_then_asked_for_again() -> None:
    source, clock = Registry({}), Clock()
    translator = _translator(source, clock)
    for _ in range(3):
        assert await _translate(translator, _record(7)) == [_refused(Reason.UNKNOWN_SCHEMA)]
    assert source.asked == {7: 1}
    source.schemas = {7: READER}
    clock.now = UNKNOWN_SECONDS
    assert len(_ids(await _translate(translator, _record(7)))) == 1


async def test_a_schema_that_is_no_avro_or_cannot_be_resolved_is_incompatible() -> None:
    fewer = parse_schema(
        '{"type": "record", "name": "TagEvent", "fields": [{"name": "event_name", "type": "string"}]}', "x"
    )
    micros = parse_schema(
        json.dumps(
            {
                "type": "record",
                "name": "TagEvent",
                "fields": [
                    {"name": "event_name", "type": "string"},
                    {"name": "event_time", "type": {"type": "long", "logicalType": "timestamp-micros"}},
                ],
            }
        ),
        "x",
    )
    source = Registry({1: fewer, 2: micros})
    source.broken = {3}
    translator = _translator(source)
    values = [
        frame("confluent", 1, encode({"event_name": "Lead"}, fewer)),
        frame("confluent", 2, encode({"event_name": "Lead", "event_time": 1}, micros)),
        _record(3),
    ]
    assert await _translate(translator, *values) == [
        _refused(Reason.INCOMPATIBLE_SCHEMA),
        _refused(Reason.INCOMPATIBLE_SCHEMA, "event_time"),
        _refused(Reason.INCOMPATIBLE_SCHEMA),
    ]


async def test_a_new_plan_counts_from_the_next_slice_on() -> None:
    translator = _translator(Registry({1: READER}))
    value = _record(pixel_id=None, container_id="GTM-ACME1")
    assert await _translate(translator, value) == [(Refusal(Outcome.SKIPPED, Reason.NO_PIXEL),)]
    translator.replace_plan(Plan(TAG_EVENT, {"GTM-ACME1": ("11", "12")}))
    ((first, second),) = await _translate(translator, value)
    assert isinstance(first, ServerEvent)
    assert isinstance(second, ServerEvent)
    assert (first.pixel_id, second.pixel_id) == ("11", "12")
    assert first.body is second.body


async def test_a_schema_that_comes_after_a_new_plan_is_translated_by_it() -> None:
    translator = _translator(Registry({1: READER, 2: OLDER}))
    translator.replace_plan(Plan(TAG_EVENT, {"GTM-ACME1": ("11",)}))
    (answer,) = await _translate(translator, _record(2, OLDER, pixel_id=None, container_id="GTM-ACME1"))
    assert [event.pixel_id for event in answer] == ["11"]


async def test_a_slice_that_was_not_prepared_is_the_callers_fault() -> None:
    with pytest.raises(LookupError):
        _translator(Registry({1: READER})).translate([_record()], [Origin("t", 0, 0)], NOW)


async def test_junk_does_not_fill_the_memory() -> None:
    translator = _translator(Registry({}))
    for start in range(0, 30_000, 1000):
        await translator.prepare([frame("confluent", start + number, b"") for number in range(1000)])
        await translator.prepare([bytes([1]) + (start + number).to_bytes(4, "big") for number in range(1000)])
    assert len(translator._refused) <= 12_000
    assert translator._refused.keys() == translator._unknown_until.keys()


async def test_single_object_and_bare_records_are_translated_too() -> None:
    body = encode(EVENT | {"event_id": "x"}, READER)
    bare = Translator(Reading("bare", OneSchema(READER), READER), Plan(TAG_EVENT))
    assert _ids(await _translate(bare, body)) == ["x"]
    key = bytes(range(8))
    single = Translator(Reading("single-object", Registry({key: READER}), READER), Plan(TAG_EVENT))
    assert _ids(await _translate(single, frame("single-object", key, body))) == ["x"]


@given(
    junk=st.lists(st.tuples(st.integers(0, 700), st.integers(0, 255)), max_size=4),
    cut=st.integers(0, 800),
    seed=st.integers(0, 1000),
)
async def test_no_mutated_record_raises_or_leaves_its_neighbours_undone(
    junk: list[tuple[int, int]], cut: int, seed: int
) -> None:
    translator = _translator(Registry({1: READER}))
    good = frame("confluent", 1, encode(distinct_tag_events(seed, ["11"], NOW * 1000, 1)[0], READER))
    mutated = bytearray(good[:cut])
    for place, byte in junk:
        if place < len(mutated):
            mutated[place] = byte
    answers = await _translate(translator, good, bytes(mutated), good)
    assert len(_ids([answers[0]])) == len(_ids([answers[2]])) == 1
    assert len(answers[1]) == 1


async def test_the_engine_that_runs_can_be_told() -> None:
    assert _translator(Registry({})).engine_name == "python"
