"""Who may make which call: every role at every operation of the document.

The law is written here by hand (docs: the roles of the README); the calls come from the document,
so a new one fails until somebody has said who may make it.
"""

from typing import Any, Final
from uuid import uuid4

import httpx
import pytest
from support.api_document import Described
from support.town import Neighbour

VIEWER: Final = {"viewer", "member", "admin", "owner", "staff", "service_account"}
MEMBER: Final = VIEWER - {"viewer", "staff"}
ADMIN: Final = {"admin", "owner"}
OWNER: Final = {"owner"}
STAFF: Final = {"staff"}
EVERYBODY: Final = VIEWER | {"license_key", "nobody"}

LAW: Final = {
    "acquire_seat": MEMBER | {"license_key"},
    "renew_lease": MEMBER | {"license_key"},
    "release_seat": MEMBER | {"license_key"},
    "read_session": VIEWER | {"license_key"},
    "list_sessions": VIEWER,
    "read_holding": VIEWER,
    "force_release_session": ADMIN,
    "read_usage": VIEWER,
    "list_audit_events": VIEWER,
    "read_audit_event": VIEWER,
    "read_audit_checkpoint": VIEWER,
    "export_audit": ADMIN,
    "list_products": VIEWER,
    "read_product": VIEWER,
    "create_product": ADMIN,
    "change_product": ADMIN,
    "archive_product": ADMIN,
    "unarchive_product": ADMIN,
    "list_licenses": VIEWER,
    "read_license": VIEWER,
    "validate_license_key": VIEWER,
    "create_license": ADMIN,
    "change_license": ADMIN,
    "suspend_license": ADMIN,
    "reinstate_license": ADMIN,
    "revoke_license": ADMIN,
    "renew_license": ADMIN,
    "rotate_license_key": ADMIN,
    "download_license": ADMIN,
    "list_tiers": VIEWER,
    "read_tier": VIEWER,
    "create_tier": ADMIN,
    "change_tier": ADMIN,
    "archive_tier": ADMIN,
    "unarchive_tier": ADMIN,
    "list_members": VIEWER,
    "read_member": VIEWER,
    "invite_member": OWNER,
    "change_member": OWNER,
    "remove_member": OWNER,
    "disable_member": OWNER,
    "enable_member": OWNER,
    "list_service_accounts": VIEWER,
    "read_service_account": VIEWER,
    "create_service_account": OWNER,
    "change_service_account": OWNER,
    "delete_service_account": OWNER,
    "list_api_tokens": VIEWER,
    "issue_api_token": OWNER,
    "rotate_api_token": OWNER,
    "revoke_api_token": OWNER,
    "list_tenants": STAFF,
    "read_tenant": STAFF,
    "create_tenant": STAFF,
    "change_tenant": STAFF,
    "suspend_tenant": STAFF,
    "resume_tenant": STAFF,
}
"""Staff are viewers in this town; the service account is a member."""


def allowed(call: Described) -> set[str]:
    """Return who may make a call; pages take no license key, where they take nothing at all."""
    if not call.is_open:
        return LAW[call.name]
    return EVERYBODY - ({"license_key"} if call.operation["tags"] == ["documentation"] else set())


def ask(neighbour: Neighbour, call: Described, who: str) -> httpx.Response:
    """Make a call that is right but for what it is about, so that it changes nothing."""
    ids = {name: str(uuid4()) for name in call.in_path}
    return neighbour.send(
        call.method, call.address(ids), body=body_of(call), who=who, headers={"if-match": "*"}
    )


def body_of(call: Described) -> Any:
    body = call.example
    if call.name == "acquire_seat":  # a body that cannot be read is refused before its sender
        return body
    return {**body, "unknown": 1} if isinstance(body, dict) and not call.in_path else body


def verdict(answer: httpx.Response) -> str:
    """Return whether the door let a call in: it did when anything behind it answered."""
    code = answer.json()["error"] if answer.status_code in {401, 403} else ""
    if answer.status_code == 401 or code in {"forbidden", "missing_auth", "invalid_token"}:
        return "refused"
    assert answer.status_code < 500, answer.text
    return "let in"


def test_somebody_has_said_who_may_make_each_call(operations: list[Described]) -> None:
    assert {call.name for call in operations if not call.is_open} <= set(LAW)


@pytest.mark.parametrize("who", sorted(EVERYBODY))
def test_each_call_lets_in_whom_the_law_says_and_nobody_else(
    neighbours: tuple[Neighbour, Neighbour], operations: list[Described], who: str
) -> None:
    alice, _ = neighbours

    found = {call.name: verdict(ask(alice, call, who)) for call in operations}

    assert found == {
        call.name: "let in" if who in allowed(call) else "refused" for call in operations
    }


def test_without_a_credential_the_answer_is_401_and_with_too_little_403(
    neighbours: tuple[Neighbour, Neighbour], operations: list[Described]
) -> None:
    alice, _ = neighbours

    for call in operations:
        if call.is_open or call.name == "acquire_seat":
            continue
        assert ask(alice, call, "nobody").json()["error"] == "missing_auth", call.name
        if "viewer" not in LAW[call.name]:
            assert ask(alice, call, "viewer").json()["error"] == "forbidden", call.name
