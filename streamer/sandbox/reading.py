"""Reads a request of the events edge: where the token is, and the body in each of the forms that Meta takes."""

import zlib
from typing import Any
from urllib.parse import parse_qsl

import orjson
from aiohttp import web

from streamer.sandbox.errors import Fault
from streamer.sandbox.sandbox import Call
from streamer.sandbox.tokens import Credentials

_MOST_BYTES = 512 * 2**20
_GZIP_MAGIC = b"\x1f\x8b"
_GZIP = 16 + zlib.MAX_WBITS
_JSON_PARAMETERS = frozenset({"data", "platforms", "progress"})


async def read_call(request: web.Request) -> Call:
    """Read a request, its body whole, compressed by gzip or not."""
    body, size = await _read_body(request)
    parameters = body if isinstance(body, dict) else {}
    query = request.query
    token = _bearer(request) or _string(parameters.get("access_token")) or query.get("access_token")
    proof = _string(parameters.get("appsecret_proof")) or query.get("appsecret_proof")
    return Call(
        version=request.match_info["version"],
        pixel_id=request.match_info["pixel"],
        body=body,
        credentials=Credentials(token, proof),
        size=size,
        token_in_query="access_token" in query,
    )


def _bearer(request: web.Request) -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def _string(value: object) -> str | None:
    return value if isinstance(value, str) else None


async def _read_body(request: web.Request) -> tuple[dict[str, Any] | Fault, int]:
    if request.content_type == "multipart/form-data":
        return await _read_multipart(request)
    raw = await request.read()
    if raw.startswith(_GZIP_MAGIC):
        inflated = _inflate(raw)
        if inflated is None:
            return Fault(100, None, None, "the body is no gzip, or cut off"), len(raw)
        raw = inflated
    if request.content_type == "application/x-www-form-urlencoded":
        return _from_form(dict(parse_qsl(raw.decode(errors="replace"), keep_blank_values=True))), len(raw)
    return _from_json(raw, request.content_type), len(raw)


def _inflate(raw: bytes) -> bytes | None:
    inflater = zlib.decompressobj(_GZIP)
    try:
        inflated = inflater.decompress(raw, _MOST_BYTES)
    except zlib.error:
        return None
    return inflated if inflater.eof else None


async def _read_multipart(request: web.Request) -> tuple[dict[str, Any] | Fault, int]:
    try:
        fields = await request.post()
    except ValueError:
        return Fault(100, None, None, "the body is no multipart form"), 0
    form = {key: value for key, value in fields.items() if isinstance(value, str)}
    return _from_form(form), sum(map(len, form.values()))


def _from_json(raw: bytes, content_type: str) -> dict[str, Any] | Fault:
    if content_type != "application/json":
        return Fault(100, None, None, "the body must be JSON or a form, and its Content-Type must say so")
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return Fault(100, None, None, "the body is no JSON")
    if not isinstance(body, dict):
        return Fault(100, None, None, "the body must be a JSON object")
    return _unfold(body)


def _from_form(form: dict[str, str]) -> dict[str, Any] | Fault:
    body: dict[str, Any] = dict(form)
    for key in _JSON_PARAMETERS & body.keys():
        try:
            body[key] = orjson.loads(body[key])
        except orjson.JSONDecodeError:
            return Fault(100, None, key, "is no JSON")
    return _unfold(body)


def _unfold(body: dict[str, Any]) -> dict[str, Any] | Fault:
    """Parse events that were sent as strings of JSON, as Meta's SDKs do."""
    data = body.get("data")
    if not isinstance(data, list) or not any(isinstance(event, str) for event in data):
        return body
    try:
        body["data"] = [orjson.loads(event) if isinstance(event, str) else event for event in data]
    except orjson.JSONDecodeError:
        return Fault(100, None, "data", "holds a string that is no JSON")
    return body
