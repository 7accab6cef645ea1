"""A command that needs the database as this version of the program knows it."""

from django.core.management.base import CommandError
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor


def require_migrated() -> None:
    """Raise CommandError where the database is behind this program, or cannot be reached."""
    try:
        plan = MigrationExecutor(connection)
        is_behind = bool(plan.migration_plan(plan.loader.graph.leaf_nodes()))
    except OperationalError as error:
        raise CommandError(f"the database cannot be reached: {_first_line(error)}") from error
    connection.close()
    if is_behind:
        raise CommandError("the database is not migrated; run: manage.py migrate")


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
