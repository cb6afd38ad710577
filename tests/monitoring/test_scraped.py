"""The product at work, scraped by a real Prometheus: metrics, alerts, dashboards and the pages about them."""

import re
import shutil
from collections.abc import Iterator
from math import isnan
from pathlib import Path

import pytest

from tests.support.asked import EACH, NAMES
from tests.support.kafka_cluster import eventually
from tests.support.promtool import groups, promtool
from tests.support.scraped import BROKEN, DEAD, Scraped
from tests.support.written import PAGES, expressions
from tools.dashboards.model import Dashboard, Panel

MAY_BE_EMPTY = {
    "Commits that failed": "the demo's Kafka refuses no commit",
    "Jumps over offsets that were gone": "and takes no record away",
    "Questions about parked pixels": "the first comes minutes after a pixel was parked",
}
"""Panels that show nothing in the demo, and why that is so."""

ALSO_EMPTY = {
    "left to the next owner": "one replica gives nothing away",
    "left to the next owner a second": "the same",
    "{{because}}": "a parked pixel is asked about after minutes, and before it is back there is no pass",
}
"""Lines of a panel with others, by their legend."""

QUIET_CLIENT = {"Parked, by reason": "the client of the test is not parked"}
"""Panels of a client that show nothing while its connection works."""


@pytest.fixture(scope="module")
def scraped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scraped]:
    """Give the demo, with clients in several kinds of trouble, and a Prometheus that scrapes it."""
    folder: Path = tmp_path_factory.mktemp("scraped")
    running = Scraped(folder)
    try:
        running.start()
        yield running
    finally:
        running.stop()
        shutil.rmtree(folder / "data", ignore_errors=True)


def test_prometheus_finds_nothing_to_say_against_the_metrics(scraped: Scraped) -> None:
    text = scraped.metrics()
    assert "streamer_records_read_total" in text
    done = promtool("check", "metrics", given=text)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_a_real_prometheus_evaluates_every_alert_without_an_error(scraped: Scraped) -> None:
    names = {rule["alert"] for group in groups() for rule in group["rules"]}  # type: ignore[attr-defined]
    found = eventually(lambda: (known := scraped.alerts()) and "unknown" not in known.values() and known)
    assert found == dict.fromkeys(names, "ok")


def test_a_client_whose_token_dies_comes_up_as_an_alert_that_names_it(scraped: Scraped) -> None:
    expression = 'ALERTS{alertname="StreamerPixelParked",namespace="demo"}'
    (found,) = eventually(lambda: scraped.query(expression), timeout=60)
    assert found["metric"]["pixel"] == DEAD
    assert found["metric"]["reason"] == "token_dead"


def _asked(expression: str) -> str:
    """Return an expression as Grafana asks it, with everything chosen."""
    choices = {"__rate_interval": "8s", "__range": "20s", "namespace": ".*", "job": ".*", "pixel": BROKEN}
    return re.sub(r"\$(\w+)", lambda found: choices[found[1]], expression)


@pytest.mark.parametrize(("dashboard", "panel", "legend", "expression"), EACH, ids=NAMES)
def test_a_real_prometheus_has_an_answer_for_every_panel(
    scraped: Scraped, dashboard: Dashboard, panel: Panel, legend: str, expression: str
) -> None:
    """The demo, scraped once a second; what may stay empty has its reason above."""
    asked = _asked(expression)
    empty = MAY_BE_EMPTY | ALSO_EMPTY | (QUIET_CLIENT if dashboard.name == "client" else {})
    if panel.title in empty or legend in empty:
        scraped.query(asked)  # an error is one all the same
        return
    found = eventually(lambda: scraped.query(asked), timeout=40, interval=0.5)
    values = [float(series["value"][1]) for series in found]
    assert not any(map(isnan, values)) or panel.kind != "stat", "a figure that is none"


def test_the_ledger_balances_on_the_dashboard_too(scraped: Scraped) -> None:
    (expression,) = (expression for _, panel, _, expression in EACH if panel.title == "Ledger")
    (found,) = scraped.query(_asked(expression))
    assert float(found["value"][1]) == 0


def test_the_choices_at_the_head_of_the_page_list_what_is_there(scraped: Scraped) -> None:
    assert scraped.values("namespace", "streamer_build_info") == ["demo"]
    assert scraped.values("job", 'streamer_build_info{namespace=~".*"}') == ["streamer"]
    assert BROKEN in scraped.values("pixel", 'streamer_events_translated_total{namespace=~".*",job=~".*"}')


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_expression_that_a_page_tells_people_to_ask_is_one(scraped: Scraped, page: Path) -> None:
    found = list(expressions(page))
    for expression in found:
        scraped.query(expression)
