"""What records.mapping may name."""

import json
from pathlib import Path

import pytest

from streamer.errors import ConfigError
from streamer.records.schema import load_schema, parse_schema
from streamer.translate.mapping import TAG_EVENT, compile_named, find_mapping, preset_names, preset_text
from tests.translate.mapping.shop import BASE, SHOP, logical, record


def test_nothing_named_is_the_tag_event_s_preset() -> None:
    assert find_mapping(None, None, load_schema()) == find_mapping("tag-event", None, load_schema()) == TAG_EVENT


def test_a_file_is_found_beside_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings" / "shop.yaml").write_text(BASE)
    found = find_mapping("mappings/shop.yaml", tmp_path, SHOP)
    assert [rule.key for rule in found.rules] == ["event_name", "event_time"]
    assert find_mapping(str(tmp_path / "mappings" / "shop.yaml"), None, SHOP) == found


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("tag-evnt", "Did you mean tag-event? "),
        ("GA4", "Did you mean ga4? "),
        ("Snowplow", "Did you mean snowplow? "),
        ("shop.yaml", ""),
        ("segment.yaml", ""),
        (".", ""),
    ],
)
def test_what_is_neither_is_told_with_the_presets_there_are(tmp_path: Path, name: str, meant: str) -> None:
    with pytest.raises(ConfigError) as caught:
        find_mapping(name, tmp_path, SHOP)
    assert str(caught.value) == (
        f"records.mapping: there is no preset {name}, and no file {tmp_path / name}. "
        f"{meant}The presets are: {', '.join(preset_names())}."
    )


def test_a_file_is_checked_to_the_letter(tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text(f"{BASE}event_id: order.idd\n")
    with pytest.raises(ConfigError) as caught:
        find_mapping("shop.yaml", tmp_path, SHOP)
    (fault,) = caught.value.faults
    assert fault == f"{tmp_path}/shop.yaml:4: event_id leads nowhere: there is no order.idd. Did you mean order.id?"


def test_a_preset_takes_what_it_finds_in_somebody_else_s_schema_and_tells_what_it_does_not() -> None:
    event = record(
        "Mine",
        event_name="string",
        event_time=logical("long", "timestamp-micros"),
        pixel_id="string",
        client_ip="string",
    )
    compiled = compile_named("tag-event", None, parse_schema(json.dumps(event), "a test"))
    assert [rule.key for rule in compiled.mapping.rules] == [
        "event_name",
        "event_time",
        "user_data.client_ip_address",
    ]
    assert compiled.mapping.rules[1].sources[0].unit == "microseconds"
    assert ("user_data.em", "user.email") in compiled.left_out


def test_a_preset_for_which_a_schema_has_no_name_and_no_time_is_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        find_mapping(None, None, SHOP)
    assert [fault.partition(": ")[2] for fault in caught.value.faults] == [
        f"{key} cannot be read from records of Shop: there is no {path}. Write a mapping for them: `streamer mapping "
        "--draft` makes a start."
        for key, path in [
            ("route.pixel_id", "pixel_id"),
            ("route.container_id", "container_id"),
            ("event_name", "event_name"),
            ("event_time", "event_time"),
        ]
    ]


def test_the_text_of_a_preset_can_be_had_as_a_start_for_one_s_own() -> None:
    assert preset_text("tag-event").startswith("# The tag event")
    with pytest.raises(ConfigError, match=r"^There is no preset tag-evnt\. Did you mean tag-event\?$"):
        preset_text("tag-evnt")
    with pytest.raises(ConfigError, match=r"^There is no preset GA4\. Did you mean ga4\?$"):
        preset_text("GA4")


def test_of_a_wall_of_faults_the_first_are_shown_and_the_others_counted(tmp_path: Path) -> None:
    keys = "".join(f"  p{number}: nowhere.p{number}\n" for number in range(1, 31))
    (tmp_path / "shop.yaml").write_text(f"{BASE}custom_data:\n{keys}")
    with pytest.raises(ConfigError) as caught:
        compile_named("shop.yaml", tmp_path, SHOP, "About the schema.")
    first, *faults, last = caught.value.faults
    assert (first, last) == ("About the schema.", "There are 10 more.")
    assert [fault.partition(" leads")[0] for fault in faults] == [
        f"{tmp_path}/shop.yaml:{number + 4}: custom_data.p{number}" for number in range(1, 21)
    ]
