"""Prometheus' own programs, which judge our rules, metrics and queries.

``python -m tests.support.promtool`` fetches them, which is what ``make test`` does before pytest starts.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

import yaml

from streamer import measures
from tests.support.cache import ROOT, MissingToolError, kept, told

RULES = ROOT / "helm" / "streamer" / "rules"
PROGRAMS = ("promtool", "prometheus")


def program(name: str) -> str:
    """Return where ``promtool`` or ``prometheus`` is: STREAMER_TEST_PROMTOOL or _PROMETHEUS names it, else the path.

    Where it is neither, Debian's package is fetched once into the cache, without being installed.

    Raises MissingToolError that says what to install.
    """
    found = os.environ.get(f"STREAMER_TEST_{name.upper()}") or shutil.which(name)
    return found or str(kept("prometheus", _fetch) / name)


def _fetch(target: Path) -> None:
    unpack = shutil.which("dpkg-deb")
    if not unpack or not shutil.which("apt-get"):
        raise MissingToolError(_missing("this is no Debian, whose package could be fetched"))
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        if not _download(folder):
            raise MissingToolError(_missing("apt-get download prometheus failed"))
        package = next(Path(folder).glob("*.deb"))
        subprocess.run([unpack, "--extract", package, f"{folder}/root"], check=True)
        chosen = Path(folder, "chosen")
        chosen.mkdir()
        for name in PROGRAMS:
            Path(folder, "root/usr/bin", name).rename(chosen / name)
        chosen.rename(target)


def _download(folder: str) -> bool:
    """Fetch the package; root, whose machine may have no list of packages yet, updates that first."""

    def apt(*arguments: str) -> bool:
        command = ["apt-get", "--quiet", *arguments]
        return subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode == 0

    return apt("download", "prometheus") or (os.geteuid() == 0 and apt("update") and apt("download", "prometheus"))


def _missing(why: str) -> str:
    return (
        f"The tests of alerts and dashboards need promtool and prometheus, and {why}. Take them from a release of "
        "Prometheus, and put them on the path or name them in STREAMER_TEST_PROMTOOL and STREAMER_TEST_PROMETHEUS; or "
        "leave these tests out: make quick ARGS=\"-m 'not kafka and not programs'\""
    )


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


def main() -> int:
    """Fetch them; see :func:`told`."""
    return told(*(partial(program, name) for name in PROGRAMS))


if __name__ == "__main__":
    sys.exit(main())
