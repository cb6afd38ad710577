"""Secrets: by reference alone, mounted as files, and told to the program by the names of these files."""

import os
import subprocess

import pytest
import yaml

from tests.helm.conftest import EVERYTHING
from tests.support.chart import CHART, EXAMPLES, Rendered, refusal, render
from tests.support.helm import helm

CANARY = "EAAcanary0invented0token"


@pytest.mark.parametrize("name", EXAMPLES)
def test_nothing_of_the_environment_is_rendered(name: str) -> None:
    names = ("STREAMER__META__ACCESS_TOKEN", "META_TOKEN", "SASL_PASSWORD", "HELM_KUBETOKEN")
    command = [helm(), "template", "streamer", str(CHART), "-f", str(EXAMPLES[name])]
    planted = {**os.environ, **dict.fromkeys(names, CANARY)}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=planted)
    assert CANARY not in done.stdout


def test_no_secret_is_made_by_the_chart_itself(rendered: Rendered) -> None:
    assert rendered.all("Secret") == []


def test_every_secret_is_a_file_that_the_configuration_names() -> None:
    made = render(EVERYTHING)
    config, root = made.config(), "/etc/streamer/secrets/"
    client = config["kafka"]["client"]
    named = {
        config["meta"]["access_token_file"],
        config["meta"]["app_secret_file"],
        *(client[f"sasl.{key}_file"] for key in ("username", "password")),
        *(client[f"ssl.{key}"] for key in ("ca.location", "certificate.location", "key.location", "key.password_file")),
        *(config["schema_registry"][f"{key}_file"] for key in ("password", "ca", "cert", "key")),
    }
    volumes = {each["name"]: each for each in made.workload()["spec"]["template"]["spec"]["volumes"]}
    sources = volumes["secrets"]["projected"]["sources"]
    there = {root + item["path"] for source in sources for item in source["secret"]["items"]}
    assert named == there


def test_secrets_that_nobody_named_are_neither_mounted_nor_configured() -> None:
    made = render({})
    assert {each["name"] for each in made.container()["volumeMounts"]} == {"config", "tmp"}
    assert made.config() == {"admin": {"host": "0.0.0.0", "port": 8080}, "memory": {"budget": "256MiB"}}  # noqa: S104 - in a pod


def test_a_bearer_token_takes_the_place_of_user_and_password() -> None:
    made = render({"secrets": {"registry": {"name": "registry", "bearerTokenKey": "token"}}})
    assert made.config()["schema_registry"] == {"bearer_token_file": "/etc/streamer/secrets/registry/bearer-token"}
    assert "STREAMER__SCHEMA_REGISTRY__USERNAME" not in str(made.container())


def test_a_file_that_is_named_twice_is_refused() -> None:
    values = {"config": {"meta": {"access_token_file": "/mine"}}, "secrets": {"meta": {"name": "meta"}}}
    assert "config.meta.access_token_file is set, and secrets.meta sets it too. Keep one." in refusal(values)
    both = {"pixels": {"pixels": {}}, "existingPixelsConfigMap": "mine"}
    assert "Keep one" in refusal(both)


def test_a_file_of_ones_own_can_be_named_instead() -> None:
    values = {
        "config": {"meta": {"access_token_file": "/run/agent/token"}, "pixels": {"file": "/run/agent/pixels.yaml"}}
    }
    config = render(values).config()
    assert config["meta"]["access_token_file"] == "/run/agent/token"
    assert config["pixels"]["file"] == "/run/agent/pixels.yaml"


def test_reloader_watches_what_is_read_at_start_and_nothing_else() -> None:
    key = "secret.reloader.stakater.com/reload"
    watched = render(EVERYTHING).workload()["metadata"]["annotations"][key].split(",")
    assert watched == [
        "meta",
        "sasl",
        "kafka-ca",
        "kafka-certificate",
        "registry",
        "registry-ca",
        "registry-certificate",
    ]
    assert "annotations" not in render({"secrets": {"reloader": True}}).workload()["metadata"]


def test_an_external_secret_names_its_store_and_keys() -> None:
    spec = render(EVERYTHING).one("ExternalSecret", "meta")["spec"]
    assert spec["secretStoreRef"] == {"kind": "ClusterSecretStore", "name": "vault"}
    remote = {"key": "streamer/meta", "property": "token", "version": "3"}
    assert spec["data"] == [{"secretKey": "access-token", "remoteRef": remote}]
    assert "externalSecrets.store.name is empty" in refusal({"externalSecrets": {"enabled": True}})


def test_files_reach_the_pod_byte_for_byte() -> None:
    text = "a: 1\n\n# {{ not a template }}\nb: 'x'\n\ttab\n"
    made = render({"files": {"odd.yaml": text}})
    assert made.one("ConfigMap", "-files")["data"] == {"odd.yaml": text}
    assert made.one("ConfigMap", "-validate")["data"]["file.odd.yaml"] == text


def test_pixel_ids_and_texts_of_digits_stay_text() -> None:
    values = yaml.safe_load(
        '{pixels: {pixels: {"1234567890123456": {client: "0815"}}}, config: {meta: {app_id: "0123"}}}'
    )
    made = render(values)
    pixels = yaml.safe_load(made.one("ConfigMap", "-pixels")["data"]["pixels.yaml"])
    assert pixels == values["pixels"]
    assert made.config()["meta"]["app_id"] == "0123"
