"""What can't be sent is refused before it takes a whole request with it, and says by which field."""

from typing import Any

import pytest

from streamer.translate.mapping import TAG_EVENT
from streamer.translate.plan import Plan
from tests.translate.events import NOW, notes, refusal, sent, tag_event

DAY = 86_400
APP = {"advertiser_tracking_enabled": True, "platform": "android", "os_version": "15"}


@pytest.mark.parametrize(
    ("changes", "reason", "field"),
    [
        ({"event_name": ""}, "no_event_name", "event_name"),
        ({"event_name": "  "}, "no_event_name", "event_name"),
        ({"event_time": 0}, "no_event_time", "event_time"),
        ({"event_time": -5}, "no_event_time", "event_time"),
        ({"pixel_id": "GTM-1"}, "bad_pixel_id", "pixel_id"),
        ({"pixel_id": "\u0661\u0662"}, "bad_pixel_id", "pixel_id"),
        ({"pixel_id": "1" * 21}, "bad_pixel_id", "pixel_id"),
        ({"action_source": "web"}, "bad_action_source", "action_source"),
        ({"page_url": None}, "missing_field", "event_source_url"),
        ({"page_url": "android-app://com.example"}, "missing_field", "event_source_url"),
        ({"event_name": "Purchase"}, "missing_field", "custom_data.currency"),
        ({"event_name": "Purchase", "properties": {"value": 1.0}}, "missing_field", "custom_data.currency"),
        (
            {"event_name": "Purchase", "properties": {"currency": "XXL", "value": 1.0}},
            "missing_field",
            "custom_data.currency",
        ),
        ({"event_name": "Purchase", "properties": {"currency": "EUR"}}, "missing_field", "custom_data.value"),
        ({"action_source": "app"}, "missing_field", "app_data.advertiser_tracking_enabled"),
        ({"action_source": "app", "app": {"advertiser_tracking_enabled": True}}, "missing_field", "app_data.extinfo"),
        ({"action_source": "app", "app": APP | {"os_version": ""}}, "missing_field", "app_data.extinfo"),
        ({"action_source": "business_messaging"}, "missing_field", "messaging_channel"),
        (
            {"action_source": "business_messaging", "messaging": {"channel": "sms"}},
            "missing_field",
            "messaging_channel",
        ),
        (
            {"action_source": "business_messaging", "messaging": {"channel": "messenger"}},
            "missing_field",
            "user_data.page_id",
        ),
        (
            {"action_source": "business_messaging", "messaging": {"channel": "instagram", "ig_account_id": "1"}},
            "missing_field",
            "user_data.ig_sid",
        ),
        (
            {"event_name": "PageView", "action_source": "business_messaging", "messaging": {"channel": "messenger"}},
            "bad_event_name",
            "event_name",
        ),
        (
            {"action_source": "system_generated", "properties": {"custom": {"event_source": "crm"}}},
            "missing_field",
            "custom_data.lead_event_source",
        ),
        ({"user": None}, "too_little_user_data", "user_data"),
        (
            {"user": {"city": "Berlin", "zip": "10115", "gender": "f", "country": "DE", "state": "Berlin"}},
            "too_little_user_data",
            "user_data",
        ),
        ({"user": {"birthdate": "1990-02-16"}}, "too_little_user_data", "user_data"),
        ({"user": {"first_name": "Anna", "gender": "f"}, "user_agent": None}, "too_little_user_data", "user_data"),
        ({"user": {"last_name": "Berg"}, "user_agent": None}, "too_little_user_data", "user_data"),
        ({"privacy": {"data_processing_options": ["LDU"]}}, "missing_field", "data_processing_options_state"),
    ],
)
def test_an_event_that_meta_would_refuse_is_refused_before(changes: dict[str, Any], reason: str, field: str) -> None:
    assert refusal(tag_event(**changes)) == ("dead_lettered", reason, field)


@pytest.mark.parametrize(
    "changes",
    [
        {"event_name": "Purchase", "properties": {"currency": "EUR", "value": 0.0}},
        {"action_source": "app", "app": APP, "page_url": None},
        {"action_source": "email", "page_url": None},
        {
            "action_source": "system_generated",
            "properties": {"custom": {"event_source": "crm", "lead_event_source": "Acme"}},
        },
        {"action_source": "", "event_name": "anything at all"},
        {"user": {"first_name": "Anna", "last_name": "Berg"}},
        {"user": {"birthdate": "1990-02-16", "city": "Berlin"}},
        {"user": {"last_name": "Berg"}},
        {"user": {}, "client_ip": "203.0.113.9"},
        {"user": {}, "cookies": {"_fbp": "fb.1.1789999999999.123456789"}},
    ],
)
def test_an_event_that_meta_takes_is_not_refused(changes: dict[str, Any]) -> None:
    assert sent(tag_event(**changes))


@pytest.mark.parametrize(
    ("age", "source", "reason"),
    [
        (-61, "website", "in_future"),
        (7 * DAY - 3600, "website", "too_old"),
        (7 * DAY - 3600, "system_generated", "too_old"),
        (62 * DAY - 3600, "physical_store", "too_old"),
    ],
)
def test_events_outside_metas_time_are_refused(age: int, source: str, reason: str) -> None:
    assert refusal(tag_event(event_time=(NOW - age) * 1000, action_source=source)) == (
        "dead_lettered",
        reason,
        "event_time",
    )


@pytest.mark.parametrize(
    ("age", "source"), [(-60, "website"), (7 * DAY - 3601, "website"), (62 * DAY - 3601, "physical_store")]
)
def test_events_within_metas_time_are_sent(age: int, source: str) -> None:
    assert sent(tag_event(event_time=(NOW - age) * 1000, action_source=source))


def test_the_margin_before_the_age_limit_is_a_setting() -> None:
    event = tag_event(event_time=(NOW - 7 * DAY + 60) * 1000)
    assert sent(event, Plan(TAG_EVENT, age_margin_seconds=0))
    assert refusal(event, Plan(TAG_EVENT, age_margin_seconds=60))[1] == "too_old"


@pytest.mark.parametrize(
    ("privacy", "seen"),
    [
        ({"data_processing_options": []}, ([], None, None)),
        ({"data_processing_options": ["ldu "]}, (["LDU"], 0, 0)),
        ({"data_processing_options": ["limited data use"]}, (["LDU"], 0, 0)),
        ({"data_processing_options": ["LDU"], "data_processing_options_country": 1}, (["LDU"], 1, 0)),
        ({"data_processing_options": ["LDU"], "data_processing_options_state": 1000}, (["LDU"], 1, 1000)),
        ({"data_processing_options": ["LDU"], "data_processing_options_country": 840}, (["LDU"], 0, 0)),
        ({"data_processing_options_country": 1}, (None, None, None)),
    ],
)
def test_limited_data_use_is_never_lost_and_always_complete(
    privacy: dict[str, Any], seen: tuple[Any, Any, Any]
) -> None:
    event = sent(tag_event(privacy=privacy, client_ip="203.0.113.9"))
    keys = ("data_processing_options", "data_processing_options_country", "data_processing_options_state")
    assert tuple(event.get(key) for key in keys) == seen


def test_a_website_event_without_a_user_agent_is_sent_and_noted() -> None:
    assert notes(tag_event(user_agent=None)) == [("user_data.client_user_agent", "absent")]


def test_a_value_without_a_currency_is_left_out_and_never_given_one() -> None:
    assert "custom_data" not in sent(tag_event(properties={"value": 9.5}))
