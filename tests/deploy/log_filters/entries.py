"""Log entries as Cloud Logging keeps them, cut to what filters look at.

Their form is from Google's documentation (AuditLog, load balancer logs); no entry of a real project
was at hand.
"""

import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

CLUSTER, KMS = "coditect-citus-prod", "coditect-cloud-infra"
LEASING = f"django-backend@{CLUSTER}.iam.gserviceaccount.com"
WORKER = f"license-worker@{CLUSTER}.iam.gserviceaccount.com"
THIEF = "thief@example.com"
KEY = f"projects/{KMS}/locations/us-central1/keyRings/coditect-license-keys/cryptoKeys"
SIGNING_KEY = f"{KEY}/license-signing-key-v1"
ACCESS = "google.cloud.secretmanager.v1.SecretManagerService.AccessSecretVersion"

Entry = dict[str, Any]


def cloud_audit(
    log: str, *, service: str, method: str, on: str = "", who: str = THIEF, project: str = CLUSTER
) -> Entry:
    """Return an entry of Google's audit logs."""
    return {
        "logName": f"projects/{project}/logs/{quote(f'cloudaudit.googleapis.com/{log}', safe='')}",
        "resource": {"type": "audited_resource"},
        "protoPayload": {
            "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
            "serviceName": service,
            "methodName": method,
            "resourceName": on,
            "authenticationInfo": {"principalEmail": who},
        },
    }


def changed(service: str, method: str, on: str = "", *, project: str = CLUSTER) -> Entry:
    return cloud_audit("activity", service=service, method=method, on=on, project=project)


def secret_read(secret: str, who: str) -> Entry:
    on = f"projects/123456789012/secrets/{secret}/versions/1"
    return cloud_audit(
        "data_access", service="secretmanager.googleapis.com", method=ACCESS, on=on, who=who
    )


def signed(who: str, key: str = SIGNING_KEY) -> Entry:
    return cloud_audit(
        "data_access",
        service="cloudkms.googleapis.com",
        method="AsymmetricSign",
        on=f"{key}/cryptoKeyVersions/1",
        who=who,
        project=KMS,
    )


def printed(line: dict[str, Any], *, namespace: str = "coditect-license") -> Entry:
    """Return what Cloud Logging makes of a line on a container's standard output."""
    return {
        "logName": f"projects/{CLUSTER}/logs/stdout",
        "resource": {"type": "k8s_container", "labels": {"namespace_name": namespace}},
        "jsonPayload": line,
    }


def audit_line() -> dict[str, Any]:
    """Return a line of the audit: named as backend/audit/stream.py names its stream."""
    source = Path(__file__).parents[3] / "backend/audit/stream.py"
    named = re.search(r'^    stream: str = "(\w+)"$', source.read_text(), re.MULTILINE)
    assert named is not None
    return {"stream": named[1], "message": "audit", "action": "seat.granted", "tenant_id": "t"}


def at_the_edge(outcome: str, *, policy: str = "license-api-security-policy") -> Entry:
    return {
        "logName": f"projects/{CLUSTER}/logs/requests",
        "resource": {"type": "http_load_balancer"},
        "jsonPayload": {"enforcedSecurityPolicy": {"name": policy, "outcome": outcome}},
    }
