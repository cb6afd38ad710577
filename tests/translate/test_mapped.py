"""Records of a schema of somebody else's, by rules that read them in every way a mapping can."""

import json
from pathlib import Path
from typing import Any

import orjson
import pytest

from streamer.kafka.progress import MAX_OUTCOMES
from streamer.records.schema import encode, parse_schema
from streamer.translate.draft import MOST_NOTES
from streamer.translate.engine import MATCH_KEYS, Origin, Refusal, ServerEvent
from streamer.translate.hashes import MOST_VALUES
from streamer.translate.hashing import sha256_hex
from streamer.translate.mapping import compile_mapping, parse_mapping
from streamer.translate.plan import (
    Condition,
    ConsentMap,
    PixelRules,
    Plan,
    Rule,
    Source,
    Table,
    TranslationMap,
)
from streamer.translate.python_engine import PythonEngine
from streamer.translate.routing import MOST_PIXELS
from tests.translate.events import NOW, PIXEL

_TEXT = ["null", "string"]
_NUMBER = ["null", "long", "double", "string"]


def _record(name: str, **fields: Any) -> dict[str, Any]:
    return {
        "type": "record",
        "name": name,
        "fields": [{"name": key, "type": kind, "default": None} for key, kind in fields.items()],
    }


_PLAIN: dict[str, Any] = {
    **dict.fromkeys(("pixel", "kind", "url", "mail"), _TEXT),
    "at": ["null", {"type": "long", "logicalType": "timestamp-millis"}],
}
_LINE = _record(
    "Line", sku=_NUMBER, price_cents=_NUMBER, quantity=_NUMBER, about=["null", _record("About", title=_TEXT)]
)
_ADDRESS = _record("Address", country=_TEXT, zip=_NUMBER)
_PERSON = _record(
    "Person",
    mail=_TEXT,
    mails=["null", {"type": "array", "items": "string"}],
    phone=_NUMBER,
    born=["null", "int"],
    ids=["null", {"type": "array", "items": _TEXT}],
    address=["null", _ADDRESS],
)
_SHOP = parse_schema(
    json.dumps(
        _record(
            "ShopEvent",
            pixels=["null", "string", "long", {"type": "array", "items": "string"}],
            kind=_TEXT,
            at=_NUMBER,
            reported_by=_TEXT,
            url=_TEXT,
            click=_TEXT,
            person=["null", _PERSON, "string"],
            lines=["null", {"type": "array", "items": ["null", _LINE]}, "Line"],
            total=_NUMBER,
            currency=_TEXT,
            extra=[
                "null",
                {"type": "map", "values": [*_NUMBER, "boolean", "bytes", {"type": "array", "items": "long"}]},
            ],
            payload=_TEXT,
        )
    ),
    "a test",
)
_ITEM = (
    Rule("id", "text", (Source("sku"),)),
    Rule("quantity", "whole", (Source("quantity"), Source(constant=1))),
    Rule("item_price", "number", (Source("price_cents", scale=2),)),
    Rule("title", "text", (Source("about.title"),)),
)
_RULES = (
    Rule(
        "event_name",
        "text",
        (Source("kind", table=Table((("order", "Purchase"), ("cart", "AddToCart")), "skip")),),
    ),
    Rule("event_time", "seconds", (Source("at", unit="seconds"), Source("payload|json.at", unit="iso8601"))),
    Rule("event_source_url", "url", (Source("url"), Source("payload|json.url"))),
    Rule("user_data.fbclid", "fbclid", (Source("click"),)),
    Rule("user_data.em", "hash", (Source("person.mail"), Source("person.mails")), every=True),
    Rule("user_data.ph", "hash", (Source("person.phone"),)),
    Rule("user_data.db", "hash", (Source("person.born", unit="days"),)),
    Rule("user_data.country", "hash", (Source("person.address.country"),)),
    Rule("user_data.zp", "hash", (Source("person.address.zip"),)),
    Rule("user_data.external_id", "hash", (Source("person.ids[0]"), Source("payload|json.user.id"))),
    Rule("user_data.f5first", "hash", (Source("payload|json.user.first"),)),
    Rule("custom_data.currency", "currency", (Source("currency"),)),
    Rule("custom_data.value", "number", (Source("total"),)),
    Rule("custom_data.contents", "contents", (Source("lines"), Source("payload|json.lines")), _ITEM),
    Rule("custom_data.*", "properties", (Source("extra"),), without=("secret",)),
    Rule("custom_data.tier", "property", (Source("payload|json.user.tier"),)),
)
_MAPPING = TranslationMap(_RULES, (Source("pixels"),), follow=("content_ids", "num_items", "value", "content_type"))


