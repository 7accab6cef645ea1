"""One tenant with a product and a license, and what its programs and its vendor can do."""

from datetime import datetime, timedelta
from typing import Any, Final

from msgspec import structs

from foundation.peppers import Peppers
from leasing.rules import UNNAMED, Evidence
from leasing.store import (
    Acquire,
    Borrow,
    Caller,
    ForceRelease,
    Heartbeat,
    Inspect,
    Lease,
    Reinstate,
    Release,
)
from licenses import operations
from licenses.license_key import KeyHasher
from licenses.rules import LicenseStatus
from soft_state.notices import BOARD, Topic
from tenants.current import tenant_transaction
from tenants.models import Tenant
from tests.support.clock import START

_PEPPERS: Final = {1: b"pepper-of-the-tests-".ljust(32, b".")}
PEPPERS: Final = Peppers(_PEPPERS)
HASHER: Final = KeyHasher(_PEPPERS)
VENDOR: Final = "user:vendor"
ROOT_KEY_ID: Final = "the-root-that-signed-it"


class Customer:
    """A tenant that bought one license. Programs log in as its user, or show the key."""

    def __init__(
        self,
        name: str,
        *,
        seats: int,
        ttl_seconds: int = 360,
        heartbeat_interval_seconds: int = 120,
        key_auth: bool = False,
        tenant: Tenant | None = None,
    ) -> None:
        self.name = name
        self.tenant = tenant or operations.create_tenant(
            slug=name, name=name.title(), principal=VENDOR
        )
        self.product = operations.create_product(
            tenant=self.tenant, code=f"{name}-studio", name="Studio", principal=VENDOR
        )
        self.license, self.key = operations.issue_license(
            product=self.product,
            tier="pro",
            seats=seats,
            expires_at=START + timedelta(days=365),
            hasher=HASHER,
            principal=VENDOR,
            key_auth=key_auth,
            ttl_seconds=ttl_seconds,
            heartbeat_interval_seconds=heartbeat_interval_seconds,
        )

    @property
    def user(self) -> Caller:
        """A verified principal of this tenant."""
        return Caller(principal=f"user:{self.name}", tenant_id=str(self.tenant.id))

    def person(self, name: str) -> Caller:
        """Another verified person of this tenant."""
        return Caller(principal=f"user:{name}", tenant_id=str(self.tenant.id))

    @property
    def key_holder(self) -> Caller:
        """Somebody who shows the license key and nothing else."""
        return Caller(principal="license_key:test", key_hmacs=HASHER.candidates(self.key))

    def acquire(
        self,
        device: str,
        instance: str = UNNAMED,
        *,
        caller: Caller | None = None,
        metadata_json: str = "{}",
        wants_token: bool = True,
    ) -> Acquire:
        """Return the call of a device that wants a seat."""
        return Acquire(
            caller=caller or self.user,
            key_hmacs=HASHER.candidates(self.key),
            hardware_id=device,
            instance_id=instance,
            metadata_json=metadata_json,
            wants_token=wants_token,
        )

    def heartbeat(
        self,
        session_id: str,
        instance: str = UNNAMED,
        *,
        caller: Caller | None = None,
        wants_token: bool = False,
    ) -> Heartbeat:
        """Return the call of a program that goes on running."""
        return Heartbeat(caller or self.user, session_id, instance, wants_token)

    def come_back(
        self,
        lease: Lease,
        instance: str = UNNAMED,
        *,
        caller: Caller | None = None,
        **forged: Any,
    ) -> Reinstate:
        """Return the call of a program that shows the token of a lease it was given.

        What is ``forged`` stands in the place of what that token says.
        """
        heartbeat = self.heartbeat(lease.session_id, instance, caller=caller)
        return Reinstate(heartbeat, structs.replace(evidence_of(lease), **forged))

    def release(
        self,
        session_id: str,
        instance: str = UNNAMED,
        *,
        caller: Caller | None = None,
        unless_joined_since: int | None = None,
    ) -> Release:
        """Return the call of a program that stops."""
        return Release(caller or self.user, session_id, instance, unless_joined_since)

    def force_release(
        self, session_id: str, *, caller: Caller | None = None, even_if_borrowed: bool = False
    ) -> ForceRelease:
        """Return the call of an admin who ends a session."""
        return ForceRelease(caller or self.user, session_id, even_if_borrowed)

    def borrow(self, session_id: str, until: datetime, *, caller: Caller | None = None) -> Borrow:
        """Return the call of an admin who has signed a file that runs until an instant."""
        return Borrow(caller or self.user, session_id, until, ROOT_KEY_ID)

    def lend(self, offline_seconds: int) -> None:
        operations.change_license(
            license=self.license,
            changes={"offline_seconds": offline_seconds},
            principal=VENDOR,
        )

    def inspect(self, session_id: str, *, caller: Caller | None = None) -> Inspect:
        """Return the call of somebody who wants to know."""
        return Inspect(caller or self.user, session_id)

    def resize(self, seats: int) -> None:
        operations.resize(license=self.license, seats=seats, principal=VENDOR)

    def cap_persons(self, seats: int | None) -> None:
        operations.set_personal_cap(license=self.license, seats=seats, principal=VENDOR)

    def suspend(self) -> None:
        operations.suspend(license=self.license, principal=VENDOR)

    def reinstate(self) -> None:
        operations.reinstate(license=self.license, principal=VENDOR)

    def revoke(self) -> None:
        operations.revoke(license=self.license, principal=VENDOR)

    def put_right(self) -> None:
        """Undo a suspension as the vendor does, a revocation as only SQL can."""
        self.license.status = LicenseStatus.ACTIVE.value
        with tenant_transaction(self.tenant.id):
            self.license.save(update_fields=["status"])
        BOARD.announce(Topic.LICENSES, about=self.license.id)

    def move_expiry(self, expires_at: datetime) -> None:
        operations.move_expiry(license=self.license, expires_at=expires_at, principal=VENDOR)

    def rotate_key(self) -> None:
        """Exchange the key; programs that know the old one are strangers from now on."""
        self.key = operations.rotate_key(license=self.license, hasher=HASHER, principal=VENDOR)


def evidence_of(lease: Lease) -> Evidence:
    """Return what the token signed for a lease says; tokens know whole seconds."""
    return Evidence(
        tenant_id=lease.terms.tenant_id,
        license_id=lease.terms.license_id,
        audience=lease.terms.audience,
        device=lease.device,
        gen=lease.gen,
        seq=lease.seq or 1,
        issued_at=lease.now.replace(microsecond=0),
        expires_at=lease.lease_expires_at.replace(microsecond=0),
    )
