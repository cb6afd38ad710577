"""A plan goes through JSON and comes back as it was, so that an engine in another language can read it."""

import json
from pathlib import Path
from typing import Any, TypeVar, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.translate.plan import (
    Condition,
    ConsentMap,
    ConsentPolicy,
    EventPolicy,
    Limited,
    Only,
    PixelRules,
    Plan,
    PropertyPolicy,
    Rule,
    RuleName,
    Source,
    Table,
    TranslationMap,
)
from streamer.translate.plan_json import plan_from_json, plan_to_json

T = TypeVar("T")

PAGE = (Path(__file__).parents[2] / "docs" / "plan.md").read_text()

LITTLE = TranslationMap((Rule("event_name", "text", (Source("name"),)),))
LISTS = {"acme": frozenset({b"\x01" * 32, b"\x02" * 32})}
FULL = Plan(LITTLE, {"GTM-1": ("11", "12")}, {"11": PixelRules(phone_region="de")}, suppressed=LISTS)


def _read(data: object, **lists: frozenset[bytes]) -> Plan:
    again = json.loads(json.dumps(data))
    assert isinstance(again, dict)
    return plan_from_json(again, lists)


def _several(strategy: st.SearchStrategy[T]) -> st.SearchStrategy[tuple[T, ...]]:
    return st.lists(strategy, max_size=2).map(tuple)


def _any(kind: type[T], **given: st.SearchStrategy[Any]) -> st.SearchStrategy[T]:
    """Any value of a class of the plan: by its types, also where it has a default."""
    return st.builds(kind, **(dict.fromkeys(kind.__slots__, ...) | given))  # type: ignore[attr-defined] # all have them


FINITE = st.floats(allow_nan=False, allow_infinity=False)
SOURCES = _any(
    Source,
    constant=st.none() | st.text() | st.integers() | FINITE | st.booleans(),
    table=st.none() | _any(Table),
)
ITEM_RULES = _any(Rule, sources=_several(SOURCES), fields=st.just(()))
RULES = _any(Rule, sources=_several(SOURCES), fields=_several(ITEM_RULES))
MAPPINGS = _any(
    TranslationMap,
    rules=_several(RULES),
    pixel_id=_several(SOURCES),
    container_id=_several(SOURCES),
    origin=_several(SOURCES),
    consent=_any(ConsentMap, purposes=_several(st.tuples(st.text(), _several(SOURCES)))),
    when=_several(_any(Condition)),
)
PIXELS = _any(
    PixelRules,
    consent=_any(ConsentPolicy),
    limited=_any(Limited),
    events=_any(EventPolicy),
    properties=_any(PropertyPolicy),
)
PLANS = _any(
    Plan,
    mapping=MAPPINGS,
    containers=st.dictionaries(st.text(), _several(st.text()), max_size=2),
    pixels=st.dictionaries(st.text(), PIXELS, max_size=2),
    defaults=PIXELS,
    suppressed=st.dictionaries(st.text(), st.frozensets(st.binary(min_size=32, max_size=32), max_size=2), max_size=2),
)


@given(PLANS)
def test_any_plan_comes_back_from_json_as_it_was(plan: Plan) -> None:
    again = plan_from_json(json.loads(json.dumps(plan_to_json(plan))), plan.suppressed)
    assert again == plan
    assert repr(again) == repr(plan)  # 1, 1.0 and true are equal, and are not the same


@pytest.mark.parametrize("constant", [1, 1.0, True, 0, False, "1", ""])
def test_a_constant_keeps_its_type(constant: str | float | bool) -> None:  # noqa: FBT001 - a case
    plan = Plan(TranslationMap((Rule("custom_data.x", "property", (Source(constant=constant),)),)))
    (source,) = _read(plan_to_json(plan)).mapping.rules[0].sources
    assert (source.constant, type(source.constant)) == (constant, type(constant))


def test_nobody_who_asked_to_be_forgotten_stands_in_the_json() -> None:
    written = plan_to_json(FULL)
    assert written["suppressed"] == {"acme": {"count": 2}}
    assert "01" * 32 not in json.dumps(written)
    assert _read(written, **LISTS) == FULL


def test_a_plan_is_not_read_without_its_lists_of_people() -> None:
    with pytest.raises(ValueError, match="not there: acme"):
        _read(plan_to_json(FULL))


def test_a_pixel_shows_only_what_differs_from_the_defaults() -> None:
    plan = Plan(LITTLE, pixels={"11": PixelRules(phone_region="de")}, defaults=PixelRules(opt_out=True))
    written = plan_to_json(plan)
    assert written["pixels"] == {"11": {"phone_region": "de", "opt_out": False}}
    assert written["defaults"]["consent"]["missing"] == "granted"


def test_a_mapping_shows_only_what_is_said_in_it() -> None:
    assert plan_to_json(Plan(LITTLE))["mapping"] == {
        "rules": [{"key": "event_name", "rule": "text", "sources": [{"path": "name"}]}],
        "follow": ["content_ids", "num_items"],
    }


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"version": 2}, "version 2, and not 1"),
        ({"version": None}, "version None"),
        ({"mapping": None}, "TranslationMap"),
        ({"mapping": {"rules": [{"key": "x", "rule": "shout"}]}}, "shout"),
        ({"mapping": {"rules": [], "follow": [], "colour": "red"}}, "not of its format"),
        ({"defaults": {}}, "not of its format"),
        ({"more": 1}, "not of its format"),
    ],
)
def test_what_is_no_plan_of_this_version_is_refused_and_not_half_understood(change: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        _read(plan_to_json(Plan(LITTLE)) | change)


@pytest.mark.parametrize("name", get_args(RuleName))
def test_the_page_on_the_format_says_what_each_rule_does(name: str) -> None:
    assert f"| `{name}` |" in PAGE


@pytest.mark.parametrize("kind", [Source, Rule, Condition, ConsentMap, TranslationMap, PixelRules, Only, Plan])
def test_the_page_on_the_format_names_each_key(kind: type) -> None:
    assert [name for name in kind.__slots__ if f"`{name}`" not in PAGE] == []  # type: ignore[attr-defined] # all have them


def test_the_example_on_the_page_is_a_plan() -> None:
    _, _, after = PAGE.partition("```json\n")
    example, _, _ = after.partition("```")
    assert plan_to_json(plan_from_json(json.loads(example), {"acme": frozenset()})) | {"suppressed": {}}
