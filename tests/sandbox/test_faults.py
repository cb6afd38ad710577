import re
from pathlib import Path
from typing import Any

import pytest

from streamer.sandbox.faults import Ending, FaultScriptError, Then, load_script, parse_script, parse_text


def complaint(data: Any) -> str:
    with pytest.raises(FaultScriptError) as caught:
        parse_script(data, "faults.yaml")
    return str(caught.value)


def test_a_script_is_read_from_yaml_with_all_its_keys(tmp_path: Path) -> None:
    path = tmp_path / "faults.yaml"
    path.write_text(
        """
        - match: {pixel: "1", token: [a, b], event_name: Lead, min_events: 2, share: 0.5, nth: [1, 3]}
          then: {code: 190, subcode: 463}
          times: 3
        - match: {from: 10, until: 20, every: 60}
          then:
            latency: [0.1, 0.5]
            headers: {X-App-Usage: {call_count: 90}, Retry-After: 30}
        - then: {hang: true}
        """
    )
    first, second, third = load_script(path)
    assert first.match.pixel == frozenset({"1"})
    assert first.match.token == frozenset({"a", "b"})
    assert first.match.nth == frozenset({1, 3})
    assert (first.then.ending, first.times) == (Ending.ERROR, 3)
    assert (second.match.from_, second.match.until, second.then.latency) == (10, 20, (0.1, 0.5))
    assert second.then.ending is None
    assert third.then.ending is Ending.HANG


def test_the_scripts_of_the_documentation_are_valid() -> None:
    page = Path(__file__).parents[2] / "docs" / "sandbox.md"
    scripts = re.findall(r"^```yaml\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)
    assert len(scripts) == 1
    assert len(parse_text(scripts[0], "docs/sandbox.md")) == 8


def test_json_is_a_script_too_and_nothing_is_an_empty_one() -> None:
    assert len(parse_text('[{"then": {"code": 2}}]', "here")) == 1
    assert parse_text("", "here") == ()


@pytest.mark.parametrize(
    ("then", "ending"),
    [
        ({"code": 4}, Ending.ERROR),
        ({"status": 413}, Ending.ERROR),
        ({"code": 4, "status": 403}, Ending.ERROR),
        ({"redirect": "https://example.com/", "status": 307}, Ending.REDIRECT),
        ({"html200": True}, Ending.HTML200),
        ({"hang": True, "accepts": True}, Ending.HANG),
        ({"close": True}, Ending.CLOSE),
        ({"close_after_body": True}, Ending.CLOSE_AFTER_BODY),
        ({"close_after_answer": True}, Ending.CLOSE_AFTER_ANSWER),
        ({"truncate": True}, Ending.TRUNCATE),
        ({"received": 0}, Ending.RECEIVED),
        ({"latency": 1}, None),
        ({"no_trace": True}, None),
    ],
)
def test_each_way_to_end_is_understood(then: dict[str, Any], ending: Ending | None) -> None:
    assert Then.model_validate(then).ending is ending


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"then": {}}, "faults.yaml: a fault script is a list of rules"),
        ([{"match": {}}], "rule 1, then: field required."),
        ([{"then": {"code": 1}}, {"then": {"cod": 1}}], "rule 2, then.cod: there is no such key."),
        ([{"match": {"pixl": "1"}, "then": {"code": 1}}], "rule 1, match.pixl: there is no such key."),
        ([{"then": {"code": "x"}}], "rule 1, then.code: should be a valid integer"),
        ([{"then": {"latency": -1}}], "rule 1, then.latency.0: should be greater than or equal to 0"),
        ([{"then": {"latency": [1, 2, 3]}}], "rule 1, then.latency"),
        (
            [{"then": {"hang": True, "code": 1}}],
            "rule 1, then: a request can end in one way only, not by hang and code.",
        ),
        ([{"then": {"status": 500, "close": True}}], "not by close and status."),
        ([{"then": {"subcode": 1, "status": 400}}], "rule 1, then: subcode needs code."),
        ([{"then": {"latency": 1, "accepts": True}}], "rule 1, then: accepts goes with"),
        ([{"then": {}}], "rule 1, then: says nothing"),
        ([{"then": {"code": 1}, "times": 0}], "rule 1, times: should be greater than or equal to 1."),
        ([{"match": {"share": 2}, "then": {"code": 1}}], "rule 1, match.share: should be less than or equal to 1."),
        ([{"match": {"nth": [0]}, "then": {"code": 1}}], "rule 1, match.nth"),
        ([{"match": {"from": 5, "until": 5}, "then": {"code": 1}}], "rule 1, match: until must be later than from."),
        ([{"match": {"every": 5}, "then": {"code": 1}}], "rule 1, match: every needs until."),
        (["x"], "rule 1"),
    ],
)
def test_a_mistake_is_named_with_its_rule_and_key(data: Any, sentence: str) -> None:
    assert sentence in complaint(data)


def test_a_mistake_never_shows_a_token() -> None:
    assert "invented" not in complaint([{"match": {"token": {"invented": 1}}, "then": {"code": 1}}])


def test_broken_yaml_is_named_with_its_line() -> None:
    with pytest.raises(FaultScriptError, match=r"^here: is no YAML or JSON in line 2\.$"):
        parse_text("- a\n- [", "here")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FaultScriptError, match=r"none\.yaml: cannot be read: No such file"):
        load_script(tmp_path / "none.yaml")
