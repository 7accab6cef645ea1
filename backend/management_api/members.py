"""``/api/v1/members/``: the people of a tenant, and what each may do."""

from typing import Final
from uuid import UUID

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from identity import membership, queries
from identity.errors import InvalidEmail, LastOwner, MemberExists
from identity.models import Member
from identity.rules import MOST_EMAIL_CHARACTERS, MemberStatus, Role
from management_api.answers import created, found
from management_api.calls import Call, describes
from management_api.fields import Instant, Text
from management_api.idempotency import once
from management_api.paging import PageQuery, page
from management_api.permissions import ReadsOrAdministers
from management_api.preconditions import check_match, require_match, tagged
from management_api.serializers import Nothing, StrictSerializer, asked, read
from management_api.views import ManagementView

TAG: Final = "members"
ADDRESS: Final = "/api/v1/members/"
EMAIL: Final = r"^[!-?A-~]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+(?![\s\S])"
"""As identity.rules has it."""

ROLES: Final = tuple(role.value for role in Role)
_PRESENT: Final = tuple(
    status.value for status in MemberStatus if status is not MemberStatus.REMOVED
)

_SHOWN: Final = {
    "id": "0198a5c2-7f3b-7c11-9d5e-3a1f0c5b7e22",
    "email": "bob@example.com",
    "subject": "",
    "role": "member",
    "status": "invited",
    "invited_by": "user:alice",
    "last_seen_at": None,
    "created_at": "2025-12-29T04:35:35.407120+00:00",
    "updated_at": "2025-12-29T04:35:35.407120+00:00",
}


class MemberAnswer(serializers.Serializer[Member]):
    """A person of the tenant."""

    id = serializers.UUIDField()
    email = serializers.CharField(
        allow_blank=True, help_text="Empty when the issuer has verified none."
    )
    subject = serializers.CharField(
        allow_blank=True, help_text="`sub` at the issuer; empty until the first visit."
    )
    role = serializers.ChoiceField(ROLES)
    status = serializers.ChoiceField(_PRESENT)
    invited_by = serializers.CharField(allow_blank=True)
    last_seen_at = Instant(allow_null=True, help_text="Moves once an hour at most.")
    created_at = Instant()
    updated_at = Instant()


class Invitation(StrictSerializer):
    """A person who is to be let in."""

    email = Text(
        pattern=EMAIL,
        max_length=MOST_EMAIL_CHARACTERS,
        help_text="The address that the issuer will have verified.",
    )
    role = serializers.ChoiceField(ROLES)


class MemberChange(StrictSerializer):
    """What may be changed of a member."""

    role = serializers.ChoiceField(ROLES)


class MemberQuery(PageQuery):
    """Which members."""

    role = serializers.ChoiceField(ROLES, required=False)
    status = serializers.ChoiceField(_PRESENT, required=False)


class Members(ManagementView):
    """All members of the tenant."""

    permission_classes = (ReadsOrAdministers,)

    @describes(
        Call(
            operation_id="list_members",
            tag=TAG,
            summary="List members",
            description="Newest first, without those who were removed.",
            query=MemberQuery,
            answer=MemberAnswer,
            is_list=True,
            shown=_SHOWN,
        )
    )
    def get(self, request: Request) -> Response:
        """Answer 200 with a page of members."""
        query = asked(MemberQuery, request)
        wanted = {name: query[name] for name in ("role", "status") if name in query}
        rows = queries.members(tenant_id=self.principal.tenant_id).filter(**wanted)
        return page(rows, query, MemberAnswer)

    @describes(
        Call(
            operation_id="invite_member",
            tag=TAG,
            summary="Invite a member",
            description=(
                "Nothing is mailed: the person is in with the first sign-in under this verified "
                "address, where the issuer of the token asks for members."
            ),
            status=201,
            body=Invitation,
            answer=MemberAnswer,
            example={"email": "bob@example.com", "role": "member"},
            shown=_SHOWN,
            is_once=True,
            problems=(InvalidEmail, MemberExists),
        )
    )
    @once
    def post(self, request: Request) -> Response:
        """Answer 201 with the member."""
        body = read(Invitation, request)
        member = membership.invite_member(
            tenant_id=self.principal.tenant_id,
            email=body["email"],
            role=Role(body["role"]),
            principal=self.principal.label,
        )
        return created(MemberAnswer(member).data, f"{ADDRESS}{member.id}/")


