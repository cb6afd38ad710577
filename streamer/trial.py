"""One event sent to a pixel by hand; a pixel that works is told to every replica, which brings it back."""

import asyncio
import hashlib
import time
import uuid

import orjson
from confluent_kafka import Producer

from streamer.delivery.capi import AiohttpTransport
from streamer.delivery.probe import EMPTY_EVENT, Proof, Shown, ask
from streamer.errors import UserError
from streamer.kafka.config import producer_config
from streamer.kafka.passes import WISH_KEY, encode_wish
from streamer.kafka.writer import Writer
from streamer.pixels.connection import Connection, State
from streamer.pixels.pixel import Pixel
from streamer.pixels.told import LastTest, Told, encode_tested, encode_told, fingerprint, key_of_test
from streamer.settings import Settings

TELL_SECONDS = 10.0
TELLER = "streamer pixels test"
"""Stands where a replica's name does."""


async def try_out(settings: Settings, pixel: Pixel, *, probe: bool) -> tuple[Proof, str | None]:
    """Send one event, and tell the replicas if the pixel works.

    :param probe: send an empty event, so that nothing is written.
    :return: what it showed, and why the replicas could not be told of it, if they could not.
    """
    event = EMPTY_EVENT if probe else _event()
    transport = AiohttpTransport(settings.delivery)
    try:
        proof = await ask(transport, settings.meta, pixel, event)
    finally:
        await transport.close()
    try:
        async with asyncio.timeout(TELL_SECONDS):
            await _tell(settings, pixel, proof)
    except TimeoutError:
        return proof, f"Kafka did not answer at {settings.kafka.bootstrap_servers}."
    except UserError as error:
        return proof, str(error)
    return proof, None


async def _tell(settings: Settings, pixel: Pixel, proof: Proof) -> None:
    """Write what the test showed: for people, and, if the pixel works, for the replicas."""
    now, works = time.time(), proof.shown is Shown.WORKS
    records = {key_of_test(pixel.pixel_id): encode_tested(LastTest(now, works, proof.sentence))}
    if works:
        told = Told(Connection(State.WORKS, now), fingerprint(pixel.access_token), TELLER, now)
        records[pixel.pixel_id] = encode_told(told)
        records[WISH_KEY] = encode_wish(pixel.pixel_id, "test", TELLER, now)
    writer = Writer(Producer(producer_config(settings.kafka) | {"log_level": 0}))
    for key, value in records.items():
        await writer.write(settings.kafka.connections_topic, value, key)


def _event() -> bytes:
    """Return a server event of nobody."""
    return orjson.dumps(
        {
            "event_name": "StreamerTest",
            "event_time": int(time.time()),
            "event_id": f"streamer-test-{uuid.uuid4()}",
            "action_source": "website",
            "event_source_url": "https://example.com/",
            "user_data": {
                "client_ip_address": "203.0.113.1",
                "client_user_agent": "streamer",
                "external_id": [hashlib.sha256(b"streamer-test").hexdigest()],
            },
        }
    )
