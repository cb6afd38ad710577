"""The presets that ship: what realistic events of each platform become."""

import json
from pathlib import Path
from typing import Any

import pytest

from streamer.outcomes import Outcome, Reason
from streamer.translate.engine import Refusal
from streamer.translate.mapping import find_mapping
from tests.support.presets import ROOT, schema_of
from tests.translate.preset_events import (
    IGLU,
    PRESETS,
    Event,
    example,
    hashed,
    lines,
    seen,
    segment_context,
    translated,
)

EXPECTED = Path(__file__).parent / "data" / "presets"


def cases() -> list[Any]:
    return [
        pytest.param(preset, case, id=f"{preset}-{case['line']}")
        for preset in PRESETS
        for case in json.loads((EXPECTED / f"{preset}.json").read_text(encoding="utf-8"))
    ]


@pytest.mark.parametrize(("preset", "case"), cases())
def test_an_event_of_the_examples_arrives_at_meta_as_a_person_would_have_mapped_it(preset: str, case: Event) -> None:
    event = lines(preset)[case["line"] - 1]
    if "refused" in case:
        result = translated(preset, event, case["line"])
        assert isinstance(result, Refusal)
        assert [result.outcome, result.reason, result.field] == case["refused"]
        return
    made, notes = seen(preset, event, case["line"])
    assert made == hashed(case["event"])
    assert notes == case["notes"]


@pytest.mark.parametrize("preset", PRESETS)
def test_no_event_of_the_examples_is_without_its_expected_server_event(preset: str) -> None:
    expected = json.loads((EXPECTED / f"{preset}.json").read_text(encoding="utf-8"))
    assert [case["line"] for case in expected] == list(range(1, len(lines(preset)) + 1))


# ---- names


_GA4_NAMES = {
    "page_view": "PageView",
    "gtm.dom": "PageView",
    "view_item": "ViewContent",
    "add_to_cart": "AddToCart",
    "add_to_wishlist": "AddToWishlist",
    "begin_checkout": "InitiateCheckout",
    "add_payment_info": "AddPaymentInfo",
    "search": "Search",
    "generate_lead": "Lead",
    "sign_up": "CompleteRegistration",
    "view_cart": "view_cart",
    "Newsletter": "Newsletter",
}
_SEGMENT_NAMES = {
    "Product Viewed": "ViewContent",
    "Product List Viewed": "ViewContent",
    "product added": "AddToCart",
    "Product Added to Wishlist": "AddToWishlist",
    "Checkout Started": "InitiateCheckout",
    "Payment Info Entered": "AddPaymentInfo",
    "Products Searched": "Search",
    "Signed Up": "CompleteRegistration",
    "Trial Started": "StartTrial",
    "Viewed Product": "ViewContent",
    "Viewed Product Category": "ViewContent",
    "Added Product": "AddToCart",
    "Application Installed": "MobileAppInstall",
    "Lead": "Lead",
    "Coupon Applied": "Coupon Applied",
}
_ACTIONS = {
    "product_view": "ViewContent",
    "add_to_cart": "AddToCart",
    "remove_from_cart": "remove_from_cart",
    "list_view": "list_view",
    "refund": "refund",
}
_SNOWPLOW_NAMES = {
    "page_view": "PageView",
    "screen_view": "PageView",
    "site_search": "Search",
    "add_to_cart": "AddToCart",
    "application_install": "MobileAppInstall",
    "trial_ended": "trial_ended",
}
_NAMES = [
    *(("ga4", example("ga4", 1, event_name=name), becomes) for name, becomes in _GA4_NAMES.items()),
    ("ga4", example("ga4", 7), "Purchase"),
    *(("segment", example("segment", 9, event=name), becomes) for name, becomes in _SEGMENT_NAMES.items()),
    ("segment", example("segment", 8, event="Completed Order"), "Purchase"),
    ("segment", example("segment", 8), "Purchase"),
    ("segment", example("segment", 1), "PageView"),
    ("segment", example("segment", 15), "PageView"),
    *(("snowplow", example("snowplow", 1, event_name=name), becomes) for name, becomes in _SNOWPLOW_NAMES.items()),
]


@pytest.mark.parametrize(("preset", "event", "becomes"), _NAMES)
def test_an_event_goes_by_metas_name_for_it_and_one_that_meta_has_no_name_for_keeps_its_own(
    preset: str, event: Event, becomes: str
) -> None:
    assert seen(preset, event)[0]["event_name"] == becomes


@pytest.mark.parametrize(("kind", "becomes"), _ACTIONS.items())
@pytest.mark.parametrize("version", ["1-0-0", "1-0-2"])
def test_snowplows_commerce_actions_are_told_apart_by_their_type(kind: str, becomes: str, version: str) -> None:
    schema = f"{IGLU}.ecommerce/snowplow_ecommerce_action/jsonschema/{version}"
    text = json.dumps({"schema": "iglu:x", "data": {"schema": schema, "data": {"type": kind}}})
    assert seen("snowplow", example("snowplow", 2, unstruct_event=text))[0]["event_name"] == becomes


