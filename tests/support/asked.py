"""What the dashboards ask Prometheus: each query with its panel."""

from collections.abc import Iterator

from tools.dashboards.__main__ import DASHBOARDS
from tools.dashboards.model import Dashboard, Panel


def each() -> Iterator[tuple[Dashboard, Panel, str, str]]:
    for dashboard in DASHBOARDS:
        for row in dashboard.rows:
            for panel in row.panels:
                for query in panel.queries:
                    yield dashboard, panel, query.legend, dashboard.expression(query)


EACH = list(each())
NAMES = [f"{dashboard.name}: {panel.title}: {legend}" for dashboard, panel, legend, _ in EACH]
