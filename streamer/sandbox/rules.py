"""What Meta checks of an event and of a request: the first thing that is wrong, or nothing. Pure."""

import re
from collections.abc import Mapping
from dataclasses import replace

from streamer.sandbox.custom_data import check_custom_data
from streamer.sandbox.errors import Fault
from streamer.sandbox.segments import SEGMENTATION
from streamer.sandbox.sources import SOURCES, channel, check_app_data
from streamer.sandbox.user_data import check_user_data
from streamer.sandbox.values import Check, first_bad, flag, number, shown, text, url, whole

MOST_EVENTS = 1000
"""Events a request may hold (Meta, using the API)."""
OLDEST_SECONDS = 7 * 86_400
"""An event may be this old."""
OLDEST_STORE_SECONDS = 62 * 86_400
"""An event of ``physical_store`` may be this old."""
FUTURE_SECONDS = 60
"""An event may lie this far in the future. Meta's own tolerance is not documented."""

_STATES = frozenset({0, *range(1000, 1014)})
_LEAST_LETTERS = 2
_MOST_AGENT = 22
_LETTER = re.compile(r"[A-Za-z]").findall


def _object(value: object) -> bool:
    return type(value) is dict


def _options(value: object) -> bool:
    return type(value) is list and value in ([], ["LDU"])


_ORIGINAL_CHECKS: dict[str, Check] = {"event_name": text, "event_time": whole, "order_id": text, "event_id": text}

_ATTRIBUTION_TEXTS = (
    "scope",
    "ad_id",
    "adset_id",
    "campaign_id",
    "attribution_model",
    "attribution_source",
    "touchpoint_type",
    "attribution_method",
    "decline_reason",
    "auditing_token",
    "linkage_key",
    "touchpoint_id",
    "partner_client_id",
)
_ATTRIBUTION_CHECKS: dict[str, Check] = {
    **dict.fromkeys(_ATTRIBUTION_TEXTS, text),
    **dict.fromkeys(("visit_time", "attr_window", "touchpoint_ts"), whole),
    **dict.fromkeys(("attribution_value", "total_credit"), number),
    "attribution_share": lambda value: type(value) in (int, float) and 0 <= value <= 1,  # type: ignore[operator]
    "attribution_setting": _object,
}

# Keys that are checked by their type and value alone. Those with more to them come after.
_CHECKS: dict[str, tuple[Check, str]] = {
    "event_name": (text, "must be a string"),
    "event_time": (lambda value: type(value) is int, "must be whole Unix seconds"),
    "event_id": (text, "must be a string"),
    "action_source": (lambda value: type(value) is str and value in SOURCES, "must be one of Meta's action sources"),
    "event_source_url": (url, "must be an address of http or https"),
    "referrer_url": (text, "must be a string"),
    "user_data": (_object, "must be an object"),
    "custom_data": (lambda _value: True, ""),
    "app_data": (_object, "must be an object"),
    "opt_out": (flag, "must be true or false"),
    "data_processing_options": (_options, 'must be [] or ["LDU"]'),
    "data_processing_options_country": (lambda value: type(value) is int and value in (0, 1), "must be 0 or 1"),
    "data_processing_options_state": (
        lambda value: type(value) is int and value in _STATES,
        "must be 0 or a state from 1000 to 1013",
    ),
    "customer_segmentation": (SEGMENTATION, "must be one of Meta's customer segments"),
    "original_event_data": (
        lambda value: type(value) is dict and first_bad(value.items(), _ORIGINAL_CHECKS) is None,
        "must hold event_name, event_time, order_id or event_id of the earlier event",
    ),
    "attribution_data": (
        lambda value: type(value) is dict and first_bad(value.items(), _ATTRIBUTION_CHECKS) is None,
        "has a key that is not known, or of the wrong type",
    ),
    "messaging_channel": (channel, "must be messenger, whatsapp or instagram"),
    "advanced_measurement_table": (text, "must be a string"),
}


