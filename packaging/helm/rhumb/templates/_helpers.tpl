{{/* The name of all objects: the release's, and the chart's unless the release has it already. */}}
{{- define "rhumb.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trimSuffix "-" -}}
{{- else if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* Labels by which Services and budgets find the pod. They never change. */}}
{{- define "rhumb.selectorLabels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "rhumb.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{ include "rhumb.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{- define "rhumb.serviceAccount" -}}
{{- if .Values.serviceAccount.create }}{{ include "rhumb.fullname" . }}{{ else }}default{{ end -}}
{{- end -}}

{{/* The Secret with the keys. Empty if the server listens without authentication. */}}
{{- define "rhumb.secret" -}}
{{- $auth := .Values.auth -}}
{{- if and $auth.apiKey $auth.existingSecret -}}
{{- fail "auth.apiKey and auth.existingSecret: only one of them may be set" -}}
{{- end -}}
{{- $keyed := or $auth.apiKey $auth.existingSecret -}}
{{- if and $keyed $auth.insecure -}}
{{- fail "auth.insecure: true contradicts auth.apiKey and auth.existingSecret" -}}
{{- end -}}
{{- if not (or $keyed $auth.insecure) -}}
{{- fail "a key is needed: set auth.existingSecret or auth.apiKey (or auth.insecure: true)" -}}
{{- end -}}
{{- if $auth.existingSecret }}{{ $auth.existingSecret }}
{{- else if $auth.apiKey }}{{ include "rhumb.fullname" . }}
{{- end -}}
{{- end -}}
