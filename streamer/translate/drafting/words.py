"""By which names drafting knows the keys of a mapping; :mod:`streamer.translate.drafting.finding` matches them.

Names are compared without case and without what stands between words. A name may be of two steps: ``order_id`` also
finds ``order.id``.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple


class Wanted(NamedTuple):
    """What is looked for, for one key."""

    key: str
    kinds: str
    """Kinds of :class:`~streamer.translate.drafting.places.Place` that fit, with spaces between them."""
    names: str
    """Names, the best first, with spaces between them."""
    weak: str = ""
    """Names that mean this only perhaps: what they find is to be checked."""
    check: str = ""
    """What is to be checked even if the name is as good as can be."""


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


_TEXT = "text"
_ID = "text whole"
_NUMBER = "real decimal whole text"
_TIME = "whole real text"

ROUTE: Final = (
    Wanted(
        "pixel_id",
        f"list {_ID}",
        "pixel_id meta_pixel_id facebook_pixel_id fb_pixel_id meta_pixel facebook_pixel fb_pixel dataset_id "
        "pixel_ids meta_pixel_ids facebook_pixel_ids fb_pixel_ids meta_pixels facebook_pixels fb_pixels dataset_ids",
        "pixel pixels",
    ),
    Wanted(
        "container_id",
        _ID,
        "container_id gtm_container_id tag_container_id gtm_id container tag_container gtm_container",
    ),
)

EVENT: Final = (
    Wanted(
        "event_name",
        _TEXT,
        "event_name event",
        "event_type name action type kind event_action message_type msg_type",
    ),
    Wanted(
        "event_time",
        _TIME,
        "event_time event_timestamp timestamp ts occurred_at created_at happened_at time_stamp",
        "event_ts time created derived_tstamp original_timestamp sent_at received_at collector_tstamp",
    ),
    Wanted(
        "event_id",
        _ID,
        "event_id browser_event_id client_event_id message_id event_uuid message_uuid uuid insert_id",
        "id",
        "that it is the id which the browser's pixel sends too",
    ),
    Wanted("action_source", _TEXT, "action_source"),
    Wanted(
        "event_source_url",
        _TEXT,
        "event_source_url page_url page_location url href document_location page_href page_uri",
        "location uri link",
    ),
    Wanted(
        "referrer_url",
        _TEXT,
        "referrer_url referrer referer page_referrer page_referer http_referer from_href from_url previous_url",
    ),
    Wanted("opt_out", "flag", "opt_out"),
    Wanted("data_processing_options", "list text", "data_processing_options"),
    Wanted("data_processing_options_country", "whole", "data_processing_options_country"),
    Wanted("data_processing_options_state", "whole", "data_processing_options_state"),
    Wanted("customer_segmentation", _TEXT, "customer_segmentation"),
    Wanted("messaging_channel", _TEXT, "messaging_channel"),
)

USER: Final = (
    Wanted(
        "em",
        _TEXT,
        "email e_mail email_address mail user_email customer_email hashed_email email_sha256 sha256_email_address",
    ),
    Wanted(
        "ph",
        _ID,
        "phone phone_number msisdn mobile mobile_number mobile_phone telephone tel cell_phone "
        "hashed_phone phone_sha256",
    ),
    Wanted("fn", _TEXT, "first_name given_name fname forename firstname"),
    Wanted("ln", _TEXT, "last_name family_name surname lname lastname"),
    Wanted("db", _TEXT, "birthdate birth_date date_of_birth dob birthday bday"),
    Wanted("ge", _TEXT, "gender sex"),
    Wanted("ct", _TEXT, "city town"),
    Wanted("st", _TEXT, "state region province state_code region_code"),
    Wanted("zp", _ID, "zip zip_code postal_code postcode plz postal"),
    Wanted("country", _TEXT, "country country_code"),
    Wanted(
        "external_id",
        _ID,
        "external_id user_id customer_id client_user_id uid member_id crm_id",
        "",
        "that it is the id which the client's pixel sends too",
    ),
    Wanted(
        "client_ip_address",
        _TEXT,
        "client_ip_address client_ip ip_address ip user_ip user_ip_address remote_addr remote_address ip_addr "
        "x_forwarded_for ip_override",
    ),
    Wanted(
        "client_user_agent",
        _TEXT,
        "client_user_agent user_agent ua http_user_agent request_agent browser_agent web_agent http_agent client_agent",
        "agent",
    ),
    Wanted("fbp", _TEXT, "fbp"),
    Wanted("fbc", _TEXT, "fbc"),
    Wanted("fbclid", _TEXT, "fbclid"),
    Wanted("subscription_id", _ID, "subscription_id"),
    Wanted("fb_login_id", _ID, "fb_login_id"),
    Wanted("lead_id", _ID, "lead_id", "", "that it is of Meta's lead ads"),
    Wanted("anon_id", _ID, "anon_id"),
    Wanted("madid", _TEXT, "madid advertising_id idfa gaid aaid"),
)

PLURALS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "em": "emails email_addresses email e_mail",
        "ph": "phones phone_numbers phone",
        "external_id": "external_ids",
    }
)
"""Names of lists, by the key that takes all their values."""

CUSTOM: Final = (
    Wanted("currency", _TEXT, "currency currency_code tr_currency"),
    Wanted(
        "value",
        _NUMBER,
        "value total revenue total_value order_value order_total total_price total_amount grand_total amount "
        "cart_value conversion_value purchase_value purchase_revenue transaction_total tr_total",
        "sum net_total",
    ),
    Wanted("order_id", _ID, "order_id transaction_id order_number order_no purchase_id tr_order_id"),
    Wanted("content_ids", "list", "content_ids product_ids item_ids"),
    Wanted("content_type", _TEXT, "content_type"),
    Wanted("content_name", _TEXT, "content_name"),
    Wanted("content_category", _TEXT, "content_category"),
    Wanted("search_string", _TEXT, "search_string search_term search_query", "query"),
    Wanted("num_items", "whole", "num_items item_count"),
    Wanted("predicted_ltv", _NUMBER, "predicted_ltv predicted_lifetime_value"),
    Wanted("net_revenue", _NUMBER, "net_revenue"),
    Wanted("delivery_category", _TEXT, "delivery_category"),
    Wanted("lead_event_source", _TEXT, "lead_event_source"),
)

CONTENTS: Final = (
    "items products line_items order_items order_lines lines cart_items cart basket contents articles positions "
    "order_positions order_articles article_list basket_items cart_lines cart_positions basket_lines"
)
"""Names of lists of what was bought or looked at."""
CONTENT_WORDS: Final = _set("items products lines articles positions")
"""The last words of names of lists that are perhaps such, as ``wishlist_items`` and ``invoice_positions``."""

ITEM: Final = (
    Wanted(
        "id",
        _ID,
        "sku product_id item_id content_id id variant_id article_id article_number article_no sku_id sku_number sku_no "
        "product_number product_no item_number item_no gtin",
        "",
        "that it is the id in the client's catalogue",
    ),
    Wanted("quantity", "whole real text", "quantity qty", "count units pieces"),
    Wanted("item_price", _NUMBER, "item_price price unit_price price_each", "amount value"),
    Wanted("delivery_category", _TEXT, "delivery_category"),
    Wanted("title", _TEXT, "title item_name product_name name"),
    Wanted("description", _TEXT, "description"),
    Wanted("brand", _TEXT, "brand item_brand manufacturer"),
    Wanted("category", _TEXT, "category item_category product_category"),
)

APP: Final = (
    Wanted(
        "advertiser_tracking_enabled",
        "flag",
        "advertiser_tracking_enabled ad_tracking_enabled att_granted",
        "",
        "that it says whether the user allows tracking (on iOS: App Tracking Transparency)",
    ),
    Wanted("application_tracking_enabled", "flag", "application_tracking_enabled"),
    Wanted("campaign_ids", _TEXT, "campaign_ids"),
    Wanted("install_referrer", _TEXT, "install_referrer"),
    Wanted("installer_package", _TEXT, "installer_package"),
    Wanted("url_schemes", "list", "url_schemes"),
    Wanted("vendor_id", _TEXT, "vendor_id idfv"),
    Wanted("windows_attribution_id", _TEXT, "windows_attribution_id"),
)
"""Taken only where a schema has the first of them, which Meta requires of an app's events."""

