"""What Meta sees of a tag event, field by field."""

from hashlib import sha256
from typing import Any

import orjson
import pytest

from streamer.outcomes import Outcome, Reason
from streamer.records.schema import encode
from streamer.translate.engine import Origin, Refusal, ServerEvent
from streamer.translate.mapping import TAG_EVENT
from streamer.translate.plan import PixelRules, Plan
from tests.translate.events import NOW, ORIGIN, PIXEL, SCHEMA, make_engine, notes, sent, tag_event, translate

EVERYTHING = {
    "pixel_id": PIXEL,
    "container_id": "GTM-ACME1",
    "event_name": "Purchase",
    "event_id": "browser-1",
    "event_time": NOW * 1000 + 999,
    "page_url": "https://shop.example.com/thanks?fbclid=Click-1",
    "referrer": "https://www.example.com/",
    "client_ip": "2001:db8::1",
    "user_agent": "Mozilla/5.0",
    "cookies": {"_fbp": "fb.1.1789999999999.123456789", "_fbc": "fb.1.1789999999999.Click-1", "other": "x"},
    "user": {
        "email": "Anna@Example.com",
        "phone": "030 901820",
        "first_name": "Anna-Lena",
        "last_name": "Müller",
        "city": "Berlin",
        "state": "Berlin",
        "zip": "10115",
        "country": "DE",
        "external_id": "c-1",
        "birthdate": "1990-02-16",
        "gender": "female",
        "more": {
            "emails": ["anna@example.org", "anna@example.com"],
            "phones": ["+1 212 555 0123"],
            "external_ids": ["c-2"],
            "subscription_id": "s-1",
            "fb_login_id": "5",
            "lead_id": "1234567890123456",
            "anon_id": "a-1",
            "madid": "m-1",
        },
    },
    "properties": {
        "currency": "eur",
        "value": 30.5,
        "order_id": "o-1",
        "items": [
            {"id": "p1", "quantity": 2, "price": 10.0, "more": {"title": "A pen", "delivery_category": "curbside"}},
            {"id": "p2", "quantity": 1, "price": 10.5},
        ],
        "more": {
            "content_type": "product",
            "content_name": "Pens",
            "content_category": "Office",
            "search_string": "pen",
            "status": "done",
            "predicted_ltv": 99.0,
            "net_revenue": 20.25,
            "num_items": 3,
            "delivery_category": "home_delivery",
        },
        "custom": {"margin": 0.5, "season": "autumn", "first": True, "pieces": 3, "tags": ["a", "b"], "none": None},
    },
    "action_source": "website",
    "privacy": {
        "opt_out": True,
        "data_processing_options": ["LDU"],
        "data_processing_options_country": 1,
        "data_processing_options_state": 1000,
    },
    "more": {
        "customer_segmentation": "new_customer_to_business",
        "original_event": {"event_name": "Lead", "event_time": NOW * 1000 - 5000, "order_id": "o-0", "event_id": "e-0"},
        "attribution": {
            "ad_id": "1",
            "attribution_share": 0.5,
            "attribution_value": 2.0,
            "touchpoint_time": NOW * 1000 - 9000,
        },
    },
}


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def test_everything_that_a_tag_event_says_arrives() -> None:
    assert sent(EVERYTHING) == {
        "event_name": "Purchase",
        "event_time": NOW,
        "event_id": "browser-1",
        "action_source": "website",
        "event_source_url": "https://shop.example.com/thanks?fbclid=Click-1",
        "referrer_url": "https://www.example.com/",
        "opt_out": True,
        "data_processing_options": ["LDU"],
        "data_processing_options_country": 1,
        "data_processing_options_state": 1000,
        "customer_segmentation": "new_customer_to_business",
        "user_data": {
            "em": [_hash("anna@example.com"), _hash("anna@example.org")],
            "ph": [_hash("4930901820"), _hash("12125550123")],
            "fn": [_hash("annalena")],
            "ln": [_hash("müller")],
            "ct": [_hash("berlin")],
            "st": [_hash("berlin")],
            "zp": [_hash("10115")],
            "country": [_hash("de")],
            "external_id": [_hash("c-1"), _hash("c-2")],
            "db": [_hash("19900216")],
            "ge": [_hash("f")],
            "client_ip_address": "2001:db8::1",
            "client_user_agent": "Mozilla/5.0",
            "fbc": "fb.1.1789999999999.Click-1",
            "fbp": "fb.1.1789999999999.123456789",
            "subscription_id": "s-1",
            "fb_login_id": "5",
            "lead_id": "1234567890123456",
            "anon_id": "a-1",
            "madid": "m-1",
        },
        "custom_data": {
            "currency": "EUR",
            "value": 30.5,
            "order_id": "o-1",
            "contents": [
                {"id": "p1", "quantity": 2, "item_price": 10.0, "title": "A pen", "delivery_category": "curbside"},
                {"id": "p2", "quantity": 1, "item_price": 10.5},
            ],
            "content_ids": ["p1", "p2"],
            "content_type": "product",
            "content_name": "Pens",
            "content_category": "Office",
            "search_string": "pen",
            "status": "done",
            "predicted_ltv": 99.0,
            "net_revenue": 20.25,
            "num_items": 3,
            "delivery_category": "home_delivery",
            "margin": 0.5,
            "season": "autumn",
            "first": True,
            "pieces": 3,
            "tags": ["a", "b"],
        },
        "original_event_data": {"event_name": "Lead", "event_time": NOW - 5, "order_id": "o-0", "event_id": "e-0"},
        "attribution_data": {
            "ad_id": "1",
            "attribution_share": 0.5,
            "attribution_value": 2.0,
            "touchpoint_ts": NOW - 9,
        },
    }
    assert notes(EVERYTHING) == []


