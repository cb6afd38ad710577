"""The pods: how they stop and start, what memory they get, what restarts them, and who they are in the group."""

from typing import Any

import pytest
import yaml

from streamer import __version__
from streamer.settings import Settings
from tests.helm.conftest import EVERYTHING
from tests.support.chart import CHART, Rendered, Values, refusal, render
from tests.support.manifests import OLDEST


def _memory(limit: str, **more: Any) -> dict[str, Any]:
    return {"resources": {"limits": {"memory": limit}}, **more}


def _spec(values: Values) -> dict[str, Any]:
    return dict(render(values).workload()["spec"]["template"]["spec"])


def _env(made: Rendered) -> dict[str, Any]:
    return {each["name"]: each for each in made.container().get("env", ())}


@pytest.mark.parametrize(("drain", "seconds"), [(None, 40), (25, 40), (60, 75), (0.5, 16), (12.2, 28)])
def test_a_pod_has_as_long_to_stop_as_the_drain_and_the_commit_take(drain: float | None, seconds: int) -> None:
    values = {"config": {"stop": {"drain_seconds": drain}}} if drain else {}
    assert _spec(values)["terminationGracePeriodSeconds"] == seconds


def test_the_chart_knows_the_programs_own_drain() -> None:
    assert _spec({})["terminationGracePeriodSeconds"] == Settings().stop.drain_seconds + 15


def test_more_time_to_stop_can_be_given_and_too_little_is_refused() -> None:
    assert _spec({"terminationGracePeriodSeconds": 90})["terminationGracePeriodSeconds"] == 90
    said = refusal({"terminationGracePeriodSeconds": 30})
    assert "terminationGracePeriodSeconds is 30: too short." in said
    assert "Give it 40 or more, or lower drain_seconds." in said


@pytest.mark.parametrize(
    ("limit", "budget"),
    [("512Mi", "256MiB"), ("1Gi", "512MiB"), ("1.5Gi", "768MiB"), ("2G", "953MiB"), ("1000000k", "476MiB")],
)
def test_the_memory_budget_follows_from_the_limit(limit: str, budget: str) -> None:
    assert render(_memory(limit)).config()["memory"]["budget"] == budget


def test_the_memory_budget_can_be_another_share_or_be_given() -> None:
    assert render(_memory("1Gi", memoryBudgetShare=0.25)).config()["memory"]["budget"] == "256MiB"
    given = _memory("1Gi", config={"memory": {"budget": "300MiB", "pixel_share": 0.5}})
    assert render(given).config()["memory"] == {"budget": "300MiB", "pixel_share": 0.5}
    number = _memory("1Gi", config={"memory": {"budget": 314572800}})
    assert render(number).config()["memory"] == {"budget": 314572800}


def test_a_budget_that_the_limit_has_no_room_for_is_refused() -> None:
    said = refusal(_memory("512Mi", config={"memory": {"budget": "400MiB"}}))
    assert "memory.budget would be 400MiB, and resources.limits.memory (512Mi) leaves it 288MiB" in said
    assert "lower config.memory.budget" in said
    assert "lower memoryBudgetShare" in refusal(_memory("256Mi"))
    assert "lower config.memory.budget" in refusal(_memory("512Mi", config={"memory": {"budget": 419430400}}))


def test_members_are_static_by_the_pods_name_in_a_statefulset_alone() -> None:
    variable = "STREAMER__KAFKA__GROUP_INSTANCE_ID"
    assert _env(render({}))[variable]["valueFrom"] == {"fieldRef": {"fieldPath": "metadata.name"}}
    assert variable not in _env(render({"kind": "Deployment"}))
    assert variable not in _env(render({"staticMembership": False}))
    others = [text for name, text in _pods_text(render(EVERYTHING)) if not name.startswith("StatefulSet")]
    assert len(others) == 5
    assert all(variable not in text for text in others)


def test_a_backfill_takes_nothing_from_the_live_consumer() -> None:
    made = render(EVERYTHING)
    (job,) = (each for each in made.all("Job") if "june" in each["metadata"]["name"])
    pod = job["spec"]["template"]["spec"]["containers"][0]
    assert pod["args"][:4] == ["replay", "-c", "/etc/streamer/streamer.yaml", "--name"]
    assert "livenessProbe" not in pod
    assert job["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/component"] == "backfill"


