from typing import Any

import pytest

from streamer.sandbox.custom_data import check_custom_data


def verdict(data: Any, name: str = "ViewContent") -> tuple[str | None, int | None] | None:
    fault = check_custom_data(data, name)
    if fault is None:
        return None
    assert fault.code == 100
    return fault.field, fault.subcode


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (None, "ViewContent"),
        ({}, "ViewContent"),
        ({"currency": "USD", "value": 1}, "Purchase"),
        ({"currency": "usd", "value": 0.5}, "Purchase"),
        ({"currency": "JPY"}, "ViewContent"),
        ({"currency": "EUR", "value": 3, "predicted_ltv": 9.5, "net_revenue": 1}, "Subscribe"),
        ({"num_items": 3, "order_id": "o-1", "search_string": "shoes", "status": "done"}, "Search"),
        ({"status": True}, "CompleteRegistration"),
        ({"content_ids": ["p1"], "content_type": "product", "content_name": "n", "content_category": "c"}, "Lead"),
        ({"contents": [{"id": "p1", "quantity": 1}]}, "AddToCart"),
        ({"contents": [{"id": "p1", "quantity": 1, "item_price": 2.5, "delivery_category": "in_store"}]}, "AddToCart"),
        ({"contents": [{"id": "p1", "quantity": 1, "brand": "b", "colour": "red"}]}, "AddToCart"),
        ({"delivery_category": "home_delivery", "customer_segmentation": "new_customer_to_business"}, "ViewContent"),
        ({"our_margin": 3, "our_flags": ["a", 1], "store_data": {"a": 1}}, "ViewContent"),
        ({"event_source": "crm", "lead_event_source": "Our CRM"}, "Qualified"),
    ],
)
def test_custom_data_of_the_right_types_is_taken(data: Any, name: str) -> None:
    assert verdict(data, name) is None


@pytest.mark.parametrize(
    ("data", "name", "field", "subcode"),
    [
        (None, "Purchase", "currency", 2804010),
        ({}, "Purchase", "currency", 2804010),
        ({"value": 1}, "Purchase", "currency", 2804010),
        ({"value": 1}, "ViewContent", "currency", 2804010),
        ({"currency": None, "value": 1}, "Purchase", "currency", 2804010),
        ({"currency": "US"}, "ViewContent", "currency", 2804011),
        ({"currency": "XXX"}, "ViewContent", "currency", 2804011),
        ({"currency": "MRU"}, "ViewContent", "currency", 2804011),
        ({"currency": " USD"}, "ViewContent", "currency", 2804011),
        ({"currency": ""}, "ViewContent", "currency", 2804011),
        ({"currency": 840}, "ViewContent", "currency", 2804011),
        ({"currency": "USD"}, "Purchase", "value", 2804016),
        ({"currency": "USD", "value": None}, "Purchase", "value", 2804016),
        ({"currency": "USD", "value": "1.5"}, "Purchase", "value", 2804016),
        ({"currency": "USD", "value": True}, "Purchase", "value", 2804016),
        ({"predicted_ltv": "9"}, "Subscribe", "predicted_ltv", 2804016),
        ({"num_items": 1.5}, "ViewContent", "num_items", 2804016),
        ({"num_items": -1}, "ViewContent", "num_items", 2804016),
        ({"order_id": 981}, "ViewContent", "order_id", 2804016),
        ({"order_id": ""}, "ViewContent", "order_id", 2804016),
        ({"content_ids": "p1"}, "ViewContent", "content_ids", 2804016),
        ({"content_ids": []}, "ViewContent", "content_ids", 2804016),
        ({"content_ids": [1]}, "ViewContent", "content_ids", 2804016),
        ({"content_type": "thing"}, "ViewContent", "content_type", 2804016),
        ({"status": 1}, "ViewContent", "status", 2804016),
        ({"delivery_category": "pigeon"}, "ViewContent", "delivery_category", 2804016),
        ({"customer_segmentation": "new_customer"}, "ViewContent", "customer_segmentation", 2804016),
        ({"our_margin": None}, "ViewContent", "our_margin", 2804016),
        ({"contents": {}}, "ViewContent", "contents", 2804008),
        ({"contents": []}, "ViewContent", "contents", 2804008),
        ({"contents": "[]"}, "ViewContent", "contents", 2804008),
        ({"contents": ["p1"]}, "ViewContent", "contents", 2804008),
        ({"contents": [{"id": "p1"}]}, "ViewContent", "contents", 2804008),
        ({"contents": [{"quantity": 1}]}, "ViewContent", "contents", 2804008),
        ({"contents": [{"id": 1, "quantity": 1}]}, "ViewContent", "contents.id", 2804008),
        ({"contents": [{"id": "p1", "quantity": 0}]}, "ViewContent", "contents.quantity", 2804008),
        ({"contents": [{"id": "p1", "quantity": 1.5}]}, "ViewContent", "contents.quantity", 2804008),
        ({"contents": [{"id": "p1", "quantity": 1, "item_price": "2"}]}, "ViewContent", "contents.item_price", 2804008),
        ({"contents": [{"id": "p1", "quantity": 1, "colour": None}]}, "ViewContent", "contents.colour", 2804008),
        ({"contents": [{"id": "p", "quantity": 1}, {"id": "q"}]}, "ViewContent", "contents", 2804008),
    ],
)
def test_custom_data_that_meta_refuses_gets_its_subcode(data: Any, name: str, field: str, subcode: int) -> None:
    assert verdict(data, name) == (f"custom_data.{field}", subcode)


@pytest.mark.parametrize("data", [[], "x", 1])
def test_custom_data_that_is_no_object_is_refused(data: Any) -> None:
    assert verdict(data) == ("custom_data", 2804016)
