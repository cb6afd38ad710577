"""The benchmark's tag events in the shapes of the presets, and how Meta's SDK makes an event of each."""

import json
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

from facebook_business.adobjects.serverside.action_source import ActionSource  # type: ignore[import-untyped]
from facebook_business.adobjects.serverside.content import Content  # type: ignore[import-untyped]
from facebook_business.adobjects.serverside.custom_data import CustomData  # type: ignore[import-untyped]
from facebook_business.adobjects.serverside.event import Event  # type: ignore[import-untyped]
from facebook_business.adobjects.serverside.gender import Gender  # type: ignore[import-untyped]
from facebook_business.adobjects.serverside.user_data import UserData  # type: ignore[import-untyped]

Record = dict[str, Any]


class Shape(NamedTuple):
    """How a preset's topic holds the events."""

    preset: str
    record: Callable[[Record], Record]
    """A tag event in; the same as a record of the preset's schema out."""
    sdk_event: Callable[[Record], Event]
    """What fastavro decoded in; an event of Meta's SDK out."""


_GA4_NAMES = {
    "PageView": "page_view",
    "ViewContent": "view_item",
    "AddToCart": "add_to_cart",
    "InitiateCheckout": "begin_checkout",
    "Purchase": "purchase",
    "Lead": "generate_lead",
    "Search": "search",
    "CompleteRegistration": "sign_up",
    "AddPaymentInfo": "add_payment_info",
    "AddToWishlist": "add_to_wishlist",
}
_SEGMENT_NAMES = {
    "PageView": "Page",
    "ViewContent": "Product Viewed",
    "AddToCart": "Product Added",
    "InitiateCheckout": "Checkout Started",
    "Purchase": "Order Completed",
    "Search": "Products Searched",
    "CompleteRegistration": "Signed Up",
    "AddPaymentInfo": "Payment Info Entered",
    "AddToWishlist": "Product Added to Wishlist",
}
_META_OF_GA4 = {name: meta for meta, name in _GA4_NAMES.items()}
_META_OF_SEGMENT = {name: meta for meta, name in _SEGMENT_NAMES.items()}
_USER_CONTEXT = "iglu:com.google.tag-manager.server-side/user_data/jsonschema/1-0-0"
_PRODUCT_CONTEXT = "iglu:com.snowplowanalytics.snowplow.ecommerce/product/jsonschema/1-0-0"


def _ga4(event: Record) -> Record:
    user, properties = event["user"], event["properties"]
    address = {
        "first_name": user["first_name"],
        "last_name": user["last_name"],
        "city": user["city"],
        "region": user["state"],
        "postal_code": user["zip"],
        "country": user["country"],
    }
    return {
        "pixel_id": event["pixel_id"],
        "event_name": _GA4_NAMES.get(event["event_name"], event["event_name"]),
        "event_id": event["event_id"],
        "event_time": event["event_time"],
        "page_location": event["page_url"],
        "page_referrer": event["referrer"],
        "ip_override": event["client_ip"],
        "user_agent": event["user_agent"],
        "user_id": user["external_id"],
        "user_data": {"email_address": user["email"], "phone_number": user["phone"], "address": address},
        "x_fb_ud_ge": user["gender"],
        "x_fb_ud_db": user["birthdate"],
        "common_cookie": event["cookies"],
        "currency": properties["currency"],
        "value": properties["value"],
        "transaction_id": properties["order_id"],
        "items": [
            {"item_id": item["id"], "quantity": item["quantity"], "price": item["price"]}
            for item in properties["items"]
        ],
    }


def _sdk_of_ga4(event: Record) -> Event:
    user, address, cookies = event["user_data"], event["user_data"]["address"], event["common_cookie"]
    return _event(
        event_name=_META_OF_GA4.get(event["event_name"], event["event_name"]),
        event_time=int(event["event_time"].timestamp()),
        event_id=event["event_id"],
        event_source_url=event["page_location"],
        referrer_url=event["page_referrer"],
        user_data=UserData(
            **_person(user["email_address"], user["phone_number"], address["first_name"], address["last_name"]),
            **_place(address["city"], address["region"], address["postal_code"], address["country"]),
            **_client(event["user_id"], event["ip_override"], event["user_agent"], cookies["_fbp"], cookies["_fbc"]),
            **_details(event["x_fb_ud_db"], event["x_fb_ud_ge"]),
        ),
        custom_data=CustomData(
            currency=event["currency"],
            value=event["value"],
            order_id=event["transaction_id"],
            content_type="product",
            contents=[
                Content(product_id=item["item_id"], quantity=item["quantity"], item_price=item["price"])
                for item in event["items"]
            ],
        ),
    )


def _segment(event: Record) -> Record:
    user, properties = event["user"], event["properties"]
    is_page = event["event_name"] == "PageView"
    traits = {
        "email": user["email"],
        "phone": user["phone"],
        "firstName": user["first_name"],
        "lastName": user["last_name"],
        "gender": user["gender"],
        "birthday": user["birthdate"],
        "address": {
            "city": user["city"],
            "state": user["state"],
            "postalCode": user["zip"],
            "country": user["country"],
        },
    }
    return {
        "pixel_id": event["pixel_id"],
        "type": "page" if is_page else "track",
        "event": None if is_page else _SEGMENT_NAMES.get(event["event_name"], event["event_name"]),
        "messageId": event["event_id"],
        "timestamp": event["event_time"],
        "userId": user["external_id"],
        "context": {
            "ip": event["client_ip"],
            "userAgent": event["user_agent"],
            "page": {"url": event["page_url"], "referrer": event["referrer"]},
            "traits": traits,
            "fbp": event["cookies"]["_fbp"],
            "fbc": event["cookies"]["_fbc"],
        },
        "properties": {
            "order_id": properties["order_id"],
            "revenue": properties["value"],
            "currency": properties["currency"],
            "products": [
                {"product_id": item["id"], "quantity": item["quantity"], "price": item["price"]}
                for item in properties["items"]
            ],
        },
    }


