"""OpenTofu and the manifests name the same keys, accounts, readers, hosts, ranges, policies."""

from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
from deploy.cross_checks.code import of_the_code
from deploy.cross_checks.environments import WORKLOADS, environment_of, mounted
from deploy.cross_checks.installation import Installation
from deploy.kubernetes.rendering import ON_GOOGLE, of_kind, pod_templates, render

InstallationOf = Callable[[str], Installation]
_OWN: Final = ("staging", "production")
"""The overlays whose namespace and address an environment makes as it stands."""

_SIGNERS: Final = {"license-api", "license-console"}
"""Who signs with the root: leases' delegations and license_data, and lent seats."""

_NOT_MOUNTED: Final = {"license-iap-client", "license-pagerduty-key"}


def config_of(overlay: str) -> dict[str, str]:
    config: dict[str, str] = of_kind(render(overlay), "ConfigMap")["environment-config"]["data"]
    return config


def google_accounts(overlay: str) -> dict[str, str]:
    """Return who each service account of the manifests is at Google."""
    return {
        name: account["metadata"]["annotations"]["iam.gke.io/gcp-service-account"]
        for name, account in of_kind(render(overlay), "ServiceAccount").items()
    }


@pytest.mark.parametrize("overlay", ON_GOOGLE)
def test_the_signing_key_is_one_in_tofu_manifests_and_code(
    overlay: str, installation_of: InstallationOf
) -> None:
    installation, config = installation_of(overlay), config_of(overlay)
    key = installation.one("google_kms_crypto_key", "license_signing_key")
    ring = installation.one("google_kms_key_ring", "license_keys")
    (template,) = key["version_template"]

    assert template["algorithm"] == of_the_code()["algorithm"]
    assert (key["name"], key["purpose"]) == (config["CLOUD_KMS_KEY"], "ASYMMETRIC_SIGN")
    assert ring["name"] == config["CLOUD_KMS_KEYRING"]
    assert ring["project"] == config["CLOUD_KMS_PROJECT_ID"]
    assert ring["location"] == config["CLOUD_KMS_LOCATION"]
    said = installation.outputs["environment_config"]
    assert said == {name: config[name] for name in config if name.startswith("CLOUD_KMS_")}


@pytest.mark.parametrize("overlay", _OWN)
def test_a_service_account_is_who_workload_identity_takes_it_for(
    overlay: str, installation_of: InstallationOf
) -> None:
    installation, namespace = installation_of(overlay), "coditect-license"
    accounts = {f"{namespace}/{name}": email for name, email in google_accounts(overlay).items()}
    bound = {
        member
        for one in installation.of_type("google_service_account_iam_binding", "workload_identity")
        for member in one["members"]
        if one["role"] == "roles/iam.workloadIdentityUser"
    }

    assert accounts.items() <= installation.outputs["kubernetes_accounts"].items()
    for account in accounts:
        assert len([one for one in bound if one.endswith(f".svc.id.goog[{account}]")]) == 1


@pytest.mark.parametrize("overlay", ON_GOOGLE)
def test_who_signs_has_the_role_on_the_one_key_and_nobody_else_has_it(
    overlay: str, installation_of: InstallationOf
) -> None:
    members = {
        one["member"]
        for one in installation_of(overlay).of_type("google_kms_crypto_key_iam_member")
        if one["role"] == "roles/cloudkms.signerVerifier"
    }

    accounts = google_accounts(overlay)
    assert members == {f"serviceAccount:{accounts[name]}" for name in _SIGNERS}


@pytest.mark.parametrize("overlay", ON_GOOGLE)
def test_a_secret_is_read_by_exactly_those_that_mount_it(
    overlay: str, installation_of: InstallationOf
) -> None:
    accounts = google_accounts(overlay)
    mounting: dict[str, set[str]] = {}
    for account in WORKLOADS:
        for secret in mounted(overlay, account):
            member = f"serviceAccount:{accounts[account]}"
            mounting[secret] = mounting.get(secret, set()) | {member}

    readers = installation_of(overlay).secret_readers
    assert {name: who for name, who in readers.items() if name not in _NOT_MOUNTED} == mounting
    assert len(readers) == 9


@pytest.mark.parametrize("overlay", ON_GOOGLE)
def test_secrets_are_mounted_from_the_project_in_which_they_are(
    overlay: str, installation_of: InstallationOf
) -> None:
    secrets = installation_of(overlay).of_type("google_secret_manager_secret")
    places = {f"projects/{one['project']}/secrets/{one['secret_id']}" for one in secrets}

    for account in WORKLOADS:
        for name in mounted(overlay, account).values():
            assert name.partition("/versions/")[0] in places


@pytest.mark.parametrize("overlay", ON_GOOGLE)
def test_hosts_are_one_list_in_dns_certificate_ingress_and_settings(
    overlay: str, installation_of: InstallationOf
) -> None:
    manifests, config = render(overlay), config_of(overlay)
    certificate = of_kind(manifests, "ManagedCertificate")["coditect-license-ssl"]
    (ingress,) = of_kind(manifests, "Ingress").values()
    routed = {rule["host"] for rule in ingress["spec"]["rules"]}

    hosts = {config["LICENSE_ALLOWED_HOSTS"], config["LICENSE_ADMIN_HOST"]}
    assert installation_of(overlay).hosts == {*certificate["spec"]["domains"]} == hosts
    assert hosts <= routed
    assert urlsplit(config["LICENSE_ISSUER"]).hostname == config["LICENSE_ALLOWED_HOSTS"]