def _answers(event: dict[str, Any], plan: Plan) -> tuple[ServerEvent | Refusal, ...]:
    engine = PythonEngine(_SHOP, _SHOP, plan)
    return engine.translate([encode(event, _SHOP)], [Origin("shop", 0, 1)], NOW)[0]


def _event(**changes: Any) -> dict[str, Any]:
    return {
        "pixels": PIXEL,
        "kind": "cart",
        "at": NOW,
        "url": "https://shop.example.com/",
        "person": {"mail": "a@example.com"},
        **changes,
    }


def _sent(plan: Plan | None = None, **changes: Any) -> dict[str, Any]:
    (answer,) = _answers(_event(**changes), plan or Plan(_MAPPING))
    assert isinstance(answer, ServerEvent), answer
    seen: dict[str, Any] = orjson.loads(answer.body)
    return seen


def _notes(**changes: Any) -> list[tuple[str, str]]:
    (answer,) = _answers(_event(**changes), Plan(_MAPPING))
    assert isinstance(answer, ServerEvent), answer
    return [(note.field, note.reason) for note in answer.notes]


def test_event_names_are_those_of_the_table_and_others_are_not_sent() -> None:
    assert _sent(kind="CART")["event_name"] == "AddToCart"
    (answer,) = _answers(_event(kind="wish"), Plan(_MAPPING))
    assert answer == Refusal("skipped", "event_filtered", "event_name", PIXEL)  # type: ignore[arg-type] # its text


def test_a_time_is_taken_from_the_first_place_that_has_one_in_that_places_unit() -> None:
    later = '{"at": "2026-09-21T14:12:40Z"}'
    assert _sent(payload=later)["event_time"] == NOW
    assert _sent(at=None, payload=later)["event_time"] == 1_790_000_000 - 60 * 60 * 24 + 86_360
    assert _sent(at="junk", payload=later)["event_time"] == 1_789_999_960


def test_several_addresses_become_a_list_without_doubles() -> None:
    person = {"mail": "a@example.com", "mails": ["b@example.com", "A@example.com "]}
    assert len(_sent(person=person)["user_data"]["em"]) == 2


def test_numbers_dates_and_ids_that_are_no_texts_are_hashed_as_their_texts_are() -> None:
    numbers = {"phone": 14155552671, "born": 7_363, "address": {"country": "US", "zip": 94035}, "ids": [None, "x"]}
    user = _sent(person=numbers)["user_data"]
    texts = {"phone": "+1 415 555 2671", "address": {"country": "usa", "zip": "94035-1234"}}
    same = _sent(person=texts)["user_data"]
    assert [user[key] for key in ("ph", "country", "zp")] == [same[key] for key in ("ph", "country", "zp")]
    assert user["db"] == [sha256_hex("19900228")]
    assert "external_id" not in user


