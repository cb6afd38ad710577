"""What ``user_data`` may hold (Meta, customer information parameters)."""

import re
import socket

from streamer.sandbox.errors import Fault
from streamer.sandbox.values import Check, first_bad, looks_hashed, shown, text

# A hash may carry the appendix of Meta's parameter builder: a dot and eight characters.
_HASH = re.compile(r"[0-9a-f]{64}(?:\.[A-Za-z0-9_-]{8})?").fullmatch
_NOTHING = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"  # SHA-256 of the empty string
_APPENDIX = r"(?:\.(?:A[Qgw]|B[AQg]|[A-Za-z0-9_-]{8}))?"
_FBC = re.compile(r"fb\.[0-9]\.[0-9]{13}\.[!-\-/-~]+" + _APPENDIX).fullmatch
_FBP = re.compile(r"fb\.[0-9]\.[0-9]{13}\.[0-9]+" + _APPENDIX).fullmatch
_IPV4 = re.compile(r"(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}").fullmatch
_IPV6 = re.compile(r"[0-9A-Fa-f:.]{2,45}").fullmatch
_LEAD_ID = re.compile(r"[0-9]{15,16}").fullmatch

# An event whose keys all lie in one of these sets says too little of a person to be matched.
_TOO_LITTLE = (
    frozenset({"ct", "country", "st", "zp", "ge", "client_user_agent"}),
    frozenset({"db", "client_user_agent"}),
    frozenset({"fn", "ge"}),
    frozenset({"ln", "ge"}),
)
_MOST_OF_TOO_LITTLE = max(map(len, _TOO_LITTLE))


def _hashed(value: object) -> bool:
    return type(value) is str and _HASH(value) is not None and not value.startswith(_NOTHING)


def _hashed_or_list(value: object) -> bool:
    if type(value) is list:
        if len(value) != 1:
            return bool(value) and all(map(_hashed, value))
        value = value[0]
    return type(value) is str and _HASH(value) is not None and not value.startswith(_NOTHING)


def _external(value: object) -> bool:
    """Hashing is advised, not required; an address is a person's e-mail in the clear whatever it is called."""
    return text(value) and "@" not in str(value)


def _external_or_list(value: object) -> bool:
    return bool(value) and all(map(_external, value)) if type(value) is list else _external(value)


def _ip(value: object) -> bool:
    if type(value) is not str:
        return False
    if _IPV4(value):
        return True
    if not _IPV6(value):
        return False
    try:
        socket.inet_pton(socket.AF_INET6, value)
    except OSError:
        return False
    return True


def _verbatim(value: object) -> bool:
    return type(value) is str and value != "" and not value.isspace() and not looks_hashed(value)


def _fbc(value: object) -> bool:
    return type(value) is str and _FBC(value) is not None


def _fbp(value: object) -> bool:
    return type(value) is str and _FBP(value) is not None


def _lead_id(value: object) -> bool:
    return type(value) in (str, int) and _LEAD_ID(str(value)) is not None


_HASHED_LISTS = ("em", "ph", "fn", "ln", "ge", "db", "ct", "st", "zp", "country")
_HASHED_SINGLE = ("f5first", "f5last", "fi", "dobd", "dobm", "doby")
_VERBATIM = (
    "client_user_agent",
    "subscription_id",
    "fb_login_id",
    "anon_id",
    "madid",
    "page_id",
    "page_scoped_user_id",
    "ctwa_clid",
    "whatsapp_business_account_id",
    "instagram_business_account_id",
    "ig_account_id",
    "ig_sid",
)

_CHECKS: dict[str, Check] = {
    **dict.fromkeys(_HASHED_LISTS, _hashed_or_list),
    **dict.fromkeys(_HASHED_SINGLE, _hashed),
    **dict.fromkeys(_VERBATIM, _verbatim),
    "external_id": _external_or_list,
    "client_ip_address": _ip,
    "fbc": _fbc,
    "fbp": _fbp,
    "lead_id": _lead_id,
}

_RULES = {
    **dict.fromkeys(_HASHED_LISTS, "must be a SHA-256 in lowercase hex, or a list of them, and not that of nothing"),
    **dict.fromkeys(_HASHED_SINGLE, "must be a SHA-256 in lowercase hex, and not that of nothing"),
    **dict.fromkeys(_VERBATIM, "must be a string as it was collected, not hashed and not a list"),
    "external_id": "must be a string or a list of strings, hashed or opaque; an e-mail address is neither",
    "client_ip_address": "must be an IPv4 or IPv6 address and nothing else",
    "fbc": "must have the form fb.1.<milliseconds>.<fbclid>",
    "fbp": "must have the form fb.1.<milliseconds>.<number>",
    "lead_id": "must have 15 or 16 digits",
}

_SUBCODES = {"lead_id": 2804036}


def check_user_data(value: object) -> Fault | None:
    """Check an event's ``user_data``; ``None``: Meta would take it."""
    if type(value) is not dict:
        rule = "is required" if value is None else "must be an object"
        return Fault(100, 2804050 if value is None else None, "user_data", rule)
    if len(value) <= _MOST_OF_TOO_LITTLE and any(value.keys() <= keys for keys in _TOO_LITTLE):
        return Fault(100, 2804050, "user_data", "says too little of a person to be matched")
    bad = first_bad(value.items(), _CHECKS)
    if bad is None:
        return None
    return Fault(100, _SUBCODES.get(bad), shown("user_data", bad), _RULES.get(bad, "is no key of user_data"))
