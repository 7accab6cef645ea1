"""The pod security standard "restricted", as rules over the template of a pod.

Source: the page "Pod Security Standards" of Kubernetes' documentation, Restricted and with it
Baseline, as of 1.34: what the API server asks where a namespace enforces it. One that is not ours
does not. SELinux and AppArmor: any setting of theirs is a violation here, the standard knows some.
"""

from collections.abc import Iterator
from typing import Any, Final

from deploy.kubernetes.rendering import Manifest

_VOLUMES: Final = frozenset(
    {
        *("configMap", "csi", "downwardAPI", "emptyDir", "ephemeral"),
        *("persistentVolumeClaim", "projected", "secret"),
    }
)
_HOSTS: Final = ("hostNetwork", "hostPID", "hostIPC")
_UNUSED: Final = ("seLinuxOptions", "appArmorProfile", "windowsOptions")
_PROFILES: Final = frozenset({"RuntimeDefault", "Localhost"})
_SYSCTLS: Final = frozenset({"kernel.shm_rmid_forced", "net.ipv4.ip_unprivileged_port_start"})


def violations(template: Manifest) -> list[str]:
    """Return a line for each rule that the template of a pod breaks."""
    spec = template["spec"]
    containers = [
        one
        for kind in ("initContainers", "containers", "ephemeralContainers")
        for one in spec.get(kind, [])
    ]
    return [*_of_pod(spec), *(said for one in containers for said in _of_container(one, spec))]


def _of_pod(spec: Manifest) -> Iterator[str]:
    yield from (f"{name} is on" for name in _HOSTS if spec.get(name))
    yield from (f"{name} is set" for name in _UNUSED if name in _context(spec))
    for volume in spec.get("volumes", []):
        kinds = {*volume} - {"name"}
        if not kinds <= _VOLUMES:
            yield f"volume {volume['name']} is {', '.join(sorted(kinds - _VOLUMES))}"
    for sysctl in _context(spec).get("sysctls", []):
        if sysctl["name"] not in _SYSCTLS:
            yield f"sysctl {sysctl['name']}"


def _of_container(container: Manifest, pod: Manifest) -> Iterator[str]:
    own = _context(container)
    said = [
        *(f"{name} is set" for name in _UNUSED if name in own),
        *_of_rights(own),
        *_of_capabilities(own.get("capabilities", {})),
        *_of_user(_context(pod) | own),
    ]
    if any(port.get("hostPort") for port in container.get("ports", [])):
        said.append("hostPort")
    return (f"{container['name']}: {one}" for one in said)


def _of_rights(own: Manifest) -> Iterator[str]:
    if own.get("privileged"):
        yield "privileged"
    if own.get("allowPrivilegeEscalation") is not False:
        yield "allowPrivilegeEscalation is not false"
    if own.get("procMount", "Default") != "Default":
        yield "procMount"


def _of_user(merged: Manifest) -> Iterator[str]:
    if merged.get("runAsNonRoot") is not True:
        yield "runAsNonRoot is not true"
    if merged.get("runAsUser") == 0:
        yield "runAsUser is 0"
    if merged.get("seccompProfile", {}).get("type") not in _PROFILES:
        yield "no seccomp profile"


def _of_capabilities(capabilities: Manifest) -> Iterator[str]:
    if "ALL" not in capabilities.get("drop", []):
        yield "capabilities are not all dropped"
    added = {*capabilities.get("add", [])} - {"NET_BIND_SERVICE"}
    if added:
        yield f"capabilities {', '.join(sorted(added))} added"


def _context(of: Manifest) -> dict[str, Any]:
    context: dict[str, Any] = of.get("securityContext", {})
    return context
