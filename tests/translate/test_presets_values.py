"""The presets that ship: money, identity, hostile values, routes, times and producers' own schemas."""

import json
from typing import Any

import pytest

from streamer.outcomes import Outcome, Reason
from streamer.records.json_record import record_from_json
from streamer.records.schema import encode, parse_schema
from streamer.translate.engine import Origin, Refusal, ServerEvent
from streamer.translate.mapping import find_mapping
from streamer.translate.plan import Plan
from streamer.translate.python_engine import PythonEngine
from tests.support.presets import ROOT, schema_of
from tests.translate.preset_events import (
    IGLU,
    NOW,
    PIXEL,
    PRESETS,
    Event,
    engine,
    example,
    hashed,
    seen,
    segment_context,
    translated,
)

# ---- money and identity are never made up


@pytest.mark.parametrize(
    ("preset", "event", "field"),
    [
        ("ga4", example("ga4", 7, currency=None), "custom_data.currency"),
        ("ga4", example("ga4", 7, value=None), "custom_data.value"),
        ("segment", example("segment", 8, properties={"revenue": 51.7}), "custom_data.currency"),
        ("segment", example("segment", 8, properties={"currency": "EUR", "price": 9.0}), "custom_data.value"),
        ("snowplow", example("snowplow", 8, tr_currency=None), "custom_data.currency"),
        ("snowplow", example("snowplow", 8, tr_total=None), "custom_data.value"),
    ],
)
def test_a_purchase_without_its_money_is_refused_and_not_guessed(preset: str, event: Event, field: str) -> None:
    result = translated(preset, event)
    assert isinstance(result, Refusal)
    assert (result.outcome, result.reason, result.field) == (Outcome.DEAD_LETTERED, Reason.MISSING_FIELD, field)


@pytest.mark.parametrize(
    ("preset", "event"),
    [
        ("ga4", example("ga4", 2, user_id=None)),
        ("snowplow", example("snowplow", 2, user_id=None, network_userid="n", domain_userid="d")),
    ],
)
def test_an_id_that_the_browsers_pixel_does_not_know_is_no_external_id(preset: str, event: Event) -> None:
    assert "external_id" not in seen(preset, event)[0]["user_data"]


@pytest.mark.parametrize(
    ("preset", "event", "ids"),
    [
        ("segment", example("segment", 2), ["507f1f77"]),
        ("snowplow", example("snowplow", 2), ["MUG-01"]),
    ],
)
def test_a_product_without_a_quantity_is_named_and_not_counted(preset: str, event: Event, ids: list[str]) -> None:
    custom = seen(preset, event)[0]["custom_data"]
    assert (custom["content_ids"], custom["content_type"], "contents" in custom) == (ids, "product", False)


# ---- hostile values cost the field


