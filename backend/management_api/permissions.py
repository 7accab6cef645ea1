"""Who may make a call, by role. A view that names none of these is closed to everybody."""

from typing import Any, Final

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from identity.errors import Forbidden
from identity.rules import Principal, PrincipalKind

_READING: Final = frozenset({"GET", "HEAD"})


class ByRole(BasePermission):
    """Nobody may do anything; what comes from here says who may.

    A license key may do nothing here, whatever it may do on its own license.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        """Return True. Raises Forbidden."""
        del view
        principal: Principal = request.user  # type: ignore[assignment]  # see VerifiedPrincipal
        is_key = principal.kind is PrincipalKind.LICENSE_KEY
        if is_key or not self.allows(principal, is_reading=request.method in _READING):
            raise Forbidden("the principal may not make this call")
        return True

    def allows(self, principal: Principal, *, is_reading: bool) -> bool:
        """Return whether the principal may make the call."""
        del principal, is_reading
        return False


class ReadsOrManages(ByRole):
    """Viewers read; admins change."""

    def allows(self, principal: Principal, *, is_reading: bool) -> bool:
        """Return whether the principal may make the call."""
        return principal.may_read() if is_reading else principal.may_manage()


class Reads(ByRole):
    """Viewers may call, by whatever method: nothing is changed."""

    def allows(self, principal: Principal, *, is_reading: bool) -> bool:
        """Return whether the principal may make the call."""
        del is_reading
        return principal.may_read()


class Manages(ByRole):
    """Admins alone, reading too."""

    def allows(self, principal: Principal, *, is_reading: bool) -> bool:
        """Return whether the principal may make the call."""
        del is_reading
        return principal.may_manage()


class ReadsOrAdministers(ByRole):
    """Viewers read; owners change."""

    def allows(self, principal: Principal, *, is_reading: bool) -> bool:
        """Return whether the principal may make the call."""
        return principal.may_read() if is_reading else principal.may_administer()


class Administers(ByRole):
    """Owners alone, reading too."""

    def allows(self, principal: Principal, *, is_reading: bool) -> bool:
        """Return whether the principal may make the call."""
        del is_reading
        return principal.may_administer()


class IsStaff(ByRole):
    """The vendor's own people alone, whatever their role in their tenant."""

    def allows(self, principal: Principal, *, is_reading: bool) -> bool:
        """Return whether the principal may make the call."""
        del is_reading
        return principal.is_staff
