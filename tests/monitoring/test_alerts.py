"""The alerts, judged by promtool: each fires when it should, says the right thing, and is quiet otherwise."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.promql import grouped
from tests.support.promtool import RULES, groups, promtool
from tests.support.vocabulary import TARGET_LABELS, VALUES, faults

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
FILES = sorted(path.name for path in RULES.glob("*.yaml"))
ALERTS: dict[str, Any] = {rule["alert"]: rule for group in groups() for rule in group["rules"]}  # type: ignore[attr-defined]
FILE_OF = {
    rule["alert"]: name
    for name in FILES
    for group in yaml.safe_load((RULES / name).read_text())["groups"]
    for rule in group["rules"]
}
CASES: dict[str, Any] = {
    alert: cases
    for path in sorted((HERE / "cases").glob("*.yaml"))
    for alert, cases in yaml.load(path.read_text(), yaml.BaseLoader).items()  # noqa: S506 - all text: 0x20 is no number
}
URL = re.compile(r"RUNBOOKS/([a-z-]+\.md)#([a-z]+)")


def _rendered(text: str, case: dict[str, Any]) -> str:
    """Return a text as Prometheus renders it; a label, or a value, that the case has not is a KeyError."""
    labels = case["labels"]
    text = re.sub(r'\{\{ or \$labels\.(\w+) "(\w+)" \}\}', lambda found: labels.get(found[1]) or found[2], text)
    text = re.sub(r"\{\{ \$labels\.(\w+) \}\}", lambda found: labels[found[1]], text)
    return re.sub(r"\{\{ \$value[^}]*\}\}", lambda _: case["value"], text)


def _expected(alert: str, case: dict[str, Any]) -> list[dict[str, Any]]:
    if "labels" not in case:
        return []
    rule, labels = ALERTS[alert], case["labels"]
    texts = {name: _rendered(text, case) for name, text in rule["annotations"].items()}
    return [{"exp_labels": {**rule["labels"], **labels}, "exp_annotations": texts}]


def _spread(series: str) -> list[str]:
    """Return the series that one with ``<1..8>`` in it stands for."""
    found = re.search(r"<(\d+)\.\.(\d+)>", series)
    if found is None:
        return [series]
    return [series.replace(found[0], str(number)) for number in range(int(found[1]), int(found[2]) + 1)]


def _test(alert: str, case: dict[str, Any], interval: str) -> dict[str, Any]:
    """A case as promtool reads it."""
    looks = [{"eval_time": case["at"], "alertname": alert, "exp_alerts": _expected(alert, case)}]
    if "not_yet" in case:
        looks.append({"eval_time": case["not_yet"], "alertname": alert, "exp_alerts": []})
    return {
        "interval": interval,
        "input_series": [
            {"series": each, "values": values} for series, values in case["series"].items() for each in _spread(series)
        ],
        "alert_rule_test": looks,
    }


@pytest.mark.parametrize("name", FILES)
def test_prometheus_takes_the_rules(name: str) -> None:
    done = promtool("check", "rules", "--lint-fatal", str(RULES / name))
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_has_a_case_in_which_it_fires_and_one_in_which_it_stays_quiet() -> None:
    assert ALERTS
    assert set(CASES) == set(ALERTS)
    for alert, cases in CASES.items():
        assert set(cases) - {"interval"} == {"fires", "quiet"}, alert
        assert cases["fires"], alert
        assert cases["quiet"], alert
        assert all("labels" in case for case in cases["fires"]), alert
        assert not any("labels" in case for case in cases["quiet"]), alert
        lasts = "for" in ALERTS[alert]
        assert lasts == any("not_yet" in case for case in cases["fires"]), f"{alert}: how long must it last?"


@pytest.mark.parametrize("alert", ALERTS)
def test_an_alert_fires_when_it_should_says_what_is_so_and_is_quiet_otherwise(alert: str, tmp_path: Path) -> None:
    interval = CASES[alert].get("interval", "1m")
    tests = [_test(alert, case, interval) for which in ("fires", "quiet") for case in CASES[alert][which]]
    told = {"rule_files": [str(RULES / FILE_OF[alert])], "evaluation_interval": interval, "tests": tests}
    path = tmp_path / "test.yaml"
    path.write_text(yaml.safe_dump(told, sort_keys=False))
    done = promtool("test", "rules", str(path))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("alert", ALERTS)
def test_an_alert_asks_only_for_metrics_labels_and_values_that_exist(alert: str) -> None:
    expression = ALERTS[alert]["expr"]
    assert list(faults(expression)) == []
    ours = {"pixel", "partition", "topic", "code", *VALUES, *TARGET_LABELS}
    assert grouped(expression) <= ours


@pytest.mark.parametrize("alert", ALERTS)
def test_an_alert_says_how_bad_it_is_what_it_means_and_where_to_read_on(alert: str) -> None:
    rule = ALERTS[alert]
    assert rule["labels"]["severity"] in {"critical", "warning", "info"}
    assert set(rule["annotations"]) == {"summary", "description", "runbook_url"}
    assert alert.startswith("Streamer")
    found = URL.fullmatch(rule["annotations"]["runbook_url"])
    assert found is not None
    page, anchor = found.groups()
    headings = re.findall(r"^## (\w+)$", (ROOT / "docs" / "runbooks" / page).read_text(), re.MULTILINE)
    assert anchor in [heading.lower() for heading in headings]
    assert anchor == alert.lower()


def test_no_runbook_is_left_over_and_the_index_has_them_all() -> None:
    folder = ROOT / "docs" / "runbooks"
    pages = {path.name: path.read_text() for path in folder.glob("*.md") if path.name != "README.md"}
    headings = {
        heading: name for name, text in pages.items() for heading in re.findall(r"^## (\w+)$", text, re.MULTILINE)
    }
    assert set(headings) == set(ALERTS)
    index = (folder / "README.md").read_text()
    for alert, page in headings.items():
        assert f"({page}#{alert.lower()})" in index, alert


def test_the_page_on_monitoring_lists_every_alert_with_its_severity_and_nothing_else() -> None:
    page = (ROOT / "docs" / "monitoring.md").read_text()
    listed = dict(re.findall(r"^\| \[(Streamer\w+)\]\([^)]*\) \| (\w+) \|", page, re.MULTILINE))
    assert listed == {alert: rule["labels"]["severity"] for alert, rule in ALERTS.items()}
