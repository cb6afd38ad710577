"""YAML as people write it, and as it should not be."""

from pathlib import Path

import pytest

from streamer.errors import ConfigError
from streamer.yamlfile import parse_yaml, read_yaml

HERE = Path("a.yaml")


def test_every_key_and_item_has_its_line() -> None:
    file = parse_yaml("one:\n  two: 1\n\n  three:\n    - a\n    - b: 5\n", HERE)
    assert file.value == {"one": {"two": 1, "three": ["a", {"b": 5}]}}
    assert file.where(("one", "two")) == "a.yaml:2"
    assert file.where(("one", "three", 1, "b")) == "a.yaml:6"


def test_what_is_not_there_is_looked_for_where_it_would_stand() -> None:
    assert parse_yaml("one:\n  two: 1\n", HERE).where(("one", "three", 5)) == "a.yaml:1"
    assert parse_yaml("", HERE).where(("one",)) == "a.yaml:1"


@pytest.mark.parametrize("text", ["", "\n", "# only this\n"])
def test_an_empty_file_is_nothing_and_no_fault(text: str) -> None:
    assert parse_yaml(text, HERE).value is None


def test_every_key_that_is_there_twice_is_told() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_yaml("a: 1\nb:\n  c: 1\n  c: 2\na: 3\n", HERE)
    assert set(caught.value.faults) == {
        "a.yaml:4: b.c stands there twice. Keep one.",
        "a.yaml:5: a stands there twice. Keep one.",
    }


def test_the_same_key_in_two_places_is_fine_and_so_are_anchors() -> None:
    text = "a: &x {k: 1}\nb: {<<: *x, l: 2}\nc: *x\n"
    assert parse_yaml(text, HERE).value == {"a": {"k": 1}, "b": {"k": 1, "l": 2}, "c": {"k": 1}}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: b: c\n", "a.yaml:1: is no YAML: mapping values are not allowed here"),
        ("a:\n\t- b\n", "a.yaml:2: is no YAML: found character"),
        ("a: *gone\n", "a.yaml:1: is no YAML: an alias (*name) has no anchor"),
        ("a: 1\n---\nb: 2\n", "a.yaml:2: is no YAML: a second document begins there (---)"),
        ("a: !!python/object/apply:os.system [ls]\n", "a.yaml:1: is no YAML: a tag (!name)"),
        ("a: !!timestamp 2024-13-45\n", "a.yaml: is no YAML: something in it cannot be read"),
        ("? [a, b]\n: 1\n", "is no YAML"),
        ("[" * 5000, "a.yaml"),
        ("a: \x00\n", "a.yaml"),
    ],
)
def test_what_is_no_yaml_is_told_with_its_line(text: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_yaml(text, HERE)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a:\n  b: 1\n c: 2\n", "a.yaml:3: is no YAML: what begins here does not go with the lines above (column 2)."),
        ("a:\n  - b\n  c: 2\n", "a.yaml:3: is no YAML: what begins here does not go with the lines above (column 3)."),
        ("a:\n  b: 1\n c: 2\n", "Check the indentation here and above"),
        ("a:\n  *: b.c\n", "a.yaml:2: is no YAML: a name is missing behind * or & (column 4). Put what begins"),
        ("a: b: c\n", "a.yaml:1: is no YAML: mapping values are not allowed here (column 5). Check the indentation"),
        ("a:\n\tb: c\n", "(column 1). Indent with spaces, not with tabs"),
        ("a: @b\n", "(column 4). Indent with spaces, not with tabs; put text that begins with a sign such as @"),
        ("a: 'b\n", "A quotation mark is not closed."),
        ("a: [b\nc: d\n", "Close what was opened above with [ or {"),
        ("a: {b: c\nd: e\n", "Close what was opened above with [ or {"),
        ("a: [b\n", "a.yaml:2: is no YAML: a list or map is not closed (column 1). Close what was opened above"),
        ("a: {*: b}\n", 'in quotes, as in "*": order.extra.'),
        ("%YAML 1.1\na: b\n", "a.yaml:2: is no YAML: it cannot be parsed (column 1). Check the indentation"),
        ("a: b\ncde\n", "A key has a colon and a space behind it."),
    ],
)
def test_what_is_no_yaml_is_told_with_what_to_do(text: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_yaml(text, HERE)
    assert words in str(caught.value)
    assert "<" not in str(caught.value)


@pytest.mark.parametrize(
    "word",
    [
        *("0123456", "010", "+5", "-0", "0x1F", "0b1", "0o17", "1_000", "12:30:45", "1.10", "1e3", ".inf", ".nan"),
        *("2026-01-01", "no", "NO", "yes", "on", "off", "y", "True", "=", "1" * 19),
    ],
)
def test_a_word_that_would_not_be_written_back_as_it_was_stays_text(word: str) -> None:
    assert parse_yaml(f"a: {word}\n", HERE).value == {"a": word}


@pytest.mark.parametrize(
    ("word", "value"),
    [
        *[("0", 0), ("-5", -5), ("123456789012345678", 123456789012345678), ("true", True), ("false", False)],
        *[("~", None), ("", None), ("null", None), ("'5'", "5"), ("'true'", "true"), ("''", "")],
    ],
)
def test_plain_numbers_flags_and_nothing_are_what_they_look_like(word: str, value: object) -> None:
    read = parse_yaml(f"a: {word}\n", HERE).value["a"]
    assert (type(read), read) == (type(value), value)


def test_a_list_that_holds_itself_ends() -> None:
    assert parse_yaml("a: &x [*x]\n", HERE).where(("a", 0)) == "a.yaml:1"


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "bytes.yaml").write_bytes(b"a: \xff\xfe")
    for name, words in {"gone.yaml": "No such file", "bytes.yaml": "is not UTF-8 text", ".": "Is a directory"}.items():
        with pytest.raises(ConfigError, match=words):
            read_yaml(tmp_path / name)
