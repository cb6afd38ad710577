"""What tests of delivery share: entries, and a service under a script in Meta's place."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from confluent_kafka import Message

from streamer.delivery.batch import Batch, Entry, Settlement
from streamer.delivery.capi import NoAnswerError, Response
from streamer.delivery.requests import Request
from streamer.kafka.progress import Progress
from streamer.kafka.record import Record
from streamer.outcomes import Outcome
from streamer.pixels.pixel import Pixel
from streamer.translate.engine import ServerEvent

FAR = 10**12


def entry(number: int, pixel_id: str = "1", *, expires_at: int = FAR, progress: Progress | None = None) -> Entry:
    """Return an event whose id is its number."""
    body = orjson.dumps({"event_name": "Lead", "event_id": str(number)})
    event = ServerEvent(pixel_id, body, "Lead", str(number), 1, expires_at)
    progress = progress or Progress("tag-events", 0, 1, 0)
    message = Message(topic="tag-events", partition=0, offset=number, value=b"v")
    return Entry(event, Record(message, progress, 0, number))


def batch(count: int, pixel_id: str = "1", first: int = 0) -> Batch:
    """Return events numbered from ``first``."""
    return Batch(pixel_id, [entry(number, pixel_id) for number in range(first, first + count)], 0.0)


def error(code: int, subcode: int | None = None, status: int = 400, **more: Any) -> Response:
    """Return an answer of Meta's that refuses."""
    body = {"error": {"code": code, "error_subcode": subcode, "fbtrace_id": "Trace"} | more}
    return Response(status, {}, orjson.dumps(body))


def received(count: int) -> Response:
    """Return an answer of Meta's that takes so many events."""
    return Response(200, {}, orjson.dumps({"events_received": count, "messages": [], "fbtrace_id": "Trace"}))


Answer = Response | NoAnswerError | float
"""What a script gives: an answer, no answer, or seconds to wait and then the next of its answers."""


@dataclass
class Service:
    """Stands where Meta does; ``script`` decides by pixel and event ids."""

    script: Callable[[str, list[str]], Sequence[Answer] | Answer | None] = lambda _pixel, _ids: None
    posts: list[tuple[str, list[str]]] = field(default_factory=list)
    taken: Counter[str] = field(default_factory=Counter)
    requests: list[Request] = field(default_factory=list)
    at: list[float] = field(default_factory=list)

    async def post(self, request: Request) -> Response:
        """Answer as scripted; take everything when the script says nothing."""
        pixel_id = request.url.split("/")[-2]
        ids = [event["event_id"] for event in orjson.loads(request.body)["data"]]
        self.posts.append((pixel_id, ids))
        self.requests.append(request)
        self.at.append(asyncio.get_running_loop().time())
        answers = self.script(pixel_id, ids)
        for answer in answers if isinstance(answers, list | tuple) and not isinstance(answers, Response) else [answers]:
            if isinstance(answer, float):
                await asyncio.sleep(answer)
            elif isinstance(answer, NoAnswerError):
                raise answer
            elif isinstance(answer, Response):
                return answer
        self.taken.update(ids)
        return received(len(ids))


class Book:
    """Pixels with one token each, which a test may change."""

    def __init__(self, token: str | None = "invented") -> None:
        self.tokens: dict[str, str | None] = {}
        self._token = token

    def get(self, pixel_id: str) -> Pixel:
        """Return the pixel with its token of this moment."""
        return Pixel(pixel_id, access_token=self.tokens.get(pixel_id, self._token))


@dataclass
class Outcomes:
    """What was settled, by event id."""

    settlements: list[Settlement] = field(default_factory=list)
    by_id: dict[str, list[Settlement]] = field(default_factory=dict)
    forgotten: list[str] = field(default_factory=list)
    failures: list[BaseException] = field(default_factory=list)

    def settle(self, settlement: Settlement) -> None:
        """Take a final outcome."""
        self.settlements.append(settlement)
        for one in settlement.entries:
            self.by_id.setdefault(one.event.event_id, []).append(settlement)

    def forget(self, _pixel_id: str, entries: Sequence[Entry]) -> None:
        """Take entries whose assignment is gone."""
        self.forgotten += [one.event.event_id for one in entries]

    def of(self, outcome: Outcome) -> set[str]:
        """Return the ids that ended so."""
        return {key for key, found in self.by_id.items() if found[0].outcome is outcome}

    def twice(self) -> set[str]:
        """Return the ids that were settled more than once: there must be none."""
        return {key for key, found in self.by_id.items() if len(found) > 1}
