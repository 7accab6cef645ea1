"""Who calls the control plane: what views find on a request, and what a bad credential is told."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory, override_settings

from coditect_license.middleware import JWTAuthenticationMiddleware
from identity import service_accounts
from identity.development import DevelopmentIssuer
from identity.models import TrustedIssuer
from identity.rules import Role
from identity.wiring import (
    bearer_verifier_from_settings,
    development_issuer_from_settings,
    peppers_from_settings,
)
from tenants.models import Tenant
from tests.support.databases import use_database
from tests.support.series import value

pytestmark = pytest.mark.usefixtures("db")
Send = Callable[..., HttpResponse]


@pytest.fixture
def tenant(db: Path) -> Tenant:
    return Tenant.objects.create(slug="acme", name="Acme")


@pytest.fixture
def development(tmp_path: Path) -> Iterator[DevelopmentIssuer]:
    path = tmp_path / "development-issuer-key.pem"
    with override_settings(LICENSE_DEVELOPMENT_ISSUER_KEY_FILE=path):
        issuer = development_issuer_from_settings()
        issuer.ensure_row()
        yield issuer


@pytest.fixture(params=["sync", "async"])
def send(request: pytest.FixtureRequest) -> Send:
    """Sends a request through the middleware of a sync or an async chain."""
    return _send_async if request.param == "async" else _send


def view(request: HttpRequest) -> HttpResponse:
    said = {
        name: getattr(request, name) for name in ("jwt_user_id", "jwt_user_email", "jwt_tenant_id")
    }
    principal = request.principal  # type: ignore[attr-defined]
    return HttpResponse(json.dumps({**said, "label": principal and principal.label}))


async def view_async(request: HttpRequest) -> HttpResponse:
    return view(request)


def _send(**headers: str) -> HttpResponse:
    answer = JWTAuthenticationMiddleware(view)(_request(headers))
    assert isinstance(answer, HttpResponse)
    return answer


def _send_async(**headers: str) -> HttpResponse:
    async def answered() -> HttpResponse:
        answer: Awaitable[HttpResponse] = JWTAuthenticationMiddleware(view_async)(_request(headers))
        return await answer

    return asyncio.run(answered())


def _request(headers: dict[str, str]) -> HttpRequest:
    return RequestFactory().get("/", headers=headers)


def token(development: DevelopmentIssuer, tenant: Tenant) -> str:
    return development.mint(
        tenant_id=tenant.id, subject="developer", role=Role.OWNER, lifetime_seconds=600
    )


def api_token(tenant: Tenant) -> str:
    account = service_accounts.create_service_account(
        tenant_id=tenant.id, name="ci", role=Role.ADMIN, principal="user:owner"
    )
    return service_accounts.issue_token(
        tenant_id=tenant.id,
        account_id=account.id,
        lifetime_seconds=600,
        peppers=peppers_from_settings(),
        principal="user:owner",
    )[1]


def said(answer: HttpResponse) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(answer.content)
    return document


def test_seed_a_view_finds_user_address_and_tenant_under_their_first_names(
    send: Send, development: DevelopmentIssuer, tenant: Tenant
) -> None:
    assert said(send(authorization=f"Bearer {token(development, tenant)}")) == {
        "jwt_user_id": "developer",
        "jwt_user_email": None,
        "jwt_tenant_id": str(tenant.id),
        "label": "user:developer",
    }


def test_without_a_credential_nobody_calls(send: Send) -> None:
    assert set(said(send()).values()) == {None}


def test_a_service_account_calls_with_its_token(send: Send, tenant: Tenant) -> None:
    answer = said(send(authorization=f"bearer {api_token(tenant)}"))

    assert answer["jwt_tenant_id"] == str(tenant.id)
    assert answer["label"] == f"service_account:{answer['jwt_user_id']}"


def test_seed_every_bad_credential_is_told_the_same(
    send: Send, development: DevelopmentIssuer, tenant: Tenant
) -> None:
    """The first design answered with the text of the exception."""
    good, made = token(development, tenant), api_token(tenant)
    bad = [
        "Bearer",
        "Bearer x",
        f"Bearer {good[:-4]}AAAA",
        f"Bearer {made[:-1]}{'0' if made[-1] != '0' else '1'}",
        f"Bearer {made},Bearer {made}",
        f"License {good}",
        "Basic dXNlcjpwYXNz",
        good,
    ]

    answers = [send(authorization=header) for header in bad]

    bodies = [{**said(answer), "request_id": ""} for answer in answers]
    assert bodies == [bodies[0]] * len(bad)
    assert {answer.status_code for answer in answers} == {401}
    assert {answer["WWW-Authenticate"] for answer in answers} == {
        'Bearer realm="license", License realm="license"'
    }
    assert bodies[0]["error"] == "invalid_token"


def test_seed_a_database_that_is_away_is_no_bad_credential(
    send: Send, development: DevelopmentIssuer, tenant: Tenant, tmp_path: Path
) -> None:
    """The first design answered 401 to everything that went wrong."""
    good = token(development, tenant)
    bearer_verifier_from_settings()  # has read its issuers
    use_database(tmp_path / "gone" / "license.sqlite3")

    answer = send(authorization=f"Bearer {good}")

    assert (answer.status_code, said(answer)["error"]) == (503, "store_unavailable")


def test_seed_one_request_leaves_nothing_to_the_next(
    send: Send, development: DevelopmentIssuer, tenant: Tenant
) -> None:
    """The first design set the tenant of a thread and never cleared it."""
    send(authorization=f"Bearer {token(development, tenant)}")

    assert set(said(send()).values()) == {None}


def test_a_refused_credential_is_counted_by_its_cause(send: Send) -> None:
    def counted(cause: str) -> float:
        return value(f'license_credentials_refused_total{{cause="{cause}"}}')

    before = counted("malformed"), counted("scheme"), counted("api_token")
    send(authorization="Bearer x")
    send(authorization="Basic x")
    send(authorization="Bearer cdtsa1_x")

    after = counted("malformed"), counted("scheme"), counted("api_token")
    assert [new - old for new, old in zip(after, before, strict=True)] == [1, 1, 1]


def test_it_stands_behind_the_security_headers_and_before_the_rest() -> None:
    ours = "coditect_license.middleware.JWTAuthenticationMiddleware"
    place = settings.MIDDLEWARE.index(ours)

    before = settings.MIDDLEWARE[:place]
    assert "coditect_license.headers.SecurityHeaders" in before
    assert "django.middleware.security.SecurityMiddleware" in before
    assert all("tenant" not in name for name in before)


def test_the_processes_verifier_is_that_of_this_database(
    development: DevelopmentIssuer, tenant: Tenant
) -> None:
    """It is remembered for the process: each test's database has one of its own."""
    verified = bearer_verifier_from_settings().verify(token(development, tenant))

    assert verified.tenant_id == tenant.id
    assert TrustedIssuer.objects.count() == 1
