"""What docs/mapping.md shows is so."""

import json
import re
from pathlib import Path

import pytest

from streamer.records.schema import encode, parse_schema
from streamer.translate.engine import ServerEvent
from streamer.translate.hashing import sha256_hex
from streamer.translate.paths import parse_path
from streamer.translate.plan import Plan, Rule
from streamer.translate.python_engine import PythonEngine
from tests.translate.events import NOW, ORIGIN, PIXEL
from tests.translate.mapping.shop import compiled, faults, listed, logical, record

PAGE = (Path(__file__).parents[3] / "docs" / "mapping.md").read_text(encoding="utf-8")
(EXAMPLE,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
(FAULT,) = re.findall(r"```\n(shop\.yaml:.*?)\n```", PAGE)
(PATHS,) = re.findall(r"## Paths\n(.*?)\n## ", PAGE, re.DOTALL)

_ADDRESS = record("Address", country="string")
_LINE = record("Line", sku="string", quantity=["null", "int"], price_cents="long")
_EXTRA = record("Extra", internal_note="string", margin="double")
SCHEMA = parse_schema(
    json.dumps(
        record(
            "ShopEvent",
            kind="string",
            shop=record("Shop", meta_pixel="string", container="string"),
            created_at=logical("long", "timestamp-millis"),
            browser_event_id=["null", "string"],
            page=record("Page", url="string"),
            customer=record("Customer", email="string", phone="string", mobile="string", address=_ADDRESS),
            request=record("Request", ip="string", agent="string"),
            cookies={"type": "map", "values": "string"},
            order=record(
                "Order", id="string", currency="string", total_cents="long", lines=listed(_LINE), extra=_EXTRA
            ),
        )
    ),
    "a test",
)


def _keys(rules: tuple[Rule, ...]) -> list[str]:
    return [rule.key for rule in rules]


def test_the_example_of_the_page_is_a_mapping() -> None:
    made = compiled(EXAMPLE, SCHEMA).mapping
    assert len(made.rules) == len(set(_keys(made.rules))) == 17
    assert _keys(made.rules[-2].fields) == ["id", "quantity", "item_price"]
    assert made.follow == ("content_ids", "num_items", "content_type")


def test_an_order_by_the_example_is_what_meta_gets() -> None:
    order = {
        "kind": "order",
        "shop": {"meta_pixel": PIXEL, "container": ""},
        "created_at": NOW * 1000,
        "browser_event_id": None,
        "page": {"url": "https://shop.example.com/thanks"},
        "customer": {"email": "A@example.com", "phone": "", "mobile": "", "address": {"country": "de"}},
        "request": {"ip": "", "agent": "Mozilla/5.0"},
        "cookies": {},
        "order": {
            "id": "o-1",
            "currency": "EUR",
            "total_cents": 2400,
            "lines": [
                {"sku": "p1", "quantity": 2, "price_cents": 950},
                {"sku": "p2", "quantity": None, "price_cents": 500},
            ],
            "extra": {"internal_note": "call back", "margin": 0.25},
        },
    }
    engine = PythonEngine(SCHEMA, SCHEMA, Plan(compiled(EXAMPLE, SCHEMA).mapping))
    ((sent,),) = engine.translate([encode(order, SCHEMA)], [ORIGIN], NOW)
    assert isinstance(sent, ServerEvent)
    event = json.loads(sent.body)
    assert (event["event_name"], event["event_time"], event["event_id"]) == ("Purchase", NOW, "o-1")
    assert event["user_data"]["em"] == [sha256_hex("a@example.com")]
    assert event["custom_data"] == {
        "currency": "EUR",
        "value": 24.0,
        "order_id": "o-1",
        "contents": [
            {"id": "p1", "quantity": 2, "item_price": 9.5},
            {"id": "p2", "quantity": 1, "item_price": 5.0},
        ],
        "margin": 0.25,
        "content_ids": ["p1", "p2"],
        "content_type": "product",
    }


def test_the_fault_that_the_page_shows_is_told_so() -> None:
    assert faults(EXAMPLE.replace("customer.email", "customer.emial"), SCHEMA) == [FAULT.removeprefix("shop.yaml:")]


@pytest.mark.parametrize(
    "path", [path.replace("\\|", "|") for path in re.findall(r"^\| `(.*?)` \|", PATHS, re.MULTILINE)]
)
def test_every_path_that_the_page_shows_can_be_read(path: str) -> None:
    assert parse_path(path)
