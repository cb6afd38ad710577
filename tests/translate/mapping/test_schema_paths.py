"""What a schema tells of a path: what may stand there, and what was meant where nothing can."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from streamer.records.schema import encode, parse_schema
from streamer.translate.mapping.schema_paths import NowhereError, follow
from streamer.translate.mapping.schema_types import Kind, SchemaTypes, Types
from streamer.translate.paths import finder
from tests.translate.mapping.shop import SHOP, listed, record

TYPES = SchemaTypes(SHOP)


def _follow(path: str, types: SchemaTypes = TYPES) -> Types:
    return follow(path, types.top, types)


def _described(path: str) -> str:
    return TYPES.described(_follow(path))


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("kind", "text"),
        ("created_at", "a whole number"),
        ("local_at", "a whole number"),
        ("share", "a number"),
        ("person", "a record"),
        ("person.vip", "true or false"),
        ("person.phone", "text or a whole number"),
        ("person.address.before.before.country", "text"),
        ("person.friends[0].friends[1].email", "text"),
        ("order.total", "a decimal number"),
        ("order.lines", "a list of records"),
        ("order.lines[0].price_cents", "a whole number"),
        ("order.lines[].sku", "a list of text or whole numbers"),
        ("order.lines[].tags", "a list of text"),
        ("order.gifts", "a list of records or a record"),
        ("order.gifts.sku", "text or a whole number"),
        ("order.stages.packed.sku", "text or a whole number"),
        ("cookies._fbp", "text"),
        ("attributes['x-ga.gcs']", "true or false or a whole number or a number or text or a list of text"),
        ("params[key=page].value.text", "text"),
        ("params[value.text=page*].key", "text"),
        ("params[key=page][]", "a list of records"),
        ("params[key=page][].value.text", "a list of text"),
        ("params[][key=page].key", "a list of text"),
        ("order.gifts[sku=p1].price_cents", "a whole number"),
        ("cookies[_fbp=x]", "a map"),
        ("matrix", "a list of lists"),
        ("matrix[0][1]", "text"),
        ("matrix[][]", "a list of text"),
        ("matrix[]", "a list of text"),
        ("payload|json", "JSON"),
        ("payload|json.a[0].b[].c[d=e]|json.f", "a list of JSON"),
        ("raw|json.a", "JSON"),
        ("cookies.a|json.b", "JSON"),
        ("nothing", "always null"),
    ],
)
def test_what_may_stand_at_a_path_is_known(path: str, what: str) -> None:
    assert _described(path) == what


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("knd", "there is no knd. Did you mean kind?"),
        ("person.emial", "there is no person.emial. Did you mean person.email?"),
        ("person.address.zzz", "there is no person.address.zzz. There are: country, before."),
        ("order.lines[0].skuu", "there is no order.lines[0].skuu. Did you mean order.lines[0].sku?"),
        ("person['e mail']", "there is no person['e mail']. Did you mean person.email?"),
        ("kind.name", "kind is text: nothing stands below it."),
        ("nothing.at.all", "nothing is always null: nothing stands below it."),
        (
            "order.lines.sku",
            "order.lines is a list. Write order.lines[0].sku for its first item, order.lines[].sku for each.",
        ),
        ("person[0]", "person is a record, and no list."),
        ("cookies[]", "cookies is a map, and no list."),
        ("kind[key=x]", "kind is text, and no list of records."),
        ("params[kye=x]", "in an item of params, there is no kye. Did you mean key?"),
        ("params[value.txt=x]", "in an item of params, there is no value.txt. Did you mean value.text?"),
        ("params[number=1]", "number is a whole number, and no text, in an item of params."),
        ("matrix[key=x]", "matrix is a list of lists, and no list of records."),
        ("person|json.a", "person is a record, and no text."),
    ],
)
def test_a_path_that_leads_nowhere_says_where_it_ends_and_what_is_there(path: str, why: str) -> None:
    with pytest.raises(NowhereError) as caught:
        _follow(path)
    assert str(caught.value) == why


def test_of_many_names_the_first_ones_are_told() -> None:
    with pytest.raises(NowhereError, match=r"^there is no zzz\. There are: kind, .*, … \(\d\d in all\)\.$"):
        _follow("zzz")


def _top(definition: dict[str, Any], *references: dict[str, Any]) -> SchemaTypes:
    return SchemaTypes(parse_schema(json.dumps(definition), "a test", [json.dumps(each) for each in references]))


def test_names_are_found_in_their_namespaces() -> None:
    inner = {"namespace": "b", **record("Inner", x="string", again=["null", "Inner"], far=["null", "a.Outer"])}
    types = _top({"namespace": "a", **record("Outer", inner=inner, same="b.Inner", others=listed("b.Inner"))})
    for path in ("inner.x", "inner.again.again.x", "same.far.others[0].far.same.x"):
        assert types.described(_follow(path, types)) == "text"


def test_a_type_of_another_file_of_the_registry_is_found() -> None:
    types = _top(record("Order", line="shop.Line"), {"namespace": "shop", **record("Line", sku="string")})
    assert types.described(_follow("line.sku", types)) == "text"


def test_a_schema_that_holds_itself_in_every_way_ends() -> None:
    types = _top(
        record("Node", left=["null", "Node"], all=listed("Node"), by={"type": "map", "values": "Node"}, v="int")
    )
    path = ".".join(["left.all[0].by.x"] * 50) + ".v"
    assert types.described(_follow(path, types)) == "a whole number"


_LINE = {"sku": "p1", "quantity": 2, "price_cents": 950, "tags": ["new"]}
_FRIEND: dict[str, Any] = {
    "email": None,
    "emails": [],
    "phone": 49,
    "vip": False,
    "born": 1,
    "address": None,
    "friends": [],
}
RECORD: dict[str, Any] = {
    "kind": "order",
    "created_at": 1,
    "seen_at": 2,
    "exact_at": 3,
    "local_at": 4,
    "clock": 5,
    "plain_at": 6,
    "written_at": "2026-01-01",
    "mixed_at": 7,
    "shop": {"pixel": "1", "container": "c"},
    "person": {
        "email": "a@example.com",
        "emails": ["b@example.com"],
        "phone": "+49 30 1",
        "vip": True,
        "born": 9000,
        "address": {"country": "de", "before": {"country": "fr", "before": None}},
        "friends": [{**_FRIEND, "friends": [_FRIEND]}],
    },
    "order": {
        "id": "o-1",
        "currency": "EUR",
        "total_cents": 1900,
        "total": b"\x01",
        "lines": [_LINE, {**_LINE, "sku": 7}],
        "gifts": [_LINE],
        "extra": {"note": "n", "margin": 0.5},
        "stages": {"packed": _LINE},
    },
    "cookies": {"_fbp": "fb.1"},
    "attributes": {"x": True, "y": ["z"]},
    "params": [{"key": "page", "number": 1, "value": {"text": "t"}}],
    "matrix": [["a", "b"]],
    "payload": '{"x": [1, {"key": "page"}], "y": {"z": "a"}}',
    "raw": b'{"x": true}',
    "share": 0.5,
    "nothing": None,
    "amount": 1.5,
}
_KINDS: dict[type, set[Kind]] = {
    str: {"text"},
    bytes: {"bytes", "decimal"},
    bool: {"flag"},
    int: {"whole"},
    float: {"real"},
    list: {"list"},
    dict: {"record", "map"},
}


def _names(value: Any) -> set[str]:
    if isinstance(value, list):
        return {name for item in value for name in _names(item)}
    return {*value, *(name for each in value.values() for name in _names(each))} if isinstance(value, dict) else set()


_STEPS = [
    *(f".{name}" for name in sorted(_names(RECORD))),
    *("[0]", "[1]", "[]", "[key=page]", "[key=p*]", "[value.text=t]", "|json"),
]


def test_the_record_of_these_tests_is_one_of_the_schema() -> None:
    assert encode(RECORD, SHOP)


def _found_below(path: str, deep: int) -> Iterator[tuple[str, Any]]:
    """Paths at which an engine finds something, and what."""
    found = finder(path)(RECORD)
    if found is not None:
        yield path, found
        for step in _STEPS if deep else ():
            yield from _found_below(path + step, deep - 1)


@pytest.mark.parametrize("start", RECORD)
def test_what_an_engine_finds_is_never_said_to_be_nowhere_or_of_another_kind(start: str) -> None:
    for path, found in _found_below(start, 5):
        kinds = {one.kind for one in _follow(path)}
        assert kinds & (_KINDS[type(found)] | {"any"}), path
