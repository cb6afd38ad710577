"""Produces invented tag events of several clients at a steady rate."""

import asyncio
import time
from typing import Any

from confluent_kafka import Producer

from streamer.records.sample import encode_tag_event, sample_tag_events
from streamer.records.schema import crc_64_avro, load_schema
from streamer.records.wire import frame

TURN_SECONDS = 0.02
SKIPPED_SHARE = 0.03
FAULTY_SHARE = 0.02

CLIENTS = {
    "1000000000000001": "acme",
    "1000000000000002": "bolt",
    "1000000000000003": "cedar",
    "1000000000000004": "delta",
    "1000000000000005": "ember",
}
"""Invented clients of an invented platform, by pixel."""


_GAPS = {
    "acme": {},
    "bolt": {"phone": 3, "birthdate": 2, "gender": 2},
    "cedar": {"email": 4, "phone": 2, "first_name": 2, "last_name": 2, "birthdate": 1, "gender": 1},
    "delta": {"external_id": 2, "zip": 3},
    "ember": {"email": 2, "phone": 1, "city": 2, "state": 2, "zip": 2, "birthdate": 1},
}
"""What clients do not always know of a user: of so many events one lacks it, which the data quality then shows."""


def _with_gaps(event: dict[str, Any], number: int) -> dict[str, Any]:
    gaps = _GAPS.get(CLIENTS.get(event["pixel_id"], ""), {})
    absent = [key for at, (key, every) in enumerate(gaps.items()) if (number + at) % every == 0]
    if not absent or event["user"] is None:
        return event
    return {**event, "user": {**event["user"], **dict.fromkeys(absent)}}


class Load:
    """Writes tag events, Avro in single-object encoding, until stopped."""

    def __init__(self, bootstrap_servers: str, topic: str, rate: float) -> None:
        """Write ``rate`` events a second to ``topic``."""
        self._producer = Producer({"bootstrap.servers": bootstrap_servers, "linger.ms": 5, "log_level": 0})
        self._topic = topic
        self._rate = rate
        self._schema = load_schema()
        self._fingerprint = crc_64_avro(self._schema)
        self.produced = 0
        """Events written so far."""

    async def run(self, seconds: float | None) -> None:
        """Write for so long, or until cancelled; what was written is with Kafka when this returns."""
        loop = asyncio.get_running_loop()
        events = sample_tag_events(
            1, list(CLIENTS), int(time.time() * 1000), skipped=SKIPPED_SHARE, faulty=FAULTY_SHARE
        )
        began = loop.time()
        try:
            while seconds is None or loop.time() - began < seconds:
                gone = loop.time() - began
                for _ in range(int(gone * self._rate) - self.produced):
                    event = next(events)
                    event["event_time"] += int(gone * 1000)
                    self._write(_with_gaps(event, self.produced))
                self._producer.poll(0)
                await asyncio.sleep(TURN_SECONDS)
        finally:
            self._producer.flush(10)

    def _write(self, event: dict[str, Any]) -> None:
        body = encode_tag_event(event, self._schema)
        self._producer.produce(self._topic, frame("single-object", self._fingerprint, body), str(event["event_id"]))
        self.produced += 1
