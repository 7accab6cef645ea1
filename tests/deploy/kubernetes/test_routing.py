"""By host and path: leases to the leasing plane, the rest of the API to the console."""

from pathlib import Path
from typing import Final

import pytest
from deploy.kubernetes.rendering import Manifest, of_kind, render, render_folder
from deploy.kubernetes.router import Rule, rules_of, rules_of_routes, service_of

INGRESSES: Final = {
    "staging": "coditect-license-ingress",
    "production": "coditect-license-ingress",
    "production-shared-ip": "coditect-unified-ingress",
}
HOSTS: Final = {
    "staging": ("licenses.staging.coditect.ai", "admin.staging.coditect.ai"),
    "production": ("licenses.coditect.ai", "admin.coditect.ai"),
    "production-shared-ip": ("licenses.coditect.ai", "admin.coditect.ai"),
}
LEASING: Final = "coditect-license-api"
CONSOLE: Final = "coditect-license-console"
STAFF: Final = "coditect-license-staff"
CALLS: Final = {
    "/api/v1/licenses/acquire": LEASING,
    "/api/v1/licenses/acquire/": LEASING,
    "/api/v1/licenses/sessions/9b2f3c1e-0000-4000-8000-000000000000/heartbeat/": LEASING,
    "/api/v1/licenses/keys/": LEASING,
    "/.well-known/jwks.json": LEASING,
    "/health": LEASING,
    "/health/": LEASING,
    "/health/ready": LEASING,
    "/": CONSOLE,
    "/api/v1/licenses/": CONSOLE,
    "/api/v1/licenses/acquired": CONSOLE,
    "/api/v1/licenses/9b2f3c1e-0000-4000-8000-000000000000/suspend/": CONSOLE,
    "/api/v1/sessions/": CONSOLE,
    "/api/schema/": CONSOLE,
    "/.well-known/security.txt": CONSOLE,
    "/static/admin/css/base.css": CONSOLE,
}
OTHERS: Final = [
    Rule("api.coditect.ai", "/", "Prefix", "coditect-api-v2"),
    Rule("coditect.ai", "/api", "Prefix", "coditect-api-v2"),
    Rule("coditect.ai", "/ws", "Prefix", "coditect-api-v2"),
    Rule("coditect.ai", "/", "Prefix", "coditect-frontend"),
    Rule("www.coditect.ai", "/", "Prefix", "coditect-frontend"),
]
"""What the shared address served before, word for word from the hardening strategy."""


def ingress_of(overlay: str) -> Manifest:
    return of_kind(render(overlay), "Ingress")[INGRESSES[overlay]]


@pytest.mark.parametrize("overlay", INGRESSES)
def test_a_call_goes_to_the_plane_that_answers_it(overlay: str) -> None:
    licenses, staff = HOSTS[overlay]
    rules = rules_of(ingress_of(overlay))

    assert {path: service_of(rules, licenses, path) for path in CALLS} == CALLS
    assert {service_of(rules, staff, path) for path in CALLS} == {STAFF}
    assert service_of(rules, "elsewhere.coditect.ai", "/") is None


@pytest.mark.parametrize("overlay", INGRESSES)
def test_every_service_that_is_named_is_there_or_is_anothers(overlay: str) -> None:
    services = {*of_kind(render(overlay), "Service")}
    named = {rule.service for rule in rules_of(ingress_of(overlay))}

    others = {rule.service for rule in OTHERS} if overlay == "production-shared-ip" else set()
    assert named - services == others
    assert services == {LEASING, CONSOLE, STAFF}


@pytest.mark.parametrize("overlay", INGRESSES)
def test_a_certificate_has_exactly_the_hosts_that_are_ours(overlay: str) -> None:
    manifests = render(overlay)
    certificate = of_kind(manifests, "ManagedCertificate")["coditect-license-ssl"]
    config = of_kind(manifests, "ConfigMap")["environment-config"]["data"]

    licenses, staff = HOSTS[overlay]
    assert certificate["spec"]["domains"] == [licenses, staff]
    assert config["LICENSE_ALLOWED_HOSTS"] == licenses
    assert config["LICENSE_ADMIN_HOST"] == staff
    assert config["LICENSE_ISSUER"] == f"https://{licenses}"