def test_what_is_in_a_text_of_json_is_read_like_the_rest() -> None:
    payload = {
        "user": {"id": 42, "first": "Valéry", "tier": "gold"},
        "url": "https://shop.example.com/?fbclid=Abc",
        "lines": [{"sku": "p1", "quantity": "2", "price_cents": "1050"}],
    }
    sent = _sent(url=None, currency="EUR", payload=json.dumps(payload))
    assert sent["custom_data"]["contents"] == [{"id": "p1", "quantity": 2, "item_price": 10.5}]
    assert sent["custom_data"]["tier"] == "gold"
    assert sent["user_data"]["fbc"] == f"fb.1.{NOW * 1000}.Abc"
    assert len(sent["user_data"]["external_id"]) == 1
    assert len(sent["user_data"]["f5first"]) == 64


@pytest.mark.parametrize("payload", ["", "{", "[]", "null", '{"user": 1}', '{"user": [], "lines": {"a": 1}}'])
def test_json_that_is_none_costs_what_would_be_in_it(payload: str) -> None:
    assert _sent(payload=payload)["event_name"] == "AddToCart"


def test_what_follows_from_contents_is_added_where_the_event_does_not_say_it() -> None:
    lines = [{"sku": "p1", "quantity": 2, "price_cents": 1050, "about": {"title": "A"}}, {"sku": 7, "price_cents": 99}]
    custom = _sent(lines=lines, currency="EUR")["custom_data"]
    assert custom == {
        "currency": "EUR",
        "contents": [
            {"id": "p1", "quantity": 2, "item_price": 10.5, "title": "A"},
            {"id": "7", "quantity": 1, "item_price": 0.99},
        ],
        "content_ids": ["p1", "7"],
        "value": 21.99,
        "content_type": "product",
    }
    assert _sent(lines=lines, currency="EUR", total="5")["custom_data"]["value"] == 5.0


@pytest.mark.parametrize(
    "bad",
    [None, {"price_cents": 100}, {"sku": "p2", "price_cents": 100, "quantity": "3,0"}, {"sku": "p2", "quantity": -1}],
)
def test_nothing_is_summed_up_of_items_some_of_which_were_left_out(bad: dict[str, Any] | None) -> None:
    custom = _sent(lines=[{"sku": "p1", "price_cents": 1000}, bad], currency="EUR")["custom_data"]
    assert custom["content_ids"] == ["p1"]
    assert "value" not in custom


def test_a_sum_that_no_number_can_hold_is_none() -> None:
    assert (
        "value"
        not in _sent(lines=[{"sku": "p1", "price_cents": 1e308, "quantity": 10**10}], currency="EUR")["custom_data"]
    )


def test_a_number_that_cannot_be_read_is_never_replaced_by_a_constant() -> None:
    lines = [{"sku": "p1", "quantity": "3,0"}, {"sku": "p2"}]
    assert [each["id"] for each in _sent(lines=lines)["custom_data"]["contents"]] == ["p2"]
    assert ("custom_data.contents.quantity", "malformed") in _notes(lines=lines)


def test_a_sum_is_never_made_of_items_some_of_which_have_no_price() -> None:
    lines = [{"sku": "p1", "price_cents": 100}, {"sku": "p2"}]
    assert "value" not in _sent(lines=lines, currency="EUR")["custom_data"]


def test_one_item_that_is_no_list_is_a_list_of_one() -> None:
    assert _sent(lines={"sku": "p1"})["custom_data"]["content_ids"] == ["p1"]


def test_custom_properties_are_what_the_map_holds_but_for_those_that_are_meta_s_or_no_plain_values() -> None:
    extra = {"margin": 1.5, "vip": True, "sizes": [1, 2], "secret": "x", "value": 1, "raw": b"x", "nothing": None}
    custom = _sent(extra=extra)["custom_data"]
    assert custom == {"margin": 1.5, "vip": True, "sizes": [1, 2]}
    assert _notes(extra=extra) == [
        ("custom_data.*", "reserved"),
        ("custom_data.*", "malformed"),
        ("user_data.client_user_agent", "absent"),
    ]


