#!/bin/sh
# Makes tests/helm/schemas anew: the custom resources that the chart makes, as strict JSON schemas. Needs Go, Java's javap
# and Maven; the tests need none of them. Versions are those that are named here.
set -eu
cd "$(dirname "$0")/../.."

work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
keda=github.com/kedacore/keda/v2
prometheus=github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring
secrets=github.com/external-secrets/external-secrets
strimzi=0.51.0

export GOFLAGS=-mod=mod GOBIN="$work/bin"
go install sigs.k8s.io/controller-tools/cmd/controller-gen@v0.23.0
mkdir "$work/mod"
(
    cd "$work/mod"
    go mod init crds
    go get "$keda/apis/keda/v1alpha1@v2.21.0" "$prometheus@v0.95.1" "$secrets/apis/externalsecrets/v1@v0.16.2"
    printf 'package crds\n\nimport (\n\t_ "%s"\n\t_ "%s"\n\t_ "%s"\n)\n' \
        "$keda/apis/keda/v1alpha1" "$prometheus/v1" "$secrets/apis/externalsecrets/v1" >crds.go
    go mod tidy
    for package in "$keda/apis/keda/v1alpha1" "$prometheus/v1" "$secrets/apis/externalsecrets/v1"; do
        "$GOBIN/controller-gen" crd "paths=$package" output:crd:dir="$work/crds"
    done
)
mvn -q -B dependency:copy -Dartifact="io.strimzi:api:$strimzi" -DoutputDirectory="$work/jars"
.venv/bin/python -m tools.chart.crds "$work/crds" "$work/jars/api-$strimzi.jar"
