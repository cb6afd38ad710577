"""A draft of a mapping: what names say is found, what they only hint at is marked, and nothing is made up."""

import json
from typing import Any

import pytest
import yaml

from streamer.records.schema import AvroSchema, parse_schema
from streamer.translate.drafting.draft import MappingDraft, draft_mapping

TEXT = ["null", "string"]
TIME = {"type": "long", "logicalType": "timestamp-millis"}


def _record(name: str, /, **fields: Any) -> dict[str, Any]:
    return {"type": "record", "name": name, "fields": [{"name": key, "type": kind} for key, kind in fields.items()]}


def _schema(**fields: Any) -> AvroSchema:
    return parse_schema(json.dumps(_record("Event", **fields)), "test.avsc")


def _draft(**fields: Any) -> MappingDraft:
    return draft_mapping(_schema(**fields), "test.avsc")


def _read(draft: MappingDraft) -> dict[str, Any]:
    read = yaml.safe_load(draft.text) or {}
    assert isinstance(read, dict)
    return read


def _at(draft: MappingDraft, key: str) -> object:
    """What a draft says for a key such as ``user_data.em``; None if nothing."""
    found: Any = _read(draft)
    for part in key.split("."):
        found = (found or {}).get(part)
    return found


def _line(draft: MappingDraft, key: str) -> str:
    (line,) = [line for line in draft.text.splitlines() if line.strip().startswith(f"{key}:")]
    return line


def _lines_of(**fields: Any) -> dict[str, Any]:
    return {"type": "array", "items": _record("Line", **fields)}


@pytest.mark.parametrize(
    ("field", "key"),
    [
        (name, key)
        for key, names in {
            "user_data.em": "email e_mail mail emailAddress EMAIL user_email",
            "user_data.ph": "phone msisdn mobile phoneNumber",
            "user_data.fn": "first_name firstName given_name fname",
            "user_data.ln": "last_name familyName lname",
            "user_data.zp": "zip postal_code postcode plz zipCode",
            "user_data.client_ip_address": "ip client_ip ipAddress remote_addr clientIP",
            "user_data.client_user_agent": "ua user_agent userAgent",
            "user_data.fbp": "fbp _fbp",
            "user_data.fbc": "fbc _fbc",
            "user_data.fbclid": "fbclid",
            "event_source_url": "url page_url pageUrl page_location href",
            "referrer_url": "referrer referer fromHref from_url",
            "custom_data.order_id": "order_id transaction_id orderNumber",
            "custom_data.value": "value total amount revenue",
            "custom_data.currency": "currency currencyCode",
            "event_name": "event_name event eventName name action type",
            "event_id": "event_id message_id messageId uuid message_uuid",
            "route.pixel_id": "pixel_id dataset_id pixelId",
            "route.container_id": "container_id containerId tag_container",
        }.items()
        for name in names.split()
    ],
)
def test_a_field_is_found_under_the_names_that_people_give_it(field: str, key: str) -> None:
    kind = ["null", "double"] if key == "custom_data.value" else TEXT
    assert _at(_draft(**{field: kind}), key) == field


@pytest.mark.parametrize(
    ("path", "key"),
    [
        (("order", "id"), "custom_data.order_id"),
        (("order", "number"), "custom_data.order_id"),
        (("page", "url"), "event_source_url"),
        (("event", "name"), "event_name"),
        (("event", "id"), "event_id"),
        (("user", "id"), "user_data.external_id"),
        (("client", "ip"), "user_data.client_ip_address"),
        (("meta", "pixel"), "route.pixel_id"),
        (("web", "agent"), "user_data.client_user_agent"),
    ],
)
def test_a_field_is_found_by_its_name_together_with_that_of_its_record(path: tuple[str, str], key: str) -> None:
    outer, inner = path
    assert _at(_draft(**{outer: _record("Inner", **{inner: TEXT})}), key) == f"{outer}.{inner}"


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ({"email": "bytes"}, "user_data.em"),
        ({"email": "boolean"}, "user_data.em"),
        ({"value": "boolean"}, "custom_data.value"),
        ({"currency": "int"}, "custom_data.currency"),
        ({"timestamp": "boolean"}, "event_time"),
        ({"timestamp": {"type": "int", "logicalType": "time-millis"}}, "event_time"),
        ({"order_id": TIME}, "custom_data.order_id"),
        ({"items": {"type": "array", "items": "string"}}, "custom_data.contents"),
        ({"items": _lines_of(price="double")}, "custom_data.contents"),  # nothing says what was bought
    ],
)
def test_a_field_of_a_type_that_cannot_be_it_is_not_taken(fields: dict[str, Any], key: str) -> None:
    assert _at(_draft(**fields), key) is None