class OneMember(ManagementView):
    """One member."""

    permission_classes = (ReadsOrAdministers,)

    @describes(
        Call(
            operation_id="read_member",
            tag=TAG,
            summary="Read a member",
            description="With the `ETag` that a change names.",
            answer=MemberAnswer,
            shown=_SHOWN,
        )
    )
    def get(self, request: Request, member_id: UUID) -> Response:
        """Answer 200 with the member."""
        del request
        return tagged(MemberAnswer(_present(self, member_id)).data)

    @describes(
        Call(
            operation_id="change_member",
            tag=TAG,
            summary="Give a member another role",
            description="A tenant keeps one active owner at least.",
            body=MemberChange,
            answer=MemberAnswer,
            example={"role": "admin"},
            shown={**_SHOWN, "role": "admin"},
            if_match="required",
            problems=(LastOwner,),
        )
    )
    def patch(self, request: Request, member_id: UUID) -> Response:
        """Answer 200 with the member as it is now."""
        body = read(MemberChange, request)
        require_match(request, MemberAnswer(_present(self, member_id, locks=True)).data)
        member = membership.change_role(
            tenant_id=self.principal.tenant_id,
            member_id=member_id,
            role=Role(body["role"]),
            principal=self.principal.label,
        )
        return tagged(MemberAnswer(member).data)

    @describes(
        Call(
            operation_id="remove_member",
            tag=TAG,
            summary="Remove a member",
            description="The person is shut out for good, unless invited anew.",
            status=204,
            if_match="optional",
            problems=(LastOwner,),
        )
    )
    def delete(self, request: Request, member_id: UUID) -> Response:
        """Answer 204: the member is none any more."""
        check_match(request, MemberAnswer(_present(self, member_id, locks=True)).data)
        membership.remove_member(
            tenant_id=self.principal.tenant_id,
            member_id=member_id,
            principal=self.principal.label,
        )
        return Response(status=204)


class DisableMember(ManagementView):
    """The door, shut to one member."""

    permission_classes = (ReadsOrAdministers,)

    @describes(
        Call(
            operation_id="disable_member",
            tag=TAG,
            summary="Disable a member",
            description="Within 60 seconds no process lets the person in, until enabled again.",
            body=Nothing,
            answer=MemberAnswer,
            example={},
            shown={**_SHOWN, "status": "disabled"},
            if_match="optional",
            problems=(LastOwner,),
        )
    )
    def post(self, request: Request, member_id: UUID) -> Response:
        """Answer 200 with the member, disabled."""
        read(Nothing, request)
        check_match(request, MemberAnswer(_present(self, member_id, locks=True)).data)
        member = membership.disable_member(
            tenant_id=self.principal.tenant_id,
            member_id=member_id,
            principal=self.principal.label,
        )
        return tagged(MemberAnswer(member).data)


class EnableMember(ManagementView):
    """The door, opened to one member again."""

    permission_classes = (ReadsOrAdministers,)

    @describes(
        Call(
            operation_id="enable_member",
            tag=TAG,
            summary="Enable a member",
            description="A person who never came is invited as before.",
            body=Nothing,
            answer=MemberAnswer,
            example={},
            shown=_SHOWN,
            if_match="optional",
        )
    )
    def post(self, request: Request, member_id: UUID) -> Response:
        """Answer 200 with the member, enabled."""
        read(Nothing, request)
        check_match(request, MemberAnswer(_present(self, member_id, locks=True)).data)
        member = membership.enable_member(
            tenant_id=self.principal.tenant_id,
            member_id=member_id,
            principal=self.principal.label,
        )
        return tagged(MemberAnswer(member).data)


def _present(view: ManagementView, member_id: UUID, *, locks: bool = False) -> Member:
    rows = queries.members(tenant_id=view.principal.tenant_id)
    rows = rows.select_for_update() if locks else rows
    return found(rows.filter(id=member_id).first())
