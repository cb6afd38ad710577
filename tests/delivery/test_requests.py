"""What a request to Meta looks like."""

import hashlib
import hmac
import zlib
from dataclasses import replace

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.delivery.requests import make_request, usable
from streamer.pixels.pixel import Pixel
from streamer.settings import MetaSettings

META = MetaSettings(base_url="https://graph.example.com/", api_version="v26.0")
PIXEL = Pixel("123", access_token="invented", partner_agent="agent")
EVENTS = [b'{"event_name":"Lead"}', b'{"event_name":"Search"}']


def test_the_events_arrive_as_they_are_with_the_agent_beside_them() -> None:
    request = make_request(META, PIXEL, EVENTS)
    assert request.url == "https://graph.example.com/v26.0/123/events"
    assert request.body == b'{"data":[{"event_name":"Lead"},{"event_name":"Search"}],"partner_agent":"agent"}'
    assert request.headers["Authorization"] == "Bearer invented"
    assert request.headers["Content-Type"] == "application/json"


def test_a_retry_carries_the_same_bytes() -> None:
    assert make_request(META, PIXEL, EVENTS) == make_request(META, PIXEL, EVENTS)


@pytest.mark.parametrize("place", ["header", "body"])
def test_no_secret_is_in_the_url_or_in_what_is_printed_of_a_request(place: str) -> None:
    pixel = replace(PIXEL, app_secret="hidden")
    request = make_request(MetaSettings.model_validate({"token_in": place}), pixel, EVENTS)
    assert "invented" not in request.url + repr(request)
    assert "hidden" not in request.url + repr(request) + repr(request.headers) + repr(request.body)


def test_a_token_in_the_body_is_not_in_a_header_too() -> None:
    request = make_request(MetaSettings(token_in="body"), PIXEL, EVENTS)
    assert orjson.loads(request.body)["access_token"] == "invented"
    assert "Authorization" not in request.headers


def test_the_proof_is_sent_where_the_apps_secret_is_known_and_only_there() -> None:
    proof = hmac.new(b"hidden", b"invented", hashlib.sha256).hexdigest()
    assert proof == "d0f73778820601a226ebc96188b201d564c440f1f4ae42bea3ca618696ddd490"
    sent = orjson.loads(make_request(META, replace(PIXEL, app_secret="hidden"), EVENTS).body)
    assert sent["appsecret_proof"] == proof
    assert "appsecret_proof" not in orjson.loads(make_request(META, PIXEL, EVENTS).body)


def test_a_test_event_code_travels_with_the_request_and_nothing_else_is_invented() -> None:
    bare = Pixel("123", access_token="invented")
    assert set(orjson.loads(make_request(META, bare, EVENTS).body)) == {"data"}
    coded = orjson.loads(make_request(META, replace(bare, test_event_code="TEST1"), EVENTS).body)
    assert coded["test_event_code"] == "TEST1"


def test_a_compressed_request_holds_the_same_bytes() -> None:
    plain, packed = make_request(META, PIXEL, EVENTS * 100), make_request(META, PIXEL, EVENTS * 100, compress=True)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert zlib.decompress(packed.body, wbits=31) == plain.body
    assert len(packed.body) < len(plain.body) / 10


@pytest.mark.parametrize("compress", [False, True])
@given(
    st.lists(st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3), min_size=1, max_size=9),
    st.none() | st.text(max_size=22),
    st.none() | st.text(max_size=9),
    st.sampled_from(["header", "body"]),
)
def test_whatever_a_platform_writes_into_its_settings_the_body_stays_json(
    compress: bool,  # noqa: FBT001 - a parameter of the test
    events: list[dict[str, str]],
    agent: str | None,
    code: str | None,
    place: str,
) -> None:
    meta = MetaSettings.model_validate({"token_in": place})
    pixel = Pixel("123", access_token='in"vented', partner_agent=agent, test_event_code=code)
    request = make_request(meta, pixel, [orjson.dumps(event) for event in events], compress=compress)
    sent = orjson.loads(zlib.decompress(request.body, wbits=31) if compress else request.body)
    assert sent.pop("data") == events
    expected = {
        "partner_agent": agent,
        "test_event_code": code,
        "access_token": 'in"vented' if place == "body" else None,
    }
    assert sent == {key: value for key, value in expected.items() if value is not None}


def test_a_pixel_without_a_token_has_no_request() -> None:
    with pytest.raises(ValueError, match="without a token"):
        make_request(META, Pixel("123"), EVENTS)


@pytest.mark.parametrize("token", ["EAAB0", "tök"])
def test_an_ordinary_token_is_sent(token: str) -> None:
    assert usable(token)


@pytest.mark.parametrize("token", ["a\nb", "a\r\nX: y", "", " ", "\0"])
def test_a_token_that_no_header_can_hold_is_recognised(token: str) -> None:
    assert not usable(token)
