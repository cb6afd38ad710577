"""The examples: what they render to, and that the program itself takes what they give it."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import trustme
import yaml

from tests.support.chart import CHART, EXAMPLES, GOLDEN, Rendered, example, golden_text
from tests.support.helm import helm

PEMS: Mapping[str, Callable[[trustme.CA, trustme.LeafCert], bytes]] = {
    "ca.pem": lambda ca, _: ca.cert_pem.bytes(),
    "certificate.pem": lambda _, own: own.cert_chain_pems[0].bytes(),
    "key.pem": lambda _, own: own.private_key_pem.bytes(),
}
PIXELS = {"pixels": {"1234567890123456": {"client": "acme", "token": {"file": "../tokens/acme"}}}}


@pytest.mark.parametrize("name", EXAMPLES)
def test_helm_finds_nothing_wrong(name: str) -> None:
    command = [helm(), "lint", "--strict", str(CHART), "-f", str(EXAMPLES[name])]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", EXAMPLES)
def test_it_renders_what_was_looked_at(name: str) -> None:
    kept = (GOLDEN / f"{name}.yaml").read_text()
    assert golden_text(name) == kept, "after a look at the difference: make chart"


def test_no_golden_render_is_left_of_an_example_that_is_gone() -> None:
    assert {path.stem for path in GOLDEN.glob("*.yaml")} == EXAMPLES.keys()
    assert len(EXAMPLES) == 6


def test_the_program_takes_its_configuration(rendered: Rendered, tmp_path: Path) -> None:
    findings = check(rendered, tmp_path)
    assert [each for each in findings if each["level"] != "ok" and each["name"] != "mapping"] == []
    assert {"configuration", "pixels", "mapping"} == {each["name"] for each in findings} - {"files"}


def test_what_the_program_does_not_take_would_be_found(tmp_path: Path) -> None:
    made = example("minimal")
    (config,) = (each for each in made.all("ConfigMap") if each["metadata"]["name"] == "streamer")
    wrong = {**yaml.safe_load(config["data"]["streamer.yaml"]), "windows": {}}
    changed = [{**config, "data": {"streamer.yaml": yaml.safe_dump(wrong)}}, made.workload()]
    (finding,) = check(made._replace(objects=tuple(changed)), tmp_path)
    assert "there is no section windows" in finding["sentence"]


@pytest.mark.parametrize("name", EXAMPLES)
def test_after_an_install_you_are_told_what_to_look_at(name: str) -> None:
    command = [helm(), "install", "streamer", str(CHART), "-n", "tags", "-f", str(EXAMPLES[name]), "--dry-run=client"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    notes = done.stdout.partition("\nNOTES:\n")[2]
    kind = example(name).workload()["kind"].lower()
    assert "helm test streamer -n tags --logs" in notes
    assert f"kubectl rollout status -n tags {kind}/streamer" in notes
    assert ("do not start before Streamer's own topics are there" in notes) is (name not in ("minimal", "production"))
    assert ("Backfill first-of-november" in notes) is (name == "backfill")
    assert "WARNING" not in notes


def check(made: Rendered, folder: Path) -> list[dict[str, Any]]:
    """Put the files of a pod into a folder, as kubelet would, and let ``streamer check --offline`` look at them."""
    spec = made.workload()["spec"]["template"]["spec"]
    volumes = {volume["name"]: volume for volume in spec["volumes"]}
    maps = {each["metadata"]["name"]: each.get("data", {}) for each in reversed(made.all("ConfigMap"))}
    maps.setdefault("streamer-clients", {"pixels.yaml": yaml.safe_dump(PIXELS)})
    for mount in spec["containers"][0]["volumeMounts"]:
        target = folder / mount["mountPath"].removeprefix("/")
        files = _files(volumes[mount["name"]], maps)
        for path, content in files.items():
            file = target if mount.get("subPath") == path else target / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
    config = folder / "etc/streamer/streamer.yaml"
    config.write_text(config.read_text().replace(" /etc/streamer/", f" {folder}/etc/streamer/"))
    # A process of its own: it configures the logs of all that it imports.
    command = [sys.executable, "-m", "streamer", "check", "--offline", "--json", "-c", str(config)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    assert done.stdout, done.stderr
    findings: list[dict[str, Any]] = json.loads(done.stdout)["findings"]
    return findings


def _files(volume: Mapping[str, Any], maps: Mapping[str, Mapping[str, str]]) -> dict[str, bytes]:
    if "configMap" in volume:
        data = maps[volume["configMap"]["name"]]
        items = volume["configMap"].get("items") or [{"key": key, "path": key} for key in data]
        return {item["path"]: data[item["key"]].encode() for item in items}
    if "projected" in volume:
        sources = (source["secret"] for source in volume["projected"]["sources"])
        return {item["path"]: _secret(item["path"]) for source in sources for item in source.get("items", ())}
    return {}


def _secret(path: str) -> bytes:
    make = PEMS.get(Path(path).name)
    return make(_CA, _CERTIFICATE) if make else b"invented"


_CA = trustme.CA()
_CERTIFICATE = _CA.issue_cert("streamer.example.com")
