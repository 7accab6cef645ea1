"""The staff's pages: on a host name of their own or nowhere, behind a sign-in, with records."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from urllib.parse import quote

import httpx
import pytest
from support.server import REPOSITORY, RunningServer, StartServer, start

STAFF = "staff.example"
PASSWORD = "correct-horse-battery"
MANAGE = REPOSITORY / "backend/manage.py"
FREE = 5


@pytest.fixture(scope="module")
def staffed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    folder = tmp_path_factory.mktemp("staff") / "data"
    settings = {"LICENSE_ADMIN_HOST": STAFF, "LICENSE_FAILURES_PER_MINUTE": str(FREE)}
    with start(folder, settings) as server:
        subprocess.run(
            [sys.executable, str(MANAGE), "createsuperuser", "--noinput"],
            env={
                **{n: v for n, v in os.environ.items() if not n.startswith("LICENSE_")},
                "LICENSE_PROFILE": "embedded",
                "LICENSE_DATA_DIR": str(folder),
                "LICENSE_ADMIN_HOST": STAFF,
                "DJANGO_SUPERUSER_USERNAME": "sam",
                "DJANGO_SUPERUSER_EMAIL": "sam@example.com",
                "DJANGO_SUPERUSER_PASSWORD": PASSWORD,
            },
            check=True,
            capture_output=True,
            timeout=60,
        )
        yield server


@pytest.fixture
def browser(staffed: RunningServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=staffed.base_url, headers={"host": STAFF}, timeout=30) as client:
        yield client


def csrf(page: httpx.Response) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
    assert found, page.text
    return found[1]


def sign_in(browser: httpx.Client, password: str = PASSWORD) -> httpx.Response:
    token = csrf(browser.get("/admin/login/"))
    form = {"username": "sam", "password": password, "csrfmiddlewaretoken": token}
    return browser.post("/admin/login/?next=/admin/", data=form)


def licenses(server: RunningServer) -> str:
    return f"/admin/tenants/{server.demo['tenant_id']}/licenses/"


def test_without_the_setting_there_are_no_such_pages(server: RunningServer) -> None:
    for host in ("127.0.0.1", STAFF):
        answer = httpx.get(f"{server.base_url}/admin/", headers={"host": host})
        assert answer.status_code in {404, 400}
    assert httpx.get(f"{server.base_url}/static/admin/css/base.css").status_code == 404


def test_on_the_public_host_name_they_are_not_there(staffed: RunningServer) -> None:
    for path in ("/admin/", "/admin/login/", licenses(staffed)):
        answer = httpx.get(staffed.base_url + path)
        assert (answer.status_code, answer.json()["error"]) == (404, "not_found")


@pytest.mark.parametrize("is_in_address", [True, False])
@pytest.mark.parametrize(
    "place", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "/\\evil.example"]
)
def test_a_sign_in_leads_to_our_own_pages_and_no_others(
    browser: httpx.Client, place: str, is_in_address: bool
) -> None:
    token = csrf(browser.get("/admin/login/"))
    form = {"username": "sam", "password": PASSWORD, "csrfmiddlewaretoken": token, "next": place}

    query = f"?next={quote(place)}" if is_in_address else ""
    answer = browser.post(f"/admin/login/{query}", data=form)

    assert (answer.status_code, answer.headers["location"]) == (302, "/admin/")
    assert browser.get("/admin/").status_code == 200


def test_on_the_staffs_host_name_there_is_nothing_else(browser: httpx.Client) -> None:
    for path in ("/api/docs/", "/api/schema/", "/"):
        assert browser.get(path).status_code == 404


def test_nobody_sees_anything_without_signing_in(
    staffed: RunningServer, browser: httpx.Client
) -> None:
    bearer = {"authorization": f"Bearer {staffed.demo['token']}"}
    of_tenant = licenses(staffed).removesuffix("licenses/")
    for path in (
        "/admin/",
        *(f"{of_tenant}{name}/" for name in ("licenses", "sessions", "records")),
    ):
        for headers in ({}, bearer):
            answer = browser.get(path, headers=headers)
            assert answer.status_code == 302
            assert answer.headers["location"].startswith("/admin/login/")


def test_staff_look_at_everything_of_a_tenant_and_see_no_secret(
    staffed: RunningServer, browser: httpx.Client
) -> None:
    body = {
        "license_key": staffed.demo["license_key"],
        "hardware_id": "laptop",
        "metadata": {"note": "nobody-reads-this"},
    }
    held = httpx.post(f"{staffed.base_url}/api/v1/licenses/acquire/", json=body).json()
    assert sign_in(browser).headers["location"] == "/admin/"

    index = browser.get("/admin/")
    pages = {
        name: browser.get(licenses(staffed).replace("licenses", name)).text
        for name in ("licenses", "sessions", "records")
    }

    assert "demo" in index.text
    assert licenses(staffed) in index.text
    assert staffed.demo["license_key"][-4:] in pages["licenses"]
    assert held["session_id"] in pages["sessions"]
    assert "seat.granted" in pages["records"]
    everything = "".join([index.text, *pages.values()])
    for secret in (staffed.demo["license_key"], staffed.demo["token"], "nobody-reads-this"):
        assert secret not in everything


def test_a_page_of_staff_may_load_its_own_files_alone_and_is_never_kept(
    browser: httpx.Client,
) -> None:
    page = browser.get("/admin/login/")

    policy = page.headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "no-store" in page.headers["cache-control"]
    assert " style=" not in page.text
    assert not re.search(r"<script(?![^>]* src=)[^>]*>\s*\S", page.text)
    for address in re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text):
        assert browser.get(address).status_code == 200, address


def test_a_deed_asks_first_is_recorded_and_reaches_the_server(
    staffed: RunningServer, browser: httpx.Client
) -> None:
    sign_in(browser)
    (suspend,) = re.findall(r'href="([^"]+/suspend/)"', browser.get(licenses(staffed)).text)
    body = {"license_key": staffed.demo["license_key"], "hardware_id": "desktop"}

    asked = browser.get(suspend)
    before = httpx.post(f"{staffed.base_url}/api/v1/licenses/acquire/", json=body).status_code
    done = browser.post(suspend, data={"csrfmiddlewaretoken": csrf(asked)})
    after = httpx.post(f"{staffed.base_url}/api/v1/licenses/acquire/", json=body)
    back = suspend.replace("suspend", "reinstate")
    browser.post(back, data={"csrfmiddlewaretoken": csrf(browser.get(back))})

    assert (asked.status_code, before) == (200, 201)
    assert (done.status_code, done.headers["location"]) == (302, licenses(staffed))
    assert (after.status_code, after.json()["error"]) == (403, "license_suspended")
    records = browser.get(licenses(staffed).replace("licenses", "records")).text
    assert "license.suspended" in records
    assert "staff:sam" in records


@pytest.mark.parametrize("headers", [{}, {"origin": "https://evil.example"}])
def test_a_form_of_somebody_elses_is_refused(
    staffed: RunningServer, browser: httpx.Client, headers: dict[str, str]
) -> None:
    sign_in(browser)
    (revoke,) = re.findall(r'href="([^"]+/revoke/)"', browser.get(licenses(staffed)).text)
    token = csrf(browser.get(revoke)) if headers else "forged"

    answer = browser.post(revoke, data={"csrfmiddlewaretoken": token}, headers=headers)

    assert (answer.status_code, answer.json()["error"]) == (403, "forbidden")
    assert ">active<" in browser.get(licenses(staffed)).text


@pytest.mark.parametrize("end", ["nothing", "resize", "suspend/x"])
def test_an_unknown_deed_or_tenant_is_not_there(
    staffed: RunningServer, browser: httpx.Client, end: str
) -> None:
    sign_in(browser)
    nobody = "00000000-0000-4000-8000-000000000000"

    for path in (f"{licenses(staffed)}{nobody}/{end}/", f"/admin/tenants/{nobody}/licenses/"):
        assert browser.get(path).status_code == 404
    assert browser.get("/admin/auth/user/").status_code == 404


def test_wrong_passwords_wait_and_lock_nobody_out(
    staffed: RunningServer, browser: httpx.Client
) -> None:
    for _ in range(FREE):
        assert sign_in(browser, "wrong").status_code == 200
    began = monotonic()
    sign_in(browser, "wrong")

    assert monotonic() - began > 2
    assert sign_in(browser).status_code == 302


COUNT = """
import json, django
django.setup()
from datetime import timedelta
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from foundation.clock import utc_now
from licenses import operations
from licenses.license_key import KeyHasher
call_command("migrate", verbosity=0)
tenant = operations.create_tenant(slug="a", name="A", principal="x")
product = operations.create_product(tenant=tenant, code="p", name="P", principal="x")
client = Client(headers={"host": "staff.example"})
client.force_login(User.objects.create_superuser("sam"))
def queries(name):
    with CaptureQueriesContext(connection, ) as seen:
        page = client.get(f"/admin/tenants/{tenant.id}/{name}/")
    assert page.status_code == 200, page.content
    return len(seen)
