"""Identifiers that Meta takes unhashed and to the letter: ``fbc``, ``fbp``, the client's IP address, lead ids."""

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address, ip_network
from urllib.parse import unquote_plus

from streamer.translate.notes import Drop, NoteReason

# `fb.<subdomain index>.<creation time in ms>.<payload>`, and the parameter builder's appendix as a fifth part.
_COOKIE = re.compile(r"fb\.[0-9]\.[0-9]{1,16}\.([!-\-/-~]+)(?:\.(?:[\w-]{8}|A[Qgw]|B[AQg]))?", re.ASCII)
# The appendix that the parameter builder glues to URLs and addresses; its first byte, the format, is 1.
_APPENDIX = re.compile(r"\.AQ[\w-]{6}$", re.ASCII)
_LEAD_ID = re.compile(r"[0-9]{15,17}")

_V4 = re.compile(
    r"((?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)\.){3}(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d))(?::\d{1,5})?", re.ASCII
)
# 0/8, 10/8, 100.64/10, 127/8, 169.254/16, 172.16/12, 192.168/16, 198.18/15, multicast and reserved. The documentation
# networks are not in it: no browser has such an address, and examples are written with them.
_V4_PRIVATE = re.compile(
    r"(?:0|10|127|22[4-9]|2[3-5]\d)\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|169\.254\.|172\.(?:1[6-9]|2\d|3[01])\.|192\.168\."
    r"|198\.1[89]\."
)
_V6_PRIVATE = [ip_network(net) for net in ("::/127", "fc00::/7", "fe80::/9", "ff00::/8", "100::/64")]
_V6_BRACKETED = re.compile(r"\[([^\]]*)\](?::\d{1,5})?", re.ASCII)


def fbc(cookie: str | None, page_url: str | None, referrer: str | None, event_time_ms: int) -> str | Drop | None:
    """Return the click id: the ``_fbc`` cookie to the letter, unless the URL brings a newer click.

    :param cookie: the value of ``_fbc``: four parts, or five with the parameter builder's appendix.
    :param page_url: looked at first for ``fbclid``; the name is case-sensitive and the value is decoded once.
    :param referrer: looked at next.
    :param event_time_ms: when a new ``fbc`` has to be made, this is its creation time: the same on each replay.
    :return: ``None`` when there is nothing; ``Drop(MALFORMED)`` when all there is has the wrong form.
    """
    kept = cookie.strip() if cookie else ""
    known = _COOKIE.fullmatch(kept) if kept else None
    clicked = _fbclid(page_url) or _fbclid(referrer)
    usable = clicked is not None and "." not in clicked and clicked.isprintable()
    if clicked is not None and usable and (known is None or known[1] != clicked):
        return f"fb.1.{event_time_ms}.{clicked}"
    if known is not None:
        return kept
    return Drop(NoteReason.MALFORMED) if kept or clicked else None


def fbp(cookie: str | None) -> str | Drop | None:
    """Return the browser id: the ``_fbp`` cookie to the letter; never invented."""
    kept = cookie.strip() if cookie else ""
    if not kept:
        return None
    return kept if _COOKIE.fullmatch(kept) else Drop(NoteReason.MALFORMED)


def client_ip(value: str) -> str | Drop:
    """Return the browser's address: the first public one of a list such as ``X-Forwarded-For``.

    Ports, brackets, zones and the parameter builder's appendix are taken off; an IPv4 address inside IPv6 is written as
    IPv4; private and reserved addresses are no browser's.
    """
    reason = NoteReason.EMPTY
    for part in value.split(","):
        found = _address(part.strip().strip("\"'"))
        if type(found) is str:
            return found
        if type(found) is Drop and reason is not NoteReason.PRIVATE_ADDRESS:
            reason = found.reason
    return Drop(reason)


def lead_id(value: str) -> str | Drop:
    """Check the id of a lead-ads lead: 15 to 17 digits; Meta refuses the request for any other (2804036)."""
    text = value.strip()
    if not text:
        return Drop(NoteReason.EMPTY)
    return text if _LEAD_ID.fullmatch(text) else Drop(NoteReason.MALFORMED)


def _fbclid(url: str | None) -> str | None:
    if url is None or "fbclid=" not in url:
        return None
    query = url.partition("#")[0].partition("?")[2]
    for pair in _APPENDIX.sub("", query).split("&"):
        name, _, value = pair.partition("=")
        if name == "fbclid" and value:
            return unquote_plus(value)
    return None


def _address(text: str) -> str | Drop | None:
    if not text:
        return None
    text = _APPENDIX.sub("", text)
    if v4 := _V4.fullmatch(text):
        return Drop(NoteReason.PRIVATE_ADDRESS) if _V4_PRIVATE.match(v4[1]) else v4[1]
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
    return Drop(NoteReason.PRIVATE_ADDRESS) if _V4_PRIVATE.match(text) else text
