"""A heartbeat written the way Django REST framework wants it: authentication, serializer, ORM."""

from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from rest_framework import serializers
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import NotAuthenticated, NotFound, PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from foundation.clock import utc_now
from identity.operations import BearerVerifier
from identity.rules import Principal
from identity.wiring import bearer_verifier_from_settings
from leasing.models import Seat
from leasing.rules import UNNAMED
from licenses.models import License
from licenses.rules import DEFAULT_HEARTBEAT_INTERVAL_SECONDS, DEFAULT_TTL_SECONDS, LicenseStatus


def nothing(_request: HttpRequest) -> HttpResponse:
    """Answer what the no-op of the leasing plane answers, through Django alone."""
    return JsonResponse({"status": "ok"})


@cache
def verifier() -> BearerVerifier:
    """Return the product's own verifier, with its memory of verified tokens."""
    return bearer_verifier_from_settings()


class BearerAuthentication(BaseAuthentication):
    """The product's bearer tokens."""

    def authenticate(self, request: Request) -> tuple[None, Principal]:
        """Return the principal, and no user. Raises what the verifier raises."""
        token = get_authorization_header(request).decode().partition(" ")[2]
        return None, verifier().verify(token)


class MayLease(BasePermission):
    """Lets in whoever may lease."""

    def has_permission(self, request: Request, _view: APIView) -> bool:
        """Return whether the principal's role is enough."""
        return _principal(request).may_lease()


class HeartbeatSerializer(serializers.Serializer[dict[str, Any]]):
    """The body of a heartbeat."""

    instance_id = serializers.CharField(max_length=128, required=False)
    nonce = serializers.CharField(max_length=128, required=False)
    known_kid = serializers.CharField(max_length=64, required=False)


class LeaseSerializer(serializers.Serializer[dict[str, Any]]):
    """The answer to a heartbeat."""

    session_id = serializers.UUIDField()
    lease_expires_at = serializers.DateTimeField()
    heartbeat_interval_seconds = serializers.IntegerField()
    next_heartbeat_in_seconds = serializers.FloatField()


class UnwrittenHeartbeatView(APIView):
    """A heartbeat that is authenticated, checked and answered, with no ledger behind it."""

    authentication_classes = (BearerAuthentication,)
    permission_classes = (MayLease,)

    def patch(self, request: Request, session_id: UUID) -> Response:
        """Answer 200 with the end of the lease."""
        body = HeartbeatSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        end = self._renew(_principal(request).tenant_id, session_id, body.validated_data)
        answer = {
            "session_id": session_id,
            "lease_expires_at": end,
            "heartbeat_interval_seconds": DEFAULT_HEARTBEAT_INTERVAL_SECONDS,
            "next_heartbeat_in_seconds": 113.7,
        }
        return Response(LeaseSerializer(answer).data)

    def _renew(self, tenant_id: UUID, session_id: UUID, body: dict[str, Any]) -> datetime:
        del tenant_id, session_id, body
        return utc_now() + timedelta(seconds=DEFAULT_TTL_SECONDS)


class HeartbeatView(UnwrittenHeartbeatView):
    """A heartbeat that is durable: one transaction of the ORM for each, as Django has it.

    Less than the real one: no instances, no tokens, no reclaim hold.
    """

    @transaction.atomic
    def _renew(self, tenant_id: UUID, session_id: UUID, body: dict[str, Any]) -> datetime:
        now = utc_now()
        seat = Seat.across_tenants.filter(tenant_id=tenant_id, session_id=session_id).first()
        if seat is None or seat.lease_expires_at is None or seat.lease_expires_at <= now:
            raise NotFound
        license_ = License.across_tenants.get(tenant_id=tenant_id, id=seat.license_id)
        if license_.status != LicenseStatus.ACTIVE.value or license_.expires_at <= now:
            raise PermissionDenied
        end = now + timedelta(seconds=license_.ttl_seconds)
        is_unnamed = body.get("instance_id", UNNAMED) == UNNAMED
        unnamed_end = end if is_unnamed else seat.unnamed_expires_at
        own = Seat.across_tenants.filter(pk=seat.pk)
        own.update(lease_expires_at=end, unnamed_expires_at=unnamed_end)
        return end


def _principal(request: Request) -> Principal:
    principal: Any = request.auth
    if not isinstance(principal, Principal):
        raise NotAuthenticated
    return principal
