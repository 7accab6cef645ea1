"""The staff's pages with the login that a server has: it signs staff in and makes no account."""

import json
import os
import subprocess
import sys
from pathlib import Path

from coditect_license.plane_logins import ensure_control_login
from coditect_license.private_postgres import PrivatePostgres

BACKEND = Path(__file__).parents[2]
OWNER = """
import django
django.setup()
from django.contrib.auth.models import User
from django.core.management import call_command
from licenses import operations
call_command("migrate", verbosity=0)
User.objects.create_superuser("sam", password="correct-horse-battery")
operations.create_tenant(slug="a", name="A", principal="x")
"""
SERVER = """
import json, re, django
django.setup()
from django.contrib.auth.models import User
from django.db import Error, connection
from django.test import Client
from tenants.models import Tenant
client = Client(headers={"host": "staff.example"})
form = {"username": "sam", "password": "correct-horse-battery"}
said = [client.post("/admin/login/?next=/admin/", form).status_code]
said.append(client.get("/admin/").status_code)
for name in ("licenses", "sessions", "records"):
    said.append(client.get(f"/admin/tenants/{Tenant.objects.get().id}/{name}/").status_code)
refused = []
for sql in ("INSERT INTO auth_user (username) VALUES ('evil')", "DELETE FROM auth_user",
            "UPDATE auth_user SET is_superuser = true"):
    try:
        connection.cursor().execute(sql)
    except Error as error:
        refused.append(type(error).__name__)
print(json.dumps([said, refused]))
"""


def run(program: str, url: str, folder: Path) -> str:
    result = subprocess.run(
        [sys.executable, "-c", program],
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(BACKEND),
            "DJANGO_SETTINGS_MODULE": "coditect_license.settings",
            "LICENSE_PROFILE": "embedded",
            "LICENSE_DATA_DIR": str(folder),
            "LICENSE_DATABASE_URL": url,
            "LICENSE_ADMIN_HOST": "staff.example",
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_a_servers_login_signs_staff_in_and_makes_no_account(
    postgres_server: PrivatePostgres, tmp_path: Path
) -> None:
    postgres_server.ensure_database("staff")
    ensure_control_login(postgres_server, "license_control_staff")
    run(OWNER, postgres_server.url("staff"), tmp_path)

    url = postgres_server.url("staff", login="license_control_staff")
    said, refused = json.loads(run(SERVER, url, tmp_path).splitlines()[-1])

    assert said == [302, 200, 200, 200, 200]
    assert refused == ["ProgrammingError"] * 3  # no right to it