EXTINFO: Final = (
    Wanted("platform", _TEXT, "platform os_name os", "", "that its values are android and ios"),
    Wanted("package_name", _TEXT, "package_name bundle_id app_id app_namespace"),
    Wanted("short_version", _TEXT, "short_version app_version version_name"),
    Wanted("long_version", _TEXT, "long_version app_build build_number"),
    Wanted("os_version", _TEXT, "os_version"),
    Wanted("device_model", _TEXT, "device_model"),
    Wanted("locale", _TEXT, "locale"),
    Wanted("timezone_abbreviation", _TEXT, "timezone_abbreviation"),
    Wanted("carrier", _TEXT, "carrier network_carrier"),
    Wanted("screen_width", _ID, "screen_width"),
    Wanted("screen_height", _ID, "screen_height"),
    Wanted("screen_density", _NUMBER, "screen_density"),
    Wanted("cpu_cores", _ID, "cpu_cores"),
    Wanted("storage_gb", _ID, "storage_gb"),
    Wanted("free_storage_gb", _ID, "free_storage_gb"),
    Wanted("timezone", _TEXT, "timezone time_zone"),
)

MESSAGING: Final = tuple(
    Wanted(name, _ID, name)
    for name in (
        "page_id",
        "page_scoped_user_id",
        "whatsapp_business_account_id",
        "ctwa_clid",
        "ig_account_id",
        "ig_sid",
    )
)
"""Keys of ``user_data``, taken only where a schema has a messaging channel."""

