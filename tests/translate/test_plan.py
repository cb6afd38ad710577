"""The plan is data: an engine in another language could read it."""

import dataclasses
import json

import orjson
import pytest

from streamer.records.sample import first_version
from streamer.records.schema import AvroSchema, load_schema
from streamer.translate.draft import place_of
from streamer.translate.mapping import TAG_EVENT
from streamer.translate.plan import ConsentRule, PixelRules, Plan, Rule, TranslationMap
from streamer.translate.rules import CONVERT
from streamer.translate.special import SPECIAL
from streamer.translate.userdata import HASHERS
from tests.translate.events import PIXEL, sent, tag_event

PLAN = Plan(TAG_EVENT, {"GTM-1": ("11",)}, {"11": PixelRules(phone_region="de")})


def _back(data: dict[str, object]) -> Plan:
    raw = json.loads(json.dumps(data))
    mapping = raw["mapping"]
    return Plan(
        TranslationMap(
            tuple(_rule(rule) for rule in mapping["rules"]),
            mapping["pixel_id"],
            mapping["container_id"],
            ConsentRule(
                mapping["consent"]["path"], tuple(mapping["consent"]["purposes"]), tuple(mapping["consent"]["granted"])
            ),
        ),
        {name: tuple(pixels) for name, pixels in raw["containers"].items()},
        {pixel: PixelRules(**rules) for pixel, rules in raw["pixels"].items()},
        PixelRules(**raw["defaults"]),
        raw["age_margin_seconds"],
    )


def _rule(raw: dict[str, object]) -> Rule:
    fields = raw["fields"]
    assert isinstance(fields, list)
    return Rule(str(raw["key"]), raw["rule"], tuple(raw["paths"]), tuple(map(_rule, fields)))  # type: ignore[arg-type] # JSON


def test_a_plan_survives_the_way_through_json() -> None:
    assert _back(dataclasses.asdict(PLAN)) == PLAN
    assert orjson.loads(orjson.dumps(PLAN)) == json.loads(json.dumps(dataclasses.asdict(PLAN)))


def test_a_plan_cannot_be_changed_under_a_running_engine() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        PLAN.mapping.pixel_id = "other"  # type: ignore[misc] # what the test is about


def test_every_rule_of_the_built_in_mapping_is_one_that_exists() -> None:
    for rule in TAG_EVENT.rules:
        assert rule.rule in {*CONVERT, *SPECIAL}
        assert rule.rule != "hash" or place_of(rule.key)[1] in HASHERS
        assert {field.rule for field in rule.fields} <= CONVERT.keys()


def _type_at(schema: AvroSchema, path: str) -> object:
    kind: object = schema.parsed
    for step in path.split("."):
        branches = kind if isinstance(kind, list) else [kind]
        named = [schema.named.get(branch, branch) if isinstance(branch, str) else branch for branch in branches]
        found = None
        for branch in named:
            if isinstance(branch, dict) and branch["type"] == "map":
                found = branch["values"]
            elif isinstance(branch, dict) and branch["type"] == "record":
                found = next((field["type"] for field in branch["fields"] if field["name"] == step), None)
        assert found is not None, f"{path} is not in the schema"
        kind = found
    return kind


def test_every_path_of_the_built_in_mapping_is_in_the_schema_and_every_field_is_used() -> None:
    schema = load_schema()
    used = {TAG_EVENT.pixel_id, TAG_EVENT.container_id, TAG_EVENT.consent.path, "origin"}
    for rule in TAG_EVENT.rules:
        for path in rule.paths:
            assert _type_at(schema, path)
            used.add(path)
    tops = {path.partition(".")[0] for path in used}
    assert tops == {field["name"] for field in schema.parsed["fields"]}


def test_a_mapping_with_fallbacks_takes_the_first_that_has_a_value() -> None:
    fallback = Rule("custom_data.status", "text", ("properties.more.status", "event_id"))
    either = Rule("custom_data.predicted_ltv", "number", ("properties.more.net_revenue", "properties.value"))
    mapping = dataclasses.replace(TAG_EVENT, rules=(*TAG_EVENT.rules, fallback, either))
    plan = Plan(mapping)
    assert sent(tag_event(), plan)["custom_data"]["status"] == "e-1"
    properties = {"value": 2.0, "currency": "EUR", "more": {"status": "x", "net_revenue": 1.0}}
    custom = sent(tag_event(properties=properties), plan)["custom_data"]
    assert (custom["status"], custom["predicted_ltv"]) == ("x", 1.0)
    custom = sent(tag_event(properties={"value": 2.0, "currency": "EUR"}), plan)["custom_data"]
    assert custom["predicted_ltv"] == 2.0


def test_a_mapping_of_a_schema_with_fewer_fields_compiles() -> None:
    assert first_version(load_schema()).named.keys() < load_schema().named.keys()
    assert sent(tag_event(pixel_id=PIXEL))
