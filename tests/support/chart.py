"""The chart as helm renders it, each combination of values once a session."""

import json
import re
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from tests.support.helm import helm

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "helm" / "streamer"
EXAMPLES = {path.stem: path for path in sorted((CHART / "examples").glob("*.yaml"))}
GOLDEN = ROOT / "tests" / "helm" / "golden"

Object = dict[str, Any]
Values = Mapping[str, Any]


class RefusedError(AssertionError):
    """Helm refused the values; the text is what it said."""


class Rendered(NamedTuple):
    """What helm made."""

    text: str
    objects: tuple[Object, ...]

    def all(self, kind: str) -> list[Object]:
        """Return the objects of a kind."""
        return [each for each in self.objects if each["kind"] == kind]

    def one(self, kind: str, ending: str = "") -> Object:
        """Return the one object of a kind whose name ends so."""
        (found,) = (each for each in self.all(kind) if each["metadata"]["name"].endswith(ending))
        return found

    def workload(self) -> Object:
        """Return the StatefulSet or Deployment."""
        (found,) = (each for each in self.objects if each["kind"] in ("StatefulSet", "Deployment"))
        return found

    def container(self) -> Object:
        """Return the container of the program in it."""
        return dict(self.workload()["spec"]["template"]["spec"]["containers"][0])

    def config(self) -> Object:
        """Return ``streamer.yaml`` as the pods get it."""
        (found,) = (each for each in self.all("ConfigMap") if is_config(each))
        return dict(yaml.safe_load(found["data"]["streamer.yaml"]))

    def pods(self) -> Iterator[tuple[str, Object]]:
        """Return the specs of all pods, by the object they stand in."""
        for each in self.objects:
            name = f"{each['kind']}/{each['metadata']['name']}"
            if each["kind"] == "Pod":
                yield name, each["spec"]
            elif "template" in each.get("spec", {}) and each["kind"] in ("StatefulSet", "Deployment", "Job"):
                yield name, each["spec"]["template"]["spec"]


def is_config(each: Object) -> bool:
    """Tell the ConfigMap of the release from that of the hook."""
    return "streamer.yaml" in each.get("data", {}) and "annotations" not in each["metadata"]


def example(name: str) -> Rendered:
    """Render an example."""
    return render(yaml.safe_load(EXAMPLES[name].read_text()))


def render(
    values: Values | None = None, *flags: str, release: str = "streamer", namespace: str = "tags", chart: Path = CHART
) -> Rendered:
    """Render the chart.

    Raises RefusedError with helm's words when it refuses.
    """
    made = _render(chart, json.dumps(values or {}), (release, "--namespace", namespace, *flags))
    if isinstance(made, str):
        raise RefusedError(made)
    return made


def refusal(values: Values, *flags: str) -> str:
    """Return helm's words when it refuses values; an error when it takes them."""
    try:
        render(values, *flags)
    except RefusedError as error:
        return str(error)
    raise AssertionError("helm takes these values")


@cache
def _render(chart: Path, values: str, arguments: tuple[str, ...]) -> Rendered | str:
    """Return what helm made, or what it said instead."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        file.write(values)
        file.flush()
        command = [helm(), "template", arguments[0], str(chart), "-f", file.name, *arguments[1:]]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return done.stderr
    return Rendered(done.stdout, tuple(each for each in yaml.load_all(done.stdout, Loader=_Loader) if each))


def golden_text(name: str) -> str:
    """Return what is kept of an example: all but the rules and dashboards, which have files of their own."""
    documents = example(name).text.split("\n---\n")
    own = re.compile(r"^# Source: streamer/templates/(?:dashboards|prometheusrule)\.yaml$", re.MULTILINE)
    return "\n---\n".join(each for each in documents if not own.search(each))


class _Loader(yaml.CSafeLoader):
    """Keeps what looks like a time as the text that it is."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in known if tag != "tag:yaml.org,2002:timestamp"]
    for first, known in _Loader.yaml_implicit_resolvers.items()
}
