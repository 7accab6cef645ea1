"""A seat is found by its session and says what that session's tokens count with (docs/adr/0041).

A server of an older build counts elsewhere: none may run beside a migrated ledger.
"""

from django.db import migrations, models

from tenants.walls import PostgresOnly

COUNTS = ('seq', 'token_issued_at', 'token_expires_at')


def _moved(source: str, same: str) -> str:
    """Return what a row counts from now on: what that row counts which speaks of the same."""
    found = {
        column: f'(SELECT o.{column} FROM {source} AS o WHERE {same})' for column in COUNTS
    }
    found['seq'] = f"coalesce({found['seq']}, 0)"
    return ', '.join(f'{column} = {value}' for column, value in found.items())


OF_SEAT = 'o.tenant_id = seat.tenant_id AND o.id = seat.session_id'
TO_SEATS = f"""UPDATE seat SET {_moved('license_session', OF_SEAT)}, is_shared = EXISTS (
    SELECT 1 FROM seat_instance AS a
    WHERE a.tenant_id = seat.tenant_id AND a.session_id = seat.session_id)
WHERE session_id IS NOT NULL"""

OF_SESSION = 'o.tenant_id = license_session.tenant_id AND o.session_id = license_session.id'
TO_SESSIONS = f"""UPDATE license_session SET {_moved('seat', OF_SESSION)}
WHERE EXISTS (SELECT 1 FROM seat AS o WHERE {OF_SESSION})"""

# A right to a column ends with the column. A session begins with a seat, or with no token.
_COLUMNS = ', '.join([*COUNTS, 'is_shared'])
_RIGHTS = f'SELECT ({_COLUMNS}), INSERT ({_COLUMNS}), UPDATE ({_COLUMNS}) ON seat'
_NO_LONGER = 'INSERT (token_issued_at, token_expires_at) ON license_session'
GRANTS = [f'GRANT {_RIGHTS} TO leasing', f'REVOKE {_NO_LONGER} FROM leasing']
REVOKED = [f'REVOKE {_RIGHTS} FROM leasing', f'GRANT {_NO_LONGER} TO leasing']


class Migration(migrations.Migration):

    dependencies = [('leasing', '0013_where_rows_lie')]

    operations = [
        migrations.AddField('seat', 'seq', models.PositiveBigIntegerField(default=0)),
        migrations.AddField('seat', 'token_issued_at', models.DateTimeField(null=True)),
        migrations.AddField('seat', 'token_expires_at', models.DateTimeField(null=True)),
        migrations.AddField('seat', 'is_shared', models.BooleanField(default=False)),
        migrations.AddConstraint(
            'seat',
            models.UniqueConstraint(
                condition=models.Q(('session_id__isnull', False)),
                fields=['session_id', 'tenant_id'],
                name='seat_one_per_session',
            ),
        ),
        migrations.RunSQL(TO_SEATS, TO_SESSIONS),
        PostgresOnly(GRANTS, REVOKED),
    ]
