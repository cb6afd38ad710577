"""A dashboard as Grafana 10 and newer reads it."""

from collections.abc import Iterable, Iterator
from typing import Any

from tools.dashboards.model import Dashboard, Panel, Row, Variable

SCHEMA_VERSION = 39
"""Of Grafana 10.4; newer ones migrate it by themselves."""
WIDTH = 24
RUNBOOKS = "RUNBOOKS/"
"""Stands for where docs/runbooks/ is, as in the rules: the chart puts the address there."""
_SOURCE = {"type": "prometheus", "uid": "${datasource}"}
_FIRST = {"selected": False, "text": "", "value": ""}
"""Grafana takes the first that is there."""
_ALL = {"selected": True, "text": ["All"], "value": ["$__all"]}


def render(dashboard: Dashboard) -> dict[str, Any]:
    """Return the dashboard's JSON. What Grafana numbers itself is left out; panels are numbered as they come."""
    return {
        "annotations": {"list": [_alerts(dashboard)]},
        "description": dashboard.description,
        "editable": True,
        "fiscalYearStartMonth": 0,
        "graphTooltip": 1,
        "links": list(_links()),
        "panels": list(_panels(dashboard)),
        "refresh": "30s",
        "schemaVersion": SCHEMA_VERSION,
        "tags": ["streamer"],
        "templating": {"list": [_datasource(), *map(_variable, dashboard.variables)]},
        "time": {"from": dashboard.since, "to": "now"},
        "timepicker": {},
        "timezone": "browser",
        "title": dashboard.title,
        "uid": f"streamer-{dashboard.name}",
        "weekStart": "",
    }


def _alerts(dashboard: Dashboard) -> dict[str, Any]:
    """Return the marks in every picture for alerts that fire."""
    return {
        "datasource": _SOURCE,
        "enable": True,
        "expr": f'ALERTS{{alertname=~"Streamer.*",alertstate="firing",{dashboard.picked}}}',
        "iconColor": "red",
        "name": "Alerts",
        "step": "60s",
        "tagKeys": "severity",
        "textFormat": "{{pixel}} {{topic}} {{instance}}",
        "titleFormat": "{{alertname}}",
    }


def _links() -> Iterator[dict[str, Any]]:
    common = {"icon": "external link", "tooltip": "", "url": "", "targetBlank": False, "asDropdown": False}
    yield common | {
        "title": "Streamer",
        "type": "dashboards",
        "tags": ["streamer"],
        "includeVars": True,
        "keepTime": True,
    }
    for title, page in (("Runbooks", "README.md"), ("What the figures mean", "../quality.md")):
        yield common | {
            "title": title,
            "type": "link",
            "url": f"{RUNBOOKS}{page}",
            "tags": [],
            "targetBlank": True,
            "includeVars": False,
            "keepTime": False,
        }


def _datasource() -> dict[str, Any]:
    return {
        "current": _FIRST,
        "hide": 0,
        "includeAll": False,
        "label": "Prometheus",
        "multi": False,
        "name": "datasource",
        "options": [],
        "query": "prometheus",
        "refresh": 1,
        "regex": "",
        "skipUrlSync": False,
        "type": "datasource",
    }


def _variable(variable: Variable) -> dict[str, Any]:
    return {
        "allValue": ".*" if variable.many else None,
        "current": _ALL if variable.many else _FIRST,
        "datasource": _SOURCE,
        "definition": variable.text,
        "hide": 0,
        "includeAll": variable.many,
        "label": variable.label,
        "multi": variable.many,
        "name": variable.name,
        "options": [],
        "query": {"qryType": 1, "query": variable.text, "refId": variable.name},
        "refresh": 2,
        "regex": variable.pattern,
        "skipUrlSync": False,
        "sort": 1,
        "type": "query",
    }


def _panels(dashboard: Dashboard) -> Iterator[dict[str, Any]]:
    number, top = 0, 0
    for row in dashboard.rows:
        number += 1
        yield _heading(row, number, top)
        top += 1
        for panel, place in _placed(row.panels, top):
            number += 1
            yield _panel(dashboard, panel) | {"id": number, "gridPos": place}
            bottom = place["y"] + place["h"]
        top = bottom


def _heading(row: Row, number: int, top: int) -> dict[str, Any]:
    place = {"h": 1, "w": WIDTH, "x": 0, "y": top}
    return {"collapsed": False, "gridPos": place, "id": number, "panels": [], "title": row.title, "type": "row"}


