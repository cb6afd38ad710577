"""What Meta's answers mean, as one table. Pure.

Decided on ``code``, ``error_subcode`` and ``is_transient``; never on a text, which is localised and may quote values,
and on the HTTP status only where nothing of Meta's came with it. (Meta, Graph API: handle errors; Marketing API: error
reference; rate limiting. Conversions API: support.)
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any, NamedTuple

from streamer.delivery.lenient import to_int, to_object, to_positive
from streamer.delivery.scopes import Scope
from streamer.delivery.usage import LONGEST_SECONDS, Usage, read_usage
from streamer.outcomes import Reason

_BAD_EVENTS = range(2_804_000, 2_805_000)


class Kind(StrEnum):
    """What is to be done after an answer."""

    DELIVERED = "delivered"
    """Meta has all of it."""
    RETRY = "retry"
    """Send the same bytes again, after a while."""
    THROTTLE = "throttle"
    """Meta wants fewer calls: wait, for as long as it says."""
    PARK = "park"
    """Nothing can be sent to this pixel now: keep its events until it works again."""
    SPLIT = "split"
    """Something in the request is at fault: halve it until it is found."""
    STOP = "stop"
    """Our own configuration is at fault: nothing would get through."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """An answer, understood."""

    kind: Kind
    reason: Reason | None = None
    """Why the pixel is parked, or the event refused."""
    scope: Scope = Scope.PIXEL
    """For :attr:`Kind.THROTTLE`."""
    wait: float | None = None
    """Seconds that Meta asks to wait; None: it does not say."""
    fbtrace_id: str | None = None
    code: int | None = None
    subcode: int | None = None
    blamed: int | None = None
    """Index of the event that Meta names as the culprit, if it names one."""
    known: bool = True
    """False: this answer is in no table, and the safe default was taken."""
    usage: tuple[Usage, ...] = ()
    """How much of Meta's limits is used; on answers of every kind."""

    @property
    def looked_at_event(self) -> bool:
        """Meta refuses an event for what it holds, so it has taken the token and knows the pixel."""
        return self.kind is Kind.SPLIT and self.subcode in _BAD_EVENTS


class _Row(NamedTuple):
    codes: tuple[int, ...]
    subcodes: tuple[int, ...] | None
    """None: whatever the subcode."""
    verdict: Verdict
    meaning: str


_REFUSED = Verdict(Kind.SPLIT, Reason.REFUSED_BY_META)

_TABLE = (
    _Row((1, 2), None, Verdict(Kind.RETRY), "unknown or temporary fault of Meta's"),
    _Row((4,), None, Verdict(Kind.THROTTLE, scope=Scope.APP), "limit of the app"),
    _Row((17,), None, Verdict(Kind.THROTTLE, scope=Scope.TOKEN), "limit of the token's user"),
    _Row((32, 341), None, Verdict(Kind.THROTTLE, scope=Scope.APP), "limit of a page or of the app"),
    _Row((613,), None, Verdict(Kind.THROTTLE), "custom limit, or the guard against abuse"),
    _Row((*range(80_000, 80_015),), None, Verdict(Kind.THROTTLE, scope=Scope.TOKEN), "limit of a business use case"),
    _Row((368,), None, Verdict(Kind.PARK, Reason.BLOCKED), "blocked by policy"),
    _Row((190,), None, Verdict(Kind.PARK, Reason.TOKEN_DEAD), "token expired, revoked or malformed"),
    _Row((102, 104), None, Verdict(Kind.PARK, Reason.TOKEN_DEAD), "session invalid, or appsecret_proof wrong"),
    _Row((3, 10), None, Verdict(Kind.PARK, Reason.NO_PERMISSION), "the app lacks the capability or permission"),
    _Row((*range(200, 300),), None, Verdict(Kind.PARK, Reason.NO_PERMISSION), "the token lacks a permission"),
    _Row((100,), (33,), Verdict(Kind.PARK, Reason.PIXEL_NOT_FOUND), "no such pixel, or the token cannot see it"),
    _Row((803,), None, Verdict(Kind.PARK, Reason.PIXEL_NOT_FOUND), "no such pixel"),
    _Row((2500,), None, Verdict(Kind.STOP), "unknown path: meta.base_url or meta.api_version is wrong"),
    _Row((2635,), None, Verdict(Kind.STOP), "retired version: raise meta.api_version"),
    _Row((100,), (*_BAD_EVENTS,), _REFUSED, "an event in the request is bad"),
    _Row((100,), None, _REFUSED, "malformed request: some event in it is not what Meta takes"),
)

_BY_BOTH = {
    (code, subcode): row.verdict for row in _TABLE if row.subcodes for code in row.codes for subcode in row.subcodes
}
_BY_CODE = {code: row.verdict for row in _TABLE if row.subcodes is None for code in row.codes}
MEANINGS = {code: row.meaning for row in reversed(_TABLE) for code in row.codes}
"""A sentence for each known code, for logs."""

