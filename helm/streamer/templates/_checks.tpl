{{/*
Values that are each fine, and do not go together. The schema sees to the rest.
*/}}
{{- define "streamer.checks" -}}
{{- if and .Values.keda.enabled .Values.hpa.enabled -}}
{{- fail "keda.enabled and hpa.enabled: only one of them can scale the pods. Turn one off." -}}
{{- end -}}
{{- if .Values.keda.enabled -}}
{{- include "streamer.checks.keda" . -}}
{{- end -}}
{{- if and .Values.hpa.enabled (lt (int .Values.hpa.maxReplicas) (int .Values.hpa.minReplicas)) -}}
{{- fail "hpa.maxReplicas is less than hpa.minReplicas." -}}
{{- end -}}
{{- if and .Values.pixels .Values.existingPixelsConfigMap -}}
{{- fail "pixels and existingPixelsConfigMap: both say who the pixels are. Keep one." -}}
{{- end -}}
{{- if and .Values.externalSecrets.enabled (not .Values.externalSecrets.store.name) -}}
{{- fail "externalSecrets.store.name is empty: name the store that the Secrets come from." -}}
{{- end -}}
{{- if and (or .Values.strimzi.topics.enabled .Values.strimzi.user.enabled) (not .Values.strimzi.cluster) -}}
{{- fail "strimzi.cluster is empty: name the Kafka cluster that the topics and the user belong to." -}}
{{- end -}}
{{- if regexMatch "^(127[.].*|localhost|::1)$" (dig "admin" "host" "" .Values.config | toString) -}}
{{- fail "config.admin.host: Kubernetes and Prometheus cannot reach this address from outside the pod. Leave it out." -}}
{{- end -}}
{{- include "streamer.checks.backfills" . -}}
{{- end -}}

{{- define "streamer.checks.keda" -}}
{{- $keda := .Values.keda -}}
{{- if not $keda.partitions -}}
{{- fail "keda.partitions is empty: say how many partitions the topics in config.kafka.topics have together." -}}
{{- end -}}
{{- $most := int (default $keda.partitions $keda.maxReplicas) -}}
{{- if gt $most (int $keda.partitions) -}}
{{- fail (printf "keda.maxReplicas is %d, and there are only %d partitions (keda.partitions): the other pods would wait for work." $most (int $keda.partitions)) -}}
{{- end -}}
{{- if lt $most (int $keda.minReplicas) -}}
{{- fail (printf "keda.minReplicas is %d, more than the most pods there may be, %d." (int $keda.minReplicas) $most) -}}
{{- end -}}
{{- end -}}

{{- define "streamer.checks.backfills" -}}
{{- $seen := dict -}}
{{- range .Values.backfills -}}
{{- if hasKey $seen .name -}}
{{- fail (printf "backfills: two have the name %s. They would share a group: give each its own." .name) -}}
{{- end -}}
{{- $_ := set $seen .name true -}}
{{- end -}}
{{- end -}}