_MUG = {"item_id": "MUG-01", "price": 12.5, "quantity": 2}
_HOSTILE: list[tuple[str, Event, str, Event, list[list[str]]]] = [
    (
        "ga4",
        example("ga4", 2, value="12.50", items=[_MUG | {"price": "12.50", "quantity": "2"}]),
        "custom_data",
        {"value": 12.5, "contents": [{"id": "MUG-01", "item_price": 12.5, "quantity": 2}]},
        [],
    ),
    (
        "ga4",
        example("ga4", 2, value="12,50", items=[_MUG | {"price": "about 12"}]),
        "custom_data",
        {"contents": [{"id": "MUG-01", "quantity": 2}], "currency": "EUR"},
        [["custom_data.value", "malformed"], ["custom_data.contents.item_price", "malformed"]],
    ),
    (
        "ga4",
        example("ga4", 2, items=[_MUG | {"item_id": ""}, _MUG | {"item_id": 7, "quantity": 0}, _MUG]),
        "custom_data",
        {"content_ids": ["MUG-01"]},
        [["custom_data.contents.id", "empty"], ["custom_data.contents", "malformed"]],
    ),
    (
        "ga4",
        example("ga4", 10, user_data={"email_address": ["", "nobody", "carla@example.com"], "phone_number": "n/a"}),
        "user_data",
        {"em": hashed(["sha256:carla@example.com"])},
        [["user_data.em", "empty"], ["user_data.em", "malformed"], ["user_data.ph", "malformed"]],
    ),
    (
        "ga4",
        example("ga4", 2, ip_override="10.0.0.1, 203.0.113.9", common_cookie={"_fbp": "x", "_fbc": "fb.1.2.3"}),
        "user_data",
        {"client_ip_address": "203.0.113.9"},
        [["user_data.fbp", "malformed"], ["user_data.fbc", "malformed"]],
    ),
    (
        "ga4",
        example("ga4", 2, currency="EURO"),
        "custom_data",
        {"content_type": "product"},
        [["custom_data.currency", "unknown"], ["custom_data.value", "incomplete"]],
    ),
    (
        "segment",
        example("segment", 8, properties={"revenue": "12.50", "currency": "eur", "order_id": 1001, "products": [{}]}),
        "custom_data",
        {"value": 12.5, "currency": "EUR", "order_id": "1001"},
        [["custom_data.contents", "malformed"]],
    ),
    (
        "segment",
        example("segment", 9, properties={"query": "", "quantity": "two", "product_id": 7}),
        "custom_data",
        {"content_ids": ["7"]},
        [["custom_data.contents.quantity", "malformed"], ["custom_data.search_string", "empty"]],
    ),
    (
        "segment",
        example(
            "segment",
            9,
            **segment_context(
                dataProcessingOptions=[["LDU"], 1, 1000],
                device={"advertisingId": "00000000-0000-0000-0000-000000000000"},
            ),
        ),
        "",
        {
            "data_processing_options": ["LDU"],
            "data_processing_options_country": 1,
            "data_processing_options_state": 1000,
        },
        [["user_data.madid", "empty"]],
    ),
    (
        "snowplow",
        example("snowplow", 2, contexts="{", derived_contexts="null", unstruct_event="[]"),
        "",
        {"event_name": "snowplow_ecommerce_action"},
        [],
    ),
    (
        "snowplow",
        example("snowplow", 8, tr_total="8.90", user_ipaddress="203.0.x.x", useragent=""),
        "custom_data",
        {"value": 8.9},
        [["user_data.client_ip_address", "malformed"], ["user_data.client_user_agent", "empty"]],
    ),
]


@pytest.mark.parametrize(("preset", "event", "section", "part", "notes"), _HOSTILE)
def test_a_value_that_cannot_be_read_costs_its_field_and_is_noted(
    preset: str, event: Event, section: str, part: Event, notes: list[list[str]]
) -> None:
    made, noted = seen(preset, event)
    kept = made[section] if section else made
    assert {key: kept.get(key) for key in part} == part
    assert [note for note in notes if note not in noted] == []


def _products(*data: Any) -> str:
    schema = f"{IGLU}.ecommerce/product/jsonschema/1-0-0"
    return json.dumps({"data": [{"schema": schema, "data": each} for each in data]})


@pytest.mark.parametrize(
    "data",
    [None, 1, "x", [], {"id": ["a"], "quantity": {}}, {"id": "p1", "quantity": [1]}, {"id": {}, "price": "x"}, [[[]]]],
)
def test_whatever_stands_in_snowplows_json_text_an_event_is_sent(data: Any) -> None:
    good = {"id": "MUG-01", "quantity": 1, "price": 12.5, "currency": "EUR"}
    custom = seen("snowplow", example("snowplow", 2, contexts=_products(data, good)))[0]["custom_data"]
    assert custom["contents"] == [{"id": "MUG-01", "quantity": 1, "item_price": 12.5}]


# ---- where it comes from


