{{/* Bytes of a Kubernetes quantity of memory, such as 512Mi. */}}
{{- define "streamer.quantity" -}}
{{- $text := toString . -}}
{{- $units := dict "" 1.0 "k" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "Ki" 1024.0 "Mi" 1048576.0 "Gi" 1073741824.0 "Ti" 1099511627776.0 -}}
{{- $unit := regexFind "[A-Za-z]*$" $text -}}
{{- if not (and (hasKey $units $unit) (regexMatch "^[0-9]+([.][0-9]+)?[A-Za-z]*$" $text)) -}}
{{- fail (printf "resources.limits.memory is %s: write it as a quantity such as 512Mi or 1Gi." $text) -}}
{{- end -}}
{{- printf "%.0f" (mulf (float64 (trimSuffix $unit $text)) (get $units $unit)) -}}
{{- end -}}

{{/* Bytes of a size as streamer.yaml has it, such as 256MiB. */}}
{{- define "streamer.size" -}}
{{- $text := ternary (printf "%.0f" (float64 (toString .))) (toString .) (regexMatch "^[0-9.]+(e[+][0-9]+)?$" (toString .)) | replace " " "" -}}
{{- $units := dict "" 1.0 "b" 1.0 "kb" 1e3 "mb" 1e6 "gb" 1e9 "kib" 1024.0 "mib" 1048576.0 "gib" 1073741824.0 -}}
{{- $unit := regexFind "[A-Za-z]*$" $text -}}
{{- if not (hasKey $units (lower $unit)) -}}
{{- fail (printf "config.memory.budget is %s: write it as a size such as 256MiB." $text) -}}
{{- end -}}
{{- printf "%.0f" (mulf (float64 (trimSuffix $unit $text)) (get $units (lower $unit))) -}}
{{- end -}}

{{/* What memory.budget is to be: (dict "resources" … "root" …); empty where there is no limit to take it from. */}}
{{- define "streamer.budget" -}}
{{- $limit := dig "limits" "memory" "" (default dict .resources) -}}
{{- $given := dig "memory" "budget" "" (.root.Values.config | default dict) -}}
{{- if $limit -}}
{{- $bytes := int64 (include "streamer.quantity" $limit) -}}
{{- $room := sub $bytes 234881024 -}}
{{- $budget := ternary (include "streamer.size" (default 0 $given) | int64) (mulf $bytes .root.Values.memoryBudgetShare | int64) (not (empty $given)) -}}
{{- if gt $budget $room -}}
{{- fail (printf "memory.budget would be %dMiB, and resources.limits.memory (%s) leaves it %dMiB: the program itself needs 224Mi. Raise the limit, or lower %s." (div $budget 1048576) (toString $limit) (max 0 (div $room 1048576)) (ternary "config.memory.budget" "memoryBudgetShare" (not (empty $given)))) -}}
{{- end -}}
{{- if not $given -}}
{{- printf "%dMiB" (div $budget 1048576) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Seconds that a pod needs to stop: the drain, and room to commit and to leave the group. */}}
{{- define "streamer.grace" -}}
{{- $drain := dig "stop" "drain_seconds" 25 (.Values.config | default dict) | float64 | ceil | int -}}
{{- $needed := add $drain 15 -}}
{{- $given := .Values.terminationGracePeriodSeconds -}}
{{- if and (not (kindIs "invalid" $given)) (lt (int $given) (int $needed)) -}}
{{- fail (printf "terminationGracePeriodSeconds is %d: too short. config.stop.drain_seconds is %d, and commit and leave need 15 more. Give it %d or more, or lower drain_seconds." (int $given) $drain $needed) -}}
{{- end -}}
{{- default $needed $given -}}
{{- end -}}
