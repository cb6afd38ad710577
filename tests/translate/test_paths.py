"""Paths: what a mapping can point at in a record."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.translate.paths import PathError, finder, parse_path

RECORD: dict[str, Any] = {
    "user": {"email": "a@example.com", "address": {"city": "Köln"}},
    "items": [{"sku": "p1", "tags": ["x", "y"]}, {"sku": "p2"}, None],
    "params": [{"key": "page", "value": {"text": "https://example.com/"}}, {"key": "n", "value": {"text": None}}],
    "payload": '{"user": {"ids": [1, 2]}}',
    "raw": b'{"a": 1}',
    "broken": "{",
    "cookies": {"_ga.x": "1", "x-y": "2"},
    "nothing": None,
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("user.email", "a@example.com"),
        ("user.address.city", "Köln"),
        ("items[0].sku", "p1"),
        ("items[9].sku", None),
        ("items[].sku", ["p1", "p2"]),
        ("items[].tags", ["x", "y"]),
        ("items[].absent", None),
        ("params[key=page].value.text", "https://example.com/"),
        ("params[key=n].value.text", None),
        ("params[key=absent].value.text", None),
        ("payload|json.user.ids[1]", 2),
        ("raw|json.a", 1),
        ("broken|json.a", None),
        ("nothing|json.a", None),
        ("cookies['_ga.x']", "1"),
        ("cookies.x-y", "2"),
        ("user.email.deeper", None),
        ("user[0]", None),
        ("user[]", None),
        ("user[key=x]", None),
        ("nothing.at.all", None),
    ],
)
def test_a_path_gives_what_stands_there_and_nothing_where_nothing_does(path: str, found: object) -> None:
    assert finder(path)(RECORD) == found


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("", "a name is missing at character 1"),
        (".user", "a name is missing at character 1"),
        ("user.", "see character 5"),
        ("user..email", "a name is missing at character 6"),
        ("items[", "see character 6"),
        ("items[x]", "see character 6"),
        ("user email", "see character 5"),
        ("user|xml.a", "see character 5"),
        ("[0].a", "a name is missing at character 1"),
    ],
)
def test_a_path_that_is_none_is_told_with_the_place_of_the_fault(path: str, words: str) -> None:
    with pytest.raises(PathError, match=words):
        parse_path(path)


_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["a", "b", "key"]), inner),
    max_leaves=8,
)


@given(
    record=st.dictionaries(st.sampled_from(["a", "b", "key"]), _VALUES),
    path=st.sampled_from(
        ["a", "a.b", "a.b.key", "a[0].b", "a[].b[]", "a[key=b].a", "a|json.b", "a.b|json.a[]", "b['a']"]
    ),
)
def test_no_record_makes_a_path_fail(record: dict[str, Any], path: str) -> None:
    finder(path)(record)


@given(path=st.text(st.sampled_from("ab.[]'=0|json"), max_size=12))
def test_a_path_is_read_or_refused_and_nothing_else(path: str) -> None:
    try:
        steps = parse_path(path)
    except PathError:
        return
    assert steps
