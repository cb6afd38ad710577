"""Records written as JSON: numbers for decimals, and names for the types of unions, as people write them."""

import json
from decimal import Decimal
from io import BytesIO
from typing import Any

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.records.json_record import WrongValue, record_from_json
from streamer.records.schema import encode, parse_schema


def _decimal(kind: str = "bytes", **more: Any) -> dict[str, Any]:
    return {"type": kind, "logicalType": "decimal", "precision": 10, "scale": 2, **more}


def _record(name: str, **fields: Any) -> dict[str, Any]:
    return {"type": "record", "name": name, "fields": [{"name": key, "type": kind} for key, kind in fields.items()]}


SUMS = {
    "namespace": "com.heron.shop",
    **_record(
        "Sums",
        total=_decimal(),
        tax=["null", _decimal()],
        fixed=_decimal("fixed", name="Money", size=3, precision=6),
        again=["null", "Money"],
        whole=_decimal(precision=4, scale=0),
        raw={"type": "bytes"},
    ),
}
SCHEMA = parse_schema(json.dumps(SUMS), "a test")
ZERO: dict[str, Any] = {"total": 0, "tax": None, "fixed": 0, "again": None, "whole": 0, "raw": "4.90"}


def _read(**changes: Any) -> Any:
    """Read a record from JSON, and read what was written once more, now with the logical types."""
    record, _ = record_from_json(SCHEMA, {**ZERO, **changes})
    body = BytesIO(encode(record, SCHEMA))
    return fastavro.schemaless_reader(body, fastavro.parse_schema(SUMS), None)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (4.9, "4.90"),
        ("4.90", "4.90"),
        (" 4.9 ", "4.90"),
        (0.1, "0.10"),
        (12, "12"),
        ("-12", "-12"),
        ("+12.5", "12.5"),
        (-1.28, "-1.28"),
        (1e2, "100"),
        ("\x00\x01\xea", "4.90"),  # Avro's own JSON encoding
        ("\xff\xff\xff", "-0.01"),
    ],
)
def test_a_decimal_is_the_number_that_is_written(written: Any, meant: str) -> None:
    fields = ("total", "tax", "fixed", "again")
    read = _read(**dict.fromkeys(fields, written))
    assert [read[field] for field in fields] == [Decimal(meant)] * len(fields)


def test_bytes_that_are_no_decimal_stay_what_they_are() -> None:
    read = _read(whole=9999)
    assert (read["raw"], read["whole"]) == (b"4.90", 9999)


@pytest.mark.parametrize(
    ("field", "written"),
    [
        ("total", 4.905),
        ("total", "4.905"),
        ("total", 1e9),
        ("total", "4,90"),
        ("total", "1,234.50"),
        ("total", "4.90 EUR"),
        ("total", "1" * 500),
        ("total", True),
        ("total", None),
        ("total", [4.9]),
        ("total", "€4.90"),
        ("tax", 4.905),
        ("fixed", 10000),
        ("fixed", "\x01\xea"),
        ("whole", 1.5),
        ("whole", 10000),
        ("raw", 4.9),
    ],
)
def test_a_number_that_the_decimal_cannot_hold_is_told_and_never_another_number(field: str, written: Any) -> None:
    with pytest.raises(WrongValue, match=f"^{field} must be ") as caught:
        _read(**{field: written})
    assert ("digits" in str(caught.value)) is (field != "raw")
    assert "4.9" not in str(caught.value)


def test_what_a_decimal_must_be_is_said() -> None:
    with pytest.raises(WrongValue) as caught:
        _read(tax=4.905)
    assert str(caught.value) == "tax must be null or a number of at most 10 digits, 2 of them behind the point"
    with pytest.raises(WrongValue, match=r"at most 4 digits, none behind the point"):
        _read(whole=1.5)


@given(cents=st.integers(-(10**10) + 1, 10**10 - 1))
def test_every_amount_can_be_written_as_text_and_as_a_number(cents: int) -> None:
    meant = Decimal(cents).scaleb(-2)
    assert _read(total=str(meant), tax=float(meant)).items() >= {"total": meant, "tax": meant}.items()


ORDER = _record("Order", id="string")
NESTED = parse_schema(
    json.dumps(
        {
            "namespace": "com.heron.shop",
            **_record(
                "Event",
                order=["null", ORDER],
                again=["null", "Order"],
                kind=["null", {"type": "enum", "name": "Kind", "symbols": ["a", "b"]}],
                own=["null", _record("Own", Own={"type": "map", "values": "string"})],
            ),
        }
    ),
    "a test",
)


@pytest.mark.parametrize("name", ["com.heron.shop.Order", "Order"])
@pytest.mark.parametrize("field", ["order", "again"])
def test_a_record_of_a_union_may_be_wrapped_in_its_name_with_or_without_the_namespace(field: str, name: str) -> None:
    given = {"order": None, "again": None, "kind": {"Kind": "a"}, "own": None, field: {name: {"id": "o-1"}}}
    record, unknown = record_from_json(NESTED, given)
    assert (record[field], record["kind"], unknown) == ({"id": "o-1"}, "a", [])


def test_a_record_with_a_field_of_its_own_name_is_meant_plainly() -> None:
    given = {"order": None, "again": None, "kind": None, "own": {"Own": {"Own": "x"}}}
    record, _ = record_from_json(NESTED, given)
    assert record["own"] == {"Own": {"Own": "x"}}