@pytest.mark.parametrize(
    ("preset", "changes", "pixels"),
    [
        ("ga4", {"pixel_id": ["1", "2"]}, ["1", "2"]),
        ("ga4", {"pixel_id": None, "container_id": "GTM-ACME1"}, [PIXEL]),
        ("ga4", {"pixel_id": None, "stream_id": "GTM-ACME1"}, [PIXEL]),
        ("segment", {"pixel_id": None, "pixelId": "3"}, ["3"]),
        ("segment", {"pixel_id": None, "container_id": "GTM-ACME1"}, [PIXEL]),
        ("segment", {"pixel_id": None, "writeKey": "GTM-ACME1"}, [PIXEL]),
        ("segment", {"pixel_id": None, "projectId": "GTM-ACME1"}, [PIXEL]),
        ("snowplow", {"pixel_id": "4"}, ["4"]),
        ("snowplow", {"pixel_id": None, "container_id": "GTM-ACME1"}, [PIXEL]),
        ("snowplow", {"pixel_id": None, "app_id": "GTM-ACME1"}, [PIXEL]),
    ],
)
def test_an_event_finds_its_pixels_by_what_the_platform_adds_or_by_the_source_it_came_from(
    preset: str, changes: Event, pixels: list[str]
) -> None:
    record, _ = record_from_json(schema_of(preset), example(preset, 1, **changes))
    body = encode(record, schema_of(preset))
    (results,) = engine(preset).translate([body], [Origin("t", 0, 0)], NOW)
    assert [result.pixel_id for result in results] == pixels


@pytest.mark.parametrize("time", ["2026-11-24T10:00:00Z", "2026-11-24 10:00:00.000", 1_795_514_400_000])
def test_a_time_is_read_as_text_or_as_milliseconds(time: str | int) -> None:
    assert seen("segment", example("segment", 9, timestamp=time))[0]["event_time"] == 1_795_514_400
    assert seen("snowplow", example("snowplow", 1, derived_tstamp=time))[0]["event_time"] == 1_795_514_400


@pytest.mark.parametrize(
    ("preset", "event", "source"),
    [
        ("segment", example("segment", 9, **segment_context(device={"type": "macos"})), "website"),
        ("segment", example("segment", 9, properties={"action_source": "chat"}), "chat"),
        ("segment", example("segment", 15), "app"),
        ("snowplow", example("snowplow", 1, platform="tv"), "other"),
        ("snowplow", example("snowplow", 1, platform="car"), "website"),
        ("snowplow", example("snowplow", 1, platform=None), "website"),
        ("snowplow", example("snowplow", 1, action_source="email"), "email"),
        ("ga4", example("ga4", 1, action_source="phone_call"), "phone_call"),
    ],
)
def test_where_it_happened_is_told_by_the_event_or_by_its_device(preset: str, event: Event, source: str) -> None:
    assert seen(preset, event)[0]["action_source"] == source


def test_an_app_that_does_not_say_whether_tracking_is_allowed_counts_as_not_allowed() -> None:
    context = example("segment", 16)["context"]
    device = {"type": "android", "model": "Phone 9"}
    made, _ = seen("segment", example("segment", 16, context=context | {"device": device}))
    assert made["app_data"]["advertiser_tracking_enabled"] == 0
    assert made["app_data"]["extinfo"][0] == "a2"


_LEAST = {"ga4": ["event_name"], "segment": ["type"], "snowplow": ["event_name"]}


@pytest.mark.parametrize("preset", PRESETS)
def test_a_producer_may_leave_out_nearly_all_that_a_schema_has(preset: str) -> None:
    fields = json.loads((ROOT / "schemas" / f"{preset}.avsc").read_text(encoding="utf-8"))["fields"]
    assert [field["name"] for field in fields if "default" not in field] == _LEAST[preset]


def test_a_producers_own_schema_is_read_by_the_presets() -> None:
    own = parse_schema(
        json.dumps(
            {
                "type": "record",
                "name": "com.example.Ga4Event",
                "fields": [
                    {"name": "page_location", "type": "string"},
                    {"name": "session", "type": "int"},
                    {"name": "ip_override", "type": "string"},
                    {"name": "event_time", "type": {"type": "long", "logicalType": "timestamp-millis"}},
                    {"name": "event_name", "type": "string"},
                    {"name": "pixel_id", "type": "string"},
                ],
            }
        ),
        "own",
    )
    plan = Plan(find_mapping("ga4", None, schema_of("ga4")), {"GTM-ACME1": (PIXEL,)})
    body = encode(example("ga4", 1, session=3), own)
    ((result,),) = PythonEngine(own, schema_of("ga4"), plan).translate([body], [Origin("t", 0, 0)], NOW)
    assert isinstance(result, ServerEvent)
    assert result.event_name == "PageView"
