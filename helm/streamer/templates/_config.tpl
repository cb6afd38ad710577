{{/*
streamer.yaml as the pods get it: values.config, and what follows from other values.
*/}}

{{/*
The secrets that are read at start: `key` of the values' secrets.<of> names the key of the Secret; its content is the file
`path` below /etc/streamer/secrets, and the setting `as` of `section` is told so. `unless`: only where that key is not given.
*/}}
{{- define "streamer.secretFiles" -}}
- {of: meta, key: accessTokenKey, path: meta/access-token, section: meta, as: access_token_file}
- {of: meta, key: appSecretKey, path: meta/app-secret, section: meta, as: app_secret_file}
- {of: sasl, key: usernameKey, path: kafka/username, section: kafka.client, as: sasl.username_file}
- {of: sasl, key: passwordKey, path: kafka/password, section: kafka.client, as: sasl.password_file}
- {of: kafkaCa, key: key, path: kafka/ca.pem, section: kafka.client, as: ssl.ca.location}
- {of: kafkaCertificate, key: certKey, path: kafka/certificate.pem, section: kafka.client, as: ssl.certificate.location}
- {of: kafkaCertificate, key: keyKey, path: kafka/key.pem, section: kafka.client, as: ssl.key.location}
- {of: kafkaCertificate, key: passwordKey, path: kafka/key-password, section: kafka.client, as: ssl.key.password_file}
- {of: registry, key: bearerTokenKey, path: registry/bearer-token, section: schema_registry, as: bearer_token_file}
- {of: registry, key: passwordKey, unless: bearerTokenKey, path: registry/password, section: schema_registry, as: password_file}
- {of: registryCa, key: key, path: registry/ca.pem, section: schema_registry, as: ca_file}
- {of: registryCertificate, key: certKey, path: registry/certificate.pem, section: schema_registry, as: cert_file}
- {of: registryCertificate, key: keyKey, path: registry/key.pem, section: schema_registry, as: key_file}
{{- end -}}

{{/* Those of them that the values name, each with the name of its Secret and its key there. */}}
{{- define "streamer.secretsNamed" -}}
{{- $named := list -}}
{{- range include "streamer.secretFiles" . | fromYamlArray -}}
{{- $secret := get $.Values.secrets .of -}}
{{- $key := get $secret .key -}}
{{- if and $secret.name $key (not (and .unless (get $secret (default "" .unless)))) -}}
{{- $named = append $named (merge (dict "secret" $secret.name "item" (dict "key" $key "path" .path)) .) -}}
{{- end -}}
{{- end -}}
{{- toYaml $named -}}
{{- end -}}

{{/* Set a key that the chart answers for: (dict "in" map "name" "section" "key" … "value" … "by" what sets it). */}}
{{- define "streamer.put" -}}
{{- if not (kindIs "invalid" (index .in .key)) -}}
{{- fail (printf "config.%s.%s is set, and %s sets it too. Keep one." .name .key .by) -}}
{{- end -}}
{{- $_ := set .in .key .value -}}
{{- end -}}

{{- define "streamer.config" -}}
{{- $config := dict -}}
{{- range $name := list "kafka" "schema_registry" "meta" "pixels" "admin" "memory" -}}
{{- $_ := set $config $name dict -}}
{{- end -}}
{{- range $name, $section := .Values.config -}}
{{- if $section -}}{{- $_ := set $config $name (deepCopy $section) -}}{{- end -}}
{{- end -}}
{{- $client := default dict $config.kafka.client -}}
{{- range include "streamer.secretsNamed" . | fromYamlArray -}}
{{- $in := eq .section "kafka.client" | ternary $client (get $config .section) -}}
{{- $file := printf "/etc/streamer/secrets/%s" .path -}}
{{- include "streamer.put" (dict "in" $in "name" .section "key" .as "value" $file "by" (printf "secrets.%s" .of)) -}}
{{- end -}}
{{- if $client -}}{{- $_ := set $config.kafka "client" $client -}}{{- end -}}
{{- if or .Values.pixels .Values.existingPixelsConfigMap -}}
{{- $by := empty .Values.pixels | ternary "existingPixelsConfigMap" "pixels" -}}
{{- include "streamer.put" (dict "in" $config.pixels "name" "pixels" "key" "file" "value" "/etc/streamer/pixels/pixels.yaml" "by" $by) -}}
{{- end -}}
{{- if not $config.admin.host -}}{{- $_ := set $config.admin "host" "0.0.0.0" -}}{{- end -}}
{{- $_ := set $config.admin "port" (int .Values.service.port) -}}
{{- with include "streamer.budget" (dict "root" . "resources" .Values.resources) -}}
{{- $_ := set $config.memory "budget" . -}}
{{- end -}}
{{- range $name, $section := $config -}}
{{- if not $section -}}{{- $_ := unset $config $name -}}{{- end -}}
{{- end -}}
{{- toYaml $config -}}
{{- end -}}

{{/* Sources of the volume with these secrets; empty where there are none. */}}
{{- define "streamer.secretSources" -}}
{{- $items := dict -}}
{{- $order := list -}}
{{- range include "streamer.secretsNamed" . | fromYamlArray -}}
{{- $_ := set $items .secret (append (get $items .secret | default list) .item) -}}
{{- $order = append $order .secret -}}
{{- end -}}
{{- range $name := uniq $order }}
- secret:
    name: {{ $name }}
    items:
      {{- toYaml (get $items $name) | nindent 6 }}
{{- end }}
{{- end -}}

{{/* Names of the Secrets that are read at start only. */}}
{{- define "streamer.secretNames" -}}
{{- $names := list -}}
{{- range include "streamer.secretsNamed" . | fromYamlArray -}}{{- $names = append $names .secret -}}{{- end -}}
{{- uniq $names | join "," -}}
{{- end -}}

{{/* Changes when the pods have to be restarted for what they read at start; pixels.yaml is not of it. */}}
{{- define "streamer.checksum" -}}
{{- printf "%s\n%s\n%s" (include "streamer.config" .) (toYaml .Values.files) .Values.secrets.generation | sha256sum -}}
{{- end -}}