def test_an_event_that_says_little_has_no_empty_parts() -> None:
    assert sent(tag_event()) == {
        "event_name": "ViewContent",
        "event_time": NOW,
        "event_id": "e-1",
        "event_source_url": "https://shop.example.com/",
        "action_source": "website",
        "user_data": {"em": [_hash("shopper@example.com")], "client_user_agent": "Mozilla/5.0"},
    }


def test_an_apps_event_carries_the_device_in_sixteen_parts() -> None:
    app = {
        "advertiser_tracking_enabled": False,
        "application_tracking_enabled": True,
        "platform": "iOS",
        "os_version": "18.5",
        "package_name": "com.example.shop",
        "screen_width": 390,
        "timezone": "Europe/Berlin",
        "url_schemes": ["shop"],
        "vendor_id": "v-1",
    }
    event = sent(tag_event(action_source="app", page_url=None, app=app))
    assert event["app_data"] == {
        "advertiser_tracking_enabled": 0,
        "application_tracking_enabled": 1,
        "extinfo": ["i2", "com.example.shop", "", "", "18.5", *[""] * 4, "390", *[""] * 5, "Europe/Berlin"],
        "url_schemes": ["shop"],
        "vendor_id": "v-1",
    }


def test_a_messaging_event_carries_its_channel_and_ids() -> None:
    messaging = {"channel": "WhatsApp", "whatsapp_business_account_id": "w-1", "ctwa_clid": "c-1", "page_id": "p-1"}
    event = tag_event(event_name="LeadSubmitted", action_source="business_messaging", messaging=messaging)
    seen = sent(event)
    assert seen["messaging_channel"] == "whatsapp"
    assert seen["user_data"].items() >= {"whatsapp_business_account_id": "w-1", "ctwa_clid": "c-1"}.items()
    assert "page_id" not in seen["user_data"]
    assert notes(event) == [("user_data.page_id", "unwanted")]


def test_an_event_without_an_id_gets_the_same_one_whenever_it_is_read() -> None:
    event = tag_event(event_id=None)
    (first,), (again,), (blank,) = translate(event), translate(event), translate(tag_event(event_id=" "))
    assert isinstance(first, ServerEvent)
    assert isinstance(again, ServerEvent)
    assert isinstance(blank, ServerEvent)
    assert first.event_id == again.event_id == blank.event_id == f"st_{_hash('tag-events/3/42')[:32]}"
    (elsewhere,) = make_engine().translate([encode(event, SCHEMA)], [ORIGIN._replace(offset=43)], NOW)[0]
    assert isinstance(elsewhere, ServerEvent)
    assert elsewhere.event_id != first.event_id


