"""A register without a database: the tenants there are, and how often it was asked."""

from datetime import datetime
from uuid import UUID

from identity.api_token import ApiTokenText
from identity.claims import Claimed
from identity.errors import Cause, InvalidCredential, MissingTenant
from identity.rules import Principal


class RegisterInMemory:
    """Lets everybody in whom a token of a known tenant names; it knows no members."""

    def __init__(self, *tenants: UUID) -> None:
        self.tenants = set(tenants)
        self.api_tokens: dict[str, tuple[Principal, datetime]] = {}
        self.questions = 0

    def admit(self, claimed: Claimed, *, now: datetime) -> Principal:  # noqa: ARG002
        self.questions += 1
        if claimed.tenant_id is None or claimed.tenant_id not in self.tenants:
            raise MissingTenant("the token names a tenant that is not here")
        return Principal(
            kind=claimed.kind,
            tenant_id=claimed.tenant_id,
            subject=claimed.subject,
            role=claimed.role,
            is_staff=claimed.is_staff,
            email=claimed.email,
        )

    def bearer_of(
        self,
        token: ApiTokenText,
        *,
        now: datetime,  # noqa: ARG002
    ) -> tuple[Principal, datetime]:
        self.questions += 1
        if token.text not in self.api_tokens:
            raise InvalidCredential("an API token that counts no more", Cause.API_TOKEN)
        return self.api_tokens[token.text]
