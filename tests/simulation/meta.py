"""What stands where Meta does: answers by the rules of a scenario, and remembers what it took."""

import asyncio
import random
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import orjson

from streamer.delivery.capi import NoAnswerError, Response
from streamer.delivery.requests import Request
from tests.simulation.answers import Answer, Event, answer_of, error, usage_header
from tests.simulation.kafka import unix_time
from tests.simulation.records import WEEK, Truth
from tests.simulation.scenario import Error, Limit, MetaModel, Rule, numbers, pixel_id

PROBE = (-1,)
"""What stands for the records of a request with the empty event."""


class Post(NamedTuple):
    """A request as it came in."""

    at: float
    replica: str
    pixel: str
    token: str
    numbers: tuple[int, ...]
    """Of the records its events came from."""
    answer: str


class Watcher(Protocol):
    """Who checks what reaches Meta."""

    def posted(self, post: Post, bodies: Sequence[bytes]) -> None:
        """Look at a request that has just come in; one body for each of its numbers."""


@dataclass
class Meta:
    """The service. One for the whole platform; every replica has a :class:`Wire` to it."""

    model: MetaModel
    pixels: int
    truths: Sequence[Truth]
    draw: random.Random
    timeout: float
    watcher: Watcher
    app_of: Callable[[str], str]
    """Token to app."""
    posts: list[Post] = field(default_factory=list)
    taken: dict[tuple[int, str], float] = field(default_factory=dict)
    """When each event was first taken, by record and pixel."""
    refused: set[tuple[int, str]] = field(default_factory=set)
    """Events that were refused by themselves."""
    doubled: Counter[tuple[int, str]] = field(default_factory=Counter)
    """How often events were taken that it had already."""
    expired: int = 0
    """Events that came too late."""
    calls_blocked: int = 0
    """Calls during a throttle."""
    most_usage: float = 0
    """Percent of any limit."""
    flying: Counter[str] = field(default_factory=Counter)
    """Requests being served by pixel, token and app, and all of them under an empty name; of all and of a replica."""
    most: Counter[str] = field(default_factory=Counter)
    """The most there ever were of those."""

    def __post_init__(self) -> None:
        self._rules = [(self._ids(rule.pixels), rule) for rule in self.model.rules]
        self._capacity = [(self._ids(one.pixels), one) for one in self.model.capacity]
        self._meters = [_Meter(self._ids(limit.pixels), limit) for limit in self.model.limits]

    async def serve(self, replica: str, request: Request) -> Response:
        """Answer a request of a replica."""
        pixel, token = request.url.split("/")[-2], _token(request)
        events = orjson.loads(request.body)["data"]
        found = tuple(_number(event) for event in events)
        now = asyncio.get_running_loop().time()
        rule = self._rule(pixel, token, now)
        metered, headers = self._meter(pixel, token, now)
        answer = metered or (answer_of(rule.answer) if rule else answer_of("ok"))
        post = Post(now, replica, pixel, token, found, answer.name)
        self.posts.append(post)
        if found != PROBE:
            self.watcher.posted(post, [orjson.dumps(event) for event in events])
        scopes = ("", f"pixel {pixel}", f"token {token}", f"app {self.app_of(token)}")
        names = [*scopes, *(f"{replica} {scope}" for scope in scopes)] if found != PROBE else []
        for name in names:
            self.flying[name] += 1
            self.most[name] = max(self.most[name], self.flying[name])
        try:
            return await self._answer(answer, rule, pixel, events, headers)
        finally:
            self.flying.subtract(names)

    async def _answer(
        self, answer: Answer, rule: Rule | None, pixel: str, events: list[dict[str, Any]], headers: dict[str, str]
    ) -> Response:
        busy, refused = self._busy(pixel)
        given = rule.latency if rule and rule.latency is not None else None
        latency = self.model.latency + self.model.jitter * self.draw.random() if given is None else given
        latency = (self.timeout if answer.hangs else latency) + busy
        if refused:
            answer = answer_of("unavailable")
        too_slow = latency > self.timeout
        latency = min(latency, self.timeout)
        await asyncio.sleep(latency / 2)
        verdict = answer.judge([Event(_number(event), event.get("event_time", 0)) for event in events], self._refuses)
        for event in verdict.takes:
            self._take(event.number, pixel)
        if len(events) == 1 and verdict.refuses:
            self.refused.add((_number(events[0]), pixel))
        await asyncio.sleep(latency / 2)
        if too_slow:
            raise NoAnswerError("timeout")
        if isinstance(verdict.response, NoAnswerError):
            raise verdict.response
        return verdict.response._replace(headers=verdict.response.headers | headers)

    def _refuses(self, events: Sequence[Event]) -> Response | None:
        """Refuse all for the first one that is bad."""
        for place, event in enumerate(events):
            subcode = self._fault(event)
            if subcode is not None:
                named = {"nobody": None, "the_culprit": place, "anybody": self.draw.randrange(len(events))}
                return _refusal(subcode, named[self.model.names])
        return None

    def _fault(self, event: Event) -> int | None:
        """Return the subcode that an event is refused with, of code 100."""
        if event.number < 0:
            return 2804019
        if event.time < unix_time() - WEEK:
            self.expired += 1
            return 2804003
        return 2804050 if self.truths[event.number].kind == "bad" else None

    def _take(self, number: int, pixel: str) -> None:
        key = (number, pixel)
        if key in self.taken:
            self.doubled[key] += 1
        else:
            self.taken[key] = asyncio.get_running_loop().time()

    def _rule(self, pixel: str, token: str, now: float) -> Rule | None:
        for pixels, rule in self._rules:
            fits = pixel in pixels and rule.covers(now) and rule.token in {None, token}
            if fits and (rule.share == 1 or self.draw.random() < rule.share):
                return rule
        return None

    def _meter(self, pixel: str, token: str, now: float) -> tuple[Answer | None, dict[str, str]]:
        answer: Answer | None = None
        headers: dict[str, str] = {}
        for meter in self._meters:
            if pixel not in meter.pixels:
                continue
            scope = {"pixel": pixel, "token": token, "app": self.app_of(token)}[meter.limit.per]
            was_blocked, usage, left = meter.count(scope, now)
            self.most_usage = max(self.most_usage, usage)
            self.calls_blocked += was_blocked
            headers |= usage_header(meter.limit.header, usage, left)
            if left:
                answer = answer_of(Error(code=meter.limit.code))
        return answer, headers

    def _busy(self, pixel: str) -> tuple[float, bool]:
        slower, refused = 0.0, False
        for pixels, capacity in self._capacity:
            if pixel in pixels:
                flying = sum(self.flying[f"pixel {one}"] for one in pixels)
                slower += capacity.slower * max(0, flying - capacity.requests)
                refused = refused or (capacity.refused_above is not None and flying > capacity.refused_above)
        return slower, refused

    def _ids(self, pixels: str) -> frozenset[str]:
        return frozenset(map(pixel_id, numbers(pixels, self.pixels)))


