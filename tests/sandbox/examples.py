"""Events that Meta would take, to be broken by the tests one key at a time."""

import hashlib
from typing import Any

from streamer.sandbox.sandbox import Call
from streamer.sandbox.tokens import Credentials

NOW = 1_790_000_000
PIXEL = "1234567890123456"
TOKEN = "invented-token"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
ABSENT = object()


def sha256(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()


def user(**changes: Any) -> dict[str, Any]:
    """Return a whole ``user_data``, with some keys changed or, by ``ABSENT``, left out."""
    return _changed(
        {
            "em": [sha256("ann@example.com")],
            "client_ip_address": "203.0.113.7",
            "client_user_agent": "Mozilla/5.0 (X11; Linux x86_64)",
            "fbp": "fb.1.1596403881668.1116446470",
            "fbc": "fb.1.1554763741205.AbCdEf",
        },
        changes,
    )


def event(**changes: Any) -> dict[str, Any]:
    """Return a whole website event, with some keys changed or, by ``ABSENT``, left out."""
    return _changed(
        {
            "event_name": "Purchase",
            "event_time": NOW - 5,
            "event_id": "o-981",
            "action_source": "website",
            "event_source_url": "https://shop.example.com/ok",
            "user_data": user(),
            "custom_data": {"currency": "USD", "value": 123.45},
        },
        changes,
    )


def app_event(**changes: Any) -> dict[str, Any]:
    """Return a whole app event, with some keys of its ``app_data`` changed."""
    extinfo = ["a2", "com.example.shop", "1.0", "1.0.1", "14", *[""] * 11]
    app_data = _changed({"advertiser_tracking_enabled": 1, "extinfo": extinfo}, changes)
    return event(action_source="app", event_source_url=ABSENT, app_data=app_data)


def message_event(channel: str, **changes: Any) -> dict[str, Any]:
    """Return a business messaging event with just the keys given in its ``user_data``."""
    return event(
        action_source="business_messaging", messaging_channel=channel, event_source_url=ABSENT, user_data=changes
    )


def call(*events: Any, **parameters: Any) -> Call:
    """Return a request to the events edge with these events."""
    return Call("v26.0", PIXEL, {"data": list(events), **parameters}, Credentials(TOKEN))


def _changed(whole: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in {**whole, **changes}.items() if value is not ABSENT}
