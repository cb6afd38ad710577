"""What ``custom_data`` may hold (Meta, custom data parameters; standard events of the pixel)."""

import pycountry

from streamer.sandbox.errors import Fault
from streamer.sandbox.segments import SEGMENTATION
from streamer.sandbox.values import Check, list_of, number, one_of, shown, text, whole

# Codes of ISO 4217 that are no money one can pay with, and one that Meta refuses although it is.
_NOT_TAKEN = {"XAG", "XAU", "XBA", "XBB", "XBC", "XBD", "XDR", "XPD", "XPT", "XSU", "XTS", "XUA", "XXX", "MRU"}
CURRENCIES = frozenset(currency.alpha_3 for currency in pycountry.currencies) - _NOT_TAKEN
"""Currencies that Meta takes, in capitals; it takes either case."""

_CONTENT_TYPES = one_of(
    "product", "product_group", "destination", "flight", "home_listing", "hotel", "vehicle", "vehicle_offer"
)
_DELIVERY = one_of("in_store", "curbside", "home_delivery")

_CHECKS: dict[str, tuple[Check, str]] = {
    "value": (number, "must be a number"),
    "predicted_ltv": (number, "must be a number"),
    "net_revenue": (number, "must be a number"),
    "num_items": (whole, "must be a whole number"),
    "content_ids": (list_of(text), "must be a list of strings"),
    "content_type": (_CONTENT_TYPES, "must be product, product_group or one of the travel and listing types"),
    "content_name": (text, "must be a string"),
    "content_category": (text, "must be a string"),
    "order_id": (text, "must be a string"),
    "item_number": (text, "must be a string"),
    "search_string": (text, "must be a string"),
    "status": (lambda value: type(value) is bool or text(value), "must be a string, true or false"),
    "delivery_category": (_DELIVERY, "must be in_store, curbside or home_delivery"),
    "lead_event_source": (text, "must be a string"),
    "event_source": (text, "must be a string"),
    "customer_segmentation": (SEGMENTATION, "must be one of Meta's customer segments"),
}

_CONTENT_CHECKS: dict[str, Check] = {
    "id": text,
    "quantity": lambda value: type(value) is int and value > 0,
    "item_price": number,
    "price": number,
    "delivery_category": _DELIVERY,
    "title": text,
    "description": text,
    "brand": text,
    "category": text,
}


def check_custom_data(value: object, event_name: str) -> Fault | None:
    """Check an event's ``custom_data``; ``None``: Meta would take it."""
    if value is None:
        return Fault(100, 2804010, "custom_data.currency", "is required") if event_name == "Purchase" else None
    if type(value) is not dict:
        return Fault(100, 2804016, "custom_data", "must be an object")
    return _check_money(value, event_name) or _check_contents(value.get("contents")) or _check_rest(value)


def _check_money(data: dict[str, object], event_name: str) -> Fault | None:
    currency = data.get("currency")
    if currency is None:
        if event_name == "Purchase" or "value" in data:
            return Fault(100, 2804010, "custom_data.currency", "is required for a purchase, and with any value")
    elif type(currency) is not str or currency.upper() not in CURRENCIES:
        return Fault(100, 2804011, "custom_data.currency", "must be a currency of ISO 4217")
    if event_name == "Purchase" and "value" not in data:
        return Fault(100, 2804016, "custom_data.value", "is required for a purchase")
    return None


def _check_contents(contents: object) -> Fault | None:
    if contents is None:
        return None
    if type(contents) is not list or not contents:
        return Fault(100, 2804008, "custom_data.contents", "must be a list of objects")
    for content in contents:
        if type(content) is not dict or "id" not in content or "quantity" not in content:
            return Fault(100, 2804008, "custom_data.contents", "must hold objects with id and quantity")
        for key, value in content.items():
            check = _CONTENT_CHECKS.get(key)
            if value is None or (check is not None and not check(value)):
                return Fault(100, 2804008, shown("custom_data.contents", key), "has the wrong type or value")
    return None


def _check_rest(data: dict[str, object]) -> Fault | None:
    for key, value in data.items():
        if value is None:
            return Fault(100, 2804016, shown("custom_data", key), "must not be null; leave the key out")
        known = _CHECKS.get(key)
        if known is not None and not known[0](value):
            return Fault(100, 2804016, shown("custom_data", key), known[1])
    return None
