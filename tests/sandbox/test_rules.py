from collections.abc import Callable
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.sandbox.errors import error_of
from streamer.sandbox.rules import FUTURE_SECONDS, check_event, check_parameters, check_request
from tests.sandbox.examples import ABSENT, NOW, app_event, event, message_event, user

DAY = 86_400


def verdict(candidate: Any) -> tuple[str | None, int | None] | None:
    fault = check_event(candidate, NOW)
    if fault is None:
        return None
    assert fault.code == 100
    return fault.field, fault.subcode


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"event_id": ABSENT},
        {"event_time": NOW - 7 * DAY},
        {"event_time": NOW + FUTURE_SECONDS},
        {"action_source": "physical_store", "event_time": NOW - 62 * DAY},
        {"action_source": "email", "event_source_url": ABSENT},
        {"action_source": "phone_call"},
        {"action_source": "chat"},
        {"action_source": "other"},
        {"action_source": "system_generated"},
        {"user_data": user(client_user_agent=ABSENT)},
        {"opt_out": True},
        {"referrer_url": "https://www.example.com/"},
        {"data_processing_options": []},
        {"data_processing_options": ["LDU"]},
        {
            "data_processing_options": ["LDU"],
            "data_processing_options_country": 1,
            "data_processing_options_state": 1013,
        },
        {"data_processing_options": ["LDU"], "data_processing_options_country": 0, "data_processing_options_state": 0},
        {"customer_segmentation": "customer_in_loyalty_program"},
        {"original_event_data": {"event_name": "Purchase", "event_time": NOW, "order_id": "o", "event_id": "e"}},
        {"attribution_data": {"ad_id": "1", "attribution_share": 0.5, "attribution_value": 3, "touchpoint_ts": NOW}},
        {"app_data": {"application_tracking_enabled": False}},
    ],
)
def test_an_event_within_the_rules_is_taken(changes: dict[str, Any]) -> None:
    assert verdict(event(**changes)) is None


@pytest.mark.parametrize(
    ("changes", "field", "subcode"),
    [
        ({"event_name": ABSENT}, "event_name", 2804019),
        ({"event_name": ""}, "event_name", 2804019),
        ({"event_name": "  "}, "event_name", 2804019),
        ({"event_name": None}, "event_name", 2804019),
        ({"event_name": 5}, "event_name", 2804019),
        ({"event_time": ABSENT}, "event_time", None),
        ({"event_time": float(NOW)}, "event_time", None),
        ({"event_time": str(NOW)}, "event_time", None),
        ({"event_time": True}, "event_time", None),
        ({"event_time": NOW - 7 * DAY - 1}, "event_time", 2804003),
        ({"event_time": 0}, "event_time", 2804003),
        ({"event_time": NOW - 62 * DAY - 1, "action_source": "physical_store"}, "event_time", 2804003),
        ({"event_time": NOW - 8 * DAY, "action_source": "system_generated"}, "event_time", 2804003),
        ({"event_time": NOW + FUTURE_SECONDS + 1}, "event_time", 2804004),
        ({"event_time": NOW * 1000}, "event_time", 2804004),
        ({"event_id": 981}, "event_id", None),
        ({"event_id": ""}, "event_id", None),
        ({"action_source": ABSENT}, "action_source", None),
        ({"action_source": "web"}, "action_source", None),
        ({"action_source": ["website"]}, "action_source", None),
        ({"event_source_url": ABSENT}, "event_source_url", None),
        ({"event_source_url": "shop.example.com"}, "event_source_url", None),
        ({"event_source_url": "file:///tmp"}, "event_source_url", None),
        ({"event_source_url": "https://"}, "event_source_url", None),
        ({"event_source_url": "https://ann@example.com/"}, "event_source_url", None),
        ({"event_source_url": "https://shop.example.com/a b"}, "event_source_url", None),
        ({"referrer_url": ""}, "referrer_url", None),
        ({"user_data": ABSENT}, "user_data", 2804050),
        ({"user_data": None}, "user_data", None),
        ({"user_data": {"em": "ann@example.com"}}, "user_data.em", None),
        ({"custom_data": []}, "custom_data", 2804016),
        ({"opt_out": 1}, "opt_out", None),
        ({"data_processing_options": ["LDU", "LDU"]}, "data_processing_options", None),
        ({"data_processing_options": "LDU"}, "data_processing_options", None),
        ({"data_processing_options_country": 2}, "data_processing_options_country", None),
        ({"data_processing_options_state": 1014}, "data_processing_options_state", None),
        ({"data_processing_options_state": False}, "data_processing_options_state", None),
        ({"data_processing_options_country": 1}, "data_processing_options_state", None),
        (
            {"data_processing_options": ["LDU"], "user_data": user(client_ip_address=ABSENT)},
            "data_processing_options_state",
            None,
        ),
        ({"customer_segmentation": "vip"}, "customer_segmentation", None),
        ({"original_event_data": {"event_name": ""}}, "original_event_data", None),
        ({"attribution_data": {"attribution_share": 1.5}}, "attribution_data", None),
        ({"attribution_data": {"attribution_share": "1"}}, "attribution_data", None),
        ({"messaging_channel": "telegram"}, "messaging_channel", None),
        ({"app_data": []}, "app_data", None),
        ({"app_data": {"advertiser_tracking_enabled": "yes"}}, "app_data.advertiser_tracking_enabled", None),
        ({"app_data": {"idfa": "x"}}, "app_data.idfa", None),
        ({"eventTime": NOW}, "eventTime", None),
        ({"event_name ": "x"}, "(a key)", None),
        (
            {
                "action_source": "system_generated",
                "custom_data": {"currency": "USD", "value": 1, "event_source": "crm"},
            },
            "custom_data.lead_event_source",
            None,
        ),
    ],
)
def test_an_event_outside_the_rules_is_refused_with_its_code(
    changes: dict[str, Any], field: str, subcode: int | None
) -> None:
    assert verdict(event(**changes)) == (field, subcode)


