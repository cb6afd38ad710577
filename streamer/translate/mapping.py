"""The built-in mapping: how the tag event of ``schemas/tag_event.avsc`` becomes server events."""

from collections.abc import Iterator

from streamer.translate.plan import ConsentRule, Rule, RuleName, TranslationMap


def _keys(section: str, parent: str, rule: RuleName, names: str) -> Iterator[Rule]:
    """Make rules of names such as ``em=email``, or ``order_id`` where key and field are called alike."""
    for pair in names.split():
        key, _, name = pair.partition("=")
        yield Rule(f"{section}{key}", rule, (f"{parent}{name or key}",))


_EVENT = (
    Rule("event_name", "text", ("event_name",)),
    Rule("event_time", "seconds", ("event_time",)),
    Rule("event_id", "text", ("event_id",)),
    Rule("action_source", "action_source", ("action_source",)),
    Rule("event_source_url", "url", ("page_url",)),
    Rule("referrer_url", "text", ("referrer",)),
    Rule("opt_out", "flag", ("privacy.opt_out",)),
    *_keys("", "privacy.", "processing_options", "data_processing_options"),
    *_keys("", "privacy.", "processing_country", "data_processing_options_country"),
    *_keys("", "privacy.", "processing_state", "data_processing_options_state"),
    Rule("customer_segmentation", "customer_segmentation", ("more.customer_segmentation",)),
    Rule("messaging_channel", "messaging_channel", ("messaging.channel",)),
)

_USER = (
    *_keys("user_data.", "user.", "hash", "em=email ph=phone fn=first_name ln=last_name db=birthdate ge=gender"),
    *_keys("user_data.", "user.", "hash", "ct=city st=state zp=zip country external_id"),
    *_keys("user_data.", "user.more.", "hash", "em=emails ph=phones external_id=external_ids"),
    Rule("user_data.client_ip_address", "ip", ("client_ip",)),
    Rule("user_data.client_user_agent", "id", ("user_agent",)),
    Rule("user_data.fbc", "fbc", ("cookies._fbc", "page_url", "referrer", "event_time")),
    Rule("user_data.fbp", "fbp", ("cookies._fbp",)),
    *_keys("user_data.", "user.more.", "id", "subscription_id fb_login_id anon_id madid"),
    Rule("user_data.lead_id", "lead_id", ("user.more.lead_id",)),
    *_keys("user_data.", "messaging.", "id", "page_id page_scoped_user_id whatsapp_business_account_id"),
    *_keys("user_data.", "messaging.", "id", "ctwa_clid ig_account_id ig_sid"),
)

_ITEM = (
    Rule("id", "text", ("id",)),
    Rule("quantity", "whole", ("quantity",)),
    Rule("item_price", "number", ("price",)),
    Rule("delivery_category", "delivery_category", ("more.delivery_category",)),
    *_keys("", "more.", "text", "title description brand category"),
)

_CUSTOM = (
    Rule("custom_data.currency", "currency", ("properties.currency",)),
    Rule("custom_data.value", "number", ("properties.value",)),
    Rule("custom_data.order_id", "text", ("properties.order_id",)),
    Rule("custom_data.contents", "contents", ("properties.items",), _ITEM),
    Rule("custom_data.content_ids", "texts", ("properties.more.content_ids",)),
    Rule("custom_data.content_type", "content_type", ("properties.more.content_type",)),
    *_keys("custom_data.", "properties.more.", "text", "content_name content_category search_string status"),
    *_keys("custom_data.", "properties.more.", "number", "predicted_ltv net_revenue"),
    Rule("custom_data.num_items", "whole", ("properties.more.num_items",)),
    Rule("custom_data.delivery_category", "delivery_category", ("properties.more.delivery_category",)),
    Rule("custom_data.*", "custom", ("properties.custom",)),
)

_EXTINFO = (
    "platform package_name short_version long_version os_version device_model locale timezone_abbreviation carrier "
    "screen_width screen_height screen_density cpu_cores storage_gb free_storage_gb timezone"
)

_APP = (
    *_keys("app_data.", "app.", "bit", "advertiser_tracking_enabled application_tracking_enabled"),
    Rule("app_data.extinfo", "extinfo", tuple(f"app.{name}" for name in _EXTINFO.split())),
    *_keys("app_data.", "app.", "text", "campaign_ids install_referrer installer_package vendor_id"),
    *_keys("app_data.", "app.", "text", "windows_attribution_id"),
    Rule("app_data.url_schemes", "texts", ("app.url_schemes",)),
)

_EARLIER = (
    *_keys("original_event_data.", "more.original_event.", "text", "event_name order_id event_id"),
    Rule("original_event_data.event_time", "seconds", ("more.original_event.event_time",)),
    *_keys("attribution_data.", "more.attribution.", "text", "ad_id adset_id campaign_id scope touchpoint_type"),
    *_keys("attribution_data.", "more.attribution.", "text", "attribution_model attribution_source"),
    *_keys("attribution_data.", "more.attribution.", "share", "attribution_share"),
    *_keys("attribution_data.", "more.attribution.", "number", "attribution_value"),
    Rule("attribution_data.attr_window", "whole", ("more.attribution.attr_window",)),
    *_keys("attribution_data.", "more.attribution.", "seconds", "visit_time touchpoint_ts=touchpoint_time"),
)

TAG_EVENT = TranslationMap(
    rules=(*_EVENT, *_USER, *_CUSTOM, *_APP, *_EARLIER),
    pixel_id="pixel_id",
    container_id="container_id",
    # Google's consent mode and the plain words for the same: storing for advertising, and sending personal data to it.
    consent=ConsentRule("consent", ("ad_storage", "ad_user_data", "advertising", "marketing")),
)
"""The mapping that is used when ``records.mapping`` names none."""
