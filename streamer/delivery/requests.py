"""What a request to Meta looks like: address, headers, body. Pure."""

import hashlib
import hmac
import zlib
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from streamer.pixels.pixel import Pixel
from streamer.settings import MetaSettings

_GZIP = 16 + zlib.MAX_WBITS


class Request(NamedTuple):
    """One POST to the events edge."""

    url: str
    """Holds no secret."""
    headers: dict[str, str]
    body: bytes

    def __repr__(self) -> str:
        return f"Request({self.url}, {len(self.body)} bytes)"


def usable(token: str) -> bool:
    """Tell whether a token can travel in a header at all; one with a line break in it, say, cannot."""
    return token.isprintable() and bool(token.strip())


def make_request(meta: MetaSettings, pixel: Pixel, events: Sequence[bytes], *, compress: bool = False) -> Request:
    """Join ready events into one request (Meta, Conversions API: using the API, main body parameters).

    :param pixel: must have an access token.
    :param events: JSON objects, one at least.
    :param compress: gzip the body, at the quickest level.
    :raises ValueError: if the pixel has no token.
    """
    token = pixel.access_token
    if token is None:
        raise ValueError("a pixel without a token cannot be sent to")
    body = _join(events, _rest(meta, pixel, token))
    headers = {"Content-Type": "application/json", "User-Agent": "streamer"}
    if meta.token_in == "header":  # noqa: S105 - a place, no token
        headers["Authorization"] = f"Bearer {token}"
    if compress:
        packer = zlib.compressobj(1, wbits=_GZIP)
        body = packer.compress(body) + packer.flush()
        headers["Content-Encoding"] = "gzip"
    return Request(f"{meta.base_url.rstrip('/')}/{meta.api_version}/{pixel.pixel_id}/events", headers, body)


def _join(events: Sequence[bytes], rest: bytes) -> bytes:
    """Join in one piece: a body is large, and each further ``+`` would copy it once more."""
    parts = list(events)
    parts[0] = b'{"data":[' + parts[0]
    parts[-1] = parts[-1] + b"]" + rest
    return b",".join(parts)


def _rest(meta: MetaSettings, pixel: Pixel, token: str) -> bytes:
    fields: dict[str, Any] = {
        "partner_agent": pixel.partner_agent,
        "test_event_code": pixel.test_event_code,
        "access_token": token if meta.token_in == "body" else None,  # noqa: S105 - a place, no token
        "appsecret_proof": appsecret_proof(token, pixel.app_secret) if pixel.app_secret else None,
    }
    given = {key: value for key, value in fields.items() if value is not None}
    return b"," + orjson.dumps(given)[1:] if given else b"}"


@lru_cache(maxsize=1024)
def appsecret_proof(token: str, app_secret: str) -> str:
    """Return the proof that the app knows its secret: hex HMAC-SHA256 of the token (Meta, secure requests)."""
    return hmac.new(app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()
