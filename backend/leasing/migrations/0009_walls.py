"""Walls around every tenant's rows for the control plane too (docs/adr/0018). PostgreSQL only.

The control plane sells and reads; it deletes nothing but products. Seats and sessions are written by
the leasing plane alone, audit records are appended and never changed by either.
"""

from django.db import migrations

from tenants.walls import Directory, PostgresOnly, Shared, Walled

# Whoever inherited the rights of ``leasing`` would inherit its policies, which know no tenant.
# Before PostgreSQL 16 that can only be said of a login as a whole (docs/how-to/database-roles.md).
NOT_INHERITED = """
DO $$
BEGIN
    IF current_setting('server_version_num')::int >= 160000
       AND pg_has_role(current_user, 'leasing', 'MEMBER') THEN
        EXECUTE format('GRANT leasing TO %I WITH INHERIT FALSE, SET TRUE', current_user);
    END IF;
EXCEPTION
    WHEN insufficient_privilege THEN NULL;  -- a DBA granted it: the system checks say what to do
END $$"""


class Migration(migrations.Migration):

    dependencies = [
        ('leasing', '0008_leasing_role'),
        ('licenses', '0002_indexes_by_id'),
        ('signing', '0003_kept_for_ever'),
        ('identity', '0001_initial'),
        ('audit', '0001_initial'),
        ('tenants', '0002_roles'),
    ]

    operations = [
        Directory('tenant', rights=['select', 'insert', 'update']),
        Walled('product'),
        Walled('license', rights=['select', 'insert', 'update']),
        Walled(
            'seat', 'seat_instance', 'license_session', 'seats_version', 'seats_change',
            'denial_count', rights=['select'],
        ),
        Walled('audit_event', rights=['select', 'insert']),
        Shared('trusted_issuer', 'ledger_state', 'django_migrations'),
        Shared(
            'signing_key', 'key_set_version', 'key_rotation', 'signing_revocation',
            rights=['select', 'insert', 'update'],
        ),
        PostgresOnly(NOT_INHERITED, migrations.RunSQL.noop),
    ]
