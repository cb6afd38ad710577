"""What Meta's answers mean, as one table. Pure.

Decided on ``code``, ``error_subcode`` and ``is_transient``; never on a text, which is localised and may quote values,
and on the HTTP status only where nothing of Meta's came with it. (Meta, Graph API: handle errors; Marketing API: error
reference; rate limiting. Conversions API: support.)
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, NamedTuple

import orjson

from streamer.outcomes import Reason


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


class Scope(StrEnum):
    """Whose limit a throttle is."""

    PIXEL = "pixel"
    TOKEN = "token"  # noqa: S105 - a scope, no token
    APP = "app"


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


class _Row(NamedTuple):
    codes: tuple[int, ...]
    subcodes: tuple[int, ...] | None
    """None: whatever the subcode."""
    verdict: Verdict
    meaning: str


_BAD_EVENTS = range(2_804_000, 2_805_000)
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
_UNKNOWN = Verdict(Kind.RETRY, known=False)
"""The safe default: nothing is lost, nothing is dead-lettered for an answer that nobody understands."""


def read_answer(status: int, headers: Mapping[str, str], body: bytes, sent: int) -> Verdict:
    """Say what an answer means.

    :param status: HTTP status.
    :param headers: HTTP headers, their names in any case.
    :param body: all of the answer's body.
    :param sent: events in the request.
    """
    answer = _object(body)
    error = answer.get("error")
    if isinstance(error, dict):
        return _read_error(error, {name.lower(): value for name, value in headers.items()})
    if status == _TOO_LARGE:  # from Meta or a proxy before it: half of it may pass
        return Verdict(Kind.SPLIT, Reason.TOO_LARGE)
    received = answer.get("events_received")
    if not 200 <= status < 300 or not isinstance(received, int):  # noqa: PLR2004 - HTTP's success
        # A proxy's page, a redirect (never followed: the token would go elsewhere), a 200 that says nothing.
        return _UNKNOWN
    trace = _text(answer.get("fbtrace_id"))
    if received < sent:  # Meta does not say which are missing: halving finds them, and Meta folds the others
        return replace(_REFUSED, fbtrace_id=trace)
    return Verdict(Kind.DELIVERED, fbtrace_id=trace)


def _read_error(error: dict[str, Any], headers: Mapping[str, str]) -> Verdict:
    code, subcode = _number(error.get("code")), _number(error.get("error_subcode"))
    verdict = _BY_BOTH.get((code or 0, subcode or 0)) or _BY_CODE.get(code or 0) or _UNKNOWN
    if error.get("is_transient") is True and verdict.kind is not Kind.THROTTLE:
        verdict = Verdict(Kind.RETRY)
    return replace(
        verdict,
        wait=_asked_wait(headers) if verdict.kind in {Kind.THROTTLE, Kind.RETRY} else None,
        fbtrace_id=_text(error.get("fbtrace_id")),
        code=code,
        subcode=subcode,
        blamed=_blamed(error.get("error_data")) if verdict.kind is Kind.SPLIT else None,
    )


def _asked_wait(headers: Mapping[str, str]) -> float | None:
    """Return the longest of the waits that the headers ask for, in seconds."""
    waits = [_seconds(headers.get("retry-after"))]
    account = _object((headers.get("x-ad-account-usage") or "").encode())
    waits.append(_seconds(account.get("reset_time_duration")))
    for uses in _object((headers.get("x-business-use-case-usage") or "").encode()).values():
        for use in uses if isinstance(uses, list) else ():
            minutes = _seconds(use.get("estimated_time_to_regain_access")) if isinstance(use, dict) else None
            waits.append(None if minutes is None else minutes * 60)
    return max((wait for wait in waits if wait), default=None)


def _blamed(data: object) -> int | None:
    """Find ``["data", 3, …]`` in ``blame_field_specs``: the index of one event, if exactly one is named."""
    if isinstance(data, str):
        data = _object(data.encode())
    specs = data.get("blame_field_specs") if isinstance(data, dict) else None
    found = {index for spec in specs for index in _indexes(spec)} if isinstance(specs, list) else set()
    return found.pop() if len(found) == 1 else None


def _indexes(spec: object) -> list[int]:
    if isinstance(spec, list) and len(spec) > 1 and spec[0] == "data":
        number = _number(spec[1])
        return [] if number is None or number < 0 else [number]
    return []


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _number(value: object) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _seconds(value: object) -> float | None:
    try:
        number = float(value) if isinstance(value, int | float | str) else 0.0
    except ValueError:
        return None
    return number if 0 < number < float("inf") else None


def _text(value: object) -> str | None:
    return value[:200] if isinstance(value, str) and value else None