def check_event(event: object, now: float) -> Fault | None:
    """Check one server event.

    :param event: as it came out of a JSON parser.
    :param now: Unix seconds.
    :return: what is wrong first, or ``None`` when Meta would take it.
    """
    if type(event) is not dict:
        return Fault(100, None, None, "must be an object")
    name = event.get("event_name")
    if type(name) is not str or not name or name.isspace():
        return Fault(100, 2804019, "event_name", "is required")
    for key, value in event.items():
        known = _CHECKS.get(key)
        if known is None:
            return Fault(100, None, shown("", key), "is no key of a server event")
        if not known[0](value):
            return Fault(100, None, key, known[1])
    return (
        _check_time(event, now)
        or check_user_data(event.get("user_data"))
        or check_custom_data(event.get("custom_data"), name)
        or check_app_data(event.get("app_data"))
        or _check_processing(event)
        or _check_source(event)
    )


def _check_time(event: dict[str, object], now: float) -> Fault | None:
    time = event.get("event_time")
    if type(time) is not int:
        return Fault(100, None, "event_time", "is required")
    if time > now + FUTURE_SECONDS:
        return Fault(100, 2804004, "event_time", "lies in the future; it is in seconds, not milliseconds")
    oldest = OLDEST_STORE_SECONDS if event.get("action_source") == "physical_store" else OLDEST_SECONDS
    if time < now - oldest:
        return Fault(100, 2804003, "event_time", f"is more than {oldest // 86_400} days past")
    return None


def _check_processing(event: dict[str, object]) -> Fault | None:
    state = "data_processing_options_state"
    if state in event:
        return None
    if "data_processing_options_country" in event:
        return Fault(100, None, state, "is required with data_processing_options_country")
    user = event["user_data"]
    if event.get("data_processing_options") and type(user) is dict and "client_ip_address" not in user:
        return Fault(100, None, state, "is required for LDU without client_ip_address")
    return None


def _check_source(event: dict[str, object]) -> Fault | None:
    source = event.get("action_source")
    if source is None:
        return Fault(100, None, "action_source", "is required")
    user = event["user_data"]
    return SOURCES[source](event, user) if type(user) is dict else None


def _agent(value: object) -> bool:
    return type(value) is str and len(value) <= _MOST_AGENT and len(_LETTER(value)) >= _LEAST_LETTERS


_PARAMETERS: dict[str, tuple[Check, str]] = {
    "data": (lambda _value: True, ""),
    "access_token": (text, "must be a string"),
    "appsecret_proof": (text, "must be a string"),
    "test_event_code": (text, "must be a string"),
    "partner_agent": (_agent, "must have fewer than 23 characters, and at least 2 letters among them"),
    "namespace_id": (lambda value: text(value) or whole(value), "must be a string or a number"),
    "upload_id": (lambda value: text(value) or whole(value), "must be a string or a number"),
    "upload_tag": (text, "must be a string"),
    "upload_source": (text, "must be a string"),
    "platforms": (lambda value: type(value) is list, "must be a list"),
    "progress": (_object, "must be an object"),
    "trace": (lambda value: text(value) or whole(value), "must be a string or a number"),
}


def check_parameters(body: Mapping[str, object]) -> Fault | None:
    """Check all of a request but its events: the names and types of its parameters, and how many events there are."""
    for key, value in body.items():
        known = _PARAMETERS.get(key)
        if known is None:
            return Fault(100, None, shown("", key), "is no parameter of a request")
        if not known[0](value):
            return Fault(100, None, key, known[1])
    data = body.get("data")
    if type(data) is not list:
        return Fault(100, None, "data", "must be a list of events")
    if not 1 <= len(data) <= MOST_EVENTS:
        return Fault(100, None, "data", f"must hold 1 to {MOST_EVENTS} events")
    return None


def check_shape(event: object) -> Fault | None:
    """Check only what it takes to count an event: its name, time and id."""
    if type(event) is not dict:
        return Fault(100, None, None, "must be an object")
    if type(event.get("event_name")) is not str:
        return Fault(100, 2804019, "event_name", "is required")
    if type(event.get("event_time")) is not int:
        return Fault(100, None, "event_time", "must be whole Unix seconds")
    if type(event.get("event_id", "")) is not str:
        return Fault(100, None, "event_id", "must be a string")
    return None


def check_request(body: Mapping[str, object], now: float) -> Fault | None:
    """Check a request: one bad event refuses the whole of it.

    :param body: the parameters of the request, ``data`` being a list of events.
    :param now: Unix seconds.
    """
    fault = check_parameters(body)
    if fault is not None:
        return fault
    data = body["data"]
    if type(data) is list:
        for index, event in enumerate(data):
            fault = check_event(event, now)
            if fault is not None:
                return replace(fault, index=index)
    return None
