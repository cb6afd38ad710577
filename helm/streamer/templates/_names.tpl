{{/*
Names and labels. A StatefulSet's name has at most 52 characters: Kubernetes puts it before a hash into a label of 63.
*/}}
{{- define "streamer.chartName" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 52 | trimSuffix "-" -}}
{{- end -}}

{{- define "streamer.fullname" -}}
{{- $name := include "streamer.chartName" . -}}
{{- $long := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{- default $long .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- end -}}

{{/* A name with an ending: (list $ "pixels"). */}}
{{- define "streamer.name" -}}
{{- $end := last . -}}
{{- printf "%s-%s" (include "streamer.fullname" (first .) | trunc (int (sub 62 (len $end))) | trimSuffix "-") $end -}}
{{- end -}}

{{- define "streamer.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "streamer.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "streamer.release" -}}
app.kubernetes.io/name: {{ include "streamer.chartName" . }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end -}}

{{/* What selects pods of one kind: (list $ "consumer"). */}}
{{- define "streamer.selector" -}}
{{ include "streamer.release" (first .) }}
app.kubernetes.io/component: {{ last . }}
{{- end -}}

{{/* Labels of an object: (list $ "consumer"). */}}
{{- define "streamer.labels" -}}
{{- $root := first . -}}
{{ include "streamer.selector" . }}
app.kubernetes.io/version: {{ $root.Values.image.tag | default $root.Chart.AppVersion | replace "+" "_" | trunc 63 | trimSuffix "-" | quote }}
app.kubernetes.io/part-of: streamer
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- with $root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Metadata that every object has: (list $ "component" "name"). */}}
{{- define "streamer.metadata" -}}
{{- $root := index . 0 -}}
name: {{ index . 2 }}
namespace: {{ $root.Release.Namespace }}
labels:
  {{- include "streamer.labels" (list $root (index . 1)) | nindent 2 }}
{{- end -}}

{{- define "streamer.image" -}}
{{- $registry := default .Values.image.registry .Values.global.imageRegistry -}}
{{- $name := ternary (printf "%s/%s" $registry .Values.image.repository) .Values.image.repository (ne $registry "") -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" $name .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" $name (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}
