"""Finding a person by any of the names that are stored of one."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Model, Q

from audit.models import AuditEvent
from identity.models import Member
from identity.rules import PrincipalKind
from leasing.models import LicenseSession
from privacy.errors import NobodyKnown
from privacy.inventory import models_of_calls
from tenants.current import tenant_transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A person in one tenant. ``labels`` are principals, such as ``user:alice``."""

    tenant_id: UUID
    labels: tuple[str, ...]
    emails: tuple[str, ...]
    member_ids: tuple[UUID, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names by which an erasure is known again: labels, and ``email:`` with addresses."""
        return (*self.labels, *(f"email:{email}" for email in self.emails))


def find_person(*, tenant_id: UUID, name: str) -> Person:
    """Return the person with a principal's label, an e-mail address or a subject as the name.

    Raises NobodyKnown when nothing in the tenant is about such a person.
    """
    with tenant_transaction(tenant_id):
        members = _members(tenant_id, name)
        subjects = {member.subject for member in members if member.subject}
        labels = {_label(subject) for subject in subjects}
        if "@" not in name or not members:
            labels.add(name if ":" in name else _label(name))
        person = Person(
            tenant_id=tenant_id,
            labels=tuple(sorted(labels)),
            emails=tuple(sorted({member.email for member in members if member.email})),
            member_ids=tuple(member.id for member in members),
        )
        if not members and not _is_known(person):
            raise NobodyKnown(f"nothing here is about {name}")
    return person


def sessions_of(person: Person) -> Q:
    """Return what finds a person's sessions, also those whose holder's name retention took.

    The audit still says who was granted a seat, and so whose device a session names.
    """
    granted = AuditEvent.objects.filter(
        tenant_id=person.tenant_id, action="seat.granted", principal__in=person.labels
    )
    nameless = Q(principal="", id__in=granted.values("session_id"))
    return Q(principal__in=person.labels) | nameless


def _members(tenant_id: UUID, name: str) -> list[Member]:
    known = Member.objects.filter(tenant_id=tenant_id)
    named = known.filter(email=name.removeprefix("email:").lower())
    kind, _, subject = name.rpartition(":")
    if kind in {"", PrincipalKind.USER.value}:
        named = named | known.filter(subject=subject)
    return list(named.order_by("id"))


def _label(subject: str) -> str:
    return f"{PrincipalKind.USER.value}:{subject}"


def _is_known(person: Person) -> bool:
    kinds: list[type[Model]] = [LicenseSession, AuditEvent, *models_of_calls()]
    return any(
        kind._default_manager.filter(  # noqa: SLF001 (Django's)
            tenant_id=person.tenant_id, principal__in=person.labels
        ).exists()
        for kind in kinds
    )
