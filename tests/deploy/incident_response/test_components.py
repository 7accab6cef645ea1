"""The webhook and the expiry as objects of Kubernetes: strict schemas and least rights."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from deploy.incident_response.bats import HERE

from license_incident import evidence
from license_incident.program import parser
from license_incident.settings import Settings

REPOSITORY = HERE.parents[2]
COMPONENTS = REPOSITORY / "kubernetes" / "components"
WEBHOOK, EXPIRY = COMPONENTS / "incident-webhook", COMPONENTS / "incident-expiry"
CRDS = {"SecretProviderClass"}


def objects(folder: Path) -> list[dict[str, Any]]:
    names = yaml.safe_load((folder / "kustomization.yaml").read_text())["resources"]
    assert sorted(names) == sorted(
        path.name for path in folder.glob("*.yaml") if path.name != "kustomization.yaml"
    )
    return [one for name in names for one in yaml.safe_load_all((folder / name).read_text())]


def one(folder: Path, kind: str) -> dict[str, Any]:
    (found,) = (each for each in objects(folder) if each["kind"] == kind)
    return found


def pod(folder: Path) -> dict[str, Any]:
    if folder == WEBHOOK:
        spec: dict[str, Any] = one(folder, "Deployment")["spec"]["template"]["spec"]
        return spec
    job: dict[str, Any] = one(folder, "CronJob")["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    return job


@pytest.mark.parametrize("folder", [WEBHOOK, EXPIRY], ids=lambda folder: folder.name)
def test_every_object_is_what_kubernetes_takes(folder: Path) -> None:
    for each in objects(folder):
        if each["kind"] not in CRDS:
            kubernetes_validate.validate(each, "1.34", strict=True)


def test_the_schemas_would_refuse_a_word_that_is_not_one() -> None:
    wrong = one(WEBHOOK, "Deployment")
    wrong["spec"]["template"]["spec"]["runsAsNonRoot"] = True

    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, "1.34", strict=True)


@pytest.mark.parametrize("folder", [WEBHOOK, EXPIRY], ids=lambda folder: folder.name)
def test_pods_are_held_to_the_restricted_standard(folder: Path) -> None:
    spec = pod(folder)
    context = spec["securityContext"]
    assert context["runAsNonRoot"]
    assert context["seccompProfile"] == {"type": "RuntimeDefault"}
    (container,) = spec["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["resources"].keys() == {"requests", "limits"}
    assert "@sha256:" in container["image"]
    assert not {"hostNetwork", "hostPID", "hostIPC"} & spec.keys()


def rights() -> set[tuple[str, str]]:
    return {
        (resource, verb)
        for rule in one(WEBHOOK, "Role")["rules"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def test_the_webhook_reads_and_does_nothing_else() -> None:
    assert {verb for _, verb in rights()} == {"get", "list"}
    assert not {resource for resource, _ in rights()} & {"secrets", "pods/exec", "*"}
    binding = one(WEBHOOK, "RoleBinding")
    assert binding["subjects"][0]["name"] == one(WEBHOOK, "ServiceAccount")["metadata"]["name"]
    assert binding["roleRef"]["kind"] == "Role"


def test_the_webhook_may_read_every_object_that_evidence_takes() -> None:
    wanted = f"{evidence.OBJECTS},{evidence.EDGE_OBJECTS},pods,events".split(",")

    assert {(resource, "list") for resource in wanted} <= rights()
    assert {("pods/log", "get"), ("pods/proxy", "get")} <= rights()


@pytest.mark.parametrize("folder", [WEBHOOK, EXPIRY], ids=lambda folder: folder.name)
def test_what_a_pod_is_started_with_the_program_takes(folder: Path) -> None:
    (container,) = pod(folder)["containers"]

    parser().parse_args(container["args"])
    for variable in container["env"]:
        name = variable["name"].removeprefix("LICENSE_INCIDENT_").lower()
        if variable["name"].startswith("LICENSE_INCIDENT_") and not name.endswith("_file"):
            assert hasattr(Settings(), name)


def test_the_expiry_ends_blocks_and_begins_none() -> None:
    assert pod(EXPIRY)["containers"][0]["args"] == ["expire", "--edge-only", "--yes"]
    assert not pod(EXPIRY)["automountServiceAccountToken"]
    assert not [each for each in objects(EXPIRY) if each["kind"] in {"Role", "RoleBinding"}]


def test_only_alertmanager_comes_in() -> None:
    (rule,) = one(WEBHOOK, "NetworkPolicy")["spec"]["ingress"]
    (peer,) = rule["from"]
    (namespaces,) = peer["namespaceSelector"]["matchExpressions"]
    assert namespaces["values"] == ["gmp-system", "gke-gmp-system", "monitoring"]
    assert rule["ports"] == [{"protocol": "TCP", "port": 8080}]
    assert "ingress" not in one(EXPIRY, "NetworkPolicy")["spec"]


def test_what_goes_out_reaches_no_private_range_but_the_named_ones() -> None:
    blocks = [
        peer["ipBlock"]
        for rule in one(WEBHOOK, "NetworkPolicy")["spec"]["egress"]
        for peer in rule["to"]
        if "ipBlock" in peer
    ]
    (world,) = (block for block in blocks if block["cidr"] == "0.0.0.0/0")
    assert {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"} <= set(
        world["except"]
    )


def test_labels_ports_and_names_agree() -> None:
    service, deployment = one(WEBHOOK, "Service"), one(WEBHOOK, "Deployment")
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert service["spec"]["selector"].items() <= labels.items()
    policy = one(WEBHOOK, "NetworkPolicy")["spec"]["podSelector"]["matchLabels"]
    assert policy.items() <= labels.items()
    routes = (REPOSITORY / "kubernetes" / "monitoring" / "alertmanager.yaml").read_text()
    assert f"http://{service['metadata']['name']}.coditect-license.svc/alerts" in routes
    secret = one(WEBHOOK, "SecretProviderClass")["spec"]["parameters"]["secrets"]
    assert "projects/coditect-citus-prod/secrets/license-pagerduty-key/" in secret


def test_hadolint_finds_nothing_in_the_image() -> None:
    hadolint = Path(sys.executable).parent / "hadolint"
    dockerfile = REPOSITORY / "scripts" / "incident-response" / "Dockerfile"

    judged = subprocess.run([hadolint, dockerfile], capture_output=True, text=True, check=False)

    assert (judged.stdout, judged.returncode) == ("", 0)


def test_hadolint_would_find_something(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM debian\nRUN cd /tmp && sudo true\n")
    hadolint = Path(sys.executable).parent / "hadolint"

    judged = subprocess.run(
        [hadolint, tmp_path / "Dockerfile"], capture_output=True, text=True, check=False
    )

    assert judged.returncode != 0
    assert "DL3004" in judged.stdout
