"""The database itself keeps public keys: no row is deleted, no key in it is exchanged."""

from django.db import migrations

_SAYS = "public keys are kept for ever"
_SQLITE = (
    f"""CREATE TRIGGER signing_key_kept BEFORE DELETE ON signing_key
        BEGIN SELECT RAISE(ABORT, '{_SAYS}'); END""",
    f"""CREATE TRIGGER signing_key_same BEFORE UPDATE ON signing_key
        WHEN NEW.key_id <> OLD.key_id OR NEW.algorithm <> OLD.algorithm OR NEW.pem <> OLD.pem
        BEGIN SELECT RAISE(ABORT, '{_SAYS}'); END""",
)
_POSTGRESQL = (
    f"""CREATE FUNCTION signing_key_kept() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION '{_SAYS}'; END $$""",
    """CREATE TRIGGER signing_key_kept BEFORE DELETE OR TRUNCATE ON signing_key
       FOR EACH STATEMENT EXECUTE FUNCTION signing_key_kept()""",
    """CREATE TRIGGER signing_key_same BEFORE UPDATE ON signing_key FOR EACH ROW
       WHEN (NEW.key_id <> OLD.key_id OR NEW.algorithm <> OLD.algorithm OR NEW.pem <> OLD.pem)
       EXECUTE FUNCTION signing_key_kept()""",
)
_SQLITE_BACK = ("DROP TRIGGER signing_key_kept", "DROP TRIGGER signing_key_same")
_POSTGRESQL_BACK = (
    "DROP TRIGGER signing_key_same ON signing_key",
    "DROP TRIGGER signing_key_kept ON signing_key",
    "DROP FUNCTION signing_key_kept()",
)


def guard(apps, schema_editor):
    is_postgresql = schema_editor.connection.vendor == "postgresql"
    for statement in _POSTGRESQL if is_postgresql else _SQLITE:
        schema_editor.execute(statement)


def unguard(apps, schema_editor):
    is_postgresql = schema_editor.connection.vendor == "postgresql"
    for statement in _POSTGRESQL_BACK if is_postgresql else _SQLITE_BACK:
        schema_editor.execute(statement)


class Migration(migrations.Migration):

    dependencies = [
        ('signing', '0002_rotation'),
    ]

    operations = [migrations.RunPython(guard, unguard)]
