"""A plan as JSON, for an engine in another language and for people; docs/plan.md describes the format."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

from pydantic import TypeAdapter

from streamer.translate.plan import Only, PixelRules, Plan, TranslationMap

VERSION: Final = 1
"""Of the format. It grows with every change by which an engine of before would do another thing."""

Lists = Mapping[str, frozenset[bytes]]
"""Lists of people whose events are skipped, by name: :attr:`Plan.suppressed`."""

_NO_LISTS: Final[Lists] = MappingProxyType({})
_MAPPING: Final = TypeAdapter(TranslationMap)
_RULES: Final = TypeAdapter(PixelRules)
_PIXELS: Final = TypeAdapter(dict[str, PixelRules])
_CONTAINERS: Final = TypeAdapter(dict[str, tuple[str, ...]])
_MARGIN: Final = TypeAdapter(int)
_ONLY: Final = TypeAdapter(Only)


def plan_to_json(plan: Plan) -> dict[str, Any]:
    """Return a plan as ``json.dumps`` takes it.

    In the mapping, what is as the plan's classes have it by default is left out; in a pixel, what is as in
    ``defaults``, which are whole; ``only``, where everything is chosen. Of the lists of suppressed people there are
    only the names and counts.
    """
    defaults = _RULES.dump_python(plan.defaults, mode="json")
    mapping = _MAPPING.dump_python(plan.mapping, mode="json", exclude_defaults=True)
    pixels = {pixel_id: _RULES.dump_python(rules, mode="json") for pixel_id, rules in plan.pixels.items()}
    return {
        "version": VERSION,
        "mapping": mapping | {"follow": list(plan.mapping.follow)},
        "containers": {name: list(pixel_ids) for name, pixel_ids in plan.containers.items()},
        "pixels": {pixel_id: _difference(rules, defaults) for pixel_id, rules in pixels.items()},
        "defaults": defaults,
        "suppressed": {name: {"count": len(people)} for name, people in plan.suppressed.items()},
        "age_margin_seconds": plan.age_margin_seconds,
        **({"only": _ONLY.dump_python(plan.only, mode="json")} if plan.only != Only() else {}),
    }


def plan_from_json(data: Mapping[str, Any], suppressed: Lists = _NO_LISTS) -> Plan:
    """Return the plan that :func:`plan_to_json` wrote, which is equal to the first.

    :param suppressed: the lists, which JSON does not hold.
    :raises ValueError: it is of another version, not of the format, or a list is not there.
    """
    if data.get("version") != VERSION:
        raise ValueError(f"a plan of the version {data.get('version')}, and not {VERSION}")
    _refuse_missing(name for name in data.get("suppressed", {}) if name not in suppressed)
    defaults = data.get("defaults", {})
    plan = Plan(
        mapping=_MAPPING.validate_python(data.get("mapping")),
        containers=_CONTAINERS.validate_python(data.get("containers")),
        pixels=_PIXELS.validate_python({name: defaults | rules for name, rules in data.get("pixels", {}).items()}),
        defaults=_RULES.validate_python(defaults),
        suppressed={name: suppressed[name] for name in data.get("suppressed", {})},
        age_margin_seconds=_MARGIN.validate_python(data.get("age_margin_seconds")),
        only=_ONLY.validate_python(data.get("only", {})),
    )
    if plan_to_json(plan) | {"suppressed": data.get("suppressed")} != data:
        raise ValueError("a plan with something in it that is not of its format")
    return plan


def _difference(rules: dict[str, Any], defaults: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in rules.items() if value != defaults[key]}


def _refuse_missing(names: Iterable[str]) -> None:
    missing = ", ".join(sorted(names))
    if missing:
        raise ValueError(f"a plan that needs lists of suppressed people which are not there: {missing}")
