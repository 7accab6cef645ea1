"""What a month uses is what OpenTofu and the manifests say, as far as they say it."""

from collections.abc import Callable
from typing import Any, Final

import pytest
from deploy.inventory.plans import resources
from deploy.inventory.trees import found
from deploy.kubernetes.rendering import pod_templates, render

from scripts.cost.price_list import ENVIRONMENTS, read_quantities

FOLDERS: Final = {"development": "staging", "production": "production"}
ZONES: Final = 3
OF_A_NODE_FOR_PODS: Final = 0.7
"""What the system and Google's own pods leave of a node."""
QUANTITIES: Final = read_quantities()


def values(environment: str, kind: str, *steps: str) -> list[Any]:
    """Return what every resource of a type has at some steps, in one environment."""
    planned = [one["values"] for one in resources(FOLDERS[environment]) if one["type"] == kind]
    return [value for one in planned for value in found(one, steps)]


def only(environment: str, kind: str, *steps: str) -> Any:
    (value,) = values(environment, kind, *steps)
    return value


def machine(environment: str) -> tuple[float, float]:
    """Return vCPUs and GiB of a node; an e2-standard has four GiB for each vCPU."""
    name = only(environment, "google_container_node_pool", "node_config", "0", "machine_type")
    assert name.startswith("e2-standard-")
    vcpus = int(name.rpartition("-")[2])
    return vcpus, 4 * vcpus


def tier(environment: str) -> tuple[float, float]:
    """Return vCPUs and GiB of the database: db-custom-VCPUS-MIB."""
    words = only(environment, "google_sql_database_instance", "settings", "0", "tier").split("-")
    return int(words[2]), int(words[3]) / 1024


def signing_key(environment: str) -> dict[str, Any]:
    keys = values(environment, "google_kms_crypto_key")
    (key,) = [key for key in keys if key["purpose"] == "ASYMMETRIC_SIGN"]
    template: dict[str, Any] = key["version_template"][0]
    return template


def nodes(environment: str) -> float:
    least = only(environment, "google_container_node_pool", "autoscaling", "0", "min_node_count")
    return float(ZONES * least)


SAID: Final[dict[str, Callable[[str], float]]] = {
    "nodes": nodes,
    "node_vcpus": lambda where: machine(where)[0],
    "node_gib": lambda where: machine(where)[1],
    "node_disk_gib": lambda where: only(
        where, "google_container_node_pool", "node_config", "0", "disk_size_gb"
    ),
    "sql_vcpus": lambda where: tier(where)[0],
    "sql_gib": lambda where: tier(where)[1],
    "sql_copies": lambda where: {"ZONAL": 1, "REGIONAL": 2}[
        only(where, "google_sql_database_instance", "settings", "0", "availability_type")
    ],
    "sql_disk_gib": lambda where: only(
        where, "google_sql_database_instance", "settings", "0", "disk_size"
    ),
    "redis_gib": lambda where: only(where, "google_redis_instance", "memory_size_gb"),
    "signing_in_hsm": lambda where: float(signing_key(where)["protection_level"] == "HSM"),
    "armor_policies": lambda where: len(values(where, "google_compute_security_policy", "name")),
    "armor_rules": lambda where: len(only(where, "google_compute_security_policy", "rule")),
    "dns_zones": lambda where: len(values(where, "google_dns_managed_zone", "name")),
    "secrets": lambda where: len(values(where, "google_secret_manager_secret", "secret_id")),
}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("name", SAID)
def test_a_quantity_is_what_the_plan_says(name: str, environment: str) -> None:
    assert QUANTITIES[name].of(environment) == SAID[name](environment)


def test_a_quantity_that_no_plan_says_has_its_reason() -> None:
    assert [name for name, one in QUANTITIES.items() if name not in SAID and not one.why] == []


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_redis_is_of_the_tier_that_is_priced(environment: str) -> None:
    assert only(environment, "google_redis_instance", "tier") == "STANDARD_HA"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_pods_fit_on_the_nodes_that_are_paid_for(environment: str) -> None:
    manifests = render(FOLDERS[environment])
    asked = sum(
        replicas(manifests, name) * vcpus(container)
        for name, template in pod_templates(manifests)
        if name.startswith("Deployment/")
        for container in template["spec"]["containers"]
    )

    assert asked > 1
    assert asked < nodes(environment) * machine(environment)[0] * OF_A_NODE_FOR_PODS


def replicas(manifests: list[dict[str, Any]], name: str) -> int:
    """Return how many pods a Deployment begins with; an autoscaler's least where it has one."""
    plain = name.partition("/")[2]
    least = {
        one["spec"]["scaleTargetRef"]["name"]: int(one["spec"]["minReplicas"])
        for one in manifests
        if one["kind"] == "HorizontalPodAutoscaler"
    }
    (spec,) = [
        one["spec"]
        for one in manifests
        if one["kind"] == "Deployment" and one["metadata"]["name"] == plain
    ]
    return max(int(spec.get("replicas", 1)), least.get(plain, 1))


def vcpus(container: dict[str, Any]) -> float:
    asked = str(container["resources"]["requests"]["cpu"])
    return int(asked.removesuffix("m")) / 1000 if asked.endswith("m") else float(asked)
