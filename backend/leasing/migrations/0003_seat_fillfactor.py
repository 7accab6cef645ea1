"""Room on every page of seats, so that a heartbeat's new row version stays on its page.

With a full page PostgreSQL puts the new version elsewhere and writes every index for it. 70 leaves
room for nearly a half of the rows at once. It counts for pages filled from now on; on a table with
rows, VACUUM FULL or pg_repack rewrites the others. SQLite has no such thing.
"""

from django.db import migrations

from tenants.walls import PostgresOnly


class Migration(migrations.Migration):

    dependencies = [
        ('leasing', '0002_fewer_indexes'),
    ]

    operations = [
        PostgresOnly(
            'ALTER TABLE seat SET (fillfactor = 70)',
            'ALTER TABLE seat RESET (fillfactor)',
        ),
    ]
