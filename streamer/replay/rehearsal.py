"""A dry run: the same way of a record, whose ends lead nowhere. Pure."""

import orjson

from streamer.delivery.capi import Response
from streamer.delivery.requests import Request
from streamer.kafka.writer import Headers
from streamer.refusals import RefusalGuard
from streamer.settings import DeliverySettings, KafkaSettings


class NoMeta:
    """Takes every request as Meta would if nothing were wrong with it, and sends none."""

    def __init__(self, settings: DeliverySettings) -> None:
        """Need nothing."""

    async def post(self, request: Request) -> Response:
        """Take all events of a request."""
        taken = len(orjson.loads(request.body)["data"])
        answer = {"events_received": taken, "messages": [], "fbtrace_id": "dry-run"}
        return Response(200, {}, orjson.dumps(answer))

    async def close(self) -> None:
        """Close nothing."""


class NoTopics:
    """Acknowledges copies, receipts and announcements, and writes none."""

    def __init__(self, settings: KafkaSettings) -> None:
        """Need nothing."""

    async def write(self, topic: str, value: bytes | None, key: bytes | str | None, headers: Headers = ()) -> None:
        """Write nothing."""

    def close(self, seconds: float) -> None:
        """Wait for nothing."""


def patient_guard() -> RefusalGuard:
    """Return a guard that never stops: to see how much would be dead-lettered is what a dry run is for."""
    return RefusalGuard(limit=1, minimum=1, hold_seconds=0)
