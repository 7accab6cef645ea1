"""A data folder with a tenant, licenses and a token: made once, copied for each server."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

import msgspec
from msgspec import Struct

from benchmarks.machine import REPOSITORY

LICENSES: Final = 20
SEATS_OF_LICENSE: Final = 50_000
_NONE: Final[Mapping[str, str]] = MappingProxyType({})
ISSUER: Final = "http://benchmark.example"


class Ledger(Struct, frozen=True):
    """What a client of the prepared data folder needs. ``root_pem`` is the root's public key."""

    token: str
    tenant_id: str
    license_keys: list[str]
    root_pem: str

    @property
    def bearer(self) -> str:
        """The value of the Authorization header of a member of the tenant."""
        return f"Bearer {self.token}"


def server_environment(
    directory: Path, settings: str, port: int = 8000, database_url: str = ""
) -> dict[str, str]:
    """Return the whole environment of a process that works on a data folder.

    Its ledger is there too, unless ``database_url`` names a database of PostgreSQL.
    """
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join([str(REPOSITORY / "backend"), str(REPOSITORY)]),
        "DJANGO_SETTINGS_MODULE": settings,
        "LICENSE_PROFILE": "embedded",
        "LICENSE_DATA_DIR": str(directory),
        "LICENSE_ISSUER": ISSUER,
        "PORT": str(port),
        "LICENSE_DATABASE_URL": database_url,
        "LICENSE_PREPARED_STATEMENTS": "on",
        # A few licenses stand for many: the calls are counted, and none is refused.
        "LICENSE_CALLS_PER_MINUTE": "1000000000",
        "LICENSE_SESSION_CALLS_PER_MINUTE": "1000000000",
    }


def prepare_ledger(directory: Path, more: Mapping[str, str] = _NONE) -> Ledger:
    """Make the data folder in a process of its own, because Django can be set up only once.

    ``more`` settings win over those of :func:`server_environment`.
    """
    made = subprocess.run(
        [sys.executable, "-m", "benchmarks.ledger"],
        env={**server_environment(directory, "coditect_license.settings"), **more},
        stdout=subprocess.PIPE,
        check=True,
    )
    return msgspec.json.decode(made.stdout.splitlines()[-1], type=Ledger)