def test_the_deployment_makes_no_pod_more_than_there_are() -> None:
    made = render({"kind": "Deployment"}).workload()
    assert made["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 0, "maxUnavailable": 1}
    assert render({}).workload()["spec"]["podManagementPolicy"] == "Parallel"


def test_probes_ask_what_each_is_for() -> None:
    pod = render({}).container()
    asked = {name: pod[f"{name}Probe"]["httpGet"]["path"] for name in ("startup", "readiness", "liveness")}
    assert asked == {"startup": "/healthz/live", "readiness": "/healthz/ready", "liveness": "/healthz/live"}
    assert render({}).config()["admin"] == {"host": "0.0.0.0", "port": 8080}  # noqa: S104 - in a pod


def test_another_port_is_another_port_everywhere() -> None:
    made = render({"service": {"port": 9100}})
    assert made.config()["admin"]["port"] == 9100
    assert made.container()["ports"][0]["containerPort"] == 9100
    assert made.one("Service")["spec"]["ports"][0]["port"] == 9100


def _checksum(values: Values) -> str:
    made = render(values).workload()["spec"]["template"]["metadata"]["annotations"]
    return str(made["checksum/config"])


BASE = {"config": {"window": {"seconds": 5}}, "pixels": {"pixels": {"1234567890123456": {"client": "acme"}}}}


@pytest.mark.parametrize(
    "change",
    [
        {"config": {"window": {"seconds": 6}}},
        {"files": {"a.yaml": "b"}},
        {"secrets": {"generation": "2"}},
        {"resources": {"limits": {"memory": "1Gi"}}},
    ],
    ids=["config", "files", "generation", "memory"],
)
def test_what_is_read_at_start_restarts_the_pods(change: Values) -> None:
    assert _checksum({**BASE, **change}) != _checksum(BASE)


def test_another_pixel_restarts_nothing() -> None:
    pixels = {"pixels": {"1234567890123456": {"client": "acme"}, "2345678901234567": {"client": "bolt"}}}
    assert render({**BASE, "pixels": pixels}).workload() == render(BASE).workload()


def test_what_is_taken_up_without_a_restart_is_mounted_as_a_folder() -> None:
    mounts = {each["name"]: each for each in render(EVERYTHING).container()["volumeMounts"]}
    assert {name for name, mount in mounts.items() if "subPath" in mount} == {"config"}
    assert {"pixels", "tokens", "suppressed"} <= mounts.keys()


def test_a_clients_missing_secret_does_not_keep_the_platform_from_starting() -> None:
    volumes = {each["name"]: each for each in _spec(EVERYTHING)["volumes"]}
    assert [each["secret"]["optional"] for each in volumes["tokens"]["projected"]["sources"]] == [True, True]


def test_the_chart_runs_the_version_that_it_lies_beside() -> None:
    about = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert about["appVersion"] == __version__
    assert about["kubeVersion"] == f">={OLDEST}-0"


def test_numbers_reach_the_program_as_they_are() -> None:
    given = {"max_bytes": 4194304, "seconds": 0.5, "max_events": 1000}
    made = render({"config": {"window": given, "kafka": {"client": {"fetch.max.bytes": 52428800}}}})
    assert made.config()["window"] == given
    assert made.config()["kafka"]["client"] == {"fetch.max.bytes": 52428800}


def test_the_image_is_named_by_registry_tag_or_digest() -> None:
    digest = f"sha256:{'a' * 64}"
    image = {"registry": "registry.example.com", "repository": "tags/streamer"}
    images = [
        render(values).container()["image"]
        for values in (
            {},
            {"image": {**image, "tag": "1.2.3"}},
            {"image": {**image, "tag": "1.2.3", "digest": digest}},
            {"image": image, "global": {"imageRegistry": "mirror.example.com"}},
        )
    ]
    assert images == [
        "streamer:0.1.0",
        "registry.example.com/tags/streamer:1.2.3",
        f"registry.example.com/tags/streamer@{digest}",
        "mirror.example.com/tags/streamer:0.1.0",
    ]


def test_what_is_yours_reaches_the_pod() -> None:
    spec = _spec(EVERYTHING)
    assert [each["name"] for each in spec["containers"]] == ["streamer", "beside"]
    assert [each["name"] for each in spec["initContainers"]] == ["wait"]
    assert spec["nodeSelector"] == {"disk": "ssd"}
    assert spec["tolerations"] == EVERYTHING["tolerations"]
    assert spec["priorityClassName"] == "high"
    assert spec["imagePullSecrets"] == [{"name": "pull"}]
    container = spec["containers"][0]
    assert {"A", "T"} <= {each["name"] for each in container["env"]}
    assert container["envFrom"] == EVERYTHING["extraEnvFrom"]
    assert "more" in {each["name"] for each in container["volumeMounts"]} & {each["name"] for each in spec["volumes"]}


def test_a_wrong_configuration_is_found_before_anything_is_changed() -> None:
    made = render({**EVERYTHING, "externalSecrets": {}, "strimzi": {}})
    job, config = made.one("Job", "-validate"), made.one("ConfigMap", "-validate")
    notes = [each["metadata"]["annotations"] for each in (job, config)]
    assert [each["helm.sh/hook"] for each in notes] == ["pre-install,pre-upgrade"] * 2
    assert int(notes[1]["helm.sh/hook-weight"]) < int(notes[0]["helm.sh/hook-weight"])
    spec = job["spec"]["template"]["spec"]
    assert spec["containers"][0]["args"] == ["check", "--offline", "-c", "/etc/streamer/streamer.yaml"]
    assert spec["serviceAccountName"] == "default", "that of the release is not there before the install"
    named = {each["configMap"]["name"] for each in spec["volumes"] if "configMap" in each}
    assert named == {config["metadata"]["name"]}, "those of the release are not there before the install"
    wanted = {item["key"] for each in spec["volumes"] for item in each.get("configMap", {}).get("items", ())}
    assert wanted == config["data"].keys()


def test_secrets_that_the_release_makes_are_not_waited_for_before_it_is_installed() -> None:
    for values in ({"externalSecrets": EVERYTHING["externalSecrets"]}, {"strimzi": EVERYTHING["strimzi"]}):
        note = render(values).one("Job", "-validate")["metadata"]["annotations"]
        assert note["helm.sh/hook"] == "pre-upgrade"


def test_helm_test_is_a_check_of_everything() -> None:
    pod = render({}).one("Pod")
    assert pod["metadata"]["annotations"]["helm.sh/hook"] == "test"
    assert pod["spec"]["containers"][0]["args"] == ["check", "-c", "/etc/streamer/streamer.yaml"]
    assert pod["spec"]["restartPolicy"] == "Never"


def _pods_text(made: Rendered) -> list[tuple[str, str]]:
    return [(name, str(spec)) for name, spec in made.pods()]
