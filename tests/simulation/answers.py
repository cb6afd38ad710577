"""The answers of the service in Meta's place, by name: what it takes of a request, and what it says."""

import math
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import NamedTuple

import orjson

from streamer.delivery.capi import NoAnswerError, Response
from tests.simulation.scenario import Error, Named

_REFUSALS = (b'{"events_received":0', b'{"error":{"code":100,')
_LARGE = 100  # events that are too much for the answer called too_large


class Event(NamedTuple):
    """An event in a request."""

    number: int
    """Of the record that it came from; -1 for an empty event."""
    time: int
    """Unix seconds."""


Refuses = Callable[[Sequence[Event]], Response | None]
"""How Meta refuses some events, or None."""


class Said(NamedTuple):
    """What comes of a request."""

    takes: Sequence[Event]
    response: Response | NoAnswerError

    @property
    def refuses(self) -> bool:
        """It takes nothing, and says that this is the events' fault."""
        if self.takes or isinstance(self.response, NoAnswerError):
            return False
        said = self.response
        return said.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE or said.body.startswith(_REFUSALS)


class Answer(NamedTuple):
    """One way to answer."""

    name: str
    judge: Callable[[Sequence[Event], Refuses], Said]
    hangs: bool = False
    """Nothing comes back before the time-out."""


def error(code: int, subcode: int | None = None, status: int = 400, **more: object) -> Response:
    """Return an answer of Meta's that refuses."""
    body = {"error": {"code": code, "error_subcode": subcode, "fbtrace_id": "Trace"} | more}
    return Response(status, {}, orjson.dumps(body))


def received(count: int, **more: object) -> Response:
    """Return an answer that says how many events were taken."""
    return Response(200, {}, orjson.dumps({"events_received": count, "messages": [], **more}))


def answer_of(named: Named | Error) -> Answer:
    """Return the answer that a rule means."""
    if isinstance(named, Error):
        response = error(named.code, named.subcode, named.status, is_transient=named.transient)
        return _always(f"error {named.code}", response._replace(headers=dict(named.headers)))
    return _BY_NAME[named]


def usage_header(header: str, usage: float, left: float) -> dict[str, str]:
    """Return a usage header (Meta, Graph API: rate limiting).

    :param usage: percent of a limit.
    :param left: seconds for which calls are blocked; 0 when they are not.
    """
    percent = min(100, int(usage)) if not left else 100
    if header == "app":
        found = {"X-App-Usage": {"call_count": percent, "total_cputime": 1, "total_time": 1}}
    elif header == "account":
        found = {"X-Ad-Account-Usage": {"acc_id_util_pct": percent, "reset_time_duration": math.ceil(left)}}
    elif header == "business":
        use = {"type": "ads_management", "call_count": percent, "total_cputime": 1, "total_time": 1}
        minutes = {"estimated_time_to_regain_access": math.ceil(left / 60)}
        return {"X-Business-Use-Case-Usage": orjson.dumps({"1234": [use | minutes]}).decode()}
    else:
        return {}
    return {name: orjson.dumps(value).decode() for name, value in found.items()}


def _always(name: str, response: Response | NoAnswerError, *, hangs: bool = False) -> Answer:
    """Answer this and take nothing."""
    return Answer(name, lambda _events, _refuses: Said((), response), hangs)


def _ok(events: Sequence[Event], refuses: Refuses) -> Said:
    """Take all or nothing, as Meta does."""
    refused = refuses(events)
    return Said((), refused) if refused else Said(events, received(len(events), fbtrace_id="Trace"))


def _no_trace(events: Sequence[Event], refuses: Refuses) -> Said:
    said = _ok(events, refuses)
    return said._replace(response=received(len(events))) if said.takes else said


def _short_count(events: Sequence[Event], refuses: Refuses) -> Said:
    """Take the good ones, and count them."""
    good = [event for event in events if not refuses([event])]
    return Said(good, received(len(good), fbtrace_id="Trace"))


def _half_taken(events: Sequence[Event], refuses: Refuses) -> Said:
    """Take the first half of what is more than one event."""
    said = _ok(events, refuses)
    half = said.takes[: (len(events) + 1) // 2]
    return Said(half, received(len(half), fbtrace_id="Trace")) if said.takes else said


def _too_large(events: Sequence[Event], refuses: Refuses) -> Said:
    return Said((), Response(413, {}, b"")) if len(events) > _LARGE else _ok(events, refuses)


def _taken_but(word: str, *, hangs: bool = False, name: str) -> Answer:
    """Take what is taken, and never say so."""
    return Answer(name, lambda events, refuses: Said(_ok(events, refuses).takes, NoAnswerError(word)), hangs)


_BY_NAME: dict[str, Answer] = {
    answer.name: answer
    for answer in (
        Answer("ok", _ok),
        Answer("no_trace", _no_trace),
        Answer("short_count", _short_count),
        Answer("half_taken", _half_taken),
        Answer("too_large", _too_large),
        _always("bad_events", error(100, 2804050)),
        _taken_but("timeout", hangs=True, name="timeout"),
        _always("timeout_lost", NoAnswerError("timeout"), hangs=True),
        _taken_but("ServerDisconnectedError", name="closed"),
        _taken_but("ClientPayloadError", name="cut_off"),
        _always("refused", NoAnswerError("no_connection")),
        _always("html", Response(200, {"Content-Type": "text/html"}, b"<html>Service Unavailable</html>")),
        _always("redirect", Response(302, {"Location": "https://www.example.com/"}, b"")),
        _always("unavailable", error(2, status=503)),
        _always("unknown_code", error(999_999)),
    )
}
