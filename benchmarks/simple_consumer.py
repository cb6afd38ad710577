"""The simplest honest consumer: what one would write in an afternoon. For scale, beside ours.

No phone rules, no checks, no retries, no dead letters, no receipts, no bounds on memory; it commits what it has sent.
Run by ``benchmarks/around.py``; prints one JSON line: events sent, CPU seconds.
"""

import asyncio
import io
import sys
import time
from collections import defaultdict
from hashlib import sha256
from pathlib import Path
from typing import Any

import aiohttp
import fastavro
import orjson
from confluent_kafka import Consumer, KafkaError

SCHEMA = fastavro.parse_schema(
    orjson.loads((Path(__file__).resolve().parents[1] / "schemas" / "tag_event.avsc").read_bytes())
)
KEYS = {
    "email": "em",
    "phone": "ph",
    "first_name": "fn",
    "last_name": "ln",
    "gender": "ge",
    "birthdate": "db",
    "city": "ct",
    "state": "st",
    "zip": "zp",
    "country": "country",
    "external_id": "external_id",
}


def server_event(value: bytes) -> tuple[str, bytes]:
    """Return pixel id and JSON of one record in single-object encoding."""
    tag: dict[str, Any] = fastavro.schemaless_reader(io.BytesIO(value[10:]), SCHEMA)  # type: ignore[assignment]
    user = {
        key: [sha256(text.strip().lower().encode()).hexdigest()]
        for field, key in KEYS.items()
        if (text := (tag["user"] or {}).get(field))
    }
    user |= {"client_ip_address": tag["client_ip"], "client_user_agent": tag["user_agent"]}
    user |= {key.lstrip("_"): cookie for key, cookie in tag["cookies"].items()}
    bought = tag["properties"] or {}
    event = {
        "event_name": tag["event_name"],
        "event_time": int(tag["event_time"].timestamp()),
        "event_id": tag["event_id"],
        "action_source": "website",
        "event_source_url": tag["page_url"],
        "user_data": user,
        "custom_data": {
            "currency": bought.get("currency"),
            "value": bought.get("value"),
            "contents": [
                {"id": item["id"], "quantity": item["quantity"], "item_price": item["price"]}
                for item in bought.get("items") or ()
            ],
        },
    }
    return tag["pixel_id"], orjson.dumps(event)


async def consume(bootstrap: str, topic: str, url: str, total: int, batch: int) -> int:
    """Send ``total`` events of a topic to the sandbox at ``url``, ``batch`` a request."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": f"{topic}-simple",
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "fetch.queue.backoff.ms": 20,
        }
    )
    consumer.subscribe([topic])
    windows: dict[str, list[bytes]] = defaultdict(list)
    read = sent = 0

    async def post(session: aiohttp.ClientSession, pixel: str, events: list[bytes]) -> int:
        body = b'{"data":[' + b",".join(events) + b"]}"
        headers = {"Authorization": "Bearer t", "Content-Type": "application/json"}
        async with session.post(f"{url}/v26.0/{pixel}/events", data=body, headers=headers) as answer:
            received: int = (await answer.json())["events_received"]
            return received

    async with aiohttp.ClientSession() as session:
        posts: list[asyncio.Task[int]] = []
        while read < total:
            for message in consumer.consume(1000, 0.2):
                error = message.error()
                if error is not None:
                    if error.code() != KafkaError._PARTITION_EOF:  # noqa: SLF001 - its only name
                        raise SystemExit(str(error))
                    continue
                pixel, event = server_event(message.value() or b"")
                read += 1
                windows[pixel].append(event)
                if len(windows[pixel]) == batch:
                    posts.append(asyncio.create_task(post(session, pixel, windows.pop(pixel))))
            if len(posts) >= 16 or read >= total:  # noqa: PLR2004 - requests in flight
                posts += [asyncio.create_task(post(session, *left)) for left in windows.items() if read >= total]
                sent += sum(await asyncio.gather(*posts))
                posts.clear()
                consumer.commit(offsets=consumer.position(consumer.assignment()), asynchronous=True)
            await asyncio.sleep(0)
    consumer.close()
    return sent


if __name__ == "__main__":
    bootstrap, topic, url, total, batch = sys.argv[1:6]
    count = asyncio.run(consume(bootstrap, topic, url, int(total), int(batch)))
    sys.stdout.write(orjson.dumps({"sent": count, "cpu": time.process_time()}).decode() + "\n")
