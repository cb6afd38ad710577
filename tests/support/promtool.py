"""Prometheus' own programs, which judge our rules, metrics and queries.

``python -m tests.support.promtool`` fetches them, which is what ``make test`` does before pytest starts.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import yaml

from streamer import measures
from tests.support.jars import MissingToolError, _locked

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "helm" / "streamer" / "rules"
PROGRAMS = ("promtool", "prometheus")


def program(name: str) -> str:
    """Return where ``promtool`` or ``prometheus`` is: STREAMER_TEST_PROMTOOL or _PROMETHEUS names it, else the path.

    Where it is neither, Debian's package is fetched once into the cache, without being installed.

    Raises MissingToolError that says what to install.
    """
    found = os.environ.get(f"STREAMER_TEST_{name.upper()}") or shutil.which(name)
    return found or str(_fetched() / name)


def _fetched() -> Path:
    cache = Path(os.environ.get("STREAMER_TEST_CACHE") or ROOT / ".cache")
    target = cache / "prometheus"
    cache.mkdir(parents=True, exist_ok=True)
    with _locked(cache / "prometheus.lock"):
        if not target.is_dir():
            _fetch(target)
    return target


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
        "leave these tests out: ARGS=\"-m 'not programs'\""
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
    """Fetch them; the exit status is 1, with a sentence on standard error, when that cannot be done."""
    try:
        for name in PROGRAMS:
            program(name)
    except MissingToolError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
