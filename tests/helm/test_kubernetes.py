"""What helm renders is what Kubernetes and the operators take, before anybody installs it."""

import copy

import pytest

from tests.helm.conftest import EVERYTHING
from tests.support.chart import Rendered, render
from tests.support.manifests import NEWEST, OLDEST, faults, is_custom
from tests.support.pod_security import breaches

LONGEST_LABEL = 63
LONGEST_OF_A_STATEFULSET = 52


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
def test_kubernetes_takes_every_object(rendered: Rendered, version: str) -> None:
    objects = [each for each in rendered.objects if not is_custom(each)]
    found = {f"{each['kind']}/{each['metadata']['name']}": faults(each, version) for each in objects}
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


def test_operators_take_every_custom_resource(rendered: Rendered) -> None:
    objects = [each for each in rendered.objects if is_custom(each)]
    found = {f"{each['kind']}/{each['metadata']['name']}": faults(each, NEWEST) for each in objects}
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


def test_every_kind_of_custom_resource_was_looked_at() -> None:
    both = [*render(EVERYTHING).objects, *render({"monitor": {"kind": "ServiceMonitor"}}).objects]
    assert {each["kind"] for each in both if is_custom(each)} == {
        *("ScaledObject", "TriggerAuthentication", "PodMonitor", "ServiceMonitor", "PrometheusRule"),
        *("ExternalSecret", "KafkaTopic", "KafkaUser"),
    }


def test_a_typo_in_an_object_would_be_found() -> None:
    for kind in ("StatefulSet", "NetworkPolicy", "ScaledObject", "PodMonitor", "KafkaUser", "ExternalSecret"):
        wrong = copy.deepcopy(next(iter(render(EVERYTHING).all(kind))))
        wrong["spec"]["misspelt"] = True
        assert faults(wrong, OLDEST), kind


def test_every_pod_is_one_of_the_restricted_profile(rendered: Rendered) -> None:
    found = {name: breaches(spec) for name, spec in rendered.pods()}
    assert {name: wrong for name, wrong in found.items() if wrong} == {}
    assert found


def test_a_breach_of_the_profile_would_be_found() -> None:
    weak = render(
        {"securityContext": {"allowPrivilegeEscalation": True}, "podSecurityContext": {"runAsNonRoot": False}}
    )
    (spec,) = (spec for name, spec in weak.pods() if name.startswith("StatefulSet"))
    assert breaches(spec) == ["streamer allows privilege escalation", "streamer may be root"]


def test_the_root_file_system_is_read_only_and_no_pod_gets_a_token_of_the_cluster(rendered: Rendered) -> None:
    for _, spec in rendered.pods():
        (ours,) = (each for each in spec["containers"] if each["name"] == "streamer")
        assert ours["securityContext"]["readOnlyRootFilesystem"] is True
        assert spec["automountServiceAccountToken"] is False
    assert all(each["automountServiceAccountToken"] is False for each in rendered.all("ServiceAccount"))


def test_objects_have_names_of_their_own_a_namespace_and_the_labels_of_kubernetes(rendered: Rendered) -> None:
    keys = [(each["apiVersion"], each["kind"], each["metadata"]["name"]) for each in rendered.objects]
    assert len(keys) == len(set(keys))
    for each in rendered.objects:
        if each["metadata"]["name"] in ("streamer-owner", "streamer-text"):  # the user's own
            continue
        assert each["metadata"]["namespace"] == "tags"
        assert {"app.kubernetes.io/name", "app.kubernetes.io/instance"} <= each["metadata"]["labels"].keys()


@pytest.mark.parametrize("release", ["a", "r" * 53])
def test_names_and_labels_stay_as_short_as_kubernetes_needs_them(release: str) -> None:
    values = EVERYTHING | {"backfills": [{"name": "n" * 30, "to": "2026-06-02T00:00Z", "workers": 100}]}
    for each in render(values, release=release).objects:
        labels = each["metadata"].get("labels", {})
        assert all(len(value) <= LONGEST_LABEL for value in labels.values())
        assert len(each["metadata"]["name"]) <= LONGEST_LABEL
        if each["kind"] == "StatefulSet":
            assert len(each["metadata"]["name"]) <= LONGEST_OF_A_STATEFULSET
        if each["kind"] == "Job" and "parallelism" in each["spec"]:
            assert len(f"{each['metadata']['name']}-99") <= LONGEST_LABEL, "the host name of a worker"


def test_a_release_can_be_in_any_namespace() -> None:
    spaces = {each["metadata"].get("namespace") for each in render(EVERYTHING, namespace="elsewhere").objects}
    assert spaces - {None} == {"elsewhere"}


def test_pods_are_found_by_what_selects_them() -> None:
    made = render(EVERYTHING)
    labels = made.workload()["spec"]["template"]["metadata"]["labels"]
    for kind in ("Service", "PodDisruptionBudget", "NetworkPolicy", "PodMonitor"):
        spec = made.one(kind, "streamer")["spec"]
        selector = spec.get("podSelector") or spec["selector"]
        wanted = selector.get("matchLabels", selector)
        assert wanted.items() <= labels.items(), kind
    backfill = made.one("Job", made.all("Job")[0]["metadata"]["name"])
    for kind in ("Service", "PodDisruptionBudget"):
        spec = made.one(kind)["spec"]
        wanted = spec["selector"].get("matchLabels", spec["selector"])
        assert not wanted.items() <= backfill["spec"]["template"]["metadata"]["labels"].items(), kind
