"""The roles of the control plane in PostgreSQL (docs/adr/0018)."""

from django.db import migrations

from tenants.walls import CONTROL_PLANE, INSTALLATION, MadeRole


class Migration(migrations.Migration):

    dependencies = [
        ('tenants', '0001_initial'),
    ]

    operations = [
        MadeRole(CONTROL_PLANE),
        MadeRole(INSTALLATION),
        migrations.AlterModelOptions('tenant', {'base_manager_name': 'objects'}),
    ]
