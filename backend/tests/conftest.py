"""Django on a SQLite file of its own, made anew for each test run."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

_DATA_DIR = tempfile.TemporaryDirectory(prefix="license-tests-")
os.environ["LICENSE_PROFILE"] = "embedded"
os.environ["LICENSE_DATA_DIR"] = _DATA_DIR.name
os.environ["DJANGO_SETTINGS_MODULE"] = "coditect_license.settings"


def pytest_configure() -> None:
    import django

    django.setup()


def pytest_unconfigure() -> None:
    from django.db import connections

    connections.close_all()
    _DATA_DIR.cleanup()


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

    path = tmp_path / "license.sqlite3"
    path.write_bytes(migrated_database.read_bytes())
    connections["default"].close()
    connections["default"].settings_dict["NAME"] = path
    yield path
    connections["default"].close()
