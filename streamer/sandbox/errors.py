"""Errors in the shape of Meta's Graph API, and what the sandbox says with each of them."""

from dataclasses import dataclass
from typing import Any

# One sentence for each subcode of 100 that says what is wrong with an event. The codes and their meanings were seen in
# answers of the Conversions API; Meta prints no list of them. The words are ours: nobody may decide on them.
_TITLES = {
    33: "Object does not exist, or the token cannot see it",
    2804003: "Event timestamp too old",
    2804004: "Event timestamp in the future",
    2804008: "Contents malformed",
    2804010: "Currency missing",
    2804011: "Currency unknown",
    2804016: "Custom data invalid",
    2804019: "Event name missing",
    2804036: "Lead id invalid",
    2804043: "Extended device information lacks the system's version",
    2804050: "Too little customer information",
    2804066: "Event not allowed for business messaging",
    2804072: "Page id given for a click id of WhatsApp",
    2804087: "Click id of WhatsApp missing or invalid",
    2804116: "Page or account id missing",
}

_MESSAGES = {
    1: "An unknown error occurred",
    2: "Service temporarily unavailable",
    4: "(#4) Application request limit reached",
    10: "(#10) Application does not have permission for this action",
    17: "(#17) User request limit reached",
    32: "(#32) Page request limit reached",
    100: "Invalid parameter",
    104: "Incorrect signature",
    190: "Invalid OAuth access token",
    200: "(#200) Permissions error",
    341: "(#341) Application limit reached",
    368: "The action attempted has been deemed abusive or is otherwise disallowed",
    613: "(#613) Calls to this api have exceeded the rate limit",
    803: "(#803) Some of the aliases you requested do not exist",
    2500: "Unknown path components",
    2635: "You are calling a deprecated version of the Ads API",
    80004: "(#80004) There have been too many calls to this ad-account",
}

_STATUSES = {1: 500, 2: 503, 10: 403, 200: 403, 294: 403}
_TRANSIENT = frozenset({1, 2, 4})


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a request is refused; never holds a value of the request."""

    code: int
    """Graph's ``code``."""
    subcode: int | None = None
    """Graph's ``error_subcode``."""
    field: str | None = None
    """The key at fault, such as ``user_data.em``; within the event where ``index`` says which."""
    rule: str = ""
    """What is expected there, in words."""
    index: int | None = None
    """The event's place in ``data``; ``None`` when the fault is not one event's."""


def default_status(code: int) -> int:
    """Return the HTTP status that was seen with a code."""
    return _STATUSES.get(code, 400)


def default_transient(code: int) -> bool:
    """Return the ``is_transient`` that is usual with a code."""
    return code in _TRANSIENT


def default_message(code: int) -> str:
    """Return the ``message`` that is usual with a code."""
    return _MESSAGES.get(code, f"(#{code}) Error")


def place(fault: Fault) -> str | None:
    """Return where the fault is, such as ``data[3].user_data.em``."""
    if fault.index is None:
        return fault.field
    return f"data[{fault.index}]" if fault.field is None else f"data[{fault.index}].{fault.field}"


def error_of(fault: Fault, fbtrace_id: str, *, blame: bool = False) -> dict[str, Any]:
    """Return the body of Graph's answer to a refused request.

    :param blame: name the event and the key in ``error_data.blame_field_specs``, as Meta does at times.
    """
    where = place(fault)
    sentence = ": ".join(part for part in (where, fault.rule) if part)
    error: dict[str, Any] = {
        "message": default_message(fault.code),
        "type": "OAuthException",
        "code": fault.code,
        "error_subcode": fault.subcode,
        "is_transient": default_transient(fault.code),
        "error_user_title": _TITLES.get(fault.subcode or 0, default_message(fault.code)),
        "error_user_msg": sentence or default_message(fault.code),
    }
    if fault.subcode is None:
        del error["error_subcode"]
    if blame and where is not None:
        error["error_data"] = {"blame_field_specs": [[where]]}
    error["fbtrace_id"] = fbtrace_id
    return {"error": error}
