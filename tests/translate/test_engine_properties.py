"""Whatever a record holds: an answer comes, Meta's stand-in takes what is sent, and no value leaks into a refusal."""

import math
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamer.outcomes import Outcome
from streamer.records.sample import distinct_tag_events
from streamer.records.schema import encode
from streamer.sandbox.rules import check_event
from streamer.translate import python_engine
from streamer.translate.engine import Origin, Refusal, ServerEvent, Translation
from streamer.translate.mapping import TAG_EVENT
from streamer.translate.plan import Plan
from tests.records.values import TEXTS, values
from tests.translate.events import NOW, ORIGIN, PIXEL, SCHEMA, make_engine, tag_event

ENGINE = make_engine(Plan(TAG_EVENT, {"GTM-1": ("11", "12")}))

_ANY_EVENT = values(SCHEMA.parsed, SCHEMA.named)
_LIKELY = st.fixed_dictionaries(
    {
        "pixel_id": st.sampled_from([None, PIXEL, "x"]),
        "container_id": st.sampled_from([None, "GTM-1"]),
        "event_name": st.sampled_from(["Purchase", "Lead", "InitiateCheckout", "LeadSubmitted", " "]),
        "event_time": st.sampled_from([NOW * 1000, 0, (NOW + 999) * 1000]),
        "page_url": st.sampled_from([None, "https://shop.example.com/?fbclid=a", "https://u@example.com/a b", "x"]),
        "client_ip": st.sampled_from([None, "203.0.113.9", "2001:db8::1", "2001:db8::zz", "2.3"]),
        "consent": st.sampled_from([{}, {}, {"ad_storage": "denied"}]),
        "action_source": st.sampled_from([None, "website", "app", "business_messaging", "other", "system_generated"]),
    }
)
_SENDABLE = {
    "pixel_id": PIXEL,
    "event_time": NOW * 1000,
    "client_ip": "203.0.113.9",
    "consent": {},
    "action_source": "other",
}
_EVENTS = st.builds(lambda anything, likely: anything | likely, _ANY_EVENT, _LIKELY)


def _texts(record: dict[str, Any], parent: str = "") -> Iterator[str]:
    """Give the paths of all texts of a record and the records in it."""
    for field in record["fields"]:
        kind = field["type"][-1] if isinstance(field["type"], list) else field["type"]
        if kind == "string":
            yield parent + field["name"]
        elif isinstance(kind, dict) and kind["type"] == "record":
            yield from _texts(kind, f"{parent}{field['name']}.")


_PATHS = ["cookies._fbp", "cookies._fbc", *_texts(SCHEMA.parsed)]
_GOOD = distinct_tag_events(7, [PIXEL], NOW * 1000, 1)[0]
_NASTY = (
    "fb.1.1554763741205.1116446470",
    "fb.1.1554763741.1116446470",
    "fb.1.1554763741205.AbCdEf",
    "fb.1.1554763741205.1116446470.AQICAQMC",
    "fb.1.1554763741205.\u0661\u0662",
    "fb.12.1554763741205.1.1",
    "12345678901234567",
    "123456789012345",
    "\u0661" * 15,
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "d41d8cd98f00b204e9800998ecf8427e",
    "203.0.113.7:443, 10.0.0.1",
    "2001:db8::1%eth0",
    "https://shop.example.com/?fbclid=a%20b",
    "https://shop.example.com/?fbclid=%C3%A9",
    "https://shop.example.com/?fbclid=a.b",
    "HTTPS://user@shop.example.com/a b",
    "MRU",
    "OrderShipped",
    "CompleteRegistration",
    "\u2028",
    "\x00",
    "null",
)


def _always(text: str) -> Callable[[str], str]:
    return lambda _: text


_CHANGES: st.SearchStrategy[tuple[str, Callable[[str], str]]] = st.tuples(
    st.sampled_from(_PATHS),
    st.one_of(
        st.sampled_from(_NASTY).map(_always),
        TEXTS.map(lambda text: lambda value: value + text),
        TEXTS.map(lambda text: lambda value: text + value),
        st.integers(0, 60).map(lambda cut: lambda value: value[cut:]),
        st.integers(0, 60).map(lambda cut: lambda value: value[:cut]),
        st.sampled_from([str.upper, str.swapcase, lambda value: value * 2]),
    ),
)
"""Where, and what becomes of the text there."""

_SOURCES: list[dict[str, Any]] = [
    {},
    {"action_source": "other"},
    {"action_source": "app", "app": {"advertiser_tracking_enabled": True, "platform": "ios", "os_version": "18.5"}},
    {
        "event_name": "AddToCart",
        "action_source": "business_messaging",
        "messaging": {"channel": "whatsapp", "whatsapp_business_account_id": "1", "ctwa_clid": "c"},
    },
    {
        "event_name": "ViewContent",
        "action_source": "business_messaging",
        "messaging": {"channel": "messenger", "page_id": "1", "page_scoped_user_id": "2"},
    },
]


def _translate(body: bytes) -> Translation:
    (answer,) = ENGINE.translate([body], [ORIGIN], NOW)
    assert answer
    return answer


