"""Prometheus' own programs, which judge our rules, metrics and queries."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import yaml

from streamer import measures

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "helm" / "streamer" / "rules"


def program(name: str) -> str:
    """Return where ``promtool`` or ``prometheus`` is: STREAMER_TEST_PROMTOOL or _PROMETHEUS names it, else the path.

    Raises RuntimeError that says what to install.
    """
    variable = f"STREAMER_TEST_{name.upper()}"
    found = os.environ.get(variable) or shutil.which(name)
    if not found:
        raise RuntimeError(
            f"{name} is not there. On Debian: apt-get install --no-install-recommends prometheus, which holds promtool "
            f"and prometheus; elsewhere, from a release of Prometheus. Or name it in {variable}."
        )
    return found


def promtool(*arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    """Run ``promtool`` with text on its standard input."""
    command = [program("promtool"), *arguments]
    return subprocess.run(command, input=given, capture_output=True, text=True, check=False, timeout=60)


def groups() -> Iterator[dict[str, object]]:
    """All groups of rules, as Prometheus reads them."""
    for path in sorted(RULES.glob("*.yaml")):
        yield from yaml.safe_load(path.read_text())["groups"]


def known_metrics() -> Mapping[str, measures.Declared]:
    """Every metric of the product under each name that a query can ask for."""
    declared = [one for section in measures.SECTIONS.values() for one in section]
    histograms = [one for one in declared if one.kind == "histogram"]
    return {one.full_name: one for one in declared if one.kind != "histogram"} | {
        f"{one.full_name}_{part}": one for one in histograms for part in ("bucket", "sum", "count")
    }
