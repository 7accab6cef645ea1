"""``python -m benchmarks.signing_cost PRICES.json``: what signing costs a month, as tables.

Direct: every document is a signature of Cloud KMS. Delegated: a process asks Cloud KMS for a
delegation of its own key and for the key set, whatever the number of tokens it signs. Computed from
dated facts (benchmarks/prices), not measured. docs/signing-cost.md has the tables, and a test holds
both together.
"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

RATES_PER_SECOND: Final = (10, 1_000, 10_000)
PROCESSES: Final = (4, 40, 400)
DELEGATED_EVERY_SECONDS: Final = 27_300
"""The shortest time between two delegations of a process: half a day, less the two hours by which
they begin early, a tenth of a day of jitter and a minute."""

KEY_SET_EVERY_SECONDS: Final = 43_200
"""A process has the key set signed anew when half of its day is over."""

_GIB: Final = 2**30


class Level(Struct, frozen=True):
    """Prices and default quota of one protection level."""

    version_month: float
    ten_thousand_operations: float
    quota_tokens_per_minute: int
    quota_tokens_per_signature: int

    def money(self, operations: int) -> float:
        """Return the price of a month with one key version and so many operations."""
        return self.version_month + operations / 10_000 * self.ten_thousand_operations

    def share_of_quota(self, per_second: float) -> float:
        """Return how many times the default quota such a rate would use."""
        return per_second * 60 * self.quota_tokens_per_signature / self.quota_tokens_per_minute


class AuditLog(Struct, frozen=True):
    """What an entry of a Data Access audit log weighs, and what keeping it costs."""

    bytes_per_entry: int
    gib_month: float
    free_gib_month: float

    def gib(self, operations: int) -> float:
        """Return the GiB a month's operations write."""
        return operations * self.bytes_per_entry / _GIB

    def money(self, operations: int) -> float:
        """Return what they cost."""
        return max(0.0, self.gib(operations) - self.free_gib_month) * self.gib_month


class Prices(Struct, frozen=True):
    """A file of dated facts. ``sources`` say where each comes from."""

    read_on: str
    currency: str
    days_of_month: int
    levels: dict[str, Level]
    audit_log: AuditLog
    sources: dict[str, str]

    @property
    def seconds_of_month(self) -> int:
        """The length of the month that is computed with."""
        return self.days_of_month * 86_400


def direct_operations(prices: Prices, per_second: int) -> int:
    """Return a month's KMS operations when each document is signed by Cloud KMS."""
    return per_second * prices.seconds_of_month


def delegated_operations(prices: Prices, processes: int) -> int:
    """Return a month's KMS operations of so many processes, whatever they sign themselves."""
    month = prices.seconds_of_month
    each = -(-month // DELEGATED_EVERY_SECONDS) + -(-month // KEY_SET_EVERY_SECONDS)
    return processes * each


def tables(prices: Prices) -> Iterator[str]:
    """Yield the tables of docs/signing-cost.md."""
    yield _table(
        ("signatures/s", "operations", "software", "HSM", "of software quota", "of HSM quota"),
        [_direct_row(prices, rate) for rate in RATES_PER_SECOND],
    )
    yield _table(
        ("signatures/s", "audit log, GiB", "audit log"),
        [_audit_row(prices, direct_operations(prices, rate), rate) for rate in RATES_PER_SECOND],
    )
    yield _table(
        ("processes", "operations", "software", "HSM", "audit log, GiB", "of HSM quota"),
        [_delegated_row(prices, processes) for processes in PROCESSES],
    )


def _direct_row(prices: Prices, rate: int) -> Sequence[str]:
    operations = direct_operations(prices, rate)
    software, hsm = prices.levels["SOFTWARE"], prices.levels["HSM"]
    return (
        f"{rate:,}",
        f"{operations:,}",
        f"${software.money(operations):,.0f}",
        f"${hsm.money(operations):,.0f}",
        f"{software.share_of_quota(rate):,.2f}",
        f"{hsm.share_of_quota(rate):,.1f}",
    )


def _audit_row(prices: Prices, operations: int, rate: int) -> Sequence[str]:
    log = prices.audit_log
    return f"{rate:,}", f"{log.gib(operations):,.0f}", f"${log.money(operations):,.0f}"


def _delegated_row(prices: Prices, processes: int) -> Sequence[str]:
    operations = delegated_operations(prices, processes)
    software, hsm = prices.levels["SOFTWARE"], prices.levels["HSM"]
    return (
        f"{processes:,}",
        f"{operations:,}",
        f"${software.money(operations):,.2f}",
        f"${hsm.money(operations):,.2f}",
        f"{prices.audit_log.gib(operations):,.2f}",
        f"{hsm.share_of_quota(operations / prices.seconds_of_month):,.4f}",
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---:"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def read_prices(file: Path) -> Prices:
    """Return the facts of a file."""
    return msgspec.json.decode(file.read_bytes(), type=Prices)


def main(arguments: Sequence[str]) -> None:
    """Print the tables for a file of prices."""
    sys.stdout.write("\n\n".join(tables(read_prices(Path(arguments[0])))) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
