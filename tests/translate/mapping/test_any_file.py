"""Nothing that stands in the file of a mapping is answered by a traceback."""

from contextlib import suppress
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from streamer.errors import ConfigError
from streamer.translate.mapping import parse_mapping
from streamer.translate.mapping.compiling import compile_file
from streamer.translate.mapping.file import survey
from streamer.translate.mapping.keys import OWN_KEYS
from streamer.translate.surface import CONTENT_KEYS, EXTINFO_PARTS, SECTIONS
from streamer.yamlfile import YamlFile
from tests.translate.mapping.shop import PATH, SHOP

_PATHS = [
    "kind",
    "person.email",
    "order.lines[].sku",
    "payload|json.a",
    "attributes.x",
    "params[key=a].value",
    "matrix",
]
_FORMS = ["path", "values", "otherwise", "unit", "scale", "constant", "first", "all", "each", "id", "without"]
_OTHERS = ["in", "not_in", "present", "skip", "seconds", "pixel_id", "container_id", *OWN_KEYS, *SECTIONS]
_INNER = [key for section in SECTIONS.values() for key in section]
_plain = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.binary(max_size=4) | st.dates()
)
_words = st.sampled_from([*_PATHS, *_FORMS, *_OTHERS, *_INNER, *CONTENT_KEYS, *EXTINFO_PARTS])
_values: st.SearchStrategy[Any] = st.recursive(
    _plain | _words,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_words | _plain, inner, max_size=4),
    max_leaves=12,
)
_files = st.dictionaries(_words | st.text(max_size=5), _values, max_size=6) | _values


@given(_files)
def test_whatever_stands_in_the_file_is_told_in_sentences(value: Any) -> None:
    mapped, faults = survey(YamlFile(PATH, value, {}))
    assert all(fault.text.startswith("shop.yaml:") and fault.text.isprintable() for fault in faults)
    assert faults or {entry.key for entry in mapped.entries} >= {"event_name", "event_time"}


@given(_files)
def test_whatever_stands_in_the_file_can_be_held_against_a_schema(value: Any) -> None:
    with suppress(ConfigError):
        compile_file(YamlFile(PATH, value, {}), SHOP)


@given(_files)
def test_yaml_of_any_value_is_a_mapping_or_a_fault_of_configuration(value: Any) -> None:
    with suppress(ConfigError):
        parse_mapping(yaml.dump(value, allow_unicode=True), PATH)


@given(st.text(max_size=60))
@example("event_name: &a [*a]\n")
@example("event_name: &a {first: [*a], path: *a}\nconsent: &b {x: *b}\nwhen: &c [*c]\n")
@example("custom_data: &a {contents: *a, '*': *a, x: *a}\n")
@example(f"event_id: {{constant: !!int 0x{'f' * 5000}}}\n")
def test_any_text_is_a_mapping_or_a_fault_of_configuration(text: str) -> None:
    with pytest.raises(ConfigError):
        parse_mapping(text, PATH)
