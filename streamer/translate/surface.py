"""Every key of a server event that a mapping can give, and how its value is made: Meta's whole surface, once.

Sources: Meta, server event parameters; customer information parameters; custom data parameters; standard events of the
pixel; app events; business messaging; offline events; Conversions API for CRM; the business SDKs for what they alone
name.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from streamer.translate.plan import RuleName

_EVENT: Final[Mapping[str, RuleName]] = {
    "event_name": "text",
    "event_time": "seconds",
    "event_id": "text",
    "action_source": "action_source",
    "event_source_url": "url",
    "referrer_url": "referrer",
    "opt_out": "opt_out",
    "data_processing_options": "processing_options",
    "data_processing_options_country": "processing_country",
    "data_processing_options_state": "processing_state",
    "customer_segmentation": "customer_segmentation",
    "messaging_channel": "messaging_channel",
    "advanced_measurement_table": "text",
}

HASHED_KEYS: Final = ("em", "ph", "fn", "ln", "db", "ge", "ct", "st", "zp", "country", "external_id")
"""Hashed keys that hold lists."""
HASHED_PARTS: Final = ("f5first", "f5last", "fi", "dobd", "dobm", "doby")
"""Hashed keys that hold one value, which only the SDKs name."""

_USER: Final[Mapping[str, RuleName]] = {
    **dict.fromkeys(HASHED_KEYS, "hash"),
    **dict.fromkeys(HASHED_PARTS, "hash"),
    "client_ip_address": "ip",
    "client_user_agent": "id",
    "fbc": "fbc",
    "fbp": "fbp",
    "fbclid": "fbclid",  # not a key of Meta's: the click id, of which fbc is made
    "subscription_id": "id",
    "fb_login_id": "id",
    "lead_id": "lead_id",
    "anon_id": "id",
    "madid": "id",
    "page_id": "id",
    "page_scoped_user_id": "id",
    "ctwa_clid": "id",
    "whatsapp_business_account_id": "id",
    "ig_account_id": "id",
    "instagram_business_account_id": "id",
    "ig_sid": "id",
}

_CUSTOM: Final[Mapping[str, RuleName]] = {
    "value": "number",
    "currency": "currency",
    "content_ids": "texts",
    "contents": "contents",
    "content_type": "content_type",
    "content_name": "text",
    "content_category": "text",
    "order_id": "text",
    "num_items": "whole",
    "search_string": "text",
    "status": "text",
    "predicted_ltv": "number",
    "net_revenue": "number",
    "item_number": "text",
    "delivery_category": "delivery_category",
    "lead_event_source": "text",
    "event_source": "text",
    "*": "properties",
}

CONTENT_KEYS: Final[Mapping[str, RuleName]] = MappingProxyType(
    {
        "id": "text",
        "quantity": "whole",
        "item_price": "number",
        "delivery_category": "delivery_category",
        "title": "text",
        "description": "text",
        "brand": "text",
        "category": "text",
    }
)
"""Keys of one of the ``contents``."""

_APP: Final[Mapping[str, RuleName]] = {
    "advertiser_tracking_enabled": "bit",
    "application_tracking_enabled": "bit",
    "extinfo": "extinfo",
    "campaign_ids": "text",
    "install_referrer": "text",
    "installer_package": "text",
    "url_schemes": "texts",
    "vendor_id": "text",
    "windows_attribution_id": "text",
    "consider_views": "flag",
    "include_dwell_data": "flag",
    "include_video_data": "flag",
    "install_timestamp": "seconds",
    "receipt_data": "text",
}

EXTINFO_PARTS: Final = (
    "platform",
    "package_name",
    "short_version",
    "long_version",
    "os_version",
    "device_model",
    "locale",
    "timezone_abbreviation",
    "carrier",
    "screen_width",
    "screen_height",
    "screen_density",
    "cpu_cores",
    "storage_gb",
    "free_storage_gb",
    "timezone",
)
"""The 16 parts of ``extinfo`` by name, in their order (Meta, app events)."""

_ORIGINAL: Final[Mapping[str, RuleName]] = {
    "event_name": "text",
    "event_time": "seconds",
    "order_id": "text",
    "event_id": "text",
}

_ATTRIBUTION: Final[Mapping[str, RuleName]] = {
    **dict.fromkeys(
        (
            "scope",
            "ad_id",
            "adset_id",
            "campaign_id",
            "attribution_model",
            "attribution_source",
            "attribution_method",
            "touchpoint_type",
            "touchpoint_id",
            "decline_reason",
            "auditing_token",
            "linkage_key",
            "partner_client_id",
        ),
        "text",
    ),
    "visit_time": "seconds",
    "touchpoint_ts": "seconds",
    "attr_window": "whole",
    "attribution_share": "share",
    "attribution_value": "number",
    "total_credit": "number",
}

PERSONAL_NAMES: Final = frozenset((*HASHED_KEYS, *HASHED_PARTS, "fbc", "fbp", "madid")) - {"country"} | frozenset(
    {
        "clientipaddress",
        "clientuseragent",
        "email",
        "emails",
        "emailaddress",
        "mail",
        "phone",
        "phones",
        "phonenumber",
        "mobile",
        "mobilenumber",
        "telephone",
        "firstname",
        "givenname",
        "lastname",
        "familyname",
        "surname",
        "fullname",
        "ip",
        "ipaddress",
        "clientip",
        "useragent",
        "birthdate",
        "birthday",
        "dateofbirth",
        "dob",
        "zip",
        "zipcode",
        "postalcode",
        "postcode",
        "street",
        "streetaddress",
        "password",
        "ssn",
        "iban",
        "creditcard",
    }
)
"""Names, in lowercase without what separates words, under which people's own data stands: no custom property may be
called so. A country may be one: of a journey, say."""

SECTIONS: Final[Mapping[str, Mapping[str, RuleName]]] = MappingProxyType(
    {
        "": _EVENT,
        "user_data": _USER,
        "custom_data": _CUSTOM,
        "app_data": _APP,
        "original_event_data": _ORIGINAL,
        "attribution_data": _ATTRIBUTION,
    }
)
"""Keys by section; the event's own keys are in the empty one. Any other key of ``custom_data`` is a custom property."""

TEXT_PROPERTIES: Final = frozenset({"event_source", "lead_event_source"})
"""Keys that may come with the custom properties, and must be text (Meta, Conversions API for CRM)."""
STANDARD_PROPERTIES: Final = (frozenset(_CUSTOM) | {"customer_segmentation"}) - {"*"} - TEXT_PROPERTIES
"""Keys of ``custom_data`` that have a meaning and a type of Meta's: no custom property may be called so."""


def is_personal(name: str) -> bool:
    """Tell whether a name says that its value is of a person, who can be recognised by it."""
    return name in PERSONAL_NAMES or name.lower().translate(_SEPARATORS) in PERSONAL_NAMES


_SEPARATORS: Final = dict.fromkeys(map(ord, " _-."))


def rule_of(key: str) -> RuleName | None:
    """Return how the value of a key such as ``user_data.em`` is made; None: there is no such key."""
    section, _, name = key.rpartition(".")
    known = SECTIONS.get(section, {}).get(name)
    is_own = known is None and section == "custom_data" and name and name not in STANDARD_PROPERTIES
    return "property" if is_own else known