def _placed(panels: Iterable[Panel], top: int) -> Iterator[tuple[Panel, dict[str, int]]]:
    """Set panels one beside the other, in lines from ``top`` on; those of a line are equally high."""
    left, height = 0, 0
    for panel in panels:
        if left + panel.width > WIDTH:
            left, top = 0, top + height
        height = panel.height
        yield panel, {"h": panel.height, "w": panel.width, "x": left, "y": top}
        left += panel.width


def _panel(dashboard: Dashboard, panel: Panel) -> dict[str, Any]:
    return {
        "datasource": _SOURCE,
        "description": panel.description,
        "fieldConfig": {"defaults": _defaults(panel), "overrides": []},
        "options": _OPTIONS[panel.kind],
        "targets": [
            {
                "datasource": _SOURCE,
                "editorMode": "code",
                "expr": dashboard.expression(query),
                "format": "table" if panel.kind == "table" else "time_series",
                "instant": panel.instant,
                "legendFormat": query.legend or "__auto",
                "range": not panel.instant,
                "refId": chr(ord("A") + at),
            }
            for at, query in enumerate(panel.queries)
        ],
        "title": panel.title,
        "transformations": [_columns(panel)] if panel.kind == "table" else [],
        "type": panel.kind,
    }


def _defaults(panel: Panel) -> dict[str, Any]:
    steps = [{"color": "green", "value": None}, *({"color": colour, "value": at} for at, colour in panel.limits)]
    mappings = [
        {"type": "value", "options": {value: {"index": at, "text": text}}}
        for at, (value, text) in enumerate(panel.names.items())
    ]
    found: dict[str, Any] = {
        "color": {"mode": "palette-classic" if panel.kind == "timeseries" else "thresholds"},
        "custom": _drawn(panel),
        "mappings": mappings,
        "thresholds": {"mode": "absolute", "steps": steps},
        "unit": panel.unit,
    }
    if panel.kind in {"timeseries", "bargauge"}:
        found["min"] = 0
    if panel.highest is not None:
        found["max"] = panel.highest
    if panel.links:
        url = "/d/streamer-client?var-pixel=${__data.fields.Pixel}&${__url_time_range}&${datasource:queryparam}"
        found["links"] = [{"title": "This client", "url": url}]
    return found


def _drawn(panel: Panel) -> dict[str, Any]:
    if panel.kind == "table":
        return {"align": "auto", "inspect": False}
    if panel.kind != "timeseries":
        return {}
    stacking = {"mode": "normal" if panel.stacked else "none", "group": "A"}
    fill = 30 if panel.stacked else 8
    return {"drawStyle": "line", "fillOpacity": fill, "lineWidth": 1, "showPoints": "never", "stacking": stacking}


def _columns(panel: Panel) -> dict[str, Any]:
    """Give a table's columns their names, and leave out the time."""
    names = dict(panel.renamed)
    return {"id": "organize", "options": {"excludeByName": {"Time": True}, "indexByName": {}, "renameByName": names}}


_REDUCED = {"calcs": ["lastNotNull"], "fields": "", "values": False}
_OPTIONS: dict[str, dict[str, Any]] = {
    "timeseries": {
        "legend": {"calcs": ["mean", "lastNotNull"], "displayMode": "table", "placement": "bottom", "showLegend": True},
        "tooltip": {"mode": "multi", "sort": "desc"},
    },
    "stat": {
        "colorMode": "value",
        "graphMode": "area",
        "justifyMode": "auto",
        "orientation": "auto",
        "percentChangeColorMode": "standard",
        "reduceOptions": _REDUCED,
        "showPercentChange": False,
        "textMode": "auto",
        "wideLayout": True,
    },
    "table": {"cellHeight": "sm", "footer": {"reducer": [], "show": False}, "frameIndex": 0, "showHeader": True},
    "bargauge": {
        "displayMode": "basic",
        "legend": {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": False},
        "maxVizHeight": 300,
        "minVizHeight": 16,
        "minVizWidth": 8,
        "namePlacement": "auto",
        "orientation": "horizontal",
        "reduceOptions": _REDUCED,
        "showUnfilled": True,
        "sizing": "auto",
        "valueMode": "color",
    },
}
