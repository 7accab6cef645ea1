"""Policies on the cluster and on public addresses; see ``policies``."""

from collections.abc import Mapping, Sequence
from typing import Any

from deploy.opentofu.environments import Resource
from deploy.opentofu.policies import broken, first, policy

Values = Mapping[str, Any]
INGRESS_ADDRESS = "coditect-license-ip"


@policy("public_nodes")
def _nodes_have_no_public_address(all_of: Sequence[Resource]) -> list[str]:
    return broken(
        all_of,
        "google_container_cluster",
        lambda values: first(values, "private_cluster_config", "enable_private_nodes") is True,
    ) + broken(
        all_of,
        "google_container_node_pool",
        lambda values: first(values, "network_config", "enable_private_nodes") is True,
    )


@policy("open_control_plane")
def _the_control_plane_is_not_the_internets(all_of: Sequence[Resource]) -> list[str]:
    def is_right(cluster: Values) -> bool:
        networks = cluster.get("master_authorized_networks_config") or []
        ranges = [block["cidr_block"] for one in networks for block in one.get("cidr_blocks") or []]
        return len(networks) == 1 and "0.0.0.0/0" not in ranges

    return broken(all_of, "google_container_cluster", is_right)


@policy("unenforced_network_policies")
def _network_policies_are_enforced(all_of: Sequence[Resource]) -> list[str]:
    return broken(
        all_of,
        "google_container_cluster",
        lambda values: values.get("datapath_provider") == "ADVANCED_DATAPATH",
    )


@policy("pods_as_nodes")
def _pods_are_not_their_node(all_of: Sequence[Resource]) -> list[str]:
    def is_right(cluster: Values) -> bool:
        return bool(first(cluster, "workload_identity_config", "workload_pool"))

    def hides(pool: Values) -> bool:
        mode = first(pool, "node_config", "workload_metadata_config", "mode")
        return mode == "GKE_METADATA" and bool(first(pool, "node_config", "service_account"))

    return broken(all_of, "google_container_cluster", is_right) + broken(
        all_of, "google_container_node_pool", hides
    )


@policy("zonal_cluster")
def _clusters_are_regional(all_of: Sequence[Resource]) -> list[str]:
    return broken(
        all_of,
        "google_container_cluster",
        lambda values: str(values.get("location")).count("-") == 1,
    )


@policy("vanishing_nodes")
def _nodes_stay(all_of: Sequence[Resource]) -> list[str]:
    def is_right(pool: Values) -> bool:
        config = ("node_config",)
        return not first(pool, *config, "spot") and not first(pool, *config, "preemptible")

    return broken(all_of, "google_container_node_pool", is_right)


@policy("unshielded_nodes")
def _nodes_boot_what_is_signed(all_of: Sequence[Resource]) -> list[str]:
    shield = ("node_config", "shielded_instance_config")
    return broken(
        all_of,
        "google_container_cluster",
        lambda values: values.get("enable_shielded_nodes") is True,
    ) + broken(
        all_of,
        "google_container_node_pool",
        lambda values: first(values, *shield, "enable_secure_boot") is True,
    )


@policy("public_address")
def _one_public_address_is_ours(all_of: Sequence[Resource]) -> list[str]:
    """Nothing is public but the address of our own Ingress; no machine is made by hand."""
    public = [
        one.address
        for one in all_of
        if one.kind in {"google_compute_address", "google_compute_global_address"}
        and one.values.get("address_type") != "INTERNAL"
        and one.values.get("name") != INGRESS_ADDRESS
    ]
    machines = [one.address for one in all_of if one.kind == "google_compute_instance"]
    return public + machines


@policy("automatic_subnetworks")
def _networks_have_named_subnetworks(all_of: Sequence[Resource]) -> list[str]:
    return broken(
        all_of,
        "google_compute_network",
        lambda values: values.get("auto_create_subnetworks") is False,
    )


@policy("unseen_flows")
def _flows_are_logged(all_of: Sequence[Resource]) -> list[str]:
    return broken(
        all_of, "google_compute_subnetwork", lambda values: bool(values.get("log_config"))
    )
