import gzip
from typing import Any
from urllib.parse import urlencode

import aiohttp
import orjson
import pytest

from streamer.sandbox.tokens import Death
from tests.sandbox.conftest import Peer
from tests.sandbox.examples import BEARER, PIXEL, TOKEN, event

EVENTS = [event(), event(event_id="o-982")]
STRINGS = [orjson.dumps(one).decode() for one in EVENTS]
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}


def multipart(**fields: str) -> aiohttp.FormData:
    form = aiohttp.FormData(default_to_multipart=True)
    for name, value in fields.items():
        form.add_field(name, value)
    return form


def as_json(value: Any) -> str:
    return orjson.dumps(value).decode()


@pytest.mark.parametrize(
    "options",
    [
        {"json": {"data": EVENTS}, "headers": BEARER},
        {"json": {"data": EVENTS, "access_token": TOKEN}, "headers": {}},
        {"json": {"data": STRINGS, "access_token": TOKEN}, "headers": {}},
        {"data": urlencode({"data": as_json(EVENTS), "access_token": TOKEN}), "headers": FORM},
        {"data": urlencode({"data": as_json(STRINGS)}), "headers": BEARER | FORM},
        {"data": multipart(data=as_json(EVENTS), access_token=TOKEN), "headers": {}},
        {
            "data": gzip.compress(orjson.dumps({"data": EVENTS})),
            "headers": BEARER | JSON | {"Content-Encoding": "gzip"},
        },
    ],
)
async def test_each_form_of_body_that_meta_takes_is_read(peer: Peer, options: dict[str, Any]) -> None:
    async with peer.post(**options) as answer:
        assert answer.status == 200, await answer.text()
    assert peer.sandbox.events(PIXEL) == EVENTS
    assert peer.sandbox.ledger().query_tokens == 0


async def test_a_token_in_the_url_works_and_is_counted_as_a_leak(peer: Peer) -> None:
    async with peer.post(params={"access_token": TOKEN}, headers={}) as answer:
        assert answer.status == 200
    assert peer.sandbox.ledger().query_tokens == 1


async def test_the_header_wins_over_the_body(peer: Peer) -> None:
    peer.sandbox.kill_token("dead", Death.EXPIRED)
    async with peer.post(json={"data": EVENTS, "access_token": "dead"}) as answer:
        assert answer.status == 200


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"data": b"{", "headers": BEARER | JSON}, "the body is no JSON"),
        ({"data": b'{"data": [NaN]}', "headers": BEARER | JSON}, "the body is no JSON"),
        ({"data": b"[]", "headers": BEARER | JSON}, "the body must be a JSON object"),
        ({"data": b"{}", "headers": BEARER | {"Content-Type": "text/plain"}}, "Content-Type must say so"),
        ({"data": b"{}", "headers": BEARER | JSON}, "data: must be a list of events"),
        ({"json": {"data": ["{"]}, "headers": BEARER}, "data: holds a string that is no JSON"),
        ({"data": "data=x", "headers": BEARER | FORM}, "data: is no JSON"),
        ({"data": b"", "headers": BEARER | FORM}, "data: must be a list of events"),
        ({"data": b"x", "headers": BEARER | {"Content-Type": "multipart/form-data"}}, "the body is no multipart form"),
        ({"data": b"x", "headers": BEARER | JSON | {"Content-Encoding": "gzip"}}, "the body is no JSON"),
        ({"data": b"\x1f\x8bx", "headers": BEARER | JSON | {"Content-Encoding": "gzip"}}, "the body is no gzip"),
    ],
)
async def test_a_body_that_cannot_be_read_is_refused_with_code_100(
    peer: Peer, options: dict[str, Any], sentence: str
) -> None:
    async with peer.post(**options) as answer:
        error = (await answer.json())["error"]
    assert (answer.status, error["code"]) == (400, 100)
    assert sentence in error["error_user_msg"]


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Basic x"}, {"Authorization": "Bearer "}])
async def test_a_request_without_a_token_is_refused(peer: Peer, headers: dict[str, str]) -> None:
    async with peer.post(headers=headers) as answer:
        assert (await answer.json())["error"]["code"] == 104
