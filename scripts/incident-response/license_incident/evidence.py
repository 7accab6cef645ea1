"""What is taken down: each file a step of its own, so that one that cannot be had costs one."""

import json
import shlex
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from license_incident import cloud, seal
from license_incident.rules import tenant as checked_tenant
from license_incident.settings import Settings
from license_incident.steps import Step, StepFailed, command, run

LAST_HOUR: Final = timedelta(hours=1)
ACTIVITY: Final = timedelta(days=1)
"""Of the audit logs: who prepared something did so before."""

APPS: Final = (
    "coditect-license-api",
    "coditect-license-console",
    "coditect-license-worker",
    "coditect-license-migrate",
)
OBJECTS: Final = (
    "deployments,replicasets,jobs,cronjobs,services,ingresses,endpointslices,networkpolicies,"
    "poddisruptionbudgets,horizontalpodautoscalers,configmaps,serviceaccounts,roles,rolebindings"
)
EDGE_OBJECTS: Final = "backendconfigs,frontendconfigs,managedcertificates,secretproviderclasses"
_MOST_TENANTS: Final = 100
_LOG_SECONDS: Final = 300.0


def steps(
    settings: Settings, folder: Path, *, now: datetime, tenants: tuple[str, ...] | None = ()
) -> Iterator[Step]:
    """Return every step but the seal. ``tenants`` are those whose audit is exported, else all.

    With None the application is not asked.
    """
    yield from _cluster(settings, folder)
    yield from _logs(settings, folder)
    yield from _google(settings, folder, now)
    if tenants is not None:
        yield from _application(settings, folder, tenants)


def _cluster(settings: Settings, folder: Path) -> Iterator[Step]:
    taken = {
        "pods": ("pods", "--output=json"),
        "pods by node": ("pods", "--output=wide"),
        "events": ("events", "--sort-by=.lastTimestamp", "--output=json"),
        "objects": (OBJECTS, "--output=yaml"),
        "objects of the edge": (EDGE_OBJECTS, "--output=yaml"),
    }
    for name, words in taken.items():
        to = folder / f"{name.replace(' ', '-')}.{words[-1].partition('=')[2]}"
        yield command(name, cloud.kubectl(settings, "get", *words), to=to)


def _logs(settings: Settings, folder: Path) -> Iterator[Step]:
    """Every line of every container: with a selector kubectl prints ten a pod, left to itself."""
    everything = ["--all-containers", "--prefix", "--timestamps", "--tail=-1"]
    for app in APPS:
        words = ["logs", f"--selector=app={app}", *everything, "--since=1h"]
        many = "--max-log-requests=100"
        to = folder / f"logs-{app}.txt"
        whole = cloud.kubectl(settings, *words, many)
        yield command(f"logs of {app}", whole, to=to, seconds=_LOG_SECONDS)
    yield _per_pod("logs of containers that are gone", settings, folder, _previous_logs)
    yield _per_pod("metrics", settings, folder, _metrics)


def _google(settings: Settings, folder: Path, now: datetime) -> Iterator[Step]:
    day, hour = (f"{now - ago:%Y-%m-%dT%H:%M:%SZ}" for ago in (ACTIVITY, LAST_HOUR))
    iam = (
        'protoPayload.serviceName="iam.googleapis.com"'
        ' OR protoPayload.serviceName="iamcredentials.googleapis.com"'
        ' OR protoPayload.methodName:"SetIamPolicy" OR protoPayload.methodName:"setIamPermissions"'
    )
    kms = 'protoPayload.serviceName="cloudkms.googleapis.com"'
    secrets = 'protoPayload.serviceName="secretmanager.googleapis.com"'
    edge = (
        'resource.type="http_load_balancer" AND'
        f' (jsonPayload.enforcedSecurityPolicy.name="{settings.policy}"'
        f' OR jsonPayload.previewSecurityPolicy.name="{settings.policy}")'
    )
    reads = {
        "iam-activity": (settings.project, iam, day),
        "iam-activity-kms-project": (settings.kms_project, iam, day),
        "kms-activity": (settings.kms_project, kms, day),
        "secret-activity": (settings.project, secrets, day),
        "cloud-armor-lines": (settings.project, edge, hour),
    }
    for name, asked in reads.items():
        words = cloud.logs_read(*asked)
        yield command(
            name.replace("-", " "), words, to=folder / f"{name}.json", seconds=_LOG_SECONDS
        )
    for name, words in _states(settings).items():
        yield command(name.replace("-", " "), words, to=folder / f"{name}.json")


def _states(settings: Settings) -> dict[str, list[str]]:
    """Return what says how Google's side stands now. Of secrets the names, never a value."""
    key = [
        settings.kms_key,
        f"--keyring={settings.kms_keyring}",
        f"--location={settings.kms_location}",
        f"--project={settings.kms_project}",
    ]
    versions = [f"--key={settings.kms_key}", *key[1:]]
    end = ["--format=json", "--quiet"]
    return {
        "iam-policy": ["gcloud", "projects", "get-iam-policy", settings.project, *end],
        "iam-policy-kms-project": [
            "gcloud",
            "projects",
            "get-iam-policy",
            settings.kms_project,
            *end,
        ],
        "signing-key-policy": ["gcloud", "kms", "keys", "get-iam-policy", *key, *end],
        "signing-key-versions": ["gcloud", "kms", "keys", "versions", "list", *versions, *end],
        "secret-names": ["gcloud", "secrets", "list", f"--project={settings.project}", *end],
        "cloud-armor-policy": cloud.describe_policy(settings),
    }


