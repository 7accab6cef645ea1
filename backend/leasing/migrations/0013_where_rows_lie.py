# A heartbeat writes a seat where it has read it, and knows the terms of a license by heart as long as
# the license is of the same version (docs/adr/0030). Every table has these columns.

from django.db import migrations

from tenants.walls import PostgresOnly

GRANTS = [
    'GRANT SELECT (ctid) ON seat TO leasing',
    'GRANT SELECT (xmin) ON license TO leasing',
]
REVOKED = [
    'REVOKE SELECT (ctid) ON seat FROM leasing',
    'REVOKE SELECT (xmin) ON license FROM leasing',
]


class Migration(migrations.Migration):

    dependencies = [('leasing', '0012_borrowed_seats')]

    operations = [PostgresOnly(GRANTS, REVOKED)]