@pytest.mark.parametrize(
    ("outer", "inner", "key"),
    [
        ("seller", "email", "user_data.em"),
        ("store", "city", "user_data.ct"),
        ("product", "url", "event_source_url"),
        ("image", "href", "event_source_url"),
        ("device", "type", "event_name"),
        ("campaign", "name", "event_name"),
        ("shipping", "amount", "custom_data.value"),
        ("original_event", "event_name", "event_name"),
    ],
)
def test_what_is_said_of_something_else_is_not_said_of_the_event(outer: str, inner: str, key: str) -> None:
    kind = "double" if inner == "amount" else "string"
    assert _at(_draft(**{outer: _record("Inner", **{inner: kind})}), key) is None


def test_when_an_account_was_opened_is_not_when_the_event_happened() -> None:
    draft = _draft(event="string", user=_record("User", created_at=TIME))
    assert "event_time" in draft.missing


def test_the_place_nearest_to_the_top_is_taken_and_the_others_are_named() -> None:
    draft = _draft(billing=_record("Billing", email=TEXT), email=TEXT, form=_record("Form", e_mail=TEXT))
    assert _at(draft, "user_data.em") == "email"
    assert _line(draft, "em").endswith("# check: or is it billing.email, form.e_mail")


def test_a_good_name_deep_inside_comes_before_a_general_one_at_the_top() -> None:
    draft = _draft(type="string", payload=_record("Payload", event_name="string"))
    assert _at(draft, "event_name") == "payload.event_name"


@pytest.mark.parametrize("name", ["name", "action", "type"])
def test_a_general_name_is_marked_to_be_checked(name: str) -> None:
    assert f"# check: whether this is meant: '{name}' is a general name" in _line(
        _draft(**{name: "string"}), "event_name"
    )


def test_an_address_that_may_be_somebody_elses_is_marked() -> None:
    draft = _draft(shippingAddress=_record("Address", city="string"))
    assert _at(draft, "user_data.ct") == "shippingAddress.city"
    assert "# check: that it is said of the user" in _line(draft, "ct")


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (TIME, "created_at"),
        ({"type": "long", "logicalType": "timestamp-micros"}, "created_at"),
        ({"type": "long", "logicalType": "local-timestamp-nanos"}, "created_at"),
        ("string", "created_at"),
        (["null", "long"], {"path": "created_at", "unit": "milliseconds"}),
        ("double", {"path": "created_at", "unit": "seconds"}),
    ],
)
def test_the_unit_of_a_time_comes_from_the_schema_or_is_a_guess_that_says_so(kind: Any, expected: object) -> None:
    draft = _draft(created_at=kind)
    assert _at(draft, "event_time") == expected
    assert ("# check: the unit" in _line(draft, "event_time")) == isinstance(expected, dict)


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("timestamp_ms", "milliseconds"),
        ("event_time_us", "microseconds"),
        ("tsNanos", "nanoseconds"),
        ("timestamp_seconds", "seconds"),
    ],
)
def test_the_unit_that_a_name_tells_is_taken(name: str, unit: str) -> None:
    assert _at(_draft(**{name: "long"}), "event_time") == {"path": name, "unit": unit}


def test_cents_become_a_number_with_two_digits_behind_the_point() -> None:
    draft = _draft(total_cents="long", items=_lines_of(sku="string", priceCents="int"))
    assert _at(draft, "custom_data.value") == {"path": "total_cents", "scale": 2}
    assert _at(draft, "custom_data.contents.item_price") == {"path": "priceCents", "scale": 2}


