"""The dashboards: as their declarations say, about metrics that exist, and readable by Grafana."""

import json
import re
from itertools import combinations
from typing import Any

import pytest

from streamer import measures
from tests.support.asked import EACH, NAMES
from tests.support.promql import grouped, named
from tests.support.promtool import known_metrics
from tests.support.vocabulary import TARGET_LABELS, faults
from tools.dashboards.__main__ import DASHBOARDS, FOLDER, text
from tools.dashboards.grafana import render
from tools.dashboards.model import Dashboard, Panel

UNITS = {"short", "cps", "reqps", "s", "bytes", "percentunit"}

MADE = {dashboard.name: render(dashboard) for dashboard in DASHBOARDS}


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda dashboard: dashboard.name)
def test_the_files_of_the_chart_are_as_their_declarations_say(dashboard: Dashboard) -> None:
    path = FOLDER / f"{dashboard.name}.json"
    assert path.read_text(encoding="utf-8") == text(dashboard), "run: python -m tools.dashboards"
    assert sorted(each.name for each in FOLDER.glob("*.json")) == sorted(f"{each.name}.json" for each in DASHBOARDS)


@pytest.mark.parametrize(("dashboard", "panel", "legend", "expression"), EACH, ids=NAMES)
def test_a_panel_asks_only_for_metrics_labels_and_values_that_exist(
    dashboard: Dashboard, panel: Panel, legend: str, expression: str
) -> None:
    asked = list(named(expression))
    assert asked or "ALERTS" in expression
    assert list(faults(expression)) == []
    known = known_metrics()
    labels = {label for one in asked if one.metric in known for label in known[one.metric].labels}
    allowed = (
        labels
        | TARGET_LABELS
        | {"le"}
        | ({"alertname", "severity", "alertstate", "pixel", "topic", "partition"} if "ALERTS" in expression else set())
    )
    assert grouped(expression) <= allowed
    assert set(re.findall(r"\{\{(\w+)\}\}", legend)) <= allowed


@pytest.mark.parametrize(("dashboard", "panel", "legend", "expression"), EACH, ids=NAMES)
def test_every_metric_is_asked_for_under_the_choices_at_the_head_of_the_page(
    dashboard: Dashboard, panel: Panel, legend: str, expression: str
) -> None:
    """Else a panel would mix deployments, or clients, in silence."""
    picked = {variable.name for variable in dashboard.variables}
    for one in named(expression):
        assert {pick.label for pick in one.picks if "$" in pick.text} == picked, one.metric


def test_no_metric_is_on_no_dashboard() -> None:
    asked = {one.metric for *_, expression in EACH for one in named(expression)}
    known = known_metrics()
    shown = {known[metric].name for metric in asked if metric in known}
    declared = {one.name for section in measures.SECTIONS.values() for one in section}
    assert declared - shown == set()


def test_counters_are_shown_as_rates_and_levels_are_not() -> None:
    kinds = known_metrics()
    for *_, expression in EACH:
        if "streamer_events_translated_total" in expression and "streamer_events_in_flight" in expression:
            continue  # the ledger compares the counts themselves
        for one in named(expression):
            if one.metric not in kinds:
                continue
            rated = bool(re.search(rf"(?:rate|increase)\({one.metric}\{{[^}}]*\}}\[", expression))
            assert rated == (kinds[one.metric].kind != "gauge"), expression


@pytest.mark.parametrize("name", MADE)
def test_grafana_finds_its_data_by_a_variable_and_no_panel_over_another(name: str) -> None:
    made = MADE[name]
    assert "id" not in made
    assert made["schemaVersion"] >= 39
    sources = set(re.findall(r'"datasource": (\{[^}]*\}"\})', json.dumps(made)))
    assert sources == {'{"type": "prometheus", "uid": "${datasource}"}'}
    assert json.dumps(made).count('"datasource": {') == json.dumps(made).count('"uid": "${datasource}"}')
    panels = made["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    for one, other in combinations([panel["gridPos"] for panel in panels], 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        above = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or above
    assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in panels)


@pytest.mark.parametrize("name", MADE)
def test_every_panel_says_what_it_shows_and_in_which_unit(name: str) -> None:
    for panel in MADE[name]["panels"]:
        if panel["type"] == "row":
            continue
        assert panel["title"]
        assert panel["description"] or panel["title"] in {"Memory of the process", "Restarts"}
        assert panel["fieldConfig"]["defaults"]["unit"] in UNITS
        targets = panel["targets"]
        assert len({target["refId"] for target in targets}) == len(targets) > 0


def test_a_client_is_chosen_among_pixels_alone() -> None:
    variables: list[dict[str, Any]] = MADE["client"]["templating"]["list"]
    (pixel,) = (each for each in variables if each["name"] == "pixel")
    pattern = re.compile(pixel["regex"].strip("/"))
    assert [value for value in ("1000000000000001", "-", "others") if pattern.match(value)] == ["1000000000000001"]
