"""The stand-in for Meta without its sockets: a request in, what to answer out."""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, NamedTuple

import orjson

from streamer.sandbox.director import Act, Director, Scene
from streamer.sandbox.errors import Fault, default_message, default_status, error_of
from streamer.sandbox.faults import Ending, Script, Then
from streamer.sandbox.rules import check_event, check_parameters, check_shape
from streamer.sandbox.store import Keep, Ledger, RequestSeen, Store
from streamer.sandbox.tokens import Credentials, Death, Grant, TokenBook

_VERSION = re.compile(r"v(\d+)\.\d").fullmatch
_OLDEST_VERSION = 21
_NEWEST_VERSION = 26
_PER_MILLE = 1000
_HTML = (
    b"<!DOCTYPE html><html><head><title>Error</title></head>"
    b"<body><h1>Sorry, something went wrong.</h1><p>Service Unavailable</p></body></html>"
)


@dataclass(frozen=True, slots=True)
class Options:
    """How a sandbox behaves."""

    keep: Keep = "bodies"
    """How much of each event is kept: ``none``, ``ids`` or ``bodies``."""
    remember: int | None = None
    """How many ids to remember at least, for doubles; ``None``: all."""
    grants: tuple[Grant, ...] = ()
    """Tokens that work; none given: any token works until it is killed."""
    app_secret: str | None = field(default=None, repr=False)
    """With no ``grants``: the secret of the app that issued all tokens. Each request must then bring a proof."""
    pixels: frozenset[str] | None = None
    """The pixels there are; ``None``: any number is one."""
    blame: bool = False
    """Name the event at fault in ``error_data``. Meta seldom does: leave it off to prove that a batch is split well."""
    seed: int = 0
    """Of the draws in fault scripts."""
    checked_per_mille: int = _PER_MILLE
    """How many of 1000 events are checked in full. The others are only counted; for loads that should not wait."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request to the events edge, read and parsed."""

    version: str
    """As in its path, such as ``v26.0``."""
    pixel_id: str
    body: Mapping[str, Any] | Fault = field(repr=False)
    """Its parameters, ``data`` parsed; or why they could not be read."""
    credentials: Credentials = field(default_factory=Credentials)
    size: int = 0
    """Bytes of the body, uncompressed."""
    token_in_query: bool = False
    """Whether its URL holds a token."""


class Manner(Enum):
    """How a reply is given."""

    ANSWER = "answer"
    ANSWER_THEN_CLOSE = "answer_then_close"
    HALF = "half"
    CLOSE = "close"
    HANG = "hang"


class Reply(NamedTuple):
    """What to answer."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()
    delay: float = 0
    """Seconds to wait before."""
    manner: Manner = Manner.ANSWER


_MANNERS = {
    Ending.HANG: Manner.HANG,
    Ending.CLOSE: Manner.CLOSE,
    Ending.CLOSE_AFTER_BODY: Manner.CLOSE,
    Ending.CLOSE_AFTER_ANSWER: Manner.ANSWER_THEN_CLOSE,
    Ending.TRUNCATE: Manner.HALF,
}
_AS_USUAL = frozenset({Ending.CLOSE_AFTER_BODY, Ending.CLOSE_AFTER_ANSWER, Ending.TRUNCATE, Ending.RECEIVED})
_UNANSWERED = frozenset({Manner.HANG, Manner.CLOSE, Manner.HALF})


class _Verdict(NamedTuple):
    """What a request is answered before its manner is decided."""

    status: int
    body: Any
    """A JSON value; bytes of a page of HTML; or an error's object."""
    taken: int = 0
    code: int | None = None
    subcode: int | None = None


