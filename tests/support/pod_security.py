"""The restricted profile of Kubernetes' Pod Security Standards, rule by rule (Kubernetes, pod security standards)."""

from collections.abc import Iterator, Mapping
from typing import Any

_VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}
_PROFILES = {"RuntimeDefault", "Localhost"}


def breaches(spec: Mapping[str, Any]) -> list[str]:
    """Return what of a pod's spec the profile does not allow."""
    return [*_of_pod(spec), *(each for one in _containers(spec) for each in _of_container(one, spec))]


def _containers(spec: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [*spec.get("initContainers", []), *spec["containers"], *spec.get("ephemeralContainers", [])]


def _of_pod(spec: Mapping[str, Any]) -> Iterator[str]:
    yield from (key for key in ("hostNetwork", "hostPID", "hostIPC") if spec.get(key))
    for volume in spec.get("volumes", []):
        if kinds := volume.keys() - {"name"} - _VOLUMES:
            yield f"volume {volume['name']} is a {', '.join(kinds)}"
    context = spec.get("securityContext", {})
    yield from (f"securityContext.{key}" for key in ("sysctls", "windowsOptions", "seLinuxOptions") if key in context)


def _of_container(one: Mapping[str, Any], spec: Mapping[str, Any]) -> Iterator[str]:
    pod, own = spec.get("securityContext", {}), one.get("securityContext", {})
    both = {**pod, **own}
    if own.get("allowPrivilegeEscalation") is not False:
        yield f"{one['name']} allows privilege escalation"
    if own.get("privileged"):
        yield f"{one['name']} is privileged"
    if own.get("capabilities", {}).get("drop") != ["ALL"] or own["capabilities"].get("add"):
        yield f"{one['name']} keeps capabilities"
    if both.get("runAsNonRoot") is not True or both.get("runAsUser") == 0:
        yield f"{one['name']} may be root"
    if both.get("seccompProfile", {}).get("type") not in _PROFILES:
        yield f"{one['name']} has no seccomp profile"
    yield from (f"{one['name']} has hostPort" for port in one.get("ports", []) if port.get("hostPort"))
