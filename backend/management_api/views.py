"""What every view of the office has in common: who calls, for which tenant, in one transaction."""

import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from uuid import UUID

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.views import APIView

from identity.rules import Principal
from leasing.errors import StoreUnavailable
from leasing.http.errors import MethodNotAllowed
from management_api.authentication import VerifiedPrincipal, principal_of
from management_api.parsing import JsonAlways, JsonBody
from management_api.permissions import ByRole
from tenants.current import tenant_transaction
from tenants.reading import reading

_log = logging.getLogger(__name__)


class ManagementView(APIView):
    """A view that runs for one tenant, whose writes are all kept or none.

    ``permission_classes`` names one of ``management_api.permissions``; without it nobody may call.
    Every error leaves the transaction, which ends it; the frame turns it into a problem document.
    """

    authentication_classes = (VerifiedPrincipal,)
    permission_classes = (ByRole,)
    parser_classes = (JsonBody,)
    renderer_classes = (JSONRenderer,)
    content_negotiation_class = JsonAlways
    throttle_classes = ()
    http_method_names = ["get", "head", "post", "patch", "delete"]  # noqa: RUF012  as Django has it

    @property
    def principal(self) -> Principal:
        """Who calls."""
        principal: Principal = self.request.user  # type: ignore[assignment]  # VerifiedPrincipal
        return principal

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer one request.

        Raises MethodNotAllowed, MissingCredential, what the method raises, and StoreUnavailable
        where the database does not answer: nothing was changed then, or repeating is safe.
        """
        if str(request.method) not in self.allowed_methods:
            raise MethodNotAllowed(tuple(self.allowed_methods))
        principal_of(request)
        try:
            with self.transaction(request):
                return self._rendered(super().dispatch(request, *args, **kwargs))
        except (OperationalError, InterfaceError) as failure:
            _log.error("the database does not answer: %s", type(failure).__name__)
            raise StoreUnavailable("the database does not answer") from failure

    def transaction(self, request: HttpRequest) -> AbstractContextManager[None]:
        """Return what the call runs in: one transaction of the tenant in question.

        A reader's leaves those alone who lease meanwhile, on SQLite too.
        """
        tenant_id = self.tenant_in_question(request)
        return reading_of(tenant_id) if is_reading(request) else tenant_transaction(tenant_id)

    def tenant_in_question(self, request: HttpRequest) -> UUID:
        """Return whose rows the call is about: the caller's own tenant."""
        return principal_of(request).tenant_id

    def _rendered(self, response: HttpResponseBase) -> HttpResponseBase:
        """Return a response whose bytes are made while the transaction can still be undone."""
        response["Cache-Control"] = "no-store"
        return response.render() if isinstance(response, Response) else response


def is_reading(request: HttpRequest) -> bool:
    """Return whether a request may change nothing."""
    return request.method in {"GET", "HEAD"}


@contextmanager
def reading_of(tenant_id: UUID) -> Iterator[None]:
    """Run a transaction of a tenant that only reads; on SQLite it waits for no writer."""
    with reading(), tenant_transaction(tenant_id):
        yield