@dataclass(frozen=True, slots=True)
class Wire:
    """A replica's way to Meta: what it sends is answered for as long as the replica lives."""

    meta: Meta
    replica: str

    async def post(self, request: Request) -> Response:
        """Send a request."""
        return await self.meta.serve(self.replica, request)


class _Meter:
    """Counts calls against a limit, in a window that slides."""

    def __init__(self, pixels: frozenset[str], limit: Limit) -> None:
        self.pixels = pixels
        self.limit = limit
        self._calls: dict[str, deque[float]] = {}
        self._blocked: dict[str, float] = {}

    def count(self, scope: str, now: float) -> tuple[bool, float, float]:
        """Count a call; return whether calls were blocked, the usage in percent, and how many seconds they are."""
        calls = self._calls.setdefault(scope, deque())
        while calls and calls[0] <= now - self.limit.seconds:
            calls.popleft()
        calls.append(now)
        usage = 100 * len(calls) / self.limit.calls
        was_blocked = self._blocked.get(scope, 0) > now
        if was_blocked or len(calls) > self.limit.calls:
            self._blocked[scope] = now + self.limit.blocked_seconds  # calls made while throttled lengthen it
        return was_blocked, usage, max(0.0, self._blocked.get(scope, 0) - now)


def _refusal(subcode: int, named: int | None) -> Response:
    if named is None:
        return error(100, subcode)
    body = {"code": 100, "error_subcode": subcode, "error_data": {"blame_field_specs": [["data", named, "user_data"]]}}
    return Response(400, {}, orjson.dumps({"error": body | {"fbtrace_id": "Trace"}}))


def _token(request: Request) -> str:
    return request.headers["Authorization"].removeprefix("Bearer ")


def _number(event: dict[str, Any]) -> int:
    return int(event["custom_data"]["order_id"].removeprefix("o-")) if event else -1