def test_a_type_in_another_event_of_snowplow_is_not_taken_for_a_purchase() -> None:
    text = json.dumps({"data": {"schema": "iglu:com.example/order/jsonschema/1-0-0", "data": {"type": "transaction"}}})
    event = example("snowplow", 11, event_name="order", unstruct_event=text)
    assert seen("snowplow", event)[0]["event_name"] == "order"


_FILTERED = [
    *(
        ("ga4", {"event_name": name})
        for name in ("session_start", "first_visit", "user_engagement", "scroll", "gtm.init")
    ),
    ("ga4", {"platform": "IOS"}),
    *(("segment", {"type": kind}) for kind in ("identify", "group", "alias")),
    *(("segment", {"type": "track", "event": name}) for name in ("Application Opened", "Application Updated")),
    *(("snowplow", {"event": kind}) for kind in ("page_ping", "transaction_item")),
    *(("snowplow", {"event_name": name}) for name in ("link_click", "focus_form", "web_vitals", "consent_preferences")),
]


@pytest.mark.parametrize(("preset", "changes"), _FILTERED)
def test_a_platforms_own_book_keeping_is_not_sent(preset: str, changes: Event) -> None:
    result = translated(preset, example(preset, 1, **changes))
    assert isinstance(result, Refusal)
    assert (result.outcome, result.reason) == (Outcome.SKIPPED, Reason.EVENT_FILTERED)


# ---- consent


_DENIED: list[tuple[str, Event]] = [
    ("ga4", {"x_ga_gcs": "G100"}),
    ("ga4", {"x_ga_gcs": "G101"}),
    ("ga4", {"consent": {"ad_storage": "denied"}}),
    ("ga4", {"consent": {"ad_user_data": "denied"}}),
    ("ga4", {"consent_state": {"ad_storage": False}}),
    ("ga4", {"x_ga_gcs": None, "privacy_info": {"ads_storage": "No"}}),
    ("ga4", {"consent": {"marketing": "denied"}}),
    ("segment", segment_context(consent={"categoryPreferences": {"Advertising": False}})),
    ("segment", segment_context(consent={"categoryPreferences": {"advertising": "false"}})),
    ("segment", segment_context(consent={"categoryPreferences": {"C0004": False}})),
    ("segment", segment_context(consent={"categoryPreferences": {"Marketing": False}})),
    ("segment", segment_context(consentManagement={"allowedConsentIds": ["C0001"]})),
    ("segment", segment_context(consentManagement={"allowedConsentIds": []})),
    ("segment", segment_context(consentManagement={"deniedConsentIds": ["C0001", "C0004"]})),
    ("segment", segment_context(consentManagement={"allowedConsentIds": ["C0004"], "deniedConsentIds": ["C0004"]})),
    ("snowplow", {"consent": {"ad_storage": "denied"}}),
    ("snowplow", {"consent": {"advertising": False}}),
]
_ALLOWED: list[tuple[str, Event]] = [
    ("ga4", {"x_ga_gcs": "G111"}),
    ("ga4", {"x_ga_gcs": "G110"}),
    ("ga4", {"x_ga_gcs": "G1--"}),
    ("ga4", {"x_ga_gcs": None}),
    ("ga4", {"x_ga_gcs": "G100", "consent": {"ad_storage": "granted"}}),
    ("ga4", {"x_ga_gcs": None, "privacy_info": {"ads_storage": "Unset"}}),
    ("segment", segment_context(consent={"categoryPreferences": {"Advertising": True, "Analytics": False}})),
    ("segment", segment_context(consentManagement={"allowedConsentIds": ["C0001", "C0004"]})),
    ("segment", segment_context(consentManagement={"deniedConsentIds": ["C0001"]})),
    ("segment", segment_context(consentManagement={"deniedConsentIds": []})),
    ("segment", segment_context()),
    ("snowplow", {"consent": {"ad_storage": "granted", "analytics_storage": "denied"}}),
]


@pytest.mark.parametrize(("preset", "changes"), _DENIED)
def test_an_event_whose_user_said_no_to_advertising_is_skipped(preset: str, changes: Event) -> None:
    line = {"ga4": 2, "segment": 9, "snowplow": 2}[preset]
    result = translated(preset, example(preset, line, **changes))
    assert isinstance(result, Refusal)
    assert (result.outcome, result.reason) == (Outcome.SKIPPED, Reason.NO_CONSENT)


@pytest.mark.parametrize(("preset", "changes"), _ALLOWED)
def test_an_event_whose_user_said_yes_or_nothing_is_sent(preset: str, changes: Event) -> None:
    seen(preset, example(preset, {"ga4": 2, "segment": 9, "snowplow": 2}[preset], **changes))


@pytest.mark.parametrize("preset", PRESETS)
def test_the_page_on_presets_names_every_event_that_gets_another_name(preset: str) -> None:
    page = (ROOT / "docs" / "presets.md").read_text(encoding="utf-8")
    rules = find_mapping(preset, None, schema_of(preset)).rules
    sources = next(rule.sources for rule in rules if rule.key == "event_name")
    names = [name for source in sources if source.table for name, _ in source.table.values if not name.isdigit()]
    assert [name for name in names if f"`{name}`" not in page] == []
