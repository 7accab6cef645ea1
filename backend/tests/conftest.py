"""Django on a SQLite file of its own, made anew for each test run; on PostgreSQL by request."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:  # psycopg, gRPC and their servers are for the tests that ask for them
    from coditect_license.private_postgres import PrivatePostgres
    from tests.support.cloud_kms import CloudKms

_DATA_DIR = tempfile.TemporaryDirectory(prefix="license-tests-")
os.environ["LICENSE_PROFILE"] = "embedded"
os.environ["LICENSE_DATA_DIR"] = _DATA_DIR.name
os.environ.pop("LICENSE_DATABASE_URL", None)
os.environ["DJANGO_SETTINGS_MODULE"] = "coditect_license.settings"


def pytest_configure() -> None:
    import django

    django.setup()


def pytest_unconfigure() -> None:
    from django.db import connections

    connections.close_all()
    _DATA_DIR.cleanup()


def forget_the_verifier() -> None:
    """Have the process's one verifier made anew: it remembers tokens of another test's database."""
    from identity.wiring import bearer_verifier_from_settings

    bearer_verifier_from_settings.cache_clear()


@pytest.fixture(scope="session")
def migrated_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with every migration applied, to be copied and never written."""
    from django.core.management import call_command
    from django.db import connections

    path = tmp_path_factory.mktemp("migrated") / "license.sqlite3"
    connections["default"].close()
    connections["default"].settings_dict["NAME"] = path
    call_command("migrate", verbosity=0)
    connections["default"].close()
    return path


@pytest.fixture
def db(migrated_database: Path, tmp_path: Path) -> Iterator[Path]:
    """A fresh copy of the migrated database, behind Django's default connection."""
    from django.db import connections

    forget_the_verifier()
    path = tmp_path / "license.sqlite3"
    path.write_bytes(migrated_database.read_bytes())
    connections["default"].close()
    connections["default"].settings_dict["NAME"] = path
    yield path
    connections["default"].close()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PrivatePostgres]:
    """A private PostgreSQL, started for the first test that asks for it."""
    from tests.support.postgres import postgres_for_tests

    with postgres_for_tests() as server:
        yield server


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: PrivatePostgres) -> str:
    """The name of a database with every migration applied, to be copied and never written."""
    from tests.support.postgres import make_template

    return make_template(postgres_server)


@pytest.fixture
def postgres_db(
    request: pytest.FixtureRequest, postgres_server: PrivatePostgres, migrated_postgres: str
) -> Iterator[str]:
    """The address of a fresh copy of the migrated database, behind Django's default connection."""
    from tests.support.postgres import copy_of, django_on

    forget_the_verifier()
    assert "db" not in request.fixturenames, "a test is on SQLite or on PostgreSQL, not on both"
    with copy_of(migrated_postgres, postgres_server) as url, django_on(url):
        yield url


@pytest.fixture
def kms(tmp_path: Path) -> Iterator[CloudKms]:
    """A local Cloud KMS with one signing key."""
    from tests.support.cloud_kms import cloud_kms

    with cloud_kms(tmp_path / "kms") as running:
        yield running


@pytest.fixture(scope="session")
def unhurt_kms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CloudKms]:
    """One that no test does harm to."""
    from tests.support.cloud_kms import cloud_kms

    with cloud_kms(tmp_path_factory.mktemp("kms")) as running:
        yield running