@pytest.mark.parametrize("candidate", [None, [], "x", 1])
def test_an_event_that_is_no_object_is_refused(candidate: Any) -> None:
    assert verdict(candidate) == (None, None)


def extinfo(*parts: Any) -> list[Any]:
    return [*parts, *[""] * (16 - len(parts))]


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({}, None),
        ({"advertiser_tracking_enabled": False}, None),
        ({"extinfo": extinfo("i2", "", "", "", "17.1")}, None),
        ({"campaign_ids": ["1"], "url_schemes": ["shop"], "vendor_id": "v"}, None),
        ({"advertiser_tracking_enabled": ABSENT}, ("app_data.advertiser_tracking_enabled", None)),
        ({"advertiser_tracking_enabled": 2}, ("app_data.advertiser_tracking_enabled", None)),
        ({"extinfo": ABSENT}, ("app_data.extinfo", None)),
        ({"extinfo": extinfo("a2", "", "", "", "14")[:15]}, ("app_data.extinfo", None)),
        ({"extinfo": extinfo("a3", "", "", "", "14")}, ("app_data.extinfo", None)),
        ({"extinfo": extinfo("a2", "", "", "", 14)}, ("app_data.extinfo", None)),
        ({"extinfo": [None] * 16}, ("app_data.extinfo", None)),
        ({"extinfo": extinfo("a2")}, ("app_data.extinfo", 2804043)),
    ],
)
def test_an_app_event_needs_consent_and_device(changes: dict[str, Any], wrong: tuple[str, int | None] | None) -> None:
    assert verdict(app_event(**changes)) == wrong


def test_an_app_event_without_app_data_is_refused() -> None:
    assert verdict(event(action_source="app")) == ("app_data", None)


