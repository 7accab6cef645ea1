"""Who asks and for which license, as the reference model knows it."""

from leasing.store import Acquire, Caller
from tests.support.answers import Answer
from tests.support.clock import ManualClock
from tests.support.customer import HASHER, Customer


class Refused(Exception):
    def __init__(self, outcome: str, reason: str | None = None, in_use: int | None = None) -> None:
        self.answer = Answer(outcome, reason=reason, in_use=in_use)


class ModelLicenses:
    """The customers of an installation, found by what a caller shows. Each has one license."""

    def __init__(self, clock: ManualClock, *customers: Customer) -> None:
        self._clock = clock
        self._customers = customers

    def named_by(self, call: Acquire) -> Customer:
        """Return whose license key was named. Raises Refused."""
        if call.caller.tenant_id is None:
            return self._of_key(call.caller)
        for customer in self._of_tenant(call.caller.tenant_id):
            if HASHER.current(customer.key) in call.key_hmacs:
                return customer
        raise Refused("LicenseUnknown")

    def open_to(self, caller: Caller) -> list[Customer]:
        """Return those whose licenses a caller may speak of."""
        if caller.tenant_id is None:
            return [self._of_key(caller)]
        return self._of_tenant(caller.tenant_id)

    def tenant_of(self, caller: Caller) -> str:
        """Return the tenant that a caller speaks for, who may have only a license key."""
        if caller.tenant_id is None:
            return str(self._of_key(caller).tenant.id)
        return caller.tenant_id

    def check_force(self, customer: Customer) -> None:
        if refusal := self.refusal(customer):
            raise Refused(refusal[0])

    def refusal(self, customer: Customer) -> tuple[str, str] | None:
        """Return what is answered while a license gives no right, and how the denial is counted."""
        if customer.license.status == "revoked":
            return "LicenseRevoked", "license_revoked"
        if customer.license.status == "suspended":
            return "LicenseSuspended", "license_suspended"
        if customer.license.expires_at <= self._clock.now:
            return "LicenseExpired", "license_expired"
        return None

    def _of_tenant(self, tenant_id: str) -> list[Customer]:
        return [one for one in self._customers if str(one.tenant.id) == tenant_id]

    def _of_key(self, caller: Caller) -> Customer:
        for customer in self._customers:
            if HASHER.current(customer.key) in caller.key_hmacs:
                if customer.license.key_auth:
                    return customer
                raise Refused("MissingCredential")
        raise Refused("InvalidCredential")
