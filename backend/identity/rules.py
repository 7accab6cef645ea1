"""Who may do what, decided without a database or a clock."""

import enum
import functools
import re
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from identity.errors import InvalidEmail

MOST_SUBJECT_CHARACTERS: Final = 128
_SUBJECT: Final = re.compile(rf"[ -~]{{1,{MOST_SUBJECT_CHARACTERS}}}")
MOST_EMAIL_CHARACTERS: Final = 254  # RFC 5321, section 4.5.3.1.3
# ASCII alone: other letters fold to the same lower case as these, and would be another's address.
_EMAIL: Final = re.compile(r"[!-?A-~]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


def is_subject(text: str) -> bool:
    """Return whether a text can be the subject of a principal."""
    return _SUBJECT.fullmatch(text) is not None


def normalized_email(text: str) -> str:
    """Return an e-mail address as it is stored and compared: in lower case.

    Raises InvalidEmail. Does not ask whether anybody reads mail there.
    """
    if len(text) > MOST_EMAIL_CHARACTERS or _EMAIL.fullmatch(text) is None:
        raise InvalidEmail("an e-mail address is name@host.domain in ASCII")
    return text.lower()


@functools.total_ordering
class Role(enum.Enum):
    """What a person or workload may do in one tenant, from least to most."""

    VIEWER = "viewer"
    MEMBER = "member"
    ADMIN = "admin"
    OWNER = "owner"

    def __lt__(self, other: "Role") -> bool:
        return _RANK[self] < _RANK[other]


_RANK: Final = {role: rank for rank, role in enumerate(Role)}


class PrincipalKind(enum.Enum):
    """What kind of credential proved the principal."""

    USER = "user"
    WORKLOAD = "workload"
    SERVICE_ACCOUNT = "service_account"
    LICENSE_KEY = "license_key"


class MemberStatus(enum.Enum):
    """Where a person stands in one tenant. Only an active member is let in."""

    INVITED = "invited"
    ACTIVE = "active"
    DISABLED = "disabled"
    REMOVED = "removed"


class Membership(enum.Enum):
    """What an issuer's people need to be in a tenant, and what says their role.

    NONE: the token alone; REQUIRED: a member's row, which says the role; AUTOMATIC: the token says
    the role, and the row is made when the person first comes. A row that is disabled or removed
    shuts the door in all three.
    """

    NONE = "none"
    REQUIRED = "required"
    AUTOMATIC = "automatic"


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who calls, as proven by a verified credential; the only source of the tenant of a request.

    ``subject`` is 1 to 128 printable ASCII characters, unique within its issuer or license.
    ``role`` is None where nobody gave one: such a principal may do nothing by role. ``is_staff``
    marks the vendor's own people, who look after tenants; it adds nothing within a tenant.
    ``email`` is one that the issuer has verified, in lower case; ``member_id`` is the member's row.
    ``license_id`` confines a license key to its own license: whoever acts for it compares.
    Raises ValueError for a subject of another form, and for a license key without its license.
    """

    kind: PrincipalKind
    tenant_id: UUID
    subject: str
    role: Role | None = None
    license_id: UUID | None = None
    is_staff: bool = False
    email: str | None = None
    member_id: UUID | None = None

    def __post_init__(self) -> None:
        if not is_subject(self.subject):
            raise ValueError(f"a subject is 1 to {MOST_SUBJECT_CHARACTERS} printable characters")
        if (self.kind is PrincipalKind.LICENSE_KEY) is not (self.license_id is not None):
            raise ValueError("a license key, and nothing else, is confined to one license")

    @property
    def label(self) -> str:
        """The principal as audit records name it: ``user:alice``."""
        return f"{self.kind.value}:{self.subject}"

    def may_read(self) -> bool:
        """Return whether the principal may look: viewer and up, or a license key at its own."""
        return self._is_license_key or self._is_at_least(Role.VIEWER)

    def may_lease(self) -> bool:
        """Return whether the principal may acquire, renew and release: member and up, or a key."""
        return self._is_license_key or self._is_at_least(Role.MEMBER)

    def may_manage(self) -> bool:
        """Return whether the principal may change licenses and sessions: admin and up."""
        return self._is_at_least(Role.ADMIN)

    def may_administer(self) -> bool:
        """Return whether the principal may change members, service accounts and settings: owner."""
        return self._is_at_least(Role.OWNER)

    @property
    def _is_license_key(self) -> bool:
        return self.kind is PrincipalKind.LICENSE_KEY

    def _is_at_least(self, role: Role) -> bool:
        return self.role is not None and self.role >= role
