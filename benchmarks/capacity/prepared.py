"""A database with a tenant and its licenses, made in a process of its own."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from benchmarks.prepared import Ledger, server_environment

TTL_SECONDS: Final = 3_600
"""Longer than a run, so that no loaded lease lapses before it is measured."""

HEARTBEAT_INTERVAL_SECONDS: Final = 300
HOT_SEATS: Final = 50_000
SCARCE_SEATS: Final = 10
ROOM: Final = 50_000
"""How many seats of each license are not held when a run begins."""


class IssuedLicense(Struct, frozen=True):
    """One license, its key, and the HMACs that stores look it up by."""

    license_id: str
    key: str
    key_hmacs: list[str]


class CapacityLedger(Struct, frozen=True):
    """What a run needs to know of its database. ``licenses`` are in the order of the fleet."""

    token: str
    tenant_id: str
    licenses: list[IssuedLicense]
    hot: IssuedLicense
    scarce: IssuedLicense
    root_pem: str

    @property
    def for_clients(self) -> Ledger:
        """The same as other benchmarks know it."""
        keys = [license_.key for license_ in self.licenses]
        return Ledger(self.token, self.tenant_id, keys, self.root_pem)


class Site(Struct, frozen=True):
    """A loaded database: its size, where it is, and the data folder of servers on it."""

    leases: int
    url: str
    data_folder: Path
    ledger: CapacityLedger
    server_pid: int


def prepare(data_folder: Path, database_url: str, held_seats: Sequence[int]) -> CapacityLedger:
    """Make schema, tenant and licenses, because Django can be set up only once in a process."""
    made = subprocess.run(
        [sys.executable, "-m", "benchmarks.capacity.ledger", *map(str, held_seats)],
        env=server_environment(data_folder, "coditect_license.settings", database_url=database_url),
        stdout=subprocess.PIPE,
        check=True,
    )
    return msgspec.json.decode(made.stdout.splitlines()[-1], type=CapacityLedger)