def issue(many):
    for _ in range(many):
        operations.issue_license(product=product, tier="pro", seats=1, principal="x",
            expires_at=utc_now() + timedelta(days=9), hasher=KeyHasher({1: bytes(range(32))}))
issue(1)
few = {name: queries(name) for name in ("licenses", "records", "sessions")}
issue(110)
many = {name: queries(name) for name in few}
older = b"?page=2" in client.get(f"/admin/tenants/{tenant.id}/licenses/").content
print(json.dumps([few, many, older]))
"""


def test_a_page_asks_the_database_as_often_for_many_rows_as_for_one(tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-c", COUNT],
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(REPOSITORY / "backend"),
            "DJANGO_SETTINGS_MODULE": "coditect_license.settings",
            "LICENSE_PROFILE": "embedded",
            "LICENSE_DATA_DIR": str(tmp_path / "data"),
            "LICENSE_ADMIN_HOST": STAFF,
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert result.returncode == 0, result.stderr
    few, many, has_older = json.loads(result.stdout.splitlines()[-1])
    assert many == few
    assert max(many.values()) <= 8
    assert has_older


def test_the_program_starts_without_them_after_it_had_them(start_server: StartServer) -> None:
    start_server({"LICENSE_ADMIN_HOST": STAFF}, name="both").stop()

    server = start_server(name="both")

    assert httpx.get(f"{server.base_url}/health/ready").status_code == 200