@pytest.mark.parametrize(
    ("candidate", "wrong"),
    [
        (message_event("messenger", page_id="1", page_scoped_user_id="2"), None),
        (message_event("whatsapp", whatsapp_business_account_id="1", ctwa_clid="c"), None),
        (message_event("instagram", ig_account_id="1", ig_sid="2"), None),
        (message_event("instagram", instagram_business_account_id="1", ig_sid="2"), None),
        (message_event("messenger", page_scoped_user_id="2"), ("user_data.page_id", 2804116)),
        (message_event("messenger", page_id="1"), ("user_data.page_scoped_user_id", 2804116)),
        (message_event("whatsapp", ctwa_clid="c"), ("user_data.whatsapp_business_account_id", 2804116)),
        (message_event("whatsapp", whatsapp_business_account_id="1"), ("user_data.ctwa_clid", 2804087)),
        (
            message_event("whatsapp", whatsapp_business_account_id="1", ctwa_clid="c", page_id="1"),
            ("user_data.page_id", 2804072),
        ),
        (message_event("instagram", ig_account_id="1"), ("user_data.ig_sid", 2804116)),
        (
            {**message_event("messenger", page_id="1", page_scoped_user_id="2"), "event_name": "PageView"},
            ("event_name", 2804066),
        ),
        (event(action_source="business_messaging"), ("messaging_channel", None)),
    ],
)
def test_a_message_event_needs_the_ids_of_its_channel(candidate: Any, wrong: tuple[str, int | None] | None) -> None:
    assert verdict(candidate) == wrong


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({}, "data"),
        ({"data": []}, "data"),
        ({"data": {}}, "data"),
        ({"data": [{}] * 1001}, "data"),
        ({"data": [{}], "partner_agent": "a" * 23}, "partner_agent"),
        ({"data": [{}], "partner_agent": "1_2_x"}, "partner_agent"),
        ({"data": [{}], "test_event_code": 5}, "test_event_code"),
        ({"data": [{}], "test_event_cod": "TEST1"}, "test_event_cod"),
    ],
)
def test_a_request_with_wrong_parameters_is_refused(parameters: dict[str, Any], field: str) -> None:
    fault = check_parameters(parameters)
    assert fault is not None
    assert (fault.code, fault.subcode, fault.field, fault.index) == (100, None, field, None)


def test_a_request_of_1000_events_with_all_parameters_is_taken() -> None:
    body = {"data": [event()] * 1000, "partner_agent": "ourtms_1_0", "test_event_code": "TEST1", "upload_tag": "t"}
    assert check_request(body, NOW) is None


@given(st.integers(0, 30), st.integers(0, 30))
def test_one_bad_event_among_good_ones_refuses_the_request_and_is_found(before: int, after: int) -> None:
    body = {"data": [event()] * before + [event(event_name="")] + [event()] * after}
    fault = check_request(body, NOW)
    assert fault is not None
    assert (fault.index, fault.subcode) == (before, 2804019)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
KEYS = sorted(event() | app_event())
PATHS: list[tuple[str, ...]] = [
    (key,) for key in [*KEYS, "messaging_channel", "original_event_data", "attribution_data", "opt_out"]
]
PATHS += [("user_data", key) for key in [*user(), "external_id", "lead_id", "fi"]]
PATHS += [("custom_data", key) for key in ["value", "currency", "contents", "content_ids", "status"]]
PATHS += [("app_data", key) for key in ["extinfo", "advertiser_tracking_enabled", "campaign_ids"]]


@given(JSON)
def test_no_value_at_all_makes_the_check_fail_itself(candidate: Any) -> None:
    check_event(candidate, NOW)


@given(st.sampled_from(PATHS), JSON, st.sampled_from([event, app_event]))
def test_no_value_in_any_place_makes_the_check_fail_itself(
    path: tuple[str, ...], value: Any, whole: Callable[[], dict[str, Any]]
) -> None:
    candidate = whole()
    parent = candidate.setdefault(path[0], {}) if len(path) > 1 else candidate
    parent[path[-1]] = value
    check_event(candidate, NOW)


@given(st.sampled_from(PATHS))
def test_a_refusal_never_shows_the_value(path: tuple[str, ...]) -> None:
    candidate = event()
    parent = candidate.setdefault(path[0], {}) if len(path) > 1 else candidate
    parent[path[-1]] = {"key": "ann@example.com"}
    fault = check_event(candidate, NOW)
    assert fault is not None
    assert b"ann@" not in orjson.dumps(error_of(fault, "t", blame=True))
