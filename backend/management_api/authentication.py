"""Who calls, as the middleware in front of every view has proven it."""

from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from identity.errors import MissingCredential
from identity.rules import Principal


def principal_of(request: HttpRequest) -> Principal:
    """Return who calls. Raises MissingCredential for a request without a credential."""
    principal: Principal | None = getattr(request, "principal", None)
    if principal is None:
        raise MissingCredential("the request carries no credential")
    return principal


class VerifiedPrincipal(BaseAuthentication):
    """Gives views the principal of the request as ``request.user``."""

    def authenticate(self, request: Request) -> tuple[Principal, None]:
        """Return the principal. Raises MissingCredential."""
        return principal_of(request._request), None  # noqa: SLF001  there is no other way
