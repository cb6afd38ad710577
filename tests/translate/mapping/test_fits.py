"""What a check lets pass is what the engine can make something of, and nothing else."""

from typing import Any, Final

import pytest

from streamer.translate.mapping.fits import MisfitError, settle
from streamer.translate.mapping.parsed import Entry
from streamer.translate.mapping.schema_types import Kind, SchemaTypes, Type
from streamer.translate.notes import Drop
from streamer.translate.plan import RuleName, Source
from streamer.translate.rules import CONVERT
from tests.translate.mapping.shop import SHOP

TYPES = SchemaTypes(SHOP)
TEXTS = [
    *("1", "true", "EUR", "website", "whatsapp", "new_customer_to_medium", "product", "in_store", "1234567890123456"),
    *("https://shop.example.com/", "203.0.113.7", "fb.1.1596403881668.1116446470", "LDU", "1000"),
]
SAMPLES: Final[dict[Kind, list[Any]]] = {
    "text": TEXTS,
    "whole": [0, 1, 1000, 1234567890123456],
    "real": [0.5, 1.0, 1234567890123456.0],
    "flag": [True, False],
    "bytes": [b"1", b"true"],
    "record": [{"a": "b"}],
}
RULES: Final[list[RuleName]] = [rule for rule in CONVERT if rule != "seconds"]


def _type(kind: Kind) -> Type:
    return Type(kind, {"type": kind, "fields": []})


def _passes(rule: RuleName, kind: Type) -> bool:
    try:
        settle(Entry("a.b", rule, 1), Source("x"), (kind,), TYPES)
    except MisfitError:
        return False
    return True


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("kind", SAMPLES)
def test_a_type_passes_if_the_engine_takes_one_of_its_values(rule: RuleName, kind: Kind) -> None:
    taken = [value for value in SAMPLES[kind] if not isinstance(CONVERT[rule](value), Drop)]
    assert _passes(rule, _type(kind)) == bool(taken), taken


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("kind", SAMPLES)
def test_a_list_passes_if_the_engine_takes_one(rule: RuleName, kind: Kind) -> None:
    made = [CONVERT[rule]([value]) for value in SAMPLES[kind]]
    taken = [value for value in made if value is not None and not isinstance(value, Drop)]
    assert _passes(rule, Type("list", items=(_type(kind),))) == bool(taken), taken