def test_a_click_id_that_is_kept_by_itself_makes_an_fbc_and_is_not_sent() -> None:
    user = _sent(click="AbC")["user_data"]
    assert user["fbc"] == f"fb.1.{NOW * 1000}.AbC"
    assert "fbclid" not in user
    assert _sent(click="AbC", url="https://shop.example.com/?fbclid=Url")["user_data"]["fbc"].endswith(".Url")


@pytest.mark.parametrize(
    ("pixels", "sent_to"),
    [("11", ["11"]), (11, ["11"]), (["11", "12", "11"], ["11", "12"]), (["11", "x"], []), ("x", []), (-1, [])],
)
def test_an_event_goes_to_the_pixels_that_it_names(pixels: object, sent_to: list[str]) -> None:
    answers = _answers(_event(pixels=pixels), Plan(_MAPPING))
    assert [each.pixel_id for each in answers if isinstance(each, ServerEvent)] == sent_to
    assert sent_to or answers[0][:2] == ("dead_lettered", "bad_pixel_id")


@pytest.mark.parametrize(
    ("condition", "event", "sent"),
    [
        (Condition("kind", "in", ("cart", "order")), {}, True),
        (Condition("kind", "in", ("order",)), {}, False),
        (Condition("kind", "not_in", ("order",)), {}, True),
        (Condition("kind", "not_in", ("cart",)), {}, False),
        (Condition("total", "present"), {"total": 0}, True),
        (Condition("total", "present"), {}, False),
        (Condition("total", "present"), {"total": ""}, False),
        (Condition("total", "absent"), {}, True),
        (Condition("total", "absent"), {"total": 0}, False),
        (Condition("total", "in", ("1",)), {"total": 1}, True),
        (Condition("person.mail", "in", ("a@example.com",)), {}, True),
        (Condition("payload|json.debug", "not_in", ("true",)), {"payload": '{"debug": true}'}, False),
    ],
)
def test_a_record_that_does_not_hold_a_condition_is_skipped(
    condition: Condition, event: dict[str, Any], *, sent: bool
) -> None:
    mapping = TranslationMap(_RULES, (Source("pixels"),), when=(Condition("kind", "present"), condition))
    (answer,) = _answers(_event(**event), Plan(mapping))
    assert isinstance(answer, ServerEvent) is sent
    assert sent or answer == Refusal("skipped", "event_filtered", condition.path)  # type: ignore[arg-type] # its text


def test_a_purpose_of_consent_may_have_a_place_of_its_own() -> None:
    consent = ConsentMap(purposes=(("ad_storage", (Source("payload|json.gcs", table=Table((("G111", "granted"),))),)),))
    plan = Plan(TranslationMap(_RULES, (Source("pixels"),), consent=consent))
    assert _sent(plan, payload='{"gcs": "G111"}')
    (answer,) = _answers(_event(payload='{"gcs": "G100"}'), plan)
    assert answer[:2] == ("skipped", "no_consent")


@pytest.mark.parametrize(
    ("mode", "sent"),
    [("plain", "Ab 1"), ("hashed", sha256_hex("Ab 1")), ("hashed_lowercase", sha256_hex("ab1"))],
)
def test_an_external_id_goes_as_the_client_s_own_pixel_sends_it(mode: Any, sent: str) -> None:
    plan = Plan(_MAPPING, defaults=PixelRules(external_id=mode))
    assert _sent(plan, person={"ids": [" Ab 1 "]})["user_data"]["external_id"] == [sent]


def test_an_address_that_is_somebody_s_external_id_is_hashed_in_any_case() -> None:
    plan = Plan(_MAPPING, defaults=PixelRules(external_id="plain"))
    sent = _sent(plan, person={"ids": ["Shopper@example.com"]})
    assert sent["user_data"]["external_id"] == [sha256_hex("Shopper@example.com")]