class Sandbox:
    """A stand-in for the events edge of Meta's Graph API.

    :param clock: tells Unix seconds; ages of events and windows of fault scripts count by it.
    """

    def __init__(self, clock: Callable[[], float] = time.time, options: Options | None = None) -> None:
        self.options = options or Options()
        self._clock = clock
        self._script: Script = ()
        self._requests = 0
        self.reset()

    @property
    def faults(self) -> Script:
        """The fault script; setting one starts it anew, its time and its counts at 0."""
        return self._script

    @faults.setter
    def faults(self, script: Script) -> None:
        self._script = script
        self._director = Director(script, self.options.seed, self._clock())

    def reset(self) -> None:
        """Forget all that arrived and all that was killed, and start the fault script anew."""
        options = self.options
        self._store = Store(options.keep, options.remember)
        self.tokens = TokenBook(options.grants, options.app_secret)
        self._query_tokens = 0
        self._sampled = 0
        self.faults = self._script

    def kill_token(self, token: str, death: Death = Death.REVOKED) -> None:
        """Let a token fail, from now on."""
        self.tokens.kill(token, death)

    def revive_token(self, token: str) -> None:
        """Let a killed token work again."""
        self.tokens.revive(token)

    def ledger(self) -> Ledger:
        """Return what arrived, in numbers."""
        return self._store.ledger(self._query_tokens, dict(self._director.applied))

    def events(self, pixel_id: str) -> list[dict[str, Any]]:
        """Return the events taken for a pixel, in order; empty unless ``keep`` is ``bodies``."""
        return self._store.events(pixel_id)

    def ids(self, pixel_id: str) -> set[tuple[str, str]]:
        """Return (event name, event id) of what was taken for a pixel; empty when ``keep`` is ``none``."""
        return self._store.ids(pixel_id)

    def requests(self) -> list[RequestSeen]:
        """Return the last requests to the events edge and their answers, in order."""
        return list(self._store.requests)

    def receive(self, call: Call) -> Reply:
        """Judge a request, keep what is taken of it, and say what to answer."""
        now = self._clock()
        self._requests += 1
        self._query_tokens += call.token_in_query
        trace = f"Sandbox{self._requests:012x}"
        events = _events_of(call)
        act = self._director.act(Scene(call.pixel_id, call.credentials.token, events, call.size), now)
        verdict = self._judge(call, act, now, trace)
        reply = _dress(verdict, act)
        self._store.note(
            RequestSeen(
                at=now,
                pixel_id=call.pixel_id,
                events=len(events),
                status=None if reply.manner in _UNANSWERED else reply.status,
                code=verdict.code,
                subcode=verdict.subcode,
                fbtrace_id=trace,
                rule=act.rule,
            ),
            verdict.taken,
        )
        return reply

    def _judge(self, call: Call, act: Act, now: float, trace: str) -> _Verdict:
        then = act.then
        if then is None:
            return self._usual(call, now, trace)
        as_usual = then.ending in _AS_USUAL
        accepts = as_usual if then.accepts is None else then.accepts
        if not as_usual and not accepts:
            return _scripted(then, act, trace, 0)
        usual = self._usual(call, now, trace, then.received, keep=accepts)
        return usual if as_usual else _scripted(then, act, trace, usual.taken)

    def _usual(self, call: Call, now: float, trace: str, received: int | None = None, *, keep: bool = True) -> _Verdict:
        """Check a request as Meta does and, if it is to be kept, take its events, or the first of them."""
        fault = self._refusal(call, now)
        if fault is not None:
            body = error_of(fault, trace, blame=self.options.blame)
            return _Verdict(default_status(fault.code), body, 0, fault.code, fault.subcode)
        events = _events_of(call)[:received]
        if keep:
            self._store.take(call.pixel_id, events)
        return _Verdict(200, _success(len(events), trace), len(events) if keep else 0)

    def _refusal(self, call: Call, now: float) -> Fault | None:
        return (
            _check_path(call, self.options.pixels)
            or self.tokens.check(call.credentials, call.pixel_id)
            or (call.body if isinstance(call.body, Fault) else self._check_body(call.body, now))
        )

    def _check_body(self, body: Mapping[str, Any], now: float) -> Fault | None:
        fault = check_parameters(body)
        if fault is not None:
            return fault
        for index, event in enumerate(body["data"]):
            fault = check_event(event, now) if self._sample() else check_shape(event)
            if fault is not None:
                return replace(fault, index=index)
        return None

    def _sample(self) -> bool:
        self._sampled += self.options.checked_per_mille
        if self._sampled < _PER_MILLE:
            return False
        self._sampled -= _PER_MILLE
        return True


def _events_of(call: Call) -> list[Any]:
    data = call.body.get("data") if isinstance(call.body, Mapping) else None
    return data if isinstance(data, list) else []


def _check_path(call: Call, pixels: frozenset[str] | None) -> Fault | None:
    version = _VERSION(call.version)
    if version is None or int(version[1]) > _NEWEST_VERSION:
        return Fault(2500, None, None, "the path must begin with a version of the Graph API")
    if int(version[1]) < _OLDEST_VERSION:
        return Fault(2635, None, None, "this version of the Graph API has ended")
    if not (call.pixel_id.isascii() and call.pixel_id.isdigit()):
        return Fault(803, None, None, "a pixel's id is a number")
    if pixels is not None and call.pixel_id not in pixels:
        return Fault(100, 33, None, "there is no such pixel, or the token cannot see it")
    return None


def _success(events: int, trace: str) -> dict[str, Any]:
    return {"events_received": events, "messages": [], "fbtrace_id": trace}


def _scripted(then: Then, act: Act, trace: str, taken: int) -> _Verdict:
    """Return the answer that a script's rule dictates."""
    if then.ending is Ending.HTML200:
        return _Verdict(200, _HTML, taken)
    if then.ending is Ending.REDIRECT:
        return _Verdict(then.status or 302, _HTML, taken)
    if then.code is None:
        return _Verdict(then.status or 200, _HTML, taken)
    fault = Fault(then.code, then.subcode, index=act.event)
    body = error_of(fault, trace, blame=then.blame)
    error = body["error"]
    error["message"] = then.message or default_message(then.code)
    error["error_user_msg"] = error["message"]
    if then.is_transient is not None:
        error["is_transient"] = then.is_transient
    return _Verdict(then.status or default_status(then.code), body, taken, then.code, then.subcode)


def _dress(verdict: _Verdict, act: Act) -> Reply:
    """Give an answer its headers, its delay and its manner."""
    then = act.then
    headers = tuple((name, _header(value)) for name, value in act.headers)
    if then is not None and then.redirect is not None:
        headers += (("Location", then.redirect),)
    ending = then.ending if then is not None else None
    manner = _MANNERS.get(ending, Manner.ANSWER) if ending is not None else Manner.ANSWER
    if isinstance(verdict.body, bytes):
        return Reply(verdict.status, verdict.body, "text/html", headers, act.delay, manner)
    body = verdict.body
    if act.no_trace and body is not None:
        for part in (body, body.get("error", {})):
            part.pop("fbtrace_id", None)
    return Reply(verdict.status, orjson.dumps(body), headers=headers, delay=act.delay, manner=manner)


def _header(value: object) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()
