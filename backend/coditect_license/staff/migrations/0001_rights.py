"""What a server may do with the tables that staff sign in by. PostgreSQL only (docs/adr/0018).

Accounts are made by an operator (``manage.py createsuperuser``), with the login that migrates: a
server can note a sign-in and change a password, and make nobody.
"""

from django.db import migrations

from tenants.walls import Shared


class Migration(migrations.Migration):

    dependencies = [
        ('admin', '0003_logentry_add_action_flag_choices'),
        ('auth', '0012_alter_user_first_name_max_length'),
        ('contenttypes', '0002_remove_content_type_name'),
        ('sessions', '0001_initial'),
        ('tenants', '0002_roles'),
    ]

    operations = [
        Shared('django_session', rights=['select', 'insert', 'update', 'delete']),
        Shared('auth_user', rights=['select', 'update (last_login, password)']),
        Shared(
            'auth_group', 'auth_permission', 'auth_group_permissions', 'auth_user_groups',
            'auth_user_user_permissions', 'django_content_type', 'django_admin_log',
        ),
    ]
