"""The plan is data: an engine in another language could read it."""

import dataclasses

import pytest

from streamer.records.sample import first_version
from streamer.records.schema import load_schema
from streamer.translate.draft import place_of
from streamer.translate.mapping import TAG_EVENT
from streamer.translate.plan import PixelRules, Plan, Rule, Source
from streamer.translate.rules import CONVERT
from streamer.translate.special import SPECIAL
from streamer.translate.surface import CONTENT_KEYS, HASHED_KEYS, HASHED_PARTS, SECTIONS
from streamer.translate.userdata import EXTERNAL_ID_HASHERS, HASHERS, PART_HASHERS
from tests.translate.events import PIXEL, sent, tag_event

PLAN = Plan(TAG_EVENT, {"GTM-1": ("11",)}, {"11": PixelRules(phone_region="de")})


def test_a_plan_cannot_be_changed_under_a_running_engine() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        PLAN.mapping.pixel_id = ()  # type: ignore[misc] # what the test is about


def test_every_key_that_a_mapping_can_give_has_a_rule_that_exists() -> None:
    rules = [rule for section in SECTIONS.values() for rule in section.values()]
    assert {*rules, *CONTENT_KEYS.values(), "property"} == CONVERT.keys() | SPECIAL.keys()
    assert set(CONTENT_KEYS.values()) <= CONVERT.keys()
    assert set(HASHED_KEYS) == HASHERS.keys()
    assert set(HASHED_PARTS) == PART_HASHERS.keys()
    modes = dataclasses.fields(PixelRules)[[each.name for each in dataclasses.fields(PixelRules)].index("external_id")]
    assert modes.default in EXTERNAL_ID_HASHERS


def test_every_field_of_the_tag_event_is_used() -> None:
    used = {source.path for source in (*TAG_EVENT.pixel_id, *TAG_EVENT.container_id, *TAG_EVENT.origin)}
    used.add(TAG_EVENT.consent.choices or "")
    for rule in TAG_EVENT.rules:
        used |= {source.path for source in rule.sources}
        if rule.rule == "extinfo":
            used |= {source.path for part in rule.fields for source in part.sources}
    tops = {path.partition(".")[0] for path in used}
    assert tops == {field["name"] for field in load_schema().parsed["fields"]}
    assert {place_of(rule.key)[0] for rule in TAG_EVENT.rules} == SECTIONS.keys()


def test_a_mapping_with_fallbacks_takes_the_first_that_has_a_value() -> None:
    fallback = Rule("custom_data.status", "text", (Source("properties.more.status"), Source("event_id")))
    either = Rule(
        "custom_data.predicted_ltv", "number", (Source("properties.more.net_revenue"), Source("properties.value"))
    )
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
