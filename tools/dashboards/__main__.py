"""Writes the dashboards where the chart finds them: ``python -m tools.dashboards``."""

import json
from pathlib import Path

from tools.dashboards.client import CLIENT
from tools.dashboards.grafana import render
from tools.dashboards.model import Dashboard
from tools.dashboards.platform import PLATFORM

FOLDER = Path(__file__).resolve().parents[2] / "helm" / "streamer" / "dashboards"
DASHBOARDS = (PLATFORM, CLIENT)


def text(dashboard: Dashboard) -> str:
    """Return the file of a dashboard."""
    return json.dumps(render(dashboard), indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write them."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for dashboard in DASHBOARDS:
        (FOLDER / f"{dashboard.name}.json").write_text(text(dashboard), encoding="utf-8")


if __name__ == "__main__":
    main()
