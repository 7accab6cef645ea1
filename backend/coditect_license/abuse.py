"""What keeps one caller of the control plane from taking it away from the others.

Its failed credentials count in the same memory as the leasing plane's (docs/adr/0021), and a
principal and a tenant have a quota of calls. Both stand around Django: no view can forget them.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from coditect_license.middleware import Asgi
from coditect_license.refusals import is_failed_credential, problem_response
from foundation.clock import monotonic_seconds
from identity.rules import Principal
from leasing import counts
from leasing.http.failures import Failures
from leasing.http.messages import Receive, Scope, Send
from soft_state.allowances import Allowances
from soft_state.errors import RateLimited
from soft_state.rules import Limit, limit
from soft_state.wiring import shared_allowances_from_settings

_UNAUTHORIZED: Final = 401
_COUNT_OVER_QUOTA: Final = counts.shed("quota")


def failures_from_settings(shared: Allowances) -> Failures:
    """Return the count of failed credentials that both planes of a process share."""
    return Failures(
        shared,
        per_minute=settings.LICENSE_FAILURES_PER_MINUTE,
        forwarded_hops=settings.LICENSE_FORWARDED_HOPS,
    )


class FailedCredentials:
    """ASGI middleware: holds back the answers to failed credentials as the leasing plane does.

    A 401 to a request that showed something, and whatever a view noted as failed.
    """

    def __init__(self, application: Asgi, failures: Failures) -> None:
        self._application = application
        self._failures = failures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""

        async def send_held_back(message: Mapping[str, Any]) -> None:
            if message["type"] == "http.response.start" and _has_failed(scope, message["status"]):
                await self._failures.count(scope)
            await send(message)

        await self._application(scope, receive, send_held_back)


def _has_failed(scope: Scope, status: int) -> bool:
    if is_failed_credential(scope):
        return True
    return status == _UNAUTHORIZED and any(n == b"authorization" for n, _ in scope["headers"])


class Quota:
    """How many calls a minute a principal and its tenant have; 0 means any number.

    For any thread. Both are counted before a call does anything.
    """

    def __init__(
        self,
        shared: Allowances,
        *,
        per_principal: int,
        per_tenant: int,
        clock: Callable[[], float] = monotonic_seconds,
    ) -> None:
        self._shared = shared
        self._clock = clock
        self._of_principal = _limit_if_any("principal", per_principal)
        self._of_tenant = _limit_if_any("tenant_api", per_tenant)

    def take(self, principal: Principal) -> None:
        """Count one call. Raises RateLimited, for the principal first."""
        now = self._clock()
        tenant = f"api:{principal.tenant_id}"
        if self._of_principal is not None:
            self._shared.take(self._of_principal, f"{tenant}:{principal.label}", now)
        if self._of_tenant is not None:
            self._shared.take(self._of_tenant, tenant, now)


def _limit_if_any(name: str, per_minute: int) -> Limit | None:
    return limit(name, per_minute) if per_minute else None


class RateLimitMiddleware:
    """Django middleware: 429 past the quota of who calls. Stands behind the authentication."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response
        self._quota = Quota(
            shared_allowances_from_settings(),
            per_principal=settings.LICENSE_API_QUOTAS["per_principal"],
            per_tenant=settings.LICENSE_API_QUOTAS["per_tenant"],
        )

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on, or answer 429."""
        principal: Principal | None = request.principal  # type: ignore[attr-defined]
        if principal is not None:
            try:
                self._quota.take(principal)
            except RateLimited as refusal:
                _COUNT_OVER_QUOTA()
                return problem_response(request, refusal)
        return self._get_response(request)
