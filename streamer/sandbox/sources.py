"""What each ``action_source`` requires of an event (Meta, server event, app events and business messaging pages)."""

from collections.abc import Callable, Mapping

from streamer.sandbox.errors import Fault
from streamer.sandbox.values import Check, first_bad, flag, flag_or_bit, list_of, number, shown, text

_EXTINFO_PARTS = 16
_EXTINFO_VERSION = 4

# Those that Meta's page lists. Only the first five have been seen to pass; what the page promises is not refused here.
_MESSAGING_EVENTS = frozenset(
    {"Purchase", "LeadSubmitted", "InitiateCheckout", "AddToCart", "ViewContent"}
    | {"OrderCreated", "OrderShipped", "OrderDelivered", "OrderCanceled", "OrderReturned"}
    | {"CartAbandoned", "QualifiedLead", "RatingProvided", "ReviewProvided"}
)


def _extinfo(value: object) -> bool:
    return (
        type(value) is list
        and len(value) == _EXTINFO_PARTS
        and all(type(part) is str for part in value)
        and value[0] in {"a2", "i2"}
    )


def _text_or_list(value: object) -> bool:
    return text(value) or list_of(text)(value)


_APP_CHECKS: dict[str, Check] = {
    "advertiser_tracking_enabled": flag_or_bit,
    "application_tracking_enabled": flag_or_bit,
    "extinfo": _extinfo,
    "campaign_ids": _text_or_list,
    "install_referrer": text,
    "installer_package": text,
    "url_schemes": list_of(text),
    "vendor_id": text,
    "windows_attribution_id": text,
    "consider_views": flag,
    "include_dwell_data": flag,
    "include_video_data": flag,
    "receipt_data": text,
    "install_timestamp": number,
}


def check_app_data(value: object) -> Fault | None:
    """Check an event's ``app_data`` for its types alone; ``None``: Meta would take it."""
    if value is None:
        return None
    if type(value) is not dict:
        return Fault(100, None, "app_data", "must be an object")
    bad = first_bad(value.items(), _APP_CHECKS)
    if bad == "extinfo":
        return Fault(100, None, "app_data.extinfo", "must be a list of 16 strings that begins with a2 or i2")
    if bad is not None:
        return Fault(100, None, shown("app_data", bad), "is no key of app_data, or has the wrong type")
    return None


def _website(event: Mapping[str, object], _user: Mapping[str, object]) -> Fault | None:
    if "event_source_url" not in event:
        return Fault(100, None, "event_source_url", "is required for website")
    return None


def _app(event: Mapping[str, object], _user: Mapping[str, object]) -> Fault | None:
    data = event.get("app_data")
    if type(data) is not dict:
        return Fault(100, None, "app_data", "is required for app")
    for key in ("advertiser_tracking_enabled", "extinfo"):
        if key not in data:
            return Fault(100, None, f"app_data.{key}", "is required for app")
    if not text(data["extinfo"][_EXTINFO_VERSION]):
        return Fault(100, 2804043, "app_data.extinfo", "must name the version of the operating system")
    return None


def _messenger(user: Mapping[str, object]) -> Fault | None:
    return _require(user, ("page_id",), ("page_scoped_user_id",))


def _instagram(user: Mapping[str, object]) -> Fault | None:
    return _require(user, ("ig_account_id", "instagram_business_account_id"), ("ig_sid",))


def _whatsapp(user: Mapping[str, object]) -> Fault | None:
    if "page_id" in user:
        return Fault(100, 2804072, "user_data.page_id", "does not go with whatsapp")
    if "ctwa_clid" not in user:
        return Fault(100, 2804087, "user_data.ctwa_clid", "is required for whatsapp")
    return _require(user, ("whatsapp_business_account_id",))


def _require(user: Mapping[str, object], *needs: tuple[str, ...]) -> Fault | None:
    for choices in needs:
        if not any(key in user for key in choices):
            return Fault(100, 2804116, f"user_data.{choices[0]}", "is required for this messaging channel")
    return None


_CHANNELS: dict[object, Callable[[Mapping[str, object]], Fault | None]] = {
    "messenger": _messenger,
    "whatsapp": _whatsapp,
    "instagram": _instagram,
}


def channel(value: object) -> bool:
    """Whether it is a messaging channel."""
    return type(value) is str and value in _CHANNELS


def _messaging(event: Mapping[str, object], user: Mapping[str, object]) -> Fault | None:
    if "messaging_channel" not in event:
        return Fault(100, None, "messaging_channel", "is required for business_messaging")
    if event["event_name"] not in _MESSAGING_EVENTS:
        return Fault(100, 2804066, "event_name", "is not taken for business_messaging")
    return _CHANNELS[event["messaging_channel"]](user)


def _anything(_event: Mapping[str, object], _user: Mapping[str, object]) -> Fault | None:
    return None


def _system(event: Mapping[str, object], _user: Mapping[str, object]) -> Fault | None:
    data = event.get("custom_data")
    if type(data) is dict and data.get("event_source") == "crm" and "lead_event_source" not in data:
        return Fault(100, None, "custom_data.lead_event_source", "is required for events of a CRM")
    return None


SOURCES: dict[object, Callable[[Mapping[str, object], Mapping[str, object]], Fault | None]] = {
    "website": _website,
    "app": _app,
    "business_messaging": _messaging,
    "system_generated": _system,
    "physical_store": _anything,
    "email": _anything,
    "phone_call": _anything,
    "chat": _anything,
    "other": _anything,
}
"""For each ``action_source``, what it requires of an event whose keys have been checked one by one, and of its
``user_data``."""
