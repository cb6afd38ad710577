"""The preset of the tag event: nothing of an event is forgotten, and nothing of Meta's surface without a reason."""

from collections.abc import Iterator
from typing import Any

from streamer.records.schema import load_schema
from streamer.translate.mapping import TAG_EVENT, compile_mapping, load_preset
from streamer.translate.plan import ConsentMap, Rule, Source
from streamer.translate.surface import CONTENT_KEYS, EXTINFO_PARTS, SECTIONS

SCHEMA = load_schema()
RULES = {rule.key: rule for rule in TAG_EVENT.rules}


def _leaves(schema: Any, path: str) -> Iterator[str]:
    """Paths of all fields that hold no record; below a list, those of its items."""
    if isinstance(schema, list):
        for branch in schema:
            yield from _leaves(branch, path)
    elif isinstance(schema, dict) and schema["type"] == "record":
        for field in schema["fields"]:
            yield from _leaves(field["type"], f"{path}.{field['name']}" if path else field["name"])
    elif isinstance(schema, dict) and schema["type"] == "array":
        yield from _leaves(schema["items"], path)
    elif schema != "null":
        yield path


def _used() -> Iterator[str]:
    yield from ("pixel_id", "container_id", "origin", "consent")
    for rule in TAG_EVENT.rules:
        yield from (source.path for source in rule.sources)
        before = f"{rule.sources[0].path}." if rule.rule == "contents" else ""
        yield from (f"{before}{source.path}" for part in rule.fields for source in part.sources)


def _paths(rule: Rule) -> list[str]:
    return [source.path for source in rule.sources]


def test_every_field_of_a_tag_event_is_used() -> None:
    assert set(_leaves(SCHEMA.definition, "")) - set(_used()) == {"cookies"}  # of which two are
    assert _paths(RULES["user_data.fbp"]) == ["cookies._fbp"]
    assert _paths(RULES["user_data.fbc"]) == ["cookies._fbc"]


def test_what_a_tag_event_cannot_say_of_meta_s_surface_is_known() -> None:
    keys = {f"{section}.{name}" if section else name for section, names in SECTIONS.items() for name in names}
    assert keys - RULES.keys() == {
        *(
            f"user_data.{name}" for name in ("f5first", "f5last", "fi", "dobd", "dobm", "doby")
        ),  # of the name, the birthday
        "user_data.fbclid",  # in the page's address
        "user_data.instagram_business_account_id",  # ig_account_id under another name
        *(
            f"custom_data.{name}" for name in ("item_number", "lead_event_source", "event_source")
        ),  # with the custom ones
        *(f"app_data.{name}" for name in ("consider_views", "include_dwell_data", "include_video_data")),
        *(f"app_data.{name}" for name in ("install_timestamp", "receipt_data")),
        "advanced_measurement_table",
        *(f"attribution_data.{name}" for name in ("attribution_method", "touchpoint_id", "decline_reason")),
        *(
            f"attribution_data.{name}"
            for name in ("auditing_token", "linkage_key", "partner_client_id", "total_credit")
        ),
    }
    assert {part.key for part in RULES["custom_data.contents"].fields} == set(CONTENT_KEYS)
    assert [part.key for part in RULES["app_data.extinfo"].fields] == list(EXTINFO_PARTS)


def test_keys_that_hold_lists_take_all_that_is_said_of_a_person_the_first_one_first() -> None:
    several = {key: (_paths(rule), rule.every) for key, rule in RULES.items() if len(rule.sources) > 1}
    assert several == {
        "user_data.em": (["user.email", "user.more.emails"], True),
        "user_data.ph": (["user.phone", "user.more.phones"], True),
        "user_data.external_id": (["user.external_id", "user.more.external_ids"], True),
    }


def test_routes_origin_consent_and_what_follows_are_those_of_the_page() -> None:
    assert (TAG_EVENT.pixel_id, TAG_EVENT.container_id) == ((Source("pixel_id"),), (Source("container_id"),))
    assert TAG_EVENT.origin == (Source("origin"),)
    assert TAG_EVENT.consent == ConsentMap("consent")
    assert (TAG_EVENT.when, TAG_EVENT.follow) == ((), ("content_ids", "num_items"))


def test_times_are_milliseconds_and_nothing_else_costs_a_record_time() -> None:
    sources = [(rule.key, source) for rule in TAG_EVENT.rules for source in rule.sources]
    sources += [(part.key, source) for rule in TAG_EVENT.rules for part in rule.fields for source in part.sources]
    adapted = {key: source for key, source in sources if source != Source(source.path)}
    assert adapted.keys() == {
        "event_time",
        "original_event_data.event_time",
        "attribution_data.visit_time",
        "attribution_data.touchpoint_ts",
    }
    assert {source.unit for source in adapted.values()} == {"milliseconds"}
    assert all(source == Source(source.path, unit="milliseconds") for source in adapted.values())


def test_for_the_tag_event_s_own_schema_nothing_is_left_out() -> None:
    assert compile_mapping(load_preset("tag-event"), SCHEMA).mapping == TAG_EVENT
