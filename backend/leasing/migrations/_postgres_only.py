"""SQL that only PostgreSQL runs."""

from django.db import migrations


class PostgresOnly(migrations.RunSQL):
    """SQL for PostgreSQL; elsewhere the migration counts as applied and does nothing."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        if schema_editor.connection.vendor == "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        if schema_editor.connection.vendor == "postgresql":
            super().database_backwards(app_label, schema_editor, from_state, to_state)