def test_what_folding_and_age_limits_need_stands_beside_the_body() -> None:
    (result,) = translate(tag_event())
    assert isinstance(result, ServerEvent)
    assert result[:1] + result[2:6] == (PIXEL, "ViewContent", "e-1", NOW, NOW + 7 * 86_400 - 3600)
    (in_store,) = translate(tag_event(action_source="physical_store"))
    assert isinstance(in_store, ServerEvent)
    assert in_store.expires_at == NOW + 62 * 86_400 - 3600


def test_a_click_in_the_url_becomes_an_fbc_without_a_cookie() -> None:
    event = tag_event(page_url="https://shop.example.com/?fbclid=New-Click")
    assert sent(event)["user_data"]["fbc"] == f"fb.1.{NOW * 1000}.New-Click"


@pytest.mark.parametrize(
    ("changes", "field", "reason"),
    [
        ({"user": {"email": "nobody", "phone": "+49 30 901820"}}, "user_data.em", "malformed"),
        ({"user": {"email": "a@example.com", "gender": "?"}}, "user_data.ge", "unknown"),
        ({"user": {"email": "a@example.com", "birthdate": "1990-02-31"}}, "user_data.db", "impossible"),
        ({"user": {"email": "a@example.com", "more": {"lead_id": "l:1"}}}, "user_data.lead_id", "malformed"),
        ({"user": {"email": "a@example.com", "more": {"madid": "a" * 64}}}, "user_data.madid", "hashed"),
        ({"client_ip": "10.0.0.1"}, "user_data.client_ip_address", "private_address"),
        ({"cookies": {"_fbp": "GA1.2.3"}}, "user_data.fbp", "malformed"),
        ({"cookies": {"_fbc": "fb"}}, "user_data.fbc", "malformed"),
        ({"referrer": ""}, "referrer_url", "empty"),
        ({"user_agent": None}, "user_data.client_user_agent", "absent"),
        ({"properties": {"value": 5.0}}, "custom_data.value", "incomplete"),
        ({"properties": {"currency": "ECU"}}, "custom_data.currency", "unknown"),
        ({"properties": {"value": float("nan"), "currency": "EUR"}}, "custom_data.value", "malformed"),
        ({"properties": {"more": {"content_type": "thing"}}}, "custom_data.content_type", "unknown"),
        ({"properties": {"custom": {"value": 5}}}, "custom_data.*", "reserved"),
        ({"properties": {"custom": {"margin": float("inf")}}}, "custom_data.*", "malformed"),
        ({"properties": {"custom": {"event_source": 5}}}, "custom_data.*", "malformed"),
        ({"properties": {"items": [{"id": "a", "quantity": 0, "price": 1.0}]}}, "custom_data.contents", "malformed"),
        ({"properties": {"items": [{"id": " ", "quantity": 1, "price": 1.0}]}}, "custom_data.contents", "malformed"),
        (
            {"properties": {"items": [{"id": "a", "quantity": 1, "price": float("nan")}]}},
            "custom_data.contents.item_price",
            "malformed",
        ),
        ({"more": {"customer_segmentation": "vip"}}, "customer_segmentation", "unknown"),
        ({"more": {"attribution": {"attribution_share": 2.0}}}, "attribution_data.attribution_share", "malformed"),
        ({"more": {"original_event": {"event_time": -1}}}, "original_event_data.event_time", "malformed"),
        ({"app": {"platform": "Symbian", "os_version": "9"}}, "app_data.extinfo", "unknown"),
        ({"app": {"platform": "ios"}}, "app_data.extinfo", "incomplete"),
    ],
)
def test_a_bad_field_costs_the_field_and_is_noted(changes: dict[str, Any], field: str, reason: str) -> None:
    event = tag_event(**changes)
    assert (field, reason) in notes(event)
    section, _, key = field.rpartition(".")
    part: Any = sent(event)
    for name in section.split(".") if section else ():
        part = part.get(name, {}) if isinstance(part, dict) else {}
    assert key not in part


def test_an_item_that_is_no_good_costs_itself_and_not_the_others() -> None:
    items = [
        {"id": "a", "quantity": 1, "price": 1.0},
        {"id": "", "quantity": 1, "price": 1.0},
        {"id": "a", "quantity": 2, "price": 2.0},
    ]
    custom = sent(tag_event(properties={"items": items}))["custom_data"]
    assert [content["quantity"] for content in custom["contents"]] == [1, 2]
    assert custom["content_ids"] == ["a"]


