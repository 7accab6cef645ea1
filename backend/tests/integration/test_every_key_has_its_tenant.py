"""Every table can be distributed by tenant: its keys and references carry ``tenant_id``.

Citus places a row by one column, which has to be in the primary key, in every unique constraint and
in every reference to another such table (docs.citusdata.com, "Distributed tables").
"""

import psycopg

FOR_EVERYBODY = {
    "tenant",
    "ledger_state",
    "key_set_version",
    "key_rotation",
    "signing_key",
    "signing_revocation",
    "trusted_issuer",
    "tenant_alias",
    "sealer_turn",
}
"""Few rows that every tenant shares: Citus keeps them whole on every node."""

OURS = """
SELECT c.relname FROM pg_class AS c JOIN pg_namespace AS s ON s.oid = c.relnamespace
WHERE s.nspname = 'public' AND c.relkind = 'r' AND EXISTS (
    SELECT 1 FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id')"""

LEASING = {"seat", "seat_instance", "license_session", "seats_version", "seats_change"}

KEYS = """
SELECT c.relname, x.relname FROM pg_index AS i
JOIN pg_class AS c ON c.oid = i.indrelid JOIN pg_class AS x ON x.oid = i.indexrelid
WHERE i.indisunique AND c.relname = ANY(%s) AND NOT EXISTS (
    SELECT 1 FROM pg_attribute AS a
    WHERE a.attrelid = c.oid AND a.attnum = ANY(i.indkey) AND a.attname = 'tenant_id')"""

REFERENCES = """
SELECT c.relname, f.conname FROM pg_constraint AS f
JOIN pg_class AS c ON c.oid = f.conrelid JOIN pg_class AS t ON t.oid = f.confrelid
WHERE f.contype = 'f' AND c.relname = ANY(%s) AND t.relname <> ALL(%s) AND NOT EXISTS (
    SELECT 1 FROM pg_attribute AS a
    WHERE a.attrelid = c.oid AND a.attnum = ANY(f.conkey) AND a.attname = 'tenant_id')"""


def test_s11_every_key_and_reference_of_a_tenants_table_carries_the_tenant(
    postgres_db: str,
) -> None:
    with psycopg.connect(postgres_db) as connection:
        tables = [name for (name,) in connection.execute(OURS)]
        keys = connection.execute(KEYS, [tables]).fetchall()
        references = connection.execute(REFERENCES, [tables, list(FOR_EVERYBODY)]).fetchall()

    assert set(tables) >= LEASING | {"license", "product", "audit_event", "denial_count"}
    assert keys == []
    assert references == []


def test_s11_few_tables_are_for_everybody(postgres_db: str) -> None:
    with psycopg.connect(postgres_db) as connection:
        everything = {
            name
            for (name,) in connection.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
            )
        }
        with_tenant = {name for (name,) in connection.execute(OURS)}

    assert everything - with_tenant - {"django_migrations"} == FOR_EVERYBODY
