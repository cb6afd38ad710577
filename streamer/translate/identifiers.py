"""Identifiers that Meta takes unhashed and to the letter: ``fbc``, ``fbp``, the client's IP address, lead ids."""

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address, ip_network
from socket import AF_INET6, inet_pton
from urllib.parse import unquote_plus

from streamer.translate.notes import Drop, NoteReason

# `fb.<subdomain index>.<creation time in ms>.<click id or random number>` (Meta, fbp and fbc parameters), and the
# parameter builder's appendix as a fifth part.
_BEGINNING = r"fb\.[0-9]\.[0-9]{13}\."
_CLICK_ID = r"[!-\-/-~]+"
_FIFTH_PART = r"(?:\.(?:[\w-]{8}|A[Qgw]|B[AQg]))?"
_FBC = re.compile(f"{_BEGINNING}({_CLICK_ID}){_FIFTH_PART}", re.ASCII).fullmatch
_FBP = re.compile(f"{_BEGINNING}[0-9]+{_FIFTH_PART}", re.ASCII).fullmatch
_CLICK = re.compile(_CLICK_ID).fullmatch
_CLICKED = "fbclid="
_LONGEST_LIST = 2_000
_MOST_ADDRESSES = 20
"""Of a list such as ``X-Forwarded-For``: no request passes so many proxies."""
_MALFORMED = Drop(NoteReason.MALFORMED)
# The appendix that the parameter builder glues to URLs and addresses; its first byte, the format, is 1.
_APPENDIX = re.compile(r"\.AQ[\w-]{6}$", re.ASCII)
_LEAD_ID = re.compile(r"[0-9]{15,16}").fullmatch

_V4 = re.compile(
    r"((?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)\.){3}(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d))(?::\d{1,5})?", re.ASCII
).fullmatch
# 0/8, 10/8, 100.64/10, 127/8, 169.254/16, 172.16/12, 192.168/16, 198.18/15, multicast and reserved. The documentation
# networks are not in it: no browser has such an address, and examples are written with them.
_V4_PRIVATE = re.compile(
    r"(?:0|10|127|22[4-9]|2[3-5]\d)\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|169\.254\.|172\.(?:1[6-9]|2\d|3[01])\.|192\.168\."
    r"|198\.1[89]\."
).match
_V6_PRIVATE = [ip_network(net) for net in ("::/127", "fc00::/7", "fe80::/9", "ff00::/8", "100::/64")]
_V6_BRACKETED = re.compile(r"\[([^\]]*)\](?::\d{1,5})?", re.ASCII)


def fbc(
    cookie: str | None, page_url: str | None, referrer: str | None, event_time_ms: int, fbclid: str | None = None
) -> str | Drop | None:
    """Return the click id: the ``_fbc`` cookie to the letter, unless there is a newer click.

    :param cookie: the value of ``_fbc``: four parts, or five with the parameter builder's appendix.
    :param page_url: looked at first for ``fbclid``; the name is case-sensitive and the value is decoded once.
    :param referrer: looked at last.
    :param event_time_ms: when a new ``fbc`` has to be made, this is its creation time: the same on each replay.
    :param fbclid: the click id where it is kept by itself; looked at after the page's URL.
    :return: ``None`` when there is nothing; ``Drop(MALFORMED)`` when all there is has the wrong form.
    """
    kept = cookie.strip() if cookie else ""
    known = _FBC(kept) if kept else None
    clicked = _fbclid(page_url) if page_url and _CLICKED in page_url else None
    clicked = clicked or fbclid or (_fbclid(referrer) if referrer and _CLICKED in referrer else None)
    if clicked and (known is None or known[1] != clicked) and _CLICK(clicked):
        return f"fb.1.{event_time_ms}.{clicked}"
    if known is not None:
        return kept
    return _MALFORMED if kept or clicked else None


def fbp(cookie: str | None) -> str | Drop | None:
    """Return the browser id: the ``_fbp`` cookie to the letter, whose fourth part is a number; never invented."""
    kept = cookie.strip() if cookie else ""
    if not kept:
        return None
    return kept if _FBP(kept) else Drop(NoteReason.MALFORMED)


def client_ip(value: str) -> str | Drop:
    """Return the browser's address: the first public one of a list such as ``X-Forwarded-For``.

    Ports, brackets, zones and the parameter builder's appendix are taken off; an IPv4 address inside IPv6 is written as
    IPv4; private and reserved addresses are no browser's.
    """
    return _plain_address(value) or _listed_address(value)


def _plain_address(value: str) -> str | None:
    """Take the plain cases at once: a public IPv4 address, or one of IPv6 (2000::/3), and nothing else."""
    if ":" not in value:
        return value if _V4(value) and not _V4_PRIVATE(value) else None
    if value[0] not in "23":
        return None
    try:
        inet_pton(AF_INET6, value)
    except (OSError, ValueError):
        return None
    return value


def _listed_address(value: str) -> str | Drop:
    reason = NoteReason.EMPTY
    for part in value[:_LONGEST_LIST].split(",")[:_MOST_ADDRESSES]:
        found = _address(part.strip().strip("\"'"))
        if type(found) is str:
            return found
        if type(found) is Drop and reason is not NoteReason.PRIVATE_ADDRESS:
            reason = found.reason
    return Drop(reason)


def lead_id(value: str) -> str | Drop:
    """Check the id of a lead-ads lead: 15 or 16 digits; Meta refuses the request for any other (2804036)."""
    text = value.strip()
    if not text:
        return Drop(NoteReason.EMPTY)
    return text if _LEAD_ID(text) else Drop(NoteReason.MALFORMED)


def _fbclid(url: str) -> str | None:
    query = url.partition("#")[0].partition("?")[2]
    for pair in (_APPENDIX.sub("", query) if ".AQ" in query else query).split("&"):
        if pair[: len(_CLICKED)] == _CLICKED and (value := pair[len(_CLICKED) :]):
            return unquote_plus(value) if "%" in value or "+" in value else value
    return None


def _address(text: str) -> str | Drop | None:
    if not text:
        return None
    text = _APPENDIX.sub("", text)
    if v4 := _V4(text):
        return Drop(NoteReason.PRIVATE_ADDRESS) if _V4_PRIVATE(v4[1]) else v4[1]
    if bracketed := _V6_BRACKETED.fullmatch(text):
        text = bracketed[1]
    return _address_v6(text.partition("%")[0])


def _address_v6(text: str) -> str | Drop:
    try:
        address = IPv6Address(text)
    except AddressValueError:
        return Drop(NoteReason.MALFORMED)
    if mapped := address.ipv4_mapped:
        return _public_v4(mapped)
    return Drop(NoteReason.PRIVATE_ADDRESS) if any(address in net for net in _V6_PRIVATE) else text


def _public_v4(address: IPv4Address) -> str | Drop:
    text = str(address)
    return Drop(NoteReason.PRIVATE_ADDRESS) if _V4_PRIVATE(text) else text
