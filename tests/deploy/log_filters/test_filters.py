"""What is kept and what raises an alert, tried with entries that must be found or passed over."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from deploy.log_filters.entries import (
    CLUSTER,
    KEY,
    KMS,
    LEASING,
    THIEF,
    WORKER,
    Entry,
    at_the_edge,
    audit_line,
    changed,
    cloud_audit,
    printed,
    secret_read,
    signed,
)
from deploy.log_filters.language import compiled
from deploy.opentofu.engine import OPENTOFU, Engine, copied

PROJECTS: Mapping[str, Any] = {"project_id": CLUSTER, "kms_project_id": KMS}
LOGGING: Mapping[str, Any] = {
    **PROJECTS,
    "encryption_key_name": "projects/p/locations/us-central1/keyRings/r/cryptoKeys/logs",
    "evidence_bucket_name": "license-evidence",
    "evidence_collectors": [f"serviceAccount:license-evidence@{CLUSTER}.iam.gserviceaccount.com"],
}
MONITORING: Mapping[str, Any] = {
    **PROJECTS,
    "license_host": "licenses.coditect.ai",
    "notified_emails": ["security@coditect.ai"],
    "signers": [LEASING],
    "secret_readers": {"license-django-secret-key": [LEASING, WORKER], "license-iap-client": []},
}
READ = cloud_audit("data_access", service="storage.googleapis.com", method="storage.objects.get")
REQUEST = printed({"message": "request", "severity": "ERROR"})
POLICY = "google.iam.v1.IAMPolicy.SetIamPolicy"
KMS_SERVICE = "cloudkms.googleapis.com"

# filter → (entries it must find, entries it must pass over)
CASES: Mapping[str, tuple[list[Entry], list[Entry]]] = {
    "license-audit": (
        [printed(audit_line()), printed(audit_line() | {"severity": "DEBUG"})],
        [
            REQUEST,
            printed({"message": "the audit is behind", "logger": "audit"}),
            printed(audit_line(), namespace="coditect-app"),
            READ,
        ],
    ),
    "license-security": (
        [
            READ,
            changed("compute.googleapis.com", "v1.compute.firewalls.insert"),
            cloud_audit("system_event", service="compute.googleapis.com", method="migrate"),
            cloud_audit("policy", service="storage.googleapis.com", method="denied"),
            at_the_edge("DENY"),
            {
                "resource": {"type": "http_load_balancer"},
                "jsonPayload": {"previewSecurityPolicy": {"outcome": "DENY"}},
            },
            {
                "logName": f"projects/{CLUSTER}/logs/policy-action",
                "resource": {"type": "k8s_node"},
                "jsonPayload": {"disposition": "deny"},
            },
        ],
        [REQUEST, at_the_edge("ACCEPT"), printed(audit_line())],
    ),
    "license-kms": (
        [signed(LEASING), changed(KMS_SERVICE, "CreateKeyRing", project=KMS)],
        [REQUEST],
    ),
    "license-iam-changes": (
        [
            changed("cloudresourcemanager.googleapis.com", "SetIamPolicy"),
            changed("secretmanager.googleapis.com", POLICY),
            changed("storage.googleapis.com", "storage.setIamPermissions"),
            changed("iam.googleapis.com", "google.iam.admin.v1.SetIAMPolicy"),
            changed("iam.googleapis.com", "google.iam.admin.v1.CreateServiceAccountKey"),
            changed("iam.googleapis.com", "google.iam.admin.v1.UpdateRole"),
            changed("iam.googleapis.com", "google.iam.admin.v1.EnableServiceAccount"),
            changed(
                "iam.googleapis.com",
                "google.iam.v1.WorkloadIdentityPools.CreateWorkloadIdentityPoolProvider",
            ),
        ],
        [
            changed("compute.googleapis.com", "v1.compute.firewalls.insert"),
            changed("iam.googleapis.com", "google.iam.admin.v1.ListServiceAccounts"),
            cloud_audit("data_access", service="x", method="google.iam.v1.IAMPolicy.GetIamPolicy"),
        ],
    ),
    "license-secret-access": (
        [
            secret_read("license-django-secret-key", THIEF),
            secret_read("license-iap-client", LEASING),
            secret_read("license-of-nobody", LEASING),
            secret_read("license-django-secret-key-2", LEASING),
            secret_read("license-django-secret-key", ""),
        ],
        [
            secret_read("license-django-secret-key", LEASING),
            secret_read("license-django-secret-key", WORKER),
            READ,
        ],
    ),
    "license-key-changes": (
        [
            changed(KMS_SERVICE, "DestroyCryptoKeyVersion", project=KMS),
            changed(KMS_SERVICE, "UpdateCryptoKeyVersion", project=KMS),
            changed(KMS_SERVICE, "CreateCryptoKeyVersion", project=KMS),
            changed(KMS_SERVICE, "SetIamPolicy", project=KMS),
        ],
        [signed(LEASING), changed("compute.googleapis.com", "v1.compute.firewalls.insert")],
    ),
    "license-foreign-signatures": (
        [signed(THIEF), signed(WORKER)],
        [signed(LEASING), signed(THIEF, key=f"{KEY}/another-key")],
    ),
    "license-armor-denials": (
        [at_the_edge("DENY")],
        [at_the_edge("ACCEPT"), at_the_edge("DENY", policy="another-policy"), REQUEST],
    ),
}


@pytest.fixture(scope="module")
def outputs(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """The outputs of both modules, as a plan has them."""
    return {
        module: outputs_of(engine, module, said, tmp_path_factory.mktemp(module))
        for module, said in {"logging": LOGGING, "monitoring": MONITORING}.items()
    }


def outputs_of(engine: Engine, module: str, said: Mapping[str, Any], to: Path) -> dict[str, Any]:
    copy = copied(OPENTOFU / "modules" / module, to)
    assert engine.init(copy).ok
    planned = engine.planned(copy, said)["planned_values"]["outputs"]
    return {name: output.get("value") for name, output in planned.items()}


@pytest.fixture
def filters(outputs: dict[str, dict[str, Any]]) -> dict[str, str]:
    """Every filter of both modules."""
    return {**outputs["logging"]["filters"], **outputs["monitoring"]["filters"]}


def cases(*, found: bool) -> Iterator[Any]:
    for name, (finds, passes) in CASES.items():
        for number, entry in enumerate(finds if found else passes):
            yield pytest.param(name, entry, id=f"{name}-{number}")


@pytest.mark.parametrize(("name", "entry"), [*cases(found=True)])
def test_it_is_found(filters: dict[str, str], name: str, entry: Entry) -> None:
    assert compiled(filters[name])(entry)


@pytest.mark.parametrize(("name", "entry"), [*cases(found=False)])
def test_it_is_passed_over(filters: dict[str, str], name: str, entry: Entry) -> None:
    assert not compiled(filters[name])(entry)


def test_every_filter_is_tried(filters: dict[str, str]) -> None:
    same = {
        "license-iam-changes-of-kms": "license-iam-changes",
        "license-cmek-changes": "license-key-changes",
    }

    assert set(filters) == set(CASES) | set(same)
    for name, as_name in same.items():
        assert filters[name] == filters[as_name]


def test_the_audit_is_kept_whatever_else_a_line_says(filters: dict[str, str]) -> None:
    """A grep for errors, as it was once proposed, would drop every grant."""
    proposed = 'jsonPayload.log=~"(error|ERROR|critical|CRITICAL|security|SECURITY)"'

    assert compiled(filters["license-audit"])(printed(audit_line()))
    assert not compiled(proposed)(printed(audit_line()))


def test_every_runbook_that_an_alert_names_is_there(outputs: dict[str, dict[str, Any]]) -> None:
    named = outputs["monitoring"]["runbooks"]

    assert len(named) > 5
    assert [
        page for page in named if not (OPENTOFU.parent / "docs/runbooks" / page).is_file()
    ] == []
