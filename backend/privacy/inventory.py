"""Every table, and what in it is about persons. docs/privacy.md is this in words."""

from dataclasses import dataclass
from typing import Final

from django.apps import apps
from django.db import models


@dataclass(frozen=True, slots=True, kw_only=True)
class Personal:
    """A column about persons: what it says, for how long, and what an erasure does to it."""

    column: str
    what: str
    until: str
    erased: str


PERSONAL: Final[dict[str, tuple[Personal, ...]]] = {
    "license_session": (
        Personal(
            column="principal",
            what="who took the seat: the subject of the credential",
            until="30 days after the session's end (session_details)",
            erased="emptied",
        ),
        Personal(
            column="metadata",
            what="what the program said of itself",
            until="30 days after the session's end (session_details)",
            erased="emptied",
        ),
        Personal(
            column="device",
            what="a keyed hash of the hardware id, which itself is never stored",
            until="396 days after the session's end (device_records)",
            erased="emptied",
        ),
    ),
    "seat": (
        Personal(
            column="device",
            what="the same hash, of the device that holds the seat",
            until="the end of the lease",
            erased="the session is ended",
        ),
        Personal(
            column="person",
            what="a keyed hash of the subject that holds the seat, to count a person's seats",
            until="the end of the lease",
            erased="the session is ended",
        ),
    ),
    "seat_instance": (
        Personal(
            column="instance_id",
            what="what a program calls itself",
            until="the end of the session",
            erased="the session is ended",
        ),
    ),
    "member": (
        Personal(
            column="email",
            what="the address a person was invited by or signed in with",
            until="30 days after the member was removed (member_addresses)",
            erased="the row is deleted",
        ),
        Personal(
            column="subject",
            what="what the issuer calls the person",
            until="the tenant's end: it shuts the door to who was removed",
            erased="the row is deleted",
        ),
        Personal(
            column="invited_by",
            what="who invited the person",
            until="as long as the row",
            erased="emptied",
        ),
        Personal(
            column="last_seen_at",
            what="when the person came last, to the hour",
            until="as long as the row",
            erased="the row is deleted",
        ),
    ),
    "kept_answer": (
        Personal(
            column="principal",
            what="who made a call with an Idempotency-Key",
            until="24 hours (kept_answers)",
            erased="the row is deleted",
        ),
    ),
    "audit_event": (
        Personal(
            column="principal",
            what="who did it",
            until="the tenant's end: the term of the contract",
            erased="forgotten; the chain still verifies",
        ),
        Personal(
            column="details",
            what="values about persons, such as a device's hash or an address",
            until="the tenant's end: the term of the contract",
            erased="forgotten; the chain still verifies",
        ),
    ),
    "audit_subject": (
        Personal(
            column="subject",
            what="whom values in the chain are about",
            until="the tenant's end: the term of the contract",
            erased="the row is deleted",
        ),
    ),
    "erasure": (
        Personal(
            column="principal",
            what="which operator erased somebody",
            until="for ever",
            erased="kept: it proves the erasure",
        ),
    ),
    "tenant": (
        Personal(
            column="name",
            what="the name of a customer, which may be a person's",
            until="the tenant's end",
            erased="with the tenant",
        ),
    ),
}

IMPERSONAL: Final = frozenset(
    {
        "api_token",
        "audit_checkpoint",
        "audit_entry",
        "audit_head",
        "denial_count",
        "django_migrations",
        "key_rotation",
        "key_set_version",
        "ledger_state",
        "license",
        "outbox_message",
        "product",
        "retention_choice",
        "sealer_turn",
        "seats_change",
        "seats_version",
        "service_account",
        "signature_count",
        "signing_key",
        "signing_revocation",
        "tenant_alias",
        "tier",
        "trusted_issuer",
    }
)
"""Tables without anything about persons. What audit_entry commits to is salted in audit_subject."""

IMPERSONAL_TEXTS: Final = frozenset(
    {
        "audit_event.action",
        "audit_subject.salt",
        "erasure.person_hmac",
        "kept_answer.key_hash",
        "kept_answer.request_hash",
        "license_session.end_reason",
        "member.issuer",
        "member.role",
        "member.status",
        "tenant.slug",
        "tenant.suspended_licenses",
    }
)
"""Texts about nobody, in tables that say something about persons elsewhere."""

SECRET_COLUMNS: Final = frozenset(
    {"key_hmac", "token_hmac", "key_hash", "request_hash", "sealed", "salt", "person_hmac"}
)
"""What no export shows: it proves nothing to whom it is about and may help whom it is not."""


def tenant_models() -> list[type[models.Model]]:
    """Return every model whose rows carry a tenant's id, those that refer to others first."""
    found = [model for model in apps.get_models() if _carries_tenant(model)]
    ordered: list[type[models.Model]] = []
    while found:
        free = [one for one in found if not any(_refers(other, one) for other in found)]
        ordered += sorted(free, key=lambda model: model._meta.db_table)  # noqa: SLF001 (Django's)
        found = [one for one in found if one not in free]
    return ordered


def models_of_calls() -> list[type[models.Model]]:
    """Return models whose rows are about a call and name its principal, beside those known here.

    Such a row lives for a day or so, and is forgotten as a whole.
    """
    known = {"license_session", "audit_event", "erasure"}
    return [
        model
        for model in tenant_models()
        if model._meta.db_table not in known and "principal" in _columns(model)  # noqa: SLF001
    ]


def _carries_tenant(model: type[models.Model]) -> bool:
    return "tenant_id" in _columns(model)


def _columns(model: type[models.Model]) -> set[str]:
    return {str(field.column) for field in model._meta.concrete_fields}  # noqa: SLF001 (Django's)


def _refers(model: type[models.Model], to: type[models.Model]) -> bool:
    fields = model._meta.get_fields()  # noqa: SLF001 (Django's)
    return model is not to and any(
        isinstance(field, models.ForeignObject) and field.related_model is to for field in fields
    )