def test_an_event_says_which_match_keys_it_has() -> None:
    (answer,) = _answers(_event(person={"mail": "a@example.com", "ids": ["x"]}), Plan(_MAPPING))
    assert isinstance(answer, ServerEvent)
    has = {key for at, key in enumerate(MATCH_KEYS) if answer.matched >> at & 1}
    assert has == {"em", "external_id"}


@pytest.mark.parametrize(
    "extra",
    [
        {"email": "x"},
        {"E-Mail": "x"},
        {"em": "x"},
        {"first_name": "Ada"},
        {"phoneNumber": 4930123456},
        {"client_ip": "203.0.113.7"},
        {"contact": "shopper@example.com"},
        {"note": " Shopper@Example.com "},
    ],
)
def test_what_names_a_person_never_leaves_as_a_custom_property(extra: dict[str, Any]) -> None:
    assert "custom_data" not in _sent(extra=extra)
    assert ("custom_data.*", "personal") in _notes(extra=extra)


@pytest.mark.parametrize(
    "extra",
    [{"email": True}, {"mobile": False}, {"contacts": 3}, {"handle": "@shop"}, {"at": "a @ b"}, {"mailing": "spring"}],
)
def test_what_names_nobody_does(extra: dict[str, Any]) -> None:
    assert _sent(extra=extra)["custom_data"] == extra


def test_a_text_that_should_be_json_and_is_none_is_noted() -> None:
    assert ("payload|json", "malformed") in _notes(payload="{broken")
    assert not [note for note in _notes(payload='{"a": 1}') if note[0] == "payload|json"]
    assert not [note for note in _notes(payload=None) if note[0] == "payload|json"]


def test_a_record_s_properties_are_those_of_the_reader_s_schema_however_it_is_decoded() -> None:
    reader = parse_schema(
        json.dumps({**_record("Shop", order=["null", _record("Order", coupon=_TEXT)], **_PLAIN)}), "the reader"
    )
    writer = parse_schema(
        json.dumps({**_record("Shop", order=["null", _record("Order", coupon=_TEXT, vendor_margin=_TEXT)], **_PLAIN)}),
        "the writer",
    )
    text = (
        "route: {pixel_id: pixel}\nevent_name: kind\nevent_time: at\nevent_source_url: url\nuser_data: {em: mail}\n"
        'custom_data: {"*": order}\n'
    )
    mapping = compile_mapping(parse_mapping(text, Path("mapping.yaml")), reader).mapping
    event = {
        "pixel": PIXEL,
        "kind": "Lead",
        "at": NOW * 1000,
        "url": "https://shop.example.com/",
        "mail": "a@example.com",
        "order": {"coupon": "c", "vendor_margin": "9"},
    }
    engine = PythonEngine(writer, reader, Plan(mapping))
    (answer,) = engine.translate([encode(event, writer)], [Origin("shop", 0, 1)], NOW)[0]
    assert isinstance(answer, ServerEvent), answer
    assert orjson.loads(answer.body)["custom_data"] == {"coupon": "c"}


def test_what_a_hostile_list_holds_is_cut_short_and_does_not_take_minutes() -> None:
    mails = [f"shopper.{number}@example.com" for number in range(50_000)]
    assert len(_sent(person={"mails": mails})["user_data"]["em"]) == MOST_VALUES
    assert ("user_data.em", "too_long") in _notes(person={"mails": mails})
    assert len(_notes(lines=[{"price_cents": 1}] * 50_000)) <= MOST_NOTES


def test_a_record_for_more_pixels_than_can_be_counted_is_refused_and_does_not_end_the_process() -> None:
    pixels = [str(1_000 + number) for number in range(MOST_PIXELS + 1)]
    assert MOST_PIXELS == MAX_OUTCOMES
    assert len(_answers(_event(pixels=pixels[:-1]), Plan(_MAPPING))) == MOST_PIXELS
    (answer,) = _answers(_event(pixels=pixels), Plan(_MAPPING))
    assert answer[:2] == ("dead_lettered", "too_many_pixels")
