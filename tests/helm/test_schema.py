"""values.schema.json: a slip fails at install, with the key in helm's words; a secret in the values is refused."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from streamer.layers import FILE_SUFFIX, KEYS, is_secret
from streamer.pixels.file import read_pixels
from streamer.settings import Settings
from tests.helm.conftest import EVERYTHING
from tests.support.chart import CHART, ROOT, refusal, render
from tools.chart.__main__ import made_files
from tools.chart.comments import read_values

REFUSED = yaml.safe_load(Path(__file__).with_name("refused.yaml").read_text())
SCHEMA = json.loads((CHART / "values.schema.json").read_text())
OPEN = {
    "kubernetes",
    "kubernetesList",
    "labels",
    "annotations",
    "client",
    "require",
    "rename",
    "events",
    "pixels",
    "extraObjects",
    "global",
}
"""What is open on purpose: Kubernetes' own objects, and maps whose keys are names that users give."""


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case["says"].replace("/", "."))
def test_a_slip_is_refused_by_its_key(case: dict[str, Any]) -> None:
    said = refusal(case["values"])
    assert case["says"] in said
    assert "values don't meet the specifications of the schema" in said


@pytest.mark.parametrize("path", made_files(), ids=lambda path: path.name)
def test_what_is_generated_is_up_to_date(path: Path) -> None:
    assert path.read_text() == made_files()[path], "run `make chart`"


def test_every_setting_can_be_given_and_no_secret_as_it_is() -> None:
    sections = SCHEMA["definitions"]["config"]["properties"]
    assert sections.keys() == KEYS.keys()
    for name, keys in KEYS.items():
        given = {f"{key}{FILE_SUFFIX}" if is_secret(info) else key for key, info in keys.items()}
        charts = {"kafka": {"group_instance_id"}, "admin": {"port"}}.get(name, set())
        assert sections[name]["properties"].keys() == given - charts


def test_every_setting_can_be_written_out_with_its_default() -> None:
    known = {name: each["properties"] for name, each in SCHEMA["definitions"]["config"]["properties"].items()}
    written = Settings().model_dump(mode="json", by_alias=True)
    config = {name: {key: written[name][key] for key in keys if key in written[name]} for name, keys in known.items()}
    del config["admin"]["host"]  # which no probe could reach
    made = render({"config": config}).config()
    assert {name: {key: made[name][key] for key in keys} for name, keys in config.items()} == config


def test_every_value_has_its_description_and_every_default_passes() -> None:
    assert all(value.description for value in read_values(CHART / "values.yaml"))
    assert render({}).objects
    assert render(EVERYTHING).objects


def test_it_is_closed_but_for_what_is_open_on_purpose() -> None:
    loose = {place for place, schema in _objects("", SCHEMA) if "additionalProperties" not in schema}
    assert {place for place in loose if place.rpartition("/")[2] not in OPEN} == set()


def test_the_pixels_file_that_ships_can_be_given_as_values(tmp_path: Path) -> None:
    given = yaml.safe_load((ROOT / "examples" / "pixels.yaml").read_text())
    keyed = json.loads(json.dumps(given))  # pixel ids as text, as helm has them
    made = render({"pixels": keyed}).one("ConfigMap", "-pixels")
    file = tmp_path / "pixels.yaml"
    file.write_text(made["data"]["pixels.yaml"])
    assert _meaning(file) == _meaning(ROOT / "examples" / "pixels.yaml")


def test_the_chart_can_be_part_of_another(tmp_path: Path) -> None:
    parent = tmp_path / "platform"
    shutil.copytree(CHART, parent / "charts" / "streamer")
    needs = [{"name": "streamer", "version": "0.1.0", "condition": "streamer.enabled"}]
    about = {"apiVersion": "v2", "name": "platform", "version": "1.0.0", "dependencies": needs}
    (parent / "Chart.yaml").write_text(yaml.safe_dump(about))
    values = {"global": {"imageRegistry": "mirror.example.com", "storageClass": "fast"}, "streamer": {"enabled": True}}
    assert render(values, chart=parent).container()["image"] == "mirror.example.com/streamer:0.1.0"


def _meaning(file: Path) -> dict[str, Any]:
    """Return what a file says, without the lines that it says it in."""
    said = read_pixels(file)
    pixels = {each: (entry.client, entry.containers, entry.rules) for each, entry in said.pixels.items()}
    return {"defaults": said.defaults, **pixels}


def _objects(place: str, schema: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Find all schemas of objects, by where they stand."""
    if not isinstance(schema, dict):
        return
    kinds = schema.get("type", ())
    if "object" in ([kinds] if isinstance(kinds, str) else kinds) and place:
        yield place, schema
    for key in ("properties", "definitions"):
        for name, below in schema.get(key, {}).items():
            yield from _objects(f"{place}/{name}", below)
    for key in ("items", "additionalProperties"):
        yield from _objects(place, schema.get(key))
    for key in ("anyOf", "oneOf"):
        for below in schema.get(key, ()):
            yield from _objects(place, below)