def _application(settings: Settings, folder: Path, tenants: tuple[str, ...]) -> Iterator[Step]:
    verify = cloud.manage(settings, "verify_audit")
    yield command("audit verified", verify, to=folder / "audit-verified.txt", seconds=_LOG_SECONDS)
    for kind, more in (("audit export", []), ("audit checkpoint", ["--checkpoint"])):
        yield _per_tenant(kind, more, settings, folder, tenants)


def _per_tenant(
    kind: str, more: list[str], settings: Settings, folder: Path, tenants: tuple[str, ...]
) -> Step:
    """Return the step that asks for one document of each tenant; one that fails costs no other."""
    listing = cloud.license_admin(settings, "tenant", "list", "--json")

    def act() -> str:
        named = tenants or _slugs(run(listing, seconds=_LOG_SECONDS))
        failed = []
        for tenant in named[:_MOST_TENANTS]:
            to = folder / f"{kind.replace(' ', '-')}-{tenant}.txt"
            try:
                run(
                    cloud.manage(settings, "export_audit", tenant, *more),
                    seconds=_LOG_SECONDS,
                    to=to,
                )
            except StepFailed as failure:
                failed.append(f"{tenant}: {failure}")
        if len(named) > _MOST_TENANTS:
            failed.append(f"{len(named) - _MOST_TENANTS} more tenants: name those that matter")
        return _unless(failed, f"{len(named)} tenants")

    shown = [cloud.manage(settings, "export_audit", one, *more) for one in tenants or ("TENANT",)]
    shows = [shlex.join(words) for words in ([] if tenants else [listing]) + shown]
    return Step(name=kind, shows=shows, act=act)


def _slugs(listed: str) -> tuple[str, ...]:
    try:
        return tuple(checked_tenant(str(row["slug"])) for row in json.loads(listed))
    except (ValueError, LookupError, TypeError) as mistake:
        raise StepFailed("license-admin answered no list of tenants") from mistake


Pod = dict[str, Any]
_Take = Callable[[Settings, Path, Pod], Iterator[tuple[list[str], Path]]]


def _per_pod(name: str, settings: Settings, folder: Path, take: _Take) -> Step:
    """Return the step that asks each pod for something; one that fails costs no other."""
    listing = cloud.kubectl(settings, "get", "pods", "--output=json")

    def act() -> str:
        failed, count = [], 0
        for pod in _pods(run(listing, seconds=_LOG_SECONDS)):
            for words, to in take(settings, folder, pod):
                count += 1
                try:
                    run(words, seconds=_LOG_SECONDS, to=to)
                except StepFailed as failure:
                    failed.append(f"{to.name}: {failure}")
        return _unless(failed, f"{count} files")

    example: Pod = {
        "metadata": {"name": "POD"},
        "spec": {"containers": [{"name": "CONTAINER", "ports": [{"name": "metrics"}]}]},
        "status": {"containerStatuses": [{"name": "CONTAINER", "restartCount": 1}]},
    }
    shown = [words for words, _ in take(settings, folder, example)]
    return Step(name=name, shows=[shlex.join(words) for words in [listing, *shown]], act=act)


def _pods(listed: str) -> list[Pod]:
    try:
        found: list[Pod] = json.loads(listed)["items"]
    except (ValueError, LookupError, TypeError) as mistake:
        raise StepFailed("kubectl answered no list of pods") from mistake
    return found


def _previous_logs(settings: Settings, folder: Path, pod: Pod) -> Iterator[tuple[list[str], Path]]:
    """Yield the logs of each container's last life, where it had one."""
    name, status = pod["metadata"]["name"], pod.get("status", {})
    every = [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]
    for container in every:
        if not container.get("restartCount"):
            continue
        which = [name, f"--container={container['name']}", "--previous"]
        how = ["--prefix", "--timestamps", "--tail=-1"]
        to = folder / f"logs-previous-{name}-{container['name']}.txt"
        yield cloud.kubectl(settings, "logs", *which, *how), to


def _metrics(settings: Settings, folder: Path, pod: Pod) -> Iterator[tuple[list[str], Path]]:
    """Yield the metrics of a pod that shows some, through the API server."""
    containers = pod.get("spec", {}).get("containers", [])
    ports = (port for container in containers for port in container.get("ports", []))
    if not any(port.get("name") == "metrics" for port in ports):
        return
    name = pod["metadata"]["name"]
    path = f"/api/v1/namespaces/{settings.namespace}/pods/{name}:9464/proxy/metrics"
    yield ["kubectl", "get", "--raw", path], folder / f"metrics-{name}.txt"


def _unless(failed: list[str], good: str) -> str:
    if failed:
        raise StepFailed("; ".join(failed))
    return good


def seal_step(folder: Path, sealed: list[str]) -> Step:
    """Return the step that seals the folder; the seal goes into ``sealed``."""

    def act() -> str:
        sealed.append(seal.seal(folder))
        return f"seal {sealed[-1]}"

    return Step(
        name="seal", shows=[f"seal {folder.name} # {seal.MANIFEST}"], act=act, file=folder.name
    )
