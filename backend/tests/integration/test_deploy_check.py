"""``manage.py check --deploy`` and what a server says that must not start, as processes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.test_production import GOOD

BACKEND = Path(__file__).parents[2]
SERVE_BARE = """
import asyncio, sys
from coditect_license.asgi import application
sent = []
async def main():
    async def receive(): return {"type": "lifespan.startup"}
    async def send(message): sent.append(message["type"])
    await application({"type": "lifespan"}, receive, send)
asyncio.run(main())
print(sent)
"""


def run(folder: Path, *command: str, **settings: str) -> subprocess.CompletedProcess[str]:
    system = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, *command],
        env={**system, "PYTHONPATH": str(BACKEND), **settings},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    "more",
    [{}, {"LICENSE_ADMIN_HOST": "staff.coditect.ai", "LICENSE_CORS_ORIGINS": "https://a.example"}],
    ids=["plain", "with the staff's pages"],
)
def test_production_is_clean_with_every_check_of_deployment(
    tmp_path: Path, more: dict[str, str]
) -> None:
    manage = str(BACKEND / "manage.py")
    result = run(tmp_path, manage, "check", "--deploy", "--fail-level", "INFO", **GOOD, **more)

    assert (result.returncode, result.stderr) == (0, ""), result.stderr
    assert "no issues (0 silenced)" in result.stdout


def test_a_server_that_no_command_started_refuses_too(tmp_path: Path) -> None:
    """As ``uvicorn coditect_license.asgi:application`` would, with settings of somebody's own."""
    (tmp_path / "own_settings.py").write_text(
        "from coditect_license.settings import *\nDEBUG = True\n"
    )
    result = run(
        tmp_path,
        "-c",
        SERVE_BARE,
        PYTHONPATH=f"{BACKEND}:{tmp_path}",
        DJANGO_SETTINGS_MODULE="own_settings",
        LICENSE_PROFILE="embedded",
        LICENSE_DATA_DIR=str(tmp_path / "data"),
    )

    assert "['lifespan.startup.failed']" in result.stdout
    assert "coditect_license.E002: DEBUG is on" in result.stdout
    assert "Traceback" not in result.stdout + result.stderr


def test_s11_nor_does_it_start_with_a_login_above_the_walls(
    tmp_path: Path, postgres_db: str
) -> None:
    result = run(tmp_path, "-c", SERVE_BARE, **{**GOOD, "LICENSE_DATABASE_URL": postgres_db})

    assert "['lifespan.startup.failed']" in result.stdout
    assert "tenants.E001: the login in LICENSE_DATABASE_URL is a superuser" in result.stdout
    assert "no public key" not in result.stdout  # refused before anything is touched


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"DJANGO_SECRET_KEY": "django-insecure-" + "abcdefghijklmnopqrst" * 3}, "DJANGO_SECRET"),
        ({"LICENSE_ADMIN_HOST": "licenses.coditect.ai"}, "coditect_license.E007"),
        ({"LICENSE_CORS_ORIGINS": "http://coditect.ai"}, "coditect_license.E008"),
        ({"LICENSE_CORS_ORIGINS": "*"}, "coditect_license.E008"),
    ],
)
def test_serve_refuses_before_it_listens(
    tmp_path: Path, changed: dict[str, str], said: str
) -> None:
    result = run(tmp_path, str(BACKEND / "manage.py"), "serve", **{**GOOD, **changed})

    assert result.returncode != 0
    assert said in result.stderr
    assert "Traceback" not in result.stderr


ASK = """
import json, django
django.setup()
from django.conf import settings
from django.test import Client
def ask(**options):
    answer = Client().get("/nowhere/", HTTP_HOST="licenses.coditect.ai", **options)
    return [answer.status_code, dict(answer.headers)]
cookies = [settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME]
secure = [settings.SESSION_COOKIE_SECURE, settings.CSRF_COOKIE_SECURE]
from coditect_license.server import transport_security_from_settings
leasing = (transport_security_from_settings() or b"").decode()
print(json.dumps([ask(), ask(HTTP_X_FORWARDED_PROTO="https"), cookies, secure, leasing]))
"""


def test_production_speaks_https_alone_and_says_so(tmp_path: Path) -> None:
    settings = {**GOOD, "DJANGO_SETTINGS_MODULE": "coditect_license.settings"}
    result = run(tmp_path, "-c", ASK, **settings)

    plain, behind_proxy, cookies, secure, leasing = json.loads(result.stdout.splitlines()[-1])
    assert plain[0] == 301
    assert plain[1]["Location"] == "https://licenses.coditect.ai/nowhere/"
    assert behind_proxy[0] == 404
    sts = behind_proxy[1]["Strict-Transport-Security"]
    assert leasing == sts == "max-age=31536000; includeSubDomains; preload"
    assert all(name.startswith("__Host-") for name in cookies)
    assert secure == [True, True]