def test_a_checkout_counts_its_items_and_other_events_do_not() -> None:
    properties = {"items": [{"id": "a", "quantity": 2, "price": 1.0}, {"id": "b", "quantity": 3, "price": 1.0}]}
    assert sent(tag_event(event_name="InitiateCheckout", properties=properties))["custom_data"]["num_items"] == 5
    assert "num_items" not in sent(tag_event(event_name="AddToCart", properties=properties))["custom_data"]


def test_ids_that_are_given_are_not_replaced_by_those_of_the_items() -> None:
    properties = {"items": [{"id": "a", "quantity": 1, "price": 1.0}], "more": {"content_ids": ["group-1", ""]}}
    assert sent(tag_event(properties=properties))["custom_data"]["content_ids"] == ["group-1"]


def test_a_phone_without_a_country_is_read_by_the_pixels_region_or_noted() -> None:
    event = tag_event(user={"phone": "030 901820"})
    german = Plan(TAG_EVENT, pixels={PIXEL: PixelRules(phone_region="de")})
    assert sent(event, german)["user_data"]["ph"] == [_hash("4930901820")]
    assert notes(event, german) == []
    assert notes(event) == [("user_data.ph", "no_country_code")]


def test_the_users_country_comes_before_the_pixels_region() -> None:
    event = tag_event(user={"phone": "030 901820", "country": "Germany"})
    american = Plan(TAG_EVENT, pixels={PIXEL: PixelRules(phone_region="us")})
    assert sent(event, american)["user_data"]["ph"] == [_hash("4930901820")]


def test_values_that_came_hashed_are_not_hashed_again() -> None:
    hashed = _hash("a@example.com")
    assert sent(tag_event(user={"email": hashed.upper()}))["user_data"]["em"] == [hashed]


@pytest.mark.parametrize(
    ("given", "seen"),
    [
        ("https://Shop.example.com/A?q=1#x", "https://Shop.example.com/A?q=1#x"),
        (" https://u:p@shop.example.com/a b ", "https://shop.example.com/a%20b"),
        ("HTTPS://shop.example.com", "https://shop.example.com"),
        ("http://shop.example.com/@x", "http://shop.example.com/@x"),
    ],
)
def test_a_page_address_is_repaired_where_that_is_certain(given: str, seen: str) -> None:
    assert sent(tag_event(page_url=given))["event_source_url"] == seen


def test_pixels_of_a_container_share_one_body_unless_their_rules_differ() -> None:
    pixels = {"12": PixelRules(phone_region="de"), "13": PixelRules(enabled=False)}
    plan = Plan(TAG_EVENT, {"GTM-1": ("11", "12", "13", "14", "11")}, pixels)
    results = translate(tag_event(pixel_id=None, container_id="GTM-1", user={"phone": "030 901820"}), plan)
    events = {result.pixel_id: result for result in results if isinstance(result, ServerEvent)}
    assert sorted(events) == ["11", "12", "14"]
    assert events["11"].body is events["14"].body
    assert orjson.loads(events["12"].body)["user_data"]["ph"] == [_hash("4930901820")]
    assert [result for result in results if isinstance(result, Refusal)] == [
        Refusal(Outcome.SKIPPED, Reason.PIXEL_OPTED_OUT, None, "13")
    ]


def test_each_record_of_a_slice_keeps_its_place() -> None:
    bodies = [encode(tag_event(event_id=f"e-{number}"), SCHEMA) for number in range(150)]
    bodies[70] = b"junk"
    bodies[100] += b"!"
    answers = make_engine().translate(bodies, [Origin("t", 0, number) for number in range(150)], NOW)
    ids = [getattr(answer[0], "event_id", None) for answer in answers]
    assert ids == [None if number in {70, 100} else f"e-{number}" for number in range(150)]
    assert [answers[place][0] for place in (70, 100)] == [
        Refusal(Outcome.DEAD_LETTERED, Reason.BAD_AVRO),
        Refusal(Outcome.DEAD_LETTERED, Reason.TRAILING_BYTES),
    ]


def test_no_records_give_no_answers() -> None:
    assert make_engine().translate([], [], NOW) == []