def _sdk_of_segment(event: Record) -> Event:
    context, properties = event["context"], event["properties"]
    traits, page, address = context["traits"], context["page"], context["traits"]["address"]
    name = "PageView" if event["type"] == "page" else _META_OF_SEGMENT.get(event["event"], event["event"])
    return _event(
        event_name=name,
        event_time=int(event["timestamp"].timestamp()),
        event_id=event["messageId"],
        event_source_url=page["url"],
        referrer_url=page["referrer"],
        user_data=UserData(
            **_person(traits["email"], traits["phone"], traits["firstName"], traits["lastName"]),
            **_place(address["city"], address["state"], address["postalCode"], address["country"]),
            **_client(event["userId"], context["ip"], context["userAgent"], context["fbp"], context["fbc"]),
            **_details(traits["birthday"], traits["gender"]),
        ),
        custom_data=CustomData(
            currency=properties["currency"],
            value=properties["revenue"],
            order_id=properties["order_id"],
            content_type="product",
            contents=[
                Content(product_id=item["product_id"], quantity=item["quantity"], item_price=item["price"])
                for item in properties["products"]
            ],
        ),
    )


def _snowplow(event: Record) -> Record:
    """Snowplow has no place for gender and birthday: nine of the eleven keys."""
    user, properties = event["user"], event["properties"]
    person = {
        "email_address": user["email"],
        "phone_number": user["phone"],
        "address": {
            "first_name": user["first_name"],
            "last_name": user["last_name"],
            "city": user["city"],
            "region": user["state"],
            "postal_code": user["zip"],
            "country": user["country"],
        },
    }
    entities = [{"schema": _USER_CONTEXT, "data": person}]
    for item in properties["items"]:
        data = {"id": item["id"], "quantity": item["quantity"], "price": item["price"]}
        entities.append({"schema": _PRODUCT_CONTEXT, "data": data})
    return {
        "pixel_id": event["pixel_id"],
        "platform": "web",
        "event": "unstruct",
        "event_name": event["event_name"],
        "event_id": event["event_id"],
        "derived_tstamp": event["event_time"],
        "user_id": user["external_id"],
        "user_ipaddress": event["client_ip"],
        "useragent": event["user_agent"],
        "page_url": event["page_url"],
        "page_referrer": event["referrer"],
        "tr_orderid": properties["order_id"],
        "tr_total": properties["value"],
        "tr_currency": properties["currency"],
        "contexts": json.dumps({"schema": "iglu:contexts", "data": entities}),
        "fbp": event["cookies"]["_fbp"],
        "fbc": event["cookies"]["_fbc"],
    }


def _sdk_of_snowplow(event: Record) -> Event:
    entities = json.loads(event["contexts"])["data"]
    person = next(each["data"] for each in entities if each["schema"] == _USER_CONTEXT)
    products = [each["data"] for each in entities if each["schema"] == _PRODUCT_CONTEXT]
    address = person["address"]
    return _event(
        event_name=event["event_name"],
        event_time=int(event["derived_tstamp"].timestamp()),
        event_id=event["event_id"],
        event_source_url=event["page_url"],
        referrer_url=event["page_referrer"],
        user_data=UserData(
            **_person(person["email_address"], person["phone_number"], address["first_name"], address["last_name"]),
            **_place(address["city"], address["region"], address["postal_code"], address["country"]),
            **_client(event["user_id"], event["user_ipaddress"], event["useragent"], event["fbp"], event["fbc"]),
        ),
        custom_data=CustomData(
            currency=event["tr_currency"],
            value=event["tr_total"],
            order_id=event["tr_orderid"],
            content_type="product",
            contents=[
                Content(product_id=item["id"], quantity=item["quantity"], item_price=item["price"]) for item in products
            ],
        ),
    )


def _event(**fields: Any) -> Event:  # noqa: ANN401 - whatever the SDK takes
    return Event(action_source=ActionSource.WEBSITE, **fields)


def _person(email: str, phone: str, first_name: str, last_name: str) -> Record:
    return {"emails": [email], "phones": [phone], "first_names": [first_name], "last_names": [last_name]}


def _place(city: str, state: str, zip_code: str, country: str) -> Record:
    return {"cities": [city], "states": [state], "zip_codes": [zip_code], "country_codes": [country]}


def _client(external_id: str, address: str, agent: str, fbp: str, fbc: str) -> Record:
    return {
        "external_ids": [sha256(external_id.encode()).hexdigest()],
        "client_ip_address": address,
        "client_user_agent": agent,
        "fbp": fbp,
        "fbc": fbc,
    }


def _details(birthdate: str, gender: str) -> Record:
    return {
        "dates_of_birth": [birthdate],
        "genders": [Gender.FEMALE if gender.startswith("f") else Gender.MALE],
    }


SHAPES: Sequence[Shape] = (
    Shape("ga4", _ga4, _sdk_of_ga4),
    Shape("segment", _segment, _sdk_of_segment),
    Shape("snowplow", _snowplow, _sdk_of_snowplow),
)