ORIGIN: Final = Wanted("origin", _TEXT, "origin", "", "that its values are browser, server and offline")

CONSENT_MAPS: Final = "consent consents consent_choices consent_state consent_status"
PURPOSES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "ad_storage": "ad_storage consent_ad_storage ad_storage_consent",
        "ad_user_data": "ad_user_data consent_ad_user_data ad_user_data_consent",
        "advertising": "advertising advertising_consent ads_consent consent_advertising",
        "marketing": "marketing marketing_consent consent_marketing",
    }
)

JSON_TEXTS: Final = "json payload body data properties params parameters attributes context contexts unstruct_event"
"""Names of texts that may hold JSON; any name that ends in ``json`` says so too."""

COOKIES: Final = "cookies cookie common_cookie cookie_jar"

OPEN_MAPS: Final = "custom custom_data custom_properties properties props extra extras attributes params parameters"
"""Names of maps whose entries may be custom properties."""

NO_PERSON: Final = _set(
    "seller merchant store shop vendor company agency sender partner product item campaign warehouse supplier employee "
    "staff support author brand organisation organization publisher"
)
"""Of a field below one of these, what it says is not said of the user."""

NOT_QUITE: Final = _set("shipping delivery recipient geo geolocation location ship gift")
"""Of a field below one of these, what it says may be said of somebody else, or be guessed from an address."""

NO_PAGE: Final = _set("image avatar logo icon product video api webhook callback thumbnail media")
"""An address below one of these is not that of the page."""

PEOPLE: Final = _set("user customer client visitor person profile contact account session device")
"""A time or an id below one of these is not the event's."""

EARLIER: Final = _set("original previous earlier attribution first last")
"""What stands below one of these is said of another event."""

OTHER_SUMS: Final = _set("tax shipping discount fee refund consent cookies attribution")
"""A sum below one of these is not what the event is worth."""

ORDERS: Final = _set(
    "order properties ecommerce transaction purchase cart basket checkout conversion payment custom total revenue sale "
    "value"
)
"""A sum below one of these is what the event is worth, even under a general name."""

AROUND: Final = _set("event events payload data body message envelope header meta metadata hit tag track record")
"""A record so called holds the event itself, so that a general name in it still says something."""

SCALES: Final[Mapping[str, int]] = MappingProxyType({"cents": 2, "cent": 2, "minor": 2, "pence": 2, "micros": 6})
"""How many digits stand behind the point, by the last word of a name."""

UNITS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "s": "seconds",
        "sec": "seconds",
        "secs": "seconds",
        "seconds": "seconds",
        "epoch": "seconds",
        "unix": "seconds",
        "ms": "milliseconds",
        "millis": "milliseconds",
        "milliseconds": "milliseconds",
        "us": "microseconds",
        "micros": "microseconds",
        "microseconds": "microseconds",
        "ns": "nanoseconds",
        "nanos": "nanoseconds",
        "nanoseconds": "nanoseconds",
    }
)
"""In what a time is counted, by a word of its name."""

EVENT_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "page_view": "PageView",
        "page": "PageView",
        "view_item": "ViewContent",
        "product_viewed": "ViewContent",
        "view_product": "ViewContent",
        "add_to_cart": "AddToCart",
        "product_added": "AddToCart",
        "cart": "AddToCart",
        "add_to_wishlist": "AddToWishlist",
        "product_added_to_wishlist": "AddToWishlist",
        "begin_checkout": "InitiateCheckout",
        "checkout_started": "InitiateCheckout",
        "checkout": "InitiateCheckout",
        "add_payment_info": "AddPaymentInfo",
        "payment_info_entered": "AddPaymentInfo",
        "purchase": "Purchase",
        "order": "Purchase",
        "order_completed": "Purchase",
        "generate_lead": "Lead",
        "lead": "Lead",
        "sign_up": "CompleteRegistration",
        "signup": "CompleteRegistration",
        "signed_up": "CompleteRegistration",
        "search": "Search",
        "products_searched": "Search",
        "subscribe": "Subscribe",
        "contact": "Contact",
    }
)
"""What other systems call Meta's standard events (among them Meta's own tag for GA4): for the symbols of an enum."""