_TOO_LARGE = 413

_NAMED = re.compile(r"data\W+(\d{1,4})\b", re.ASCII)
_TRACE = re.compile(r"[\w.:=+/-]{1,100}", re.ASCII)
_UNKNOWN = Verdict(Kind.RETRY, known=False)
"""The safe default: nothing is lost, nothing is dead-lettered for an answer that nobody understands."""


def read_answer(status: int, headers: Mapping[str, str], body: bytes, sent: int) -> Verdict:
    """Say what an answer means.

    :param status: HTTP status.
    :param headers: HTTP headers, their names in any case.
    :param body: all of the answer's body.
    :param sent: events in the request.
    """
    answer = to_object(body)
    named = {name.lower(): value for name, value in headers.items()}
    usage = read_usage(named)
    verdict = _read(status, answer, sent)
    wait = _wait(verdict, named, usage)
    return replace(verdict, wait=wait, usage=usage) if wait or usage else verdict


def _read(status: int, answer: dict[str, Any], sent: int) -> Verdict:
    error = answer.get("error")
    verdict = _read_error(error) if isinstance(error, dict) else None
    if status == _TOO_LARGE and (verdict is None or not verdict.known):  # from Meta or a proxy: half of it may pass
        return Verdict(Kind.SPLIT, Reason.TOO_LARGE)
    if verdict is not None:
        return verdict
    received = answer.get("events_received")
    if not 200 <= status < 300 or type(received) is not int:  # noqa: PLR2004 - HTTP's success
        # A proxy's page, a redirect (never followed: the token would go elsewhere), a 200 that says nothing.
        return _UNKNOWN
    trace = _trace(answer.get("fbtrace_id"))
    if received < sent:  # Meta does not say which are missing: halving finds them, and Meta folds the others
        return replace(_REFUSED, fbtrace_id=trace)
    return Verdict(Kind.DELIVERED, fbtrace_id=trace)


def _read_error(error: dict[str, Any]) -> Verdict:
    code, subcode = to_int(error.get("code")), to_int(error.get("error_subcode"))
    verdict = _BY_BOTH.get((code or 0, subcode or 0)) or _BY_CODE.get(code or 0) or _UNKNOWN
    if error.get("is_transient") is True and verdict.kind is not Kind.THROTTLE:
        verdict = Verdict(Kind.RETRY)
    return replace(
        verdict,
        fbtrace_id=_trace(error.get("fbtrace_id")),
        code=code,
        subcode=subcode,
        blamed=_blamed(error) if verdict.kind is Kind.SPLIT else None,
    )


def _wait(verdict: Verdict, headers: Mapping[str, str], usage: Iterable[Usage]) -> float | None:
    """Return the longest of the waits that the headers ask for; usage headers tell how long a throttle lasts."""
    if verdict.kind not in {Kind.THROTTLE, Kind.RETRY}:
        return None
    waits = [_retry_after(headers)]
    if verdict.kind is Kind.THROTTLE:
        waits += [use.wait for use in usage]
    wait = max((wait for wait in waits if wait), default=None)
    return None if wait is None else min(wait, LONGEST_SECONDS)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Read seconds, or a date, which is taken against the answer's own ``Date`` (RFC 9110, 10.2.3)."""
    asked = headers.get("retry-after")
    if asked is None or (seconds := to_positive(asked)) is not None:
        return None if asked is None else seconds
    try:
        until, now = parsedate_to_datetime(asked), parsedate_to_datetime(headers.get("date", ""))
        return to_positive((until - now).total_seconds())
    except (ValueError, TypeError, OverflowError):  # a year or zone beyond all bounds overflows
        return None


def _blamed(error: dict[str, Any]) -> int | None:
    """Find the index of one event, if exactly one is named.

    As ``event_index``, or in ``blame_field_specs`` as ``["data", 3, …]`` or ``["data[3][event_time]"]``. It steers the
    search for the culprit, and condemns nobody.
    """
    data = error.get("error_data")
    data = to_object(data) if isinstance(data, str) else data
    places = [error, data] if isinstance(data, dict) else [error]
    found = {index for place in places if (index := to_int(place.get("event_index"))) is not None}
    specs = data.get("blame_field_specs") if isinstance(data, dict) else None
    for spec in specs if isinstance(specs, list) else ():
        path = ".".join(str(part) for part in spec) if isinstance(spec, list) else str(spec)
        if match := _NAMED.match(path):
            found.add(int(match[1]))
    index = found.pop() if len(found) == 1 else -1
    return index if index >= 0 else None


def _trace(value: object) -> str | None:
    """Return Meta's name for a request, and nothing else that may stand in its place."""
    return value if isinstance(value, str) and _TRACE.fullmatch(value) else None
