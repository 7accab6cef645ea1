"""Database files of tests."""

from pathlib import Path

from django.db import connections


def use_database(path: Path) -> None:
    """Put a file behind Django's default connection."""
    connections["default"].close()
    connections["default"].settings_dict["NAME"] = path
