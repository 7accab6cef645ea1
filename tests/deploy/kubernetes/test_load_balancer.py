"""The hardening strategy's values for the load balancer, named where they take effect."""

import json
from typing import Final

import pytest
from deploy.kubernetes.rendering import ON_GOOGLE, of_kind, pod_templates, render

_SERVICES: Final = {
    "coditect-license-api": ("license-api-backend-config", "coditect-license-api"),
    "coditect-license-console": ("license-console-backend-config", "coditect-license-console"),
    "coditect-license-staff": ("license-staff-backend-config", "coditect-license-console"),
}
_SPEC: Final = {
    "securityPolicy": {"name": "license-api-security-policy"},
    "healthCheck": {
        "type": "HTTP",
        "requestPath": "/health",
        "port": 8000,
        "checkIntervalSec": 10,
        "timeoutSec": 5,
        "healthyThreshold": 2,
        "unhealthyThreshold": 3,
    },
    "connectionDraining": {"drainingTimeoutSec": 60},
    "timeoutSec": 30,
    "cdn": {"enabled": False},
    "sessionAffinity": {"affinityType": "NONE"},
    "logging": {"enable": True, "sampleRate": 1.0},
}
_IAP: Final = {
    "enabled": True,
    "oauthclientCredentials": {"secretName": "iap-oauth-client-secret"},
}


@pytest.mark.parametrize("overlay", ON_GOOGLE)
@pytest.mark.parametrize("name", _SERVICES)
def test_a_service_names_its_backend_configuration_and_has_negs(overlay: str, name: str) -> None:
    service = of_kind(render(overlay), "Service")[name]
    annotations = service["metadata"]["annotations"]
    config, app = _SERVICES[name]

    assert json.loads(annotations["cloud.google.com/backend-config"]) == {"default": config}
    assert json.loads(annotations["cloud.google.com/neg"]) == {"ingress": True}
    assert service["spec"]["selector"] == {"app": app}
    (port,) = service["spec"]["ports"]
    assert (port["name"], port["port"], port["targetPort"]) == ("http", 80, "http")


@pytest.mark.parametrize("overlay", ON_GOOGLE)
def test_backend_configurations_have_the_strategys_values(overlay: str) -> None:
    configs = of_kind(render(overlay), "BackendConfig")

    assert {*configs} == {config for config, _ in _SERVICES.values()}
    for name, config in configs.items():
        spec = dict(config["spec"])
        assert (spec.pop("iap", None) is not None) == (name == "license-staff-backend-config")
        assert spec == _SPEC, name
    assert configs["license-staff-backend-config"]["spec"]["iap"] == _IAP


@pytest.mark.parametrize("overlay", ON_GOOGLE)
def test_no_ingress_carries_an_annotation_that_would_be_ignored(overlay: str) -> None:
    for ingress in of_kind(render(overlay), "Ingress").values():
        assert not any("backend-config" in name for name in ingress["metadata"]["annotations"])


@pytest.mark.parametrize("overlay", ON_GOOGLE)
def test_the_pods_listen_where_the_services_and_health_checks_come(overlay: str) -> None:
    manifests = render(overlay)
    templates = dict(pod_templates(manifests))

    for _, app in _SERVICES.values():
        (container,) = templates[f"Deployment/{app}"]["spec"]["containers"]
        ports = {port["name"]: port["containerPort"] for port in container["ports"]}
        assert ports == {"http": 8000, "metrics": 9464}
    config = of_kind(manifests, "ConfigMap")["environment-config"]["data"]
    assert (config["PORT"], config["LICENSE_METRICS_PORT"]) == ("8000", "9464")
    assert config["LICENSE_HOST"] == config["LICENSE_METRICS_HOST"] == "0.0.0.0"


@pytest.mark.parametrize("overlay", ON_GOOGLE)
def test_the_frontend_names_the_tls_policy(overlay: str) -> None:
    frontend = of_kind(render(overlay), "FrontendConfig")["license-frontend-config"]

    assert frontend["spec"] == {"sslPolicy": "license-ssl-policy"}
