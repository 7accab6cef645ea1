"""Whatever the API can do has its verb in the operator's tool; a new operation fails until it has.

The verbs are written here by hand, the operations come from the document.
"""

from pathlib import Path
from typing import Final

from coditect_license.openapi.document import openapi_document
from tests.support.operating import admin

VERBS: Final = {
    "list_products": "product list",
    "create_product": "product create",
    "read_product": "product show",
    "change_product": "product rename",
    "archive_product": "product archive",
    "unarchive_product": "product unarchive",
    "list_tiers": "tier list",
    "create_tier": "tier create",
    "read_tier": "tier show",
    "change_tier": "tier change",
    "archive_tier": "tier archive",
    "unarchive_tier": "tier unarchive",
    "list_licenses": "license list",
    "create_license": "license create",
    "read_license": "license show",
    "change_license": "license change",
    "suspend_license": "license suspend",
    "reinstate_license": "license reinstate",
    "revoke_license": "license revoke",
    "renew_license": "license renew",
    "rotate_license_key": "license rotate-key",
    "validate_license_key": "license find",
    "download_license": "license download",
    "list_sessions": "session list",
    "read_holding": "session show",
    "force_release_session": "session release",
    "read_usage": "usage show",
    "list_members": "member list",
    "invite_member": "member invite",
    "read_member": "member show",
    "change_member": "member set-role",
    "remove_member": "member remove",
    "disable_member": "member disable",
    "enable_member": "member enable",
    "list_service_accounts": "service-account list",
    "create_service_account": "service-account create",
    "read_service_account": "service-account show",
    "change_service_account": "service-account set-role",
    "delete_service_account": "service-account delete",
    "list_api_tokens": "token list",
    "issue_api_token": "token issue",
    "revoke_api_token": "token revoke",
    "rotate_api_token": "token rotate",
    "list_audit_events": "audit list",
    "read_audit_event": "audit show",
    "read_audit_checkpoint": "audit checkpoint",
    "export_audit": "audit export",
    "list_tenants": "tenant list",
    "create_tenant": "tenant create",
    "read_tenant": "tenant show",
    "change_tenant": "tenant rename",
    "suspend_tenant": "tenant suspend",
    "resume_tenant": "tenant resume",
}
NOT_AN_OPERATORS: Final = {
    *("acquire_seat", "renew_lease", "read_session", "release_seat", "list_keys", "read_jwks"),
    *("read_health", "read_liveness", "read_readiness"),
    *("read_schema", "show_swagger_ui", "show_redoc"),
}


def test_each_operation_of_the_api_has_its_verb() -> None:
    operations = {
        operation["operationId"]
        for calls in openapi_document()["paths"].values()
        for operation in calls.values()
    }

    assert operations - NOT_AN_OPERATORS == set(VERBS)


def test_each_of_these_verbs_is_there(db: Path) -> None:
    missing = [words for words in VERBS.values() if admin(*words.split(), "--help").status != 0]

    assert missing == []