@settings(max_examples=400)
@given(event=_EVENTS)
def test_what_is_sent_passes_metas_strict_check_and_all_else_has_a_reason(event: dict[str, Any]) -> None:
    for result in _translate(encode(event, SCHEMA)):
        if isinstance(result, ServerEvent):
            assert check_event(orjson.loads(result.body), NOW) is None
        else:
            assert result.outcome in {Outcome.SKIPPED, Outcome.DEAD_LETTERED}


@pytest.mark.parametrize("extra", _SOURCES)
def test_no_wrong_text_anywhere_in_a_good_record_reaches_meta(extra: dict[str, Any]) -> None:
    for path in _PATHS:
        for text in _NASTY:
            _check(_changed(path, _always(text), _good(extra)))


@settings(max_examples=400)
@given(extra=st.sampled_from(_SOURCES), changes=st.lists(_CHANGES, min_size=1, max_size=4))
def test_a_good_record_with_damaged_texts_is_sent_without_them_or_not_at_all(
    extra: dict[str, Any], changes: list[tuple[str, Callable[[str], str]]]
) -> None:
    event = _good(extra)
    for path, change in changes:
        event = _changed(path, change, event)
    _check(event)


def _good(extra: dict[str, Any]) -> dict[str, Any]:
    return deepcopy(_GOOD | extra)


def _changed(path: str, change: Callable[[str], str], event: dict[str, Any]) -> dict[str, Any]:
    *parents, name = path.split(".")
    place = event
    for parent in parents:
        place = place.setdefault(parent, {})
    place[name] = change(str(place.get(name) or ""))
    return event


def _check(event: dict[str, Any]) -> None:
    for result in _translate(encode(event, SCHEMA)):
        if isinstance(result, ServerEvent):
            assert check_event(orjson.loads(result.body), NOW) is None, result.body


@given(event=_ANY_EVENT)
def test_anything_that_an_event_says_beside_what_it_must_is_sent_and_passes(event: dict[str, Any]) -> None:
    (result,) = _translate(encode(event | _SENDABLE | {"event_name": "Anything"}, SCHEMA))
    assert isinstance(result, ServerEvent)
    assert check_event(orjson.loads(result.body), NOW) is None


@given(event=_EVENTS, canary=st.uuids())
def test_no_value_of_a_record_is_in_its_refusal_or_notes(event: dict[str, Any], canary: Any) -> None:
    text = str(canary)
    planted = event | {
        "action_source": text,
        "user_agent": text,
        "user": {"email": text, "phone": text, "gender": text},
    }
    for result in _translate(encode(planted, SCHEMA)):
        shown = repr(result) if isinstance(result, Refusal) else repr(result.notes)
        assert text not in shown


@given(
    seed=st.integers(0, 5000),
    cut=st.integers(0, 900),
    changes=st.lists(st.tuples(st.integers(0, 900), st.integers(0, 255)), max_size=3),
)
def test_damaged_bytes_get_an_answer(seed: int, cut: int, changes: list[tuple[int, int]]) -> None:
    body = bytearray(encode(distinct_tag_events(seed, [PIXEL], NOW * 1000, 1)[0], SCHEMA)[: cut or None])
    for place, byte in changes:
        if place < len(body):
            body[place] = byte
    assert _translate(bytes(body))


@given(junk=st.binary(max_size=300))
def test_junk_gets_an_answer(junk: bytes) -> None:
    assert _translate(junk)


@given(events=st.lists(_EVENTS, min_size=2, max_size=5))
def test_a_record_becomes_the_same_alone_and_among_others(events: list[dict[str, Any]]) -> None:
    bodies = [encode(event, SCHEMA) for event in events]
    origins = [Origin("t", 0, offset) for offset in range(len(bodies))]
    together = ENGINE.translate(bodies, origins, NOW)
    alone = [ENGINE.translate([body], [origin], NOW)[0] for body, origin in zip(bodies, origins, strict=True)]
    assert together == alone


@given(name=TEXTS, number=st.sampled_from([math.nan, math.inf, -math.inf, 1e308, -0.0]))
def test_numbers_that_json_cannot_say_never_reach_it(name: str, number: float) -> None:
    items = [{"id": "a", "quantity": 1, "price": number}]
    properties = {"value": number, "currency": "EUR", "items": items, "custom": {name: number}}
    for result in _translate(encode(tag_event(properties=properties), SCHEMA)):
        assert isinstance(result, ServerEvent)
        assert b"null" not in result.body
        assert orjson.loads(result.body)


def test_a_fault_of_the_engine_costs_one_record_only(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(event: dict[str, Any], *_: object) -> None:
        if event["event_id"] == "e-bad":
            raise ZeroDivisionError

    monkeypatch.setattr(python_engine, "complete", fail)
    monkeypatch.setattr(python_engine, "age_fault", lambda *_: None)
    events = [tag_event(event_id=event_id, action_source="other") for event_id in ("e-1", "e-bad", "e-2")]
    answers = make_engine().translate([encode(event, SCHEMA) for event in events], [ORIGIN] * 3, NOW)
    assert [getattr(answer[0], "reason", None) for answer in answers] == [None, "untranslatable", None]
