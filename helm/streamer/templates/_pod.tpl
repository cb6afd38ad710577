{{/*
A pod of the program: (dict "root" $ "component" "consumer" "args" (list …) "resources" … and, if wanted, "budget" for its memory,
"serves" true for probes and port, "static" true for static membership, "beside" true for sidecars, "restart" a policy,
"hook" true for one that runs before the release's own objects are there, "config" the name of its ConfigMap).
*/}}
{{- define "streamer.podMetadata" -}}
{{- $root := .root -}}
labels:
  {{- include "streamer.selector" (list $root .component) | nindent 2 }}
  {{- with $root.Values.commonLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
  {{- with $root.Values.podLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
annotations:
  checksum/config: {{ include "streamer.checksum" $root }}
  {{- with $root.Values.podAnnotations }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{- define "streamer.podSpec" -}}
{{- $root := .root -}}
{{- $values := $root.Values -}}
serviceAccountName: {{ ternary "default" (include "streamer.serviceAccount" $root) (default false .hook) }}
automountServiceAccountToken: false
# A Service whose name makes a variable that begins with STREAMER__ would be an unknown setting.
enableServiceLinks: false
{{- with concat $values.global.imagePullSecrets $values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
terminationGracePeriodSeconds: {{ include "streamer.grace" $root }}
{{- with .restart }}
restartPolicy: {{ . }}
{{- end }}
{{- with $values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with $values.podSecurityContext }}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- if and (default false .serves) $values.topologySpread.enabled }}
topologySpreadConstraints:
  {{- include "streamer.spread" . | trim | nindent 2 }}
{{- end }}
{{- if and (default false .beside) $values.initContainers }}
initContainers:
  {{- tpl (toYaml $values.initContainers) $root | nindent 2 }}
{{- end }}
containers:
  - name: streamer
    {{- include "streamer.container" . | nindent 4 }}
  {{- if and (default false .beside) $values.sidecars }}
  {{- tpl (toYaml $values.sidecars) $root | nindent 2 }}
  {{- end }}
volumes:
  {{- include "streamer.volumes" . | nindent 2 }}
{{- end -}}

{{- define "streamer.spread" -}}
{{- $selector := dict "matchLabels" (include "streamer.selector" (list .root .component) | fromYaml) -}}
{{- if .root.Values.topologySpread.constraints -}}
{{- range .root.Values.topologySpread.constraints }}
- {{ toYaml (merge (deepCopy .) (dict "labelSelector" $selector)) | nindent 2 | trim }}
{{- end }}
{{- else -}}
{{- range $key := list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
- topologyKey: {{ $key }}
  maxSkew: 1
  whenUnsatisfiable: ScheduleAnyway
  labelSelector:
    {{- toYaml $selector | nindent 4 }}
{{- end }}
{{- end -}}
{{- end -}}

{{- define "streamer.container" -}}
{{- $root := .root -}}
{{- $values := $root.Values -}}
image: {{ include "streamer.image" $root }}
imagePullPolicy: {{ $values.image.pullPolicy }}
args:
  {{- toYaml .args | nindent 2 }}
{{- with include "streamer.env" . }}
env:
  {{- trim . | nindent 2 }}
{{- end }}
{{- with $values.extraEnvFrom }}
envFrom:
  {{- tpl (toYaml .) $root | nindent 2 }}
{{- end }}
{{- if .serves }}
ports:
  - name: http
    containerPort: {{ $values.service.port }}
    protocol: TCP
{{- if eq .component "consumer" }}
startupProbe:
  httpGet:
    path: /healthz/live
    port: http
  {{- toYaml $values.probes.startup | nindent 2 }}
readinessProbe:
  httpGet:
    path: /healthz/ready
    port: http
  {{- toYaml $values.probes.readiness | nindent 2 }}
# Whether the program turns: never whether Meta or Kafka is up, or an outage would restart every pod.
livenessProbe:
  httpGet:
    path: /healthz/live
    port: http
  {{- toYaml $values.probes.liveness | nindent 2 }}
{{- end }}
{{- end }}
{{- with .resources }}
resources:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.securityContext }}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end }}
volumeMounts:
  - name: config
    mountPath: /etc/streamer/streamer.yaml
    subPath: streamer.yaml
    readOnly: true
  {{- if $values.files }}
  - name: files
    mountPath: /etc/streamer/files
    readOnly: true
  {{- end }}
  {{- if or $values.pixels $values.existingPixelsConfigMap }}
  # A whole folder, so that a change reaches the running program.
  - name: pixels
    mountPath: /etc/streamer/pixels
    readOnly: true
  {{- end }}
  {{- if include "streamer.secretSources" $root }}
  - name: secrets
    mountPath: /etc/streamer/secrets
    readOnly: true
  {{- end }}
  {{- if $values.secrets.clients }}
  - name: tokens
    mountPath: /etc/streamer/tokens
    readOnly: true
  {{- end }}
  {{- if $values.secrets.suppressed }}
  - name: suppressed
    mountPath: /etc/streamer/suppressed
    readOnly: true
  {{- end }}
  - name: tmp
    mountPath: /tmp
  {{- with $values.extraVolumeMounts }}
  {{- tpl (toYaml .) $root | nindent 2 }}
  {{- end }}
{{- end -}}

{{- define "streamer.env" -}}
{{- $root := .root -}}
{{- if and .static $root.Values.staticMembership }}
- name: STREAMER__KAFKA__GROUP_INSTANCE_ID
  valueFrom:
    fieldRef:
      fieldPath: metadata.name
{{- end }}
{{- with .budget }}
- name: STREAMER__MEMORY__BUDGET
  value: {{ . | quote }}
{{- end }}
{{- if and $root.Values.keda.enabled $root.Values.secrets.sasl.name (not $root.Values.secrets.sasl.usernameKey) }}
# For KEDA, which takes the user's name from here.
- name: STREAMER__KAFKA__CLIENT__SASL_USERNAME
  value: {{ dig "kafka" "client" "sasl.username" "" $root.Values.config | quote }}
{{- end }}
{{- with $root.Values.secrets.registry }}
{{- if and .name .usernameKey (not .bearerTokenKey) }}
- name: STREAMER__SCHEMA_REGISTRY__USERNAME
  valueFrom:
    secretKeyRef:
      name: {{ .name }}
      key: {{ .usernameKey }}
{{- end }}
{{- end }}
{{- with $root.Values.extraEnv }}
{{ tpl (toYaml .) $root }}
{{- end }}
{{- end -}}

{{- define "streamer.volumes" -}}
{{- $root := .root -}}
{{- $values := $root.Values -}}
- name: config
  configMap:
    name: {{ .config }}
    items:
      - key: streamer.yaml
        path: streamer.yaml
{{- if $values.files }}
- name: files
  configMap:
    name: {{ ternary .config (include "streamer.name" (list $root "files")) (default false .hook) }}
    {{- if .hook }}
    items:
      {{- range $name := keys $values.files | sortAlpha }}
      - key: {{ printf "file.%s" $name }}
        path: {{ $name }}
      {{- end }}
    {{- end }}
{{- end }}
{{- if $values.pixels }}
- name: pixels
  configMap:
    name: {{ ternary .config (include "streamer.name" (list $root "pixels")) (default false .hook) }}
    items:
      - key: pixels.yaml
        path: pixels.yaml
{{- else if $values.existingPixelsConfigMap }}
- name: pixels
  configMap:
    name: {{ $values.existingPixelsConfigMap }}
    items:
      - key: pixels.yaml
        path: pixels.yaml
{{- end }}
{{- with include "streamer.secretSources" $root }}
- name: secrets
  projected:
    defaultMode: 0440
    sources:
      {{- trim . | nindent 6 }}
{{- end }}
{{- with $values.secrets.clients }}
- name: tokens
  projected:
    defaultMode: 0440
    sources:
      {{- range . }}
      # Optional: where one is not there, its clients alone are not sent to.
      - secret:
          name: {{ . }}
          optional: true
      {{- end }}
{{- end }}
{{- with $values.secrets.suppressed }}
- name: suppressed
  secret:
    secretName: {{ . }}
    defaultMode: 0440
{{- end }}
- name: tmp
  emptyDir:
    sizeLimit: 64Mi
{{- with $values.extraVolumes }}
{{ tpl (toYaml .) $root }}
{{- end }}
{{- end -}}