def test_a_decimal_brings_its_own_point() -> None:
    draft = _draft(total={"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2})
    assert _line(draft, "value") == "  value: total"


def test_a_sum_in_whole_numbers_might_be_in_cents() -> None:
    assert "# check: whether it counts in cents" in _line(_draft(total="long"), "value")


def test_the_currency_beside_the_value_is_taken_even_if_another_is_nearer_to_the_top() -> None:
    money = _record("Money", amount="double", currency="string")
    assert _at(_draft(currency="string", total=money), "custom_data.currency") == "total.currency"


def test_what_was_bought_is_a_list_of_records_with_paths_that_begin_at_the_item() -> None:
    line = _lines_of(id="string", product=_record("Product", name="string", brand="string"), qty="int", price="double")
    assert _at(_draft(cart=_record("Cart", items=line)), "custom_data.contents") == {
        "each": "cart.items",
        "id": "id",
        "quantity": "qty",
        "item_price": "price",
        "title": "product.name",
        "brand": "product.brand",
    }


@pytest.mark.parametrize("name", ["articles", "positions", "orderPositions", "basket_items"])
def test_what_was_bought_is_found_in_articles_and_positions_too(name: str) -> None:
    line = _lines_of(article_no="string", qty="int", unit_price_cents="long")
    draft = _draft(order=_record("Order", **{name: line}))
    assert _at(draft, "custom_data.contents") == {
        "each": f"order.{name}",
        "id": "article_no",
        "quantity": "qty",
        "item_price": {"path": "unit_price_cents", "scale": 2},
    }
    assert "# check" not in _line(draft, "each")


@pytest.mark.parametrize("name", ["article_no", "article_number", "sku_no", "skuNumber"])
def test_an_item_is_known_by_its_number(name: str) -> None:
    assert _at(_draft(items=_lines_of(**{name: "string"})), "custom_data.contents.id") == name


def test_a_list_whose_name_only_ends_so_is_taken_for_want_of_a_better_one_and_marked() -> None:
    again = {"type": "array", "items": "Line"}
    draft = _draft(invoice_positions=_lines_of(sku="string"), wishlist=again)
    assert _at(draft, "custom_data.contents.each") == "invoice_positions"
    assert "# check: that it is what was bought or looked at" in _line(draft, "each")
    better = _draft(invoice_positions=_lines_of(sku="string"), cart=_record("Cart", items=again))
    assert _at(better, "custom_data.contents.each") == "cart.items"


@pytest.mark.parametrize("name", ["meta_pixels", "pixel_ids", "pixels"])
def test_the_pixels_of_an_event_may_be_a_list(name: str) -> None:
    draft = _draft(**{name: {"type": "array", "items": "string"}})
    assert _at(draft, "route.pixel_id") == name
    assert ("general name" in _line(draft, "pixel_id")) is (name == "pixels")
    assert _at(_draft(**{name: {"type": "array", "items": "int"}}), "route.pixel_id") is None


def test_a_price_by_itself_is_not_what_the_event_is_worth() -> None:
    assert _at(_draft(price="double"), "custom_data.value") is None


def test_items_without_a_quantity_count_as_one_piece_which_is_to_be_checked() -> None:
    draft = _draft(products=_lines_of(sku="string"))
    assert _at(draft, "custom_data.contents.quantity") == {"constant": 1}
    assert "# check: that each item is one piece" in _line(draft, "quantity")


def test_names_of_events_that_an_enum_lists_become_metas_and_the_rest_is_to_be_checked() -> None:
    kind = {"type": "enum", "name": "Kind", "symbols": ["PageView", "ADD_TO_CART", "orderCompleted", "newsletter"]}
    draft = _draft(event=kind)
    assert _at(draft, "event_name") == {
        "path": "event",
        "values": {"PageView": "PageView", "ADD_TO_CART": "AddToCart", "orderCompleted": "Purchase"},
    }
    assert "# check: that newsletter may be sent so" in _line(draft, "event_name")


def test_browser_ids_are_found_in_a_map_of_cookies() -> None:
    draft = _draft(request=_record("Request", cookies={"type": "map", "values": "string"}))
    assert _at(draft, "user_data.fbp") == "request.cookies._fbp"
    assert _at(draft, "user_data.fbc") == "request.cookies._fbc"


def test_several_addresses_of_a_user_all_count() -> None:
    draft = _draft(user=_record("User", email=TEXT, emails={"type": "array", "items": "string"}))
    assert _at(draft, "user_data.em") == {"all": ["user.email", "user.emails"]}


@pytest.mark.parametrize("kind", [{"type": "map", "values": "string"}, _record("Consent", ad_storage=TEXT)])
def test_the_users_choices_are_found_as_a_map_or_a_record(kind: object) -> None:
    assert _at(_draft(consent=kind), "consent") == "consent"


def test_the_users_choices_are_found_by_purpose() -> None:
    draft = _draft(privacy=_record("Privacy", ad_storage=TEXT, marketing_consent="boolean"))
    assert _at(draft, "consent") == {"ad_storage": "privacy.ad_storage", "marketing": "privacy.marketing_consent"}


def test_an_apps_device_is_taken_only_with_what_meta_requires_of_an_app() -> None:
    os = _record("Os", name="string", version="string")
    assert _at(_draft(os=os), "app_data") is None
    draft = _draft(os=os, device=_record("Device", adTrackingEnabled="boolean", model="string"))
    assert _at(draft, "app_data") == {
        "advertiser_tracking_enabled": "device.adTrackingEnabled",
        "extinfo": {"platform": "os.name", "os_version": "os.version", "device_model": "device.model"},
    }


def test_a_record_that_holds_itself_does_not_keep_drafting_for_ever() -> None:
    node = {
        "type": "record",
        "name": "Node",
        "fields": [{"name": "email", "type": "string"}, {"name": "next", "type": ["null", "Node"]}],
    }
    assert _at(_draft(node=node), "user_data.em") == "node.email"


def test_a_type_that_is_used_twice_is_looked_into_twice() -> None:
    address = _record("Address", city="string")
    draft = draft_mapping(
        parse_schema(
            json.dumps(_record("Event", store=address, user=_record("User", home="Address")) | {"namespace": "a.b"}), ""
        ),
        "",
    )
    assert _at(draft, "user_data.ct") == "user.home.city"


def test_a_name_that_yaml_would_read_as_something_else_is_quoted() -> None:
    draft = _draft(true=_record("Odd", email="string"), email={"type": "map", "values": "string"})
    assert _at(draft, "user_data.em") == "true.email"


def test_what_a_mapping_must_have_and_was_not_found_stands_in_it_to_be_filled_in() -> None:
    draft = _draft(email="string")
    assert draft.missing == ("route", "event_name", "event_time")
    for key in draft.missing:
        assert f"# {key}: FILL IN " in draft.text


def test_keys_that_matter_and_were_not_found_are_listed() -> None:
    text = _draft(event="string", timestamp=TIME, pixel_id="string", fbp=TEXT).text
    assert "#   user_data.em: the e-mail address" in text
    assert "#   event_id: " in text
    assert "#   user_data.fbp" not in text


def test_what_the_schema_does_not_show_is_pointed_at() -> None:
    parameter = _record("Parameter", key="string", value=["null", _record("Value", string_value=TEXT)])
    text = _draft(
        extra={"type": "map", "values": "string"},
        views={"type": "map", "values": "int"},
        payload=TEXT,
        params={"type": "array", "items": parameter},
        cookies=TEXT,
        details_json=TEXT,
        cart=_record("Cart", linesJson=TEXT, json_version=TEXT),
    ).text
    assert '#   extra.NAME, or all of it in custom_data: "*": extra' in text
    assert "#   views.NAME\n" in text
    assert "#   payload|json.NAME" in text
    assert "#   details_json|json.NAME" in text
    assert "#   cart.linesJson|json.NAME" in text
    assert "json_version" not in text
    assert "#   params[key=NAME].value.string_value" in text


def test_lines_to_be_checked_are_counted() -> None:
    draft = _draft(event_name="string", event_time=TIME, event_id="string", pixel_id="string")
    assert draft.checks == draft.text.count("  # check: ") == 2
