# A seat says which person took it, so that a personal cap can be kept (docs/adr/0021).

from django.db import migrations, models

from tenants.walls import PostgresOnly

# A right to a column ends with the column.
GRANTS = [
    'GRANT SELECT (person), INSERT (person), UPDATE (person) ON seat TO leasing',
    'GRANT SELECT (seats_per_person) ON license TO leasing',
]
REVOKED = [
    'REVOKE SELECT (person), INSERT (person), UPDATE (person) ON seat FROM leasing',
    'REVOKE SELECT (seats_per_person) ON license FROM leasing',
]


class Migration(migrations.Migration):

    dependencies = [
        ('leasing', '0010_sessions_listed'),
        ('licenses', '0005_seats_per_person'),
    ]

    operations = [
        migrations.AddField(
            model_name='seat',
            name='person',
            field=models.CharField(max_length=22, null=True),
        ),
        migrations.AddIndex(
            model_name='seat',
            index=models.Index(
                condition=models.Q(('person__isnull', False)),
                fields=['person', 'tenant_id', 'license_id'],
                name='seat_of_person',
            ),
        ),
        PostgresOnly(GRANTS, REVOKED),
    ]
