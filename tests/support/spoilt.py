"""Events that lose a field on their way, a few a second: the demo's own are whole, or not to be sent at all."""

import threading
import time

from confluent_kafka import Producer

from streamer.demo.demo import TOPIC
from streamer.records.sample import encode_tag_event, sample_tag_events
from streamer.records.schema import crc_64_avro, load_schema
from streamer.records.wire import frame

EVERY_SECONDS = 0.3


class Spoilt:
    """Writes them to a Kafka beside the demo's, from a thread of its own."""

    def __init__(self, bootstrap: str, pixel_id: str) -> None:
        self._producer = Producer({"bootstrap.servers": bootstrap, "log_level": 0})
        self._pixel_id = pixel_id
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._done.set()
        self._thread.join()

    def _run(self) -> None:
        schema = load_schema()
        for event in sample_tag_events(2, [self._pixel_id], int(time.time() * 1000)):
            spoilt = {**event, "event_time": int(time.time() * 1000), "user": {**event["user"], "email": "none"}}
            body = encode_tag_event(spoilt, schema)
            self._producer.produce(TOPIC, frame("single-object", crc_64_avro(schema), body))
            self._producer.flush(5)
            if self._done.wait(EVERY_SECONDS):
                return
