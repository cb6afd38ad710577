"""Topics with schemas of their own: a preset, a mapping file, and what a pixel's policy makes of their events."""

import json
import time
from hashlib import sha256
from pathlib import Path
from typing import Any

from streamer.records.schema import crc_64_avro, encode, load_schema
from streamer.records.wire import frame
from tests.support.evidence import Fate, fates, receipts, wait_until_committed
from tests.support.kafka_cluster import KafkaCluster, Outgoing, eventually
from tests.support.presets import schema_of
from tests.support.product import SandboxProcess, Start, prepare
from tests.support.tag_events import PIXELS

ACME, BOLT = PIXELS[:2]

_SHOP = {
    "type": "record",
    "name": "ShopEvent",
    "fields": [
        {"name": "kind", "type": "string"},
        {"name": "number", "type": "string"},
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-micros"}},
        {"name": "shop", "type": "string"},
        {"name": "mail", "type": "string"},
        {"name": "cents", "type": "long"},
        {"name": "margin", "type": "double"},
        {"name": "consent", "type": {"type": "map", "values": "boolean"}},
    ],
}
_MAPPING = """
route: {container_id: shop}
event_name: {path: kind, values: {order: Purchase}, otherwise: skip}
event_time: at
event_id: number
action_source: {constant: physical_store}
consent: consent
origin: {constant: offline}
user_data: {em: mail}
custom_data:
  currency: {constant: EUR}
  value: {path: cents, scale: 2}
  order_id: number
  margin: margin
"""


def _ga4_event(number: int) -> dict[str, Any]:
    return {
        "pixel_id": ACME,
        "event_name": "purchase",
        "event_id": f"e-{number}",
        "event_time": int(time.time() * 1000),
        "page_location": "https://shop.example.com/thanks",
        "user_agent": "Mozilla/5.0",
        "user_data": {"email_address": f"shopper.{number}@example.com"},
        "currency": "EUR",
        "value": 25.0,
        "transaction_id": f"o-{number}",
        "items": [{"item_id": "sku-1", "price": 12.5, "quantity": 2}],
    }


def test_a_topic_of_ga4_events_needs_no_more_than_the_preset_s_name(
    kafka: KafkaCluster, topic: str, sandbox: SandboxProcess, start: Start
) -> None:
    schema = schema_of("ga4")
    config = prepare(kafka, topic, 1) | {"records": {"format": "single-object", "mapping": "ga4"}}
    key = crc_64_avro(schema)
    values = [frame("single-object", key, encode(_ga4_event(number), schema)) for number in range(20)]
    kafka.produce(topic, map(Outgoing, values))
    start(config)
    wait_until_committed(kafka, config)
    events = {event["event_id"]: event for event in sandbox.events(ACME)}
    assert events.keys() == {f"e-{number}" for number in range(20)}
    assert events["e-7"]["event_name"] == "Purchase"
    assert events["e-7"]["user_data"]["em"] == [sha256(b"shopper.7@example.com").hexdigest()]
    assert events["e-7"]["custom_data"] == {
        "currency": "EUR",
        "value": 25.0,
        "order_id": "o-7",
        "contents": [{"id": "sku-1", "quantity": 2, "item_price": 12.5}],
        "content_ids": ["sku-1"],
        "content_type": "product",
    }


def _shop_event(number: int, **changes: Any) -> dict[str, Any]:
    event = {
        "kind": "order",
        "number": f"n-{number}",
        "at": time.time_ns() // 1000,
        "shop": "corner",
        "mail": f"shopper.{number}@example.com",
        "cents": 1999,
        "margin": 0.4,
        "consent": {"marketing": True},
    }
    return event | changes


def test_a_page_of_yaml_maps_a_foreign_schema_and_each_pixel_gets_what_its_policy_allows(
    kafka: KafkaCluster, topic: str, sandbox: SandboxProcess, start: Start, tmp_path: Path
) -> None:
    files = {
        "shop.avsc": json.dumps(_SHOP),
        "shop.yaml": _MAPPING,
        "forgotten.txt": f"em:{sha256(b'shopper.2@example.com').hexdigest()}\n",
        "pixels.yaml": f"""
defaults:
  consent: {{require: {{marketing: "true"}}, missing: denied}}
pixels:
  "{ACME}": {{containers: [corner], properties: {{deny: [margin]}}, suppression: {{file: forgotten.txt}}}}
  "{BOLT}": {{containers: [corner], consent: {{require: {{}}}}, events: {{rename: {{Purchase: StorePurchase}}}}}}
""",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    config = prepare(kafka, topic, 1) | {
        "records": {
            "format": "bare",
            "schema": str(tmp_path / "shop.avsc"),
            "mapping": str(tmp_path / "shop.yaml"),
        },
        "pixels": {"file": str(tmp_path / "pixels.yaml"), "reload_seconds": 0.1},
    }
    schema = load_schema(tmp_path / "shop.avsc")
    events = [
        _shop_event(0),
        _shop_event(1, consent={"marketing": False}),
        _shop_event(2),
        _shop_event(3, kind="visit"),
        _shop_event(4, at=(time.time_ns() // 1000) - 30 * 86_400 * 10**6),
    ]
    kafka.produce(topic, [Outgoing(encode(event, schema)) for event in events])
    streamer = start(config)
    wait_until_committed(kafka, config)

    found = [each for _, each in sorted(fates(receipts(kafka, config)).items())]
    assert found == [
        [Fate(ACME, "delivered"), Fate(BOLT, "delivered")],
        [Fate(ACME, "skipped", "no_consent"), Fate(BOLT, "delivered")],
        [Fate(ACME, "skipped", "suppressed"), Fate(BOLT, "delivered")],
        [Fate(ACME, "skipped", "event_filtered"), Fate(BOLT, "skipped", "event_filtered")],
        [Fate(ACME, "delivered"), Fate(BOLT, "delivered")],
    ]
    acme, bolt = ({event["event_id"]: event for event in sandbox.events(pixel)} for pixel in (ACME, BOLT))
    assert acme["n-0"]["custom_data"] == {"currency": "EUR", "value": 19.99, "order_id": "n-0"}
    assert bolt["n-0"]["custom_data"]["margin"] == 0.4
    assert (acme["n-4"]["event_name"], bolt["n-4"]["event_name"]) == ("Purchase", "StorePurchase")

    (tmp_path / "forgotten.txt").write_text("".join(_hash_of(f"shopper.{number}@example.com") for number in (5, 6)))
    arrived = iter(range(100, 10_000))

    def is_taken_up() -> bool:
        number = next(arrived)
        events = [_shop_event(number, mail="shopper.5@example.com"), _shop_event(number + 10_000)]
        kafka.produce(topic, [Outgoing(encode(event, schema)) for event in events])
        eventually(lambda: any(event["event_id"] == f"n-{number + 10_000}" for event in sandbox.events(ACME)))
        return not any(event["event_id"] == f"n-{number}" for event in sandbox.events(ACME))

    eventually(is_taken_up, interval=0.2)
    assert streamer.end() == 0


def _hash_of(mail: str) -> str:
    return f"{sha256(mail.encode()).hexdigest()}\n"
