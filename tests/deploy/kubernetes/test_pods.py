"""What every pod is held to, wherever it runs: restricted, read-only, bounded, without a token."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from deploy.kubernetes.pod_security import violations
from deploy.kubernetes.rendering import (
    ON_GOOGLE,
    OVERLAYS,
    Manifest,
    of_kind,
    pod_templates,
    render,
)

_UID = 10001
_SERVERS = ("coditect-license-api", "coditect-license-console")


def templates(*overlays: str) -> list[Any]:
    return [
        pytest.param(template, id=f"{overlay}: {name}")
        for overlay in overlays
        for name, template in pod_templates(render(overlay))
    ]


def ours(*overlays: str) -> list[Any]:
    return [one for one in templates(*overlays) if "postgres" not in str(one.id)]


def container_of(template: Manifest) -> Manifest:
    (container,) = template["spec"]["containers"]
    found: Manifest = container
    return found


@pytest.mark.parametrize("template", templates(*OVERLAYS))
def test_a_pod_is_restricted_as_the_standard_means_it(template: Manifest) -> None:
    assert violations(template) == []


_LOOSENED: dict[str, Callable[[Manifest], object]] = {
    "hostNetwork is on": lambda spec: spec.update(hostNetwork=True),
    "volume host is hostPath": lambda spec: spec["volumes"].append(
        {"name": "host", "hostPath": {"path": "/"}}
    ),
    "server: runAsNonRoot is not true": lambda spec: spec["securityContext"].pop("runAsNonRoot"),
    "server: runAsUser is 0": lambda spec: spec["securityContext"].update(runAsUser=0),
    "server: no seccomp profile": lambda spec: spec["securityContext"].pop("seccompProfile"),
    "server: allowPrivilegeEscalation is not false": lambda spec: spec["containers"][0][
        "securityContext"
    ].pop("allowPrivilegeEscalation"),
    "server: capabilities are not all dropped": lambda spec: spec["containers"][0][
        "securityContext"
    ]["capabilities"].update(drop=["NET_RAW"]),
    "server: capabilities SYS_ADMIN added": lambda spec: spec["containers"][0]["securityContext"][
        "capabilities"
    ].update(add=["SYS_ADMIN"]),
    "server: privileged": lambda spec: spec["containers"][0]["securityContext"].update(
        privileged=True
    ),
    "seLinuxOptions is set": lambda spec: spec["securityContext"].update(seLinuxOptions={}),
    "server: appArmorProfile is set": lambda spec: spec["containers"][0]["securityContext"].update(
        appArmorProfile={"type": "Unconfined"}
    ),
    "server: hostPort": lambda spec: spec["containers"][0]["ports"][0].update(hostPort=8000),
}


@pytest.mark.parametrize("said", _LOOSENED)
def test_each_rule_sees_what_breaks_it(said: str) -> None:
    template = deepcopy(
        dict(pod_templates(render("production")))["Deployment/coditect-license-api"]
    )

    _LOOSENED[said](template["spec"])

    assert violations(template) == [said]


def test_the_own_namespace_has_the_api_server_ask_the_same() -> None:
    labels = of_kind(render("production"), "Namespace")["coditect-license"]["metadata"]["labels"]

    levels = {name: value for name, value in labels.items() if not name.endswith("-version")}
    assert levels == {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in _MODES}


_MODES = ("enforce", "audit", "warn")


@pytest.mark.parametrize("template", ours(*OVERLAYS))
def test_a_pod_of_ours_writes_nowhere_but_its_scratch_and_has_no_token(template: Manifest) -> None:
    spec, container = template["spec"], container_of(template)

    assert spec["automountServiceAccountToken"] is False
    assert spec["enableServiceLinks"] is False
    assert spec["securityContext"]["runAsUser"] == spec["securityContext"]["runAsGroup"] == _UID
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    writable = {one["mountPath"] for one in container["volumeMounts"] if not one.get("readOnly")}
    assert writable <= {"/tmp", "/var/lib/license"}


@pytest.mark.parametrize("template", templates(*OVERLAYS))
def test_a_pod_asks_for_what_it_needs_and_may_not_take_everything(template: Manifest) -> None:
    resources = container_of(template)["resources"]

    assert {*resources["requests"]} == {*resources["limits"]} == {"cpu", "memory"}


@pytest.mark.parametrize("overlay", ON_GOOGLE)
def test_service_accounts_mount_no_token_and_are_somebody_at_google(overlay: str) -> None:
    accounts = of_kind(render(overlay), "ServiceAccount")

    assert {*accounts} == {f"license-{name}" for name in ("api", "console", "worker", "migrate")}
    for account in accounts.values():
        assert account["automountServiceAccountToken"] is False
        address = account["metadata"]["annotations"]["iam.gke.io/gcp-service-account"]
        assert address.endswith(".iam.gserviceaccount.com")


@pytest.mark.parametrize("overlay", ON_GOOGLE)
def test_all_pods_are_of_one_image_by_its_digest(overlay: str) -> None:
    images = {container_of(template)["image"] for _, template in pod_templates(render(overlay))}

    (image,) = images
    repository, _, digest = image.partition("@sha256:")
    assert repository.endswith("/coditect-license/license-server")
    assert len(digest) == 64


@pytest.mark.parametrize("overlay", ON_GOOGLE)
@pytest.mark.parametrize("name", _SERVERS)
def test_servers_are_probed_and_spread(overlay: str, name: str) -> None:
    template = dict(pod_templates(render(overlay)))[f"Deployment/{name}"]
    container, spread = container_of(template), template["spec"]["topologySpreadConstraints"]

    paths = {
        kind: container[f"{kind}Probe"]["httpGet"]["path"]
        for kind in ("startup", "readiness", "liveness")
    }
    assert paths == {
        "startup": "/health/ready",
        "readiness": "/health/ready",
        "liveness": "/health/live",
    }
    assert {(one["topologyKey"], one["whenUnsatisfiable"]) for one in spread} == {
        ("topology.kubernetes.io/zone", "DoNotSchedule"),
        ("kubernetes.io/hostname", "ScheduleAnyway"),
    }


@pytest.mark.parametrize("overlay", ON_GOOGLE)
def test_every_deployment_has_a_budget_that_lets_one_go_and_keeps_one(overlay: str) -> None:
    manifests = render(overlay)
    budgets = of_kind(manifests, "PodDisruptionBudget")

    for name, deployment in of_kind(manifests, "Deployment").items():
        spec = budgets[name]["spec"]
        labels = deployment["spec"]["template"]["metadata"]["labels"]
        assert spec["selector"]["matchLabels"].items() <= labels.items()
        assert 1 <= spec["maxUnavailable"] < deployment["spec"]["replicas"]
        assert deployment["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0


@pytest.mark.parametrize("overlay", ["production", "production-shared-ip"])
def test_production_starts_at_ten_replicas_and_grows_by_the_cpu_of_its_pods(overlay: str) -> None:
    manifests = render(overlay)
    spec = of_kind(manifests, "HorizontalPodAutoscaler")["coditect-license-api"]["spec"]
    (metric,) = spec["metrics"]

    assert of_kind(manifests, "Deployment")["coditect-license-api"]["spec"]["replicas"] == 10
    assert (spec["minReplicas"], spec["maxReplicas"]) == (10, 20)
    assert spec["scaleTargetRef"]["name"] == "coditect-license-api"
    assert (metric["type"], metric["containerResource"]["name"]) == ("ContainerResource", "cpu")
    assert metric["containerResource"]["container"] == "server"
