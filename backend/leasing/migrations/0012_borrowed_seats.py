# A session says until when its seat is lent (docs/adr/0028).

from django.db import migrations, models

from tenants.walls import PostgresOnly

# A right to a column ends with the column.
GRANTS = [
    'GRANT SELECT (borrowed_until), UPDATE (borrowed_until) ON license_session TO leasing',
    'GRANT SELECT (offline_seconds) ON license TO leasing',
]
REVOKED = [
    'REVOKE SELECT (borrowed_until), UPDATE (borrowed_until) ON license_session FROM leasing',
    'REVOKE SELECT (offline_seconds) ON license FROM leasing',
]


class Migration(migrations.Migration):

    dependencies = [
        ('leasing', '0011_seats_of_persons'),
        ('licenses', '0005_seats_per_person'),
    ]

    operations = [
        migrations.AddField(
            model_name='licensesession',
            name='borrowed_until',
            field=models.DateTimeField(null=True),
        ),
        PostgresOnly(GRANTS, REVOKED),
    ]
