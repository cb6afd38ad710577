"""What the tests of the chart share."""

from collections.abc import Iterator

import pytest

from tests.support.chart import EXAMPLES, Rendered, example, render

EVERYTHING = {
    "config": {
        "kafka": {
            "bootstrap_servers": "kafka:9093",
            "client": {"security.protocol": "SASL_SSL", "sasl.mechanism": "SCRAM-SHA-512"},
        },
    },
    "pixels": {"pixels": {"1234567890123456": {"client": "acme", "token": {"file": "../tokens/acme"}}}},
    "files": {"shop.yaml": "event_name: name\n", "shop.avsc": '{"type": "string"}'},
    "secrets": {
        "meta": {"name": "meta", "appSecretKey": "app-secret"},
        "clients": ["tokens-one", "tokens-two"],
        "suppressed": "suppressed",
        "sasl": {"name": "sasl", "usernameKey": "username"},
        "kafkaCa": {"name": "kafka-ca"},
        "kafkaCertificate": {"name": "kafka-certificate", "passwordKey": "key-password"},
        "registry": {"name": "registry"},
        "registryCa": {"name": "registry-ca"},
        "registryCertificate": {"name": "registry-certificate"},
        "reloader": True,
        "generation": "2",
    },
    "externalSecrets": {
        "enabled": True,
        "store": {"name": "vault"},
        "secrets": {"meta": {"access-token": {"key": "streamer/meta", "property": "token", "version": "3"}}},
    },
    "createTopics": True,
    "imagePullSecrets": [{"name": "pull"}],
    "commonLabels": {"team": "tagging"},
    "podLabels": {"tier": "backend"},
    "podAnnotations": {"example.com/a": "b"},
    "workloadAnnotations": {"example.com/c": "d"},
    "nodeSelector": {"disk": "ssd"},
    "tolerations": [{"key": "dedicated", "operator": "Exists"}],
    "affinity": {"nodeAffinity": {}},
    "priorityClassName": "high",
    "extraEnv": [{"name": "A", "value": "b"}, {"name": "T", "valueFrom": {"fieldRef": {"fieldPath": "metadata.uid"}}}],
    "extraEnvFrom": [{"configMapRef": {"name": "more"}}],
    "extraVolumes": [{"name": "more", "emptyDir": {}}],
    "extraVolumeMounts": [{"name": "more", "mountPath": "/more"}],
    "initContainers": [
        {
            "name": "wait",
            "image": "example.com/wait:1",
            "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        }
    ],
    "sidecars": [
        {
            "name": "beside",
            "image": "example.com/beside:1",
            "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        }
    ],
    "extraObjects": ["apiVersion: v1\nkind: ConfigMap\nmetadata: {name: '{{ .Release.Name }}-text'}\n"],
    "networkPolicy": {"enabled": True, "extraEgress": [{"ports": [{"port": 3128, "protocol": "TCP"}]}]},
    "keda": {"enabled": True, "partitions": 12, "kafkaVersion": "3.6.0", "annotations": {"example.com/e": "f"}},
    "monitor": {
        "kind": "PodMonitor",
        "labels": {"release": "prometheus"},
        "relabelings": [{"sourceLabels": ["__meta_kubernetes_pod_node_name"], "targetLabel": "node"}],
        "metricRelabelings": [{"sourceLabels": ["le"], "regex": "x", "action": "drop"}],
    },
    "prometheusRule": {
        "enabled": True,
        "labels": {"release": "prometheus"},
        "alertLabels": {"team": "tagging"},
        "additionalGroups": [{"name": "mine", "rules": [{"alert": "Mine", "expr": "vector(1)", "for": "5m"}]}],
    },
    "dashboards": {"enabled": True, "annotations": {"folder": "Tagging"}},
    "strimzi": {"cluster": "main", "topics": {"enabled": True}, "user": {"enabled": True}},
    "backfills": [
        {"name": "june", "from": "2026-06-01T00:00Z", "to": "2026-06-02T00:00Z", "workers": 3, "rate": 2000},
        {
            "name": "some",
            "fromOffset": 0,
            "toOffset": "0:5,1:7",
            "acceptGone": True,
            "pixels": ["1234567890123456"],
            "events": ["Purchase"],
            "suspend": True,
        },
    ],
}
"""Nearly every value with another than its default."""


@pytest.fixture(params=[*EXAMPLES, "everything", "defaults"])
def rendered(request: pytest.FixtureRequest) -> Iterator[Rendered]:
    """Give each example in turn, the chart with nearly all that it has, and the chart with nothing said."""
    if request.param in EXAMPLES:
        yield example(request.param)
    else:
        yield render(EVERYTHING if request.param == "everything" else {})