@pytest.mark.parametrize(
    ("overlay", "address", "certificates"),
    [
        ("staging", "coditect-license-ip", "coditect-license-ssl"),
        ("production", "coditect-license-ip", "coditect-license-ssl"),
        ("production-shared-ip", "coditect-ai-ip", "coditect-ai-ssl,coditect-license-ssl"),
    ],
)
def test_an_ingress_speaks_https_alone_with_its_address_policy_and_certificates(
    overlay: str, address: str, certificates: str
) -> None:
    assert ingress_of(overlay)["metadata"]["annotations"] == {
        "kubernetes.io/ingress.class": "gce",
        "kubernetes.io/ingress.allow-http": "false",
        "kubernetes.io/ingress.global-static-ip-name": address,
        "networking.gke.io/managed-certificates": certificates,
        "networking.gke.io/v1beta1.FrontendConfig": "license-frontend-config",
    }


def test_behind_the_shared_address_the_others_have_what_they_had() -> None:
    rules = rules_of(ingress_of("production-shared-ip"))

    assert [rule for rule in rules if not rule.service.startswith("coditect-license")] == OTHERS
    assert service_of(rules, "api.coditect.ai", "/api/v1/users/") == "coditect-api-v2"


def test_behind_the_shared_address_older_clients_find_the_leasing_calls() -> None:
    rules = rules_of(ingress_of("production-shared-ip"))

    for path in ("acquire/", "sessions/x/heartbeat/", "keys/"):
        assert service_of(rules, "api.coditect.ai", f"/api/v1/licenses/{path}") == LEASING
    ours = {rule.host for rule in rules if rule.service.startswith("coditect-license")}
    assert ours == {"licenses.coditect.ai", "admin.coditect.ai", "api.coditect.ai"}


def test_a_gateway_routes_as_the_ingress_does(on_base: Path) -> None:
    folder = on_base / "overlays/gateway"
    folder.mkdir()
    (folder / "kustomization.yaml").write_text(
        "resources: [../../base]\ncomponents: [../../components/gateway-api]\n"
    )
    manifests = render_folder(folder)

    routes = rules_of_routes(of_kind(manifests, "HTTPRoute").values())
    assert {*routes} == {*rules_of(ingress_of("production"))}
    assert of_kind(manifests, "Ingress") == {}
    (gateway,) = of_kind(manifests, "Gateway").values()
    assert gateway["spec"]["gatewayClassName"] == "gke-l7-global-external-managed"


def test_a_gateways_policies_say_what_the_backend_configurations_say(on_base: Path) -> None:
    folder = on_base / "overlays/gateway"
    folder.mkdir()
    (folder / "kustomization.yaml").write_text(
        "resources: [../../base]\ncomponents: [../../components/gateway-api]\n"
    )
    manifests = render_folder(folder)

    for workload in ("api", "console", "staff"):
        config = of_kind(manifests, "BackendConfig")[f"license-{workload}-backend-config"]["spec"]
        policy = of_kind(manifests, "GCPBackendPolicy")[f"license-{workload}-backend-policy"]
        health = of_kind(manifests, "HealthCheckPolicy")[f"license-{workload}-health-check"]
        said, checked = policy["spec"]["default"], health["spec"]["default"]
        assert said["securityPolicy"] == config["securityPolicy"]["name"]
        assert said["timeoutSec"] == config["timeoutSec"]
        assert said["connectionDraining"] == config["connectionDraining"]
        assert said["logging"]["sampleRate"] == config["logging"]["sampleRate"] * 1_000_000
        assert checked["config"]["httpHealthCheck"] == {
            "port": config["healthCheck"]["port"],
            "requestPath": config["healthCheck"]["requestPath"],
        }
        for name in ("checkIntervalSec", "timeoutSec", "healthyThreshold", "unhealthyThreshold"):
            assert checked[name] == config["healthCheck"][name]
        target = f"coditect-license-{workload}"
        assert policy["spec"]["targetRef"]["name"] == health["spec"]["targetRef"]["name"] == target