@pytest.mark.parametrize("overlay", ON_GOOGLE)
def test_the_edge_is_named_as_it_is_made(overlay: str, installation_of: InstallationOf) -> None:
    installation, manifests = installation_of(overlay), render(overlay)
    policy = installation.one("google_compute_security_policy")["name"]
    tls = installation.one("google_compute_ssl_policy")["name"]

    for config in of_kind(manifests, "BackendConfig").values():
        assert config["spec"]["securityPolicy"]["name"] == policy
    (frontend,) = of_kind(manifests, "FrontendConfig").values()
    assert frontend["spec"]["sslPolicy"] == tls


@pytest.mark.parametrize("overlay", _OWN)
def test_the_address_of_the_ingress_is_the_one_that_is_reserved(
    overlay: str, installation_of: InstallationOf
) -> None:
    (ingress,) = of_kind(render(overlay), "Ingress").values()
    address = installation_of(overlay).one("google_compute_global_address", "ingress")["name"]

    name = "kubernetes.io/ingress.global-static-ip-name"
    assert ingress["metadata"]["annotations"][name] == address


@pytest.mark.parametrize("overlay", ON_GOOGLE)
def test_policies_let_out_to_the_ranges_that_are_reserved(
    overlay: str, installation_of: InstallationOf
) -> None:
    installation = installation_of(overlay)
    ranges = installation.private_services
    allowed = egress_of(overlay, "license-api-network-policy")

    assert allowed[5432] == {ranges["sql"]}
    assert allowed[6378] == {ranges["redis"]}
    addresses = [
        IPv4Address(one)
        for record in installation.of_type("google_dns_record_set", "address")
        for one in record["rrdatas"]
    ]
    (private_api,) = allowed[443]
    assert {one in private_api for one in addresses} == {True}


@pytest.mark.parametrize("overlay", ON_GOOGLE)
def test_redis_is_spoken_to_by_tls_at_its_port_with_auth(
    overlay: str, installation_of: InstallationOf
) -> None:
    installation = installation_of(overlay)
    redis = installation.one("google_redis_instance")
    url = urlsplit(environment_of(overlay, "license-api")["LICENSE_REDIS_URL"])

    assert (redis["transit_encryption_mode"], redis["auth_enabled"]) == (
        "SERVER_AUTHENTICATION",
        True,
    )
    assert (url.scheme, url.port) == ("rediss", 6378)
    assert IPv4Address(str(url.hostname)) in installation.private_services["redis"]


@pytest.mark.parametrize("overlay", ON_GOOGLE)
def test_the_image_comes_from_the_registry_that_is_made(
    overlay: str, installation_of: InstallationOf
) -> None:
    images = {
        template["spec"]["containers"][0]["image"].partition("@")[0]
        for _, template in pod_templates(render(overlay))
    }

    assert images == {f"{installation_of(overlay).outputs['repository']}/license-server"}


@pytest.mark.parametrize("overlay", ON_GOOGLE)
def test_the_cluster_has_what_the_manifests_lean_on(
    overlay: str, installation_of: InstallationOf
) -> None:
    cluster = installation_of(overlay).one("google_container_cluster")

    assert cluster["datapath_provider"] == "ADVANCED_DATAPATH"  # or policies are ignored
    assert cluster["secret_manager_config"][0]["enabled"] is True
    assert cluster["monitoring_config"][0]["managed_prometheus"][0]["enabled"] is True
    (addons,) = cluster["addons_config"]
    assert addons["http_load_balancing"][0]["disabled"] is False
    assert cluster["workload_identity_config"][0]["workload_pool"].endswith(".svc.id.goog")


@pytest.mark.parametrize("overlay", _OWN)
def test_the_proxy_lets_staff_in_to_the_staffs_host_alone(
    overlay: str, installation_of: InstallationOf
) -> None:
    host = config_of(overlay)["LICENSE_ADMIN_HOST"]
    conditions = [
        condition["expression"]
        for one in installation_of(overlay).of_type("google_iap_web_iam_member")
        for condition in one["condition"]
    ]

    assert conditions
    assert {*conditions} == {f'request.host == "{host}"'}


def test_a_difference_in_any_of_these_would_be_seen(installation_of: InstallationOf) -> None:
    staging, production = installation_of("staging"), installation_of("production")

    assert staging.hosts != production.hosts
    assert staging.secret_readers != production.secret_readers
    assert staging.outputs["environment_config"] != production.outputs["environment_config"]
    assert staging.outputs["repository"] != production.outputs["repository"]


def egress_of(overlay: str, name: str) -> dict[int, set[IPv4Network]]:
    """Return the ranges that a policy lets out to, by TCP port."""
    policy: Any = of_kind(render(overlay), "NetworkPolicy")[name]
    found: dict[int, set[IPv4Network]] = {}
    for rule in policy["spec"]["egress"]:
        blocks = {IPv4Network(peer["ipBlock"]["cidr"]) for peer in rule["to"] if "ipBlock" in peer}
        for port in rule["ports"]:
            if port["protocol"] == "TCP":
                found[port["port"]] = found.get(port["port"], set()) | blocks
    return found
