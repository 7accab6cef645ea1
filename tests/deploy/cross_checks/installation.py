"""What OpenTofu would make of an environment, read from the plan of the real engine."""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any


@dataclass(frozen=True)
class Installation:
    """The resources of a plan, with what the comparisons ask of them."""

    resources: tuple[dict[str, Any], ...]
    outputs: dict[str, Any]

    def of_type(self, kind: str, name: str | None = None) -> list[dict[str, Any]]:
        """Return the values of every resource of a type, or of those that HCL calls ``name``."""
        return [
            one["values"]
            for one in self.resources
            if one["type"] == kind and name in {None, one["name"]}
        ]

    def one(self, kind: str, name: str | None = None) -> dict[str, Any]:
        """Return the values of the one resource of a type."""
        (found,) = self.of_type(kind, name)
        return found

    @property
    def max_connections(self) -> int:
        """What PostgreSQL admits, as the flag says it to Cloud SQL."""
        (settings,) = self.one("google_sql_database_instance")["settings"]
        flags = {flag["name"]: flag["value"] for flag in settings["database_flags"]}
        return int(flags["max_connections"])

    @property
    def machine_type(self) -> str:
        """The machine of the nodes that the pods run on."""
        (config,) = self.one("google_container_node_pool")["node_config"]
        return str(config["machine_type"])

    @property
    def private_services(self) -> dict[str, IPv4Network]:
        """The ranges from which Google's own networks take addresses, by what for."""
        return {
            one["name"].rpartition("-")[2]: IPv4Network(f"{one['address']}/{one['prefix_length']}")
            for one in self.of_type("google_compute_global_address", "private_services")
        }

    @property
    def hosts(self) -> set[str]:
        """The host names that the public zone leads to the balancer."""
        return {one["name"].rstrip(".") for one in self.of_type("google_dns_record_set", "ipv4")}

    @property
    def secret_readers(self) -> dict[str, set[str]]:
        """Who reads each secret: members of a policy."""
        bindings = self.of_type("google_secret_manager_secret_iam_binding")
        return {one["secret_id"]: {*one["members"]} for one in bindings}


def installation_from(plan: dict[str, Any]) -> Installation:
    """Return what a plan in JSON makes."""
    values = plan["planned_values"]
    outputs = {name: one.get("value") for name, one in values["outputs"].items()}
    return Installation(tuple(_resources(values["root_module"])), outputs)


def _resources(module: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from module.get("resources", [])
    for child in module.get("child_modules", []):
        yield from _resources(child)
