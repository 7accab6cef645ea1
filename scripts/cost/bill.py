"""A month's bill: each service's quantities times their list prices, as a sum that can be read."""

from collections.abc import Mapping
from dataclasses import dataclass

from scripts.cost.price_list import PriceList, Quantity

SOFTWARE = "software"
HSM = "hsm"


@dataclass(frozen=True)
class Line:
    """What one service costs in a month, in USD, and how that is reckoned."""

    service: str
    usd: float
    reckoning: str


class Bill:
    """The lines of one environment; ``protection`` puts the signing key where it is not."""

    def __init__(
        self,
        environment: str,
        prices: PriceList,
        quantities: Mapping[str, Quantity],
        protection: str | None = None,
    ) -> None:
        self._environment = environment
        self._prices = prices
        self._quantities = quantities
        self._protection = protection or (HSM if self._of("signing_in_hsm") else SOFTWARE)
        self._hours = prices.hours_of_month

    def lines(self) -> list[Line]:
        """Return a line for each service."""
        return [
            self._cluster(),
            self._nodes(),
            self._database(),
            self._redis(),
            self._kms(),
            self._armor(),
            self._balancer(),
            self._network(),
            self._names(),
            self._secrets(),
            self._registry(),
            self._logging(),
            self._metrics(),
            self._identity(),
        ]

    def total(self) -> float:
        """Return the sum in USD."""
        return sum(line.usd for line in self.lines())

    def _of(self, name: str) -> float:
        return self._quantities[name].of(self._environment)

    def _cluster(self) -> Line:
        return Line("GKE cluster", self._hours * self._prices["gke_cluster_hour"], "one, regional")

    def _nodes(self) -> Line:
        vcpus, gib, disk = self._of("node_vcpus"), self._of("node_gib"), self._of("node_disk_gib")
        hour = vcpus * self._prices["e2_vcpu_hour"] + gib * self._prices["e2_gib_hour"]
        month = self._hours * hour + disk * self._prices["balanced_disk_gib_month"]
        nodes = self._of("nodes")
        return Line("GKE nodes", nodes * month, f"{nodes:g} on demand, {vcpus:g} vCPU, {gib:g} GiB")

    def _database(self) -> Line:
        vcpus, gib, copies = self._of("sql_vcpus"), self._of("sql_gib"), self._of("sql_copies")
        hour = vcpus * self._prices["sql_vcpu_hour"] + gib * self._prices["sql_gib_hour"]
        disk = self._of("sql_disk_gib") * self._prices["sql_ssd_gib_month"]
        backups = self._of("sql_backup_gib") * self._prices["sql_backup_gib_month"]
        said = f"{vcpus:g} vCPU, {gib:g} GiB, {self._of('sql_disk_gib'):g} GiB of SSD"
        form = "regional" if copies == 2 else "zonal"
        return Line("Cloud SQL", copies * (self._hours * hour + disk) + backups, f"{said}, {form}")

    def _redis(self) -> Line:
        gib = self._of("redis_gib")
        price = "redis_standard_gib_hour" if gib > 4 else "redis_standard_small_gib_hour"
        month = gib * self._hours * self._prices[price]
        return Line("Memorystore for Redis", month, f"{gib:g} GiB, standard tier")

    def _kms(self) -> Line:
        root = self._of("signing_key_versions")
        month = root * self._prices[f"kms_{self._protection}_version_month"]
        month += self._of("cmek_key_versions") * self._prices["kms_software_version_month"]
        operations = self._of("kms_operations")
        month += operations / 10_000 * self._prices[f"kms_{self._protection}_ten_thousand"]
        return Line(
            "Cloud KMS", month, f"{root:g} roots ({self._protection}), {operations:,.0f} calls"
        )

    def _armor(self) -> Line:
        rules, millions = self._of("armor_rules"), self._of("million_requests")
        month = self._of("armor_policies") * self._prices["armor_policy_month"]
        month += rules * self._prices["armor_rule_month"]
        month += millions * self._prices["armor_million_requests"]
        return Line("Cloud Armor", month, f"{rules:g} rules, {millions:g} million requests")

    def _balancer(self) -> Line:
        gib = self._of("egress_gib")
        month = self._hours * self._prices["forwarding_rule_hour"]
        month += 2 * gib * self._prices["balancer_gib"]
        return Line("Load balancer", month, f"{gib:g} GiB each way")

    def _network(self) -> Line:
        nodes, gib = self._of("nodes"), self._of("nat_gib")
        hour = nodes * self._prices["nat_vm_hour"] + self._prices["nat_address_hour"]
        month = self._hours * hour + gib * self._prices["nat_gib"]
        month += self._of("egress_gib") * self._prices["egress_gib"]
        return Line(
            "Network", month, f"NAT for {nodes:g} nodes; {self._of('egress_gib'):g} GiB out"
        )

    def _names(self) -> Line:
        zones = self._of("dns_zones")
        return Line("Cloud DNS", zones * self._prices["dns_zone_month"], f"{zones:g} zones")

    def _secrets(self) -> Line:
        count = self._of("secrets")
        return Line(
            "Secret Manager", count * self._prices["secret_version_month"], f"{count:g} secrets"
        )

    def _registry(self) -> Line:
        gib = self._of("registry_gib")
        month = max(gib - 0.5, 0) * self._prices["registry_gib_month"]
        return Line("Artifact Registry", month, f"{gib:g} GiB")

    def _logging(self) -> Line:
        gib = self._of("log_gib")
        return Line("Cloud Logging", max(gib - 50, 0) * self._prices["logging_gib"], f"{gib:g} GiB")

    def _metrics(self) -> Line:
        millions = self._of("million_samples")
        month = millions * self._prices["metrics_million_samples"]
        return Line("Managed Prometheus", month, f"{millions:g} million samples")

    def _identity(self) -> Line:
        users = self._of("identity_users")
        month = max(users - 49_999, 0) * self._prices["identity_user_month"]
        return Line("Identity Platform", month, f"{users:,.0f} active users")
