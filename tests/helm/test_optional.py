"""What is optional: not there unless it is asked for, there when it is, and as you want it."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.helm.conftest import EVERYTHING
from tests.support.chart import CHART, Object, Rendered, Values, refusal, render

TTL = "ttlSecondsAfterFinished"
KEDA = {"keda": {"enabled": True, "partitions": 12}}


def _on(values: Values, kind: str) -> Object:
    return dict(render(values).one(kind)["spec"])


def test_with_nothing_said_there_is_what_is_always_needed() -> None:
    assert sorted(each["kind"] for each in render({}).objects) == [
        *("ConfigMap", "ConfigMap", "Job", "Pod", "PodDisruptionBudget", "Service", "ServiceAccount", "StatefulSet"),
    ]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ({"podDisruptionBudget": {"enabled": False}}, "PodDisruptionBudget"),
        ({"serviceAccount": {"create": False}}, "ServiceAccount"),
        ({"validate": {"enabled": False}}, "Job"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_what_is_on_can_be_turned_off(values: Values, kind: str) -> None:
    assert render({}).all(kind)
    assert render(values).all(kind) == []


def test_the_disruption_budget_is_one_pod_or_what_you_say() -> None:
    spec = _on({}, "PodDisruptionBudget")
    assert spec["maxUnavailable"] == 1
    assert spec["unhealthyPodEvictionPolicy"] == "AlwaysAllow"
    other = _on({"podDisruptionBudget": {"minAvailable": "50%"}}, "PodDisruptionBudget")
    assert other["minAvailable"] == "50%"
    assert "maxUnavailable" not in other


def test_the_service_account_is_the_releases_or_yours() -> None:
    def name(values: Values) -> Any:
        return render(values).workload()["spec"]["template"]["spec"]["serviceAccountName"]

    assert name({}) == "streamer"
    assert name({"serviceAccount": {"name": "mine"}}) == "mine"
    assert name({"serviceAccount": {"create": False}}) == "default"
    assert name({"serviceAccount": {"create": False, "name": "mine"}}) == "mine"


def test_pods_are_spread_over_zones_and_nodes_or_as_you_say() -> None:
    def spread(values: Values) -> Any:
        return render(values).workload()["spec"]["template"]["spec"].get("topologySpreadConstraints")

    assert [each["topologyKey"] for each in spread({})] == ["topology.kubernetes.io/zone", "kubernetes.io/hostname"]
    assert spread({"topologySpread": {"enabled": False}}) is None
    own = {"topologyKey": "rack", "maxSkew": 2, "whenUnsatisfiable": "DoNotSchedule"}
    (made,) = spread({"topologySpread": {"constraints": [own]}})
    assert own.items() <= made.items()
    assert made["labelSelector"]["matchLabels"]["app.kubernetes.io/component"] == "consumer"


def test_the_network_policy_opens_what_is_needed_and_nothing_else() -> None:
    values = {
        "networkPolicy": {"enabled": True},
        "config": {
            "kafka": {"bootstrap_servers": "one:9093,two:9094"},
            "schema_registry": {"url": "https://registry, http://other:8082"},
        },
    }
    ports = [{each["port"] for each in rule["ports"]} for rule in _on(values, "NetworkPolicy")["egress"]]
    assert ports == [{53}, {9093, 9094}, {443, 8082}, {443}]
    bare = values | {"config": {"records": {"format": "bare"}}}
    assert [{each["port"] for each in rule["ports"]} for rule in _on(bare, "NetworkPolicy")["egress"]] == [
        {53},
        {9092},
        {443},
    ]


def test_the_network_policy_lets_a_gateway_before_meta_be_reached() -> None:
    values = {"networkPolicy": {"enabled": True}, "config": {"meta": {"base_url": "http://gateway:8090"}}}
    ports = _on(values, "NetworkPolicy")["egress"][-1]["ports"]
    assert [each["port"] for each in ports] == [443, 8090]


def test_the_network_policy_takes_your_peers() -> None:
    peer = [{"namespaceSelector": {"matchLabels": {"a": "b"}}}]
    policy = {
        "enabled": True,
        "brokers": peer,
        "registry": peer,
        "scrapers": peer,
        "brokerPorts": [9999],
        "https": ["10.0.0.0/8"],
    }
    spec = _on({"networkPolicy": policy}, "NetworkPolicy")
    assert spec["ingress"][0]["from"] == peer
    _, brokers, registry, https = spec["egress"]
    assert (brokers["to"], registry["to"]) == (peer, peer)
    assert brokers["ports"] == [{"port": 9999, "protocol": "TCP"}]
    assert https["to"] == [{"ipBlock": {"cidr": "10.0.0.0/8"}}]


@pytest.mark.parametrize("kind", ["PodMonitor", "ServiceMonitor"])
def test_prometheus_is_told_where_to_look(kind: str) -> None:
    values = {"monitor": {"kind": kind, "interval": "15s", "labels": {"release": "prometheus"}}}
    made = render(values)
    assert len(made.all("PodMonitor") + made.all("ServiceMonitor")) == 1
    monitor = made.one(kind)
    assert monitor["metadata"]["labels"]["release"] == "prometheus"
    (endpoint,) = monitor["spec"]["podMetricsEndpoints" if kind == "PodMonitor" else "endpoints"]
    assert (endpoint["port"], endpoint["path"], endpoint["interval"]) == ("http", "/metrics", "15s")


def test_prometheus_can_tell_backfills_from_the_live_pods() -> None:
    monitors = render(EVERYTHING).all("PodMonitor")
    watched = {each["spec"]["selector"]["matchLabels"]["app.kubernetes.io/component"]: each for each in monitors}
    assert watched.keys() == {"consumer", "backfill"}
    assert len({each["metadata"]["name"] for each in monitors}) == 2, "the label job is made of the name"


def _keda(more: Values) -> Rendered:
    return render({"keda": {**KEDA["keda"], **more}})


def test_keda_scales_by_the_lag_that_takes_longer_than_is_accepted() -> None:
    spec = _on({"keda": {**KEDA["keda"], "ratePerPod": 4000, "acceptedSeconds": 45}}, "ScaledObject")
    (trigger,) = spec["triggers"]
    assert trigger["metadata"]["lagThreshold"] == "180000"
    assert trigger["metadata"]["topic"] == "tag-events"
    assert trigger["metadata"]["limitToPartitionsWithLag"] == trigger["metadata"]["excludePersistentLag"] == "true"
    assert trigger["metadata"]["allowIdleConsumers"] == "false"
    assert (spec["minReplicaCount"], spec["maxReplicaCount"]) == (2, 12)
    assert spec["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "streamer"}
    assert spec["fallback"] == {"failureThreshold": 4, "replicas": 2, "behavior": "currentReplicasIfHigher"}
    assert "authenticationRef" not in trigger


def test_keda_looks_at_all_topics_of_the_group_where_there_are_several() -> None:
    for topics in (["web", "app"], ["^tag-.*"]):
        spec = _on(KEDA | {"config": {"kafka": {"topics": topics, "group_id": "g"}}}, "ScaledObject")
        (trigger,) = spec["triggers"]
        assert "topic" not in trigger["metadata"]
        assert "limitToPartitionsWithLag" not in trigger["metadata"], "KEDA refuses it without a topic"
        assert trigger["metadata"]["consumerGroup"] == "g"


def test_keda_begins_where_the_group_does() -> None:
    for start in ("earliest", "latest"):
        spec = _on(KEDA | {"config": {"kafka": {"start_from": start}}}, "ScaledObject")
        assert spec["triggers"][0]["metadata"]["offsetResetPolicy"] == start


def test_keda_has_the_same_secrets_as_the_program() -> None:
    made = render(EVERYTHING)
    (trigger,) = made.one("ScaledObject")["spec"]["triggers"]
    assert (trigger["metadata"]["sasl"], trigger["metadata"]["tls"]) == ("scram_sha512", "enable")
    given = {
        each["parameter"]: (each["name"], each["key"])
        for each in made.one("TriggerAuthentication")["spec"]["secretTargetRef"]
    }
    assert given == {
        "username": ("sasl", "username"),
        "password": ("sasl", "password"),
        "ca": ("kafka-ca", "ca.crt"),
        "cert": ("kafka-certificate", "tls.crt"),
        "key": ("kafka-certificate", "tls.key"),
        "keyPassword": ("kafka-certificate", "key-password"),
    }


def test_keda_needs_no_secret_for_brokers_whose_authority_everybody_knows() -> None:
    made = render(KEDA | {"config": {"kafka": {"client": {"security.protocol": "SSL"}}}})
    (trigger,) = made.one("ScaledObject")["spec"]["triggers"]
    assert trigger["metadata"]["tls"] == "enable"
    assert "authenticationRef" not in trigger
    assert made.all("TriggerAuthentication") == []


def test_keda_finds_a_user_that_stands_in_the_configuration() -> None:
    client = {"security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "PLAIN", "sasl.username": "me"}
    made = render(KEDA | {"config": {"kafka": {"client": client}}, "secrets": {"sasl": {"name": "sasl"}}})
    (named,) = made.one("TriggerAuthentication")["spec"]["env"]
    variables = {each["name"]: each["value"] for each in made.container()["env"] if "value" in each}
    assert variables[named["name"]] == "me"


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (KEDA | {"hpa": {"enabled": True}}, "keda.enabled and hpa.enabled: only one of them can scale the pods"),
        ({"keda": {"enabled": True}}, "keda.partitions is empty"),
        ({"keda": {**KEDA["keda"], "maxReplicas": 13}}, "keda.maxReplicas is 13, and there are only 12 partitions"),
        ({"keda": {**KEDA["keda"], "minReplicas": 13}}, "keda.minReplicas is 13, more than the most pods"),
        ({"hpa": {"enabled": True, "minReplicas": 9}}, "hpa.maxReplicas is less than hpa.minReplicas"),
        (
            KEDA | {"config": {"kafka": {"client": {"security.protocol": "SASL_SSL", "sasl.mechanism": "GSSAPI"}}}},
            "the chart can hand KEDA only PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512",
        ),
        (
            KEDA | {"config": {"kafka": {"client": {"security.protocol": "SASL_SSL", "sasl.mechanism": "PLAIN"}}}},
            "Name the Secret in secrets.sasl",
        ),
        ({"strimzi": {"topics": {"enabled": True}}}, "strimzi.cluster is empty"),
        ({"config": {"admin": {"host": "127.0.0.1"}}}, "config.admin.host: Kubernetes and Prometheus cannot reach"),
        ({"backfills": [{"name": "june"}, {"name": "june"}]}, "two have the name june"),
    ],
)
def test_what_does_not_go_together_is_refused_by_a_sentence(values: Values, says: str) -> None:
    assert says in refusal(values)


@pytest.mark.parametrize("values", [KEDA, {"hpa": {"enabled": True}}], ids=["keda", "hpa"])
def test_what_scales_the_pods_is_not_overruled_by_an_upgrade(values: Values) -> None:
    assert render({"replicas": 3}).workload()["spec"]["replicas"] == 3
    assert "replicas" not in render(values).workload()["spec"]


def test_the_autoscaler_goes_up_at_once_and_down_one_by_one() -> None:
    spec = _on({"hpa": {"enabled": True, "targetCPU": 60, "scaleDownAfter": 900}}, "HorizontalPodAutoscaler")
    assert spec["metrics"][0]["resource"]["target"]["averageUtilization"] == 60
    for behaviour in (
        spec["behavior"],
        _keda({"scaleDownAfter": 900}).one("ScaledObject")["spec"]["advanced"]["horizontalPodAutoscalerConfig"][
            "behavior"
        ],
    ):
        assert behaviour["scaleDown"]["stabilizationWindowSeconds"] == 900
        assert behaviour["scaleDown"]["policies"] == [{"type": "Pods", "value": 1, "periodSeconds": 120}]


def test_strimzi_makes_the_topics_that_the_configuration_names() -> None:
    values = {
        "config": {"kafka": {"parked_topic": "other.parked"}},
        "strimzi": {"cluster": "main", "namespace": "kafka", "topics": {"enabled": True, "retentionDays": 7}},
    }
    topics = render(values).all("KafkaTopic")
    configs = {each["spec"]["topicName"]: each["spec"]["config"] for each in topics}
    assert configs.keys() == {"streamer.dead-letters", "other.parked", "streamer.receipts", "streamer.connections"}
    assert configs["other.parked"]["retention.ms"] == 7 * 86_400_000
    assert configs["streamer.connections"]["cleanup.policy"] == "compact,delete"
    assert all(each["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep" for each in topics)
    assert {each["metadata"]["namespace"] for each in topics} == {"kafka"}
    assert render({}).all("KafkaTopic") == []


def test_strimzis_user_may_do_what_the_program_does() -> None:
    config = {"kafka": {"topics": ["web", "^app-.*"], "group_id": "tags"}}
    spec = _on({"config": config, "strimzi": {"cluster": "main", "user": {"enabled": True}}}, "KafkaUser")
    rights = {
        (each["resource"]["type"], each["resource"]["name"], each["resource"]["patternType"]): each["operations"]
        for each in spec["authorization"]["acls"]
    }
    assert rights["topic", "web", "literal"] == ["Read", "Describe", "DescribeConfigs"]
    assert "Write" in rights["topic", "streamer.parked", "literal"]
    assert {("group", "tags", "literal"), ("group", "tags.", "prefix")} <= rights.keys()
    assert ("topic", "^app-.*", "literal") not in rights


def test_topics_that_are_missing_are_made_by_a_job_of_the_same_configuration() -> None:
    (job,) = (each for each in render({"createTopics": True}).all("Job") if "topics" in each["metadata"]["name"])
    (container,) = job["spec"]["template"]["spec"]["containers"]
    assert container["args"] == ["check", "--create-topics", "-c", "/etc/streamer/streamer.yaml"]
    assert "annotations" not in job["metadata"], "no hook: with --wait it would come after the pods that wait for it"
    assert not [each for each in render({}).all("Job") if "topics" in each["metadata"]["name"]]


def test_a_backfill_is_tried_again_where_that_helps_and_not_where_it_does_not() -> None:
    made = render(
        {"backfills": [{"name": "june", "to": "2026-06-02T00:00Z", "workers": 3, "retries": 2, "rate": 1000}]}
    )
    (job,) = (each for each in made.all("Job") if "june" in each["metadata"]["name"])
    spec = job["spec"]
    assert (spec["completionMode"], spec["completions"], spec["parallelism"]) == ("Indexed", 3, 3)
    assert spec["backoffLimitPerIndex"] == 2
    ignored, failed = spec["podFailurePolicy"]["rules"]
    assert (ignored["action"], ignored["onPodConditions"][0]["type"]) == ("Ignore", "DisruptionTarget")
    assert (failed["action"], failed["onExitCodes"]["values"]) == ("FailJob", [2])
    args = spec["template"]["spec"]["containers"][0]["args"]
    assert args[3:] == [
        "--name",
        "june",
        "--workers",
        "3",
        "--serve",
        "--yes",
        "--json",
        "--to",
        "2026-06-02T00:00Z",
        "--rate",
        "333.333",
    ]


def test_what_is_done_is_kept_as_long_as_you_say() -> None:
    def kept(**more: int) -> Any:
        made = render({"backfills": [{"name": "june", **more}]})
        return next(each for each in made.all("Job") if "june" in each["metadata"]["name"])["spec"].get(TTL)

    assert [kept(), kept(ttlSecondsAfterFinished=0), kept(ttlSecondsAfterFinished=60)] == [None, 0, 60]


def test_another_range_is_another_job_for_a_job_cannot_be_changed() -> None:
    def name(**more: Any) -> str:
        made = render({"backfills": [{"name": "june", "to": "2026-06-02T00:00Z", **more}]})
        return str(next(each for each in made.all("Job") if "june" in each["metadata"]["name"])["metadata"]["name"])

    assert name() == name(suspend=True), "a Job can be suspended as it is"
    assert len({name(), name(workers=2), name(rate=5), name(retries=0), name(to="2026-06-03T00:00Z")}) == 5


def test_a_backfill_with_memory_of_its_own_has_a_budget_of_its_own() -> None:
    big = {"limits": {"memory": "4Gi"}}
    made = render({"backfills": [{"name": "big", "resources": big}, {"name": "same"}]})
    pods = {name: spec["containers"][0] for name, spec in made.pods() if name.startswith("Job/streamer-")}
    (own,) = (each for name, each in pods.items() if "big" in name)
    (same,) = (each for name, each in pods.items() if "same" in name)
    assert {"name": "STREAMER__MEMORY__BUDGET", "value": "2048MiB"} in own["env"]
    assert "STREAMER__MEMORY__BUDGET" not in str(same)


def test_extra_objects_are_templates() -> None:
    objects = [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "{{ .Release.Name }}-map"}}]
    assert render({"extraObjects": objects}, release="rel").one("ConfigMap", "rel-map")


@pytest.fixture
def watched(tmp_path: Path) -> Path:
    """Give a chart with a rule and a dashboard of its own."""
    chart = tmp_path / "streamer"
    shutil.copytree(CHART, chart, ignore=shutil.ignore_patterns("rules", "dashboards"))
    (chart / "rules").mkdir()
    (chart / "dashboards").mkdir()
    said = {"summary": "{{ $labels.pixel }} is parked", "runbook_url": "RUNBOOKS/pixels.md#parked"}
    alerts = [
        {"alert": "Parked", "expr": 'a{b="c"} > 1', "labels": {"severity": "warning"}, "annotations": said},
        {"alert": "Other", "expr": "b > 1"},
        {"record": "c", "expr": "sum(d)"},
    ]
    (chart / "rules" / "pixels.yaml").write_text(yaml.safe_dump({"groups": [{"name": "pixels", "rules": alerts}]}))
    (chart / "dashboards" / "platform.json").write_text('{"title": "{{ pixel }}"}\n')
    return chart


def test_alerts_are_those_of_the_files_with_your_labels_and_your_runbooks(watched: Path) -> None:
    own = {
        "enabled": True,
        "alertLabels": {"team": "t"},
        "runbookBaseUrl": "https://wiki.example.com/runbooks/",
        "disabled": ["Other"],
    }
    (group,) = render({"prometheusRule": own}, chart=watched).one("PrometheusRule")["spec"]["groups"]
    alert, record = group["rules"]
    assert alert["labels"] == {"severity": "warning", "team": "t"}
    assert alert["annotations"]["summary"] == "{{ $labels.pixel }} is parked"
    assert alert["annotations"]["runbook_url"] == "https://wiki.example.com/runbooks/pixels.md#parked"
    assert record == {"record": "c", "expr": "sum(d)"}
    assert render({}, chart=watched).all("PrometheusRule") == []


def test_dashboards_are_those_of_the_files_where_the_sidecar_finds_them(watched: Path) -> None:
    own = {"enabled": True, "labels": {"grafana": "yes"}, "namespace": "monitoring"}
    made = render({"dashboards": own}, chart=watched).one("ConfigMap", "-dashboard-platform")
    assert (
        made["data"] == {"platform.json": '{"title": "{{ pixel }}"}\n'}
        or made["data"]["platform.json"].strip() == '{"title": "{{ pixel }}"}'
    )
    assert made["metadata"]["namespace"] == "monitoring"
    assert made["metadata"]["labels"]["grafana"] == "yes"
    assert len(render({}, chart=watched).all("ConfigMap")) == len(render({}).all("ConfigMap"))
