"""``license-admin service-account`` and ``token``: programs of a tenant, and what they show."""

import argparse
from uuid import UUID

from django.conf import settings

from coditect_license.license_admin.commands import Call, Nouns
from coditect_license.license_admin.errors import NotFound
from coditect_license.license_admin.naming import as_id, on_behalf, some_days, takes_tenant
from coditect_license.license_admin.output import Answer, Record
from foundation.peppers import Peppers
from identity import service_accounts
from identity.models import ApiToken, ServiceAccount
from identity.queries import service_accounts as service_accounts_of
from identity.rules import Role
from identity.service_accounts import DAY_SECONDS
from tenants.models import Tenant

_SHOWN_ONCE = "the token is shown this once and is stored nowhere"


def declare(nouns: Nouns) -> None:
    """Declare both nouns."""
    noun = nouns.noun("service-account", "programs of a tenant")
    create = noun.verb("create", _create, "make a service account, without a token yet")
    create.add_argument("name", metavar="NAME")
    create.add_argument("--role", choices=[role.value for role in Role], required=True)
    listed = noun.verb("list", _list, "show a tenant's service accounts")
    show = noun.verb("show", _show, "show a service account")
    rename = noun.verb("rename", _change, "give it another name", dry_run=True)
    rename.add_argument("--name", required=True)
    role = noun.verb("set-role", _change, "give it another role", dry_run=True)
    role.add_argument("--role", choices=[role.value for role in Role], required=True)
    disable = noun.verb("disable", _disable, "refuse all its tokens for now", dry_run=True)
    enable = noun.verb("enable", _enable, "take its tokens again", dry_run=True)
    delete = noun.verb("delete", _delete, "delete it with its tokens", dry_run=True, confirm=True)
    tokens = nouns.noun("token", "API tokens of a service account")
    issue = tokens.verb("issue", _issue, "make a token and show it, once")
    rotate = tokens.verb("rotate", _rotate, "make a new token; the one before it ends soon")
    rotate.add_argument("--overlap-days", type=some_days, default=1.0, help="how soon (1)")
    for parser in (issue, rotate):
        parser.add_argument("--days", type=some_days, default=90.0, help="how long it lives (90)")
    shown = tokens.verb("list", _list_tokens, "show the tokens of an account, never in clear")
    revoke = tokens.verb("revoke", _revoke, "refuse a token at once", dry_run=True, confirm=True)
    _add_account(show, rename, role, disable, enable, delete, issue, rotate, shown, revoke)
    revoke.add_argument("token", metavar="TOKEN", help="its id")
    for parser in (create, listed):
        takes_tenant(parser)


def _add_account(*parsers: argparse.ArgumentParser) -> None:
    for parser in parsers:
        parser.add_argument("account", metavar="ACCOUNT", help="name or id")
        takes_tenant(parser)


def _create(call: Call) -> Answer:
    with on_behalf(call) as tenant:
        account = service_accounts.create_service_account(
            tenant_id=tenant.id,
            name=call.asked.name,
            role=Role(call.asked.role),
            principal=call.principal,
        )
        return _shown(account)


def _list(call: Call) -> Answer:
    with on_behalf(call) as tenant:
        rows = ServiceAccount.objects.filter(tenant_id=tenant.id).order_by("name")
        return [_shown(account) for account in rows]


def _show(call: Call) -> Answer:
    with on_behalf(call) as tenant:
        account_id = _account_id(call, tenant)
        return _shown(service_accounts_of(tenant_id=tenant.id).get(id=account_id))


def _change(call: Call) -> Answer:
    asked = vars(call.asked)
    with on_behalf(call) as tenant:
        account = service_accounts.change_service_account(
            tenant_id=tenant.id,
            account_id=_account_id(call, tenant),
            name=asked.get("name"),
            role=Role(asked["role"]) if "role" in asked else None,
            principal=call.principal,
        )
        return _shown(account)


def _disable(call: Call) -> Answer:
    return _switch(call, is_on=False)


def _enable(call: Call) -> Answer:
    return _switch(call, is_on=True)


def _switch(call: Call, *, is_on: bool) -> Answer:
    with on_behalf(call) as tenant:
        account = service_accounts.change_service_account(
            tenant_id=tenant.id,
            account_id=_account_id(call, tenant),
            enabled=is_on,
            principal=call.principal,
        )
        return _shown(account)


def _delete(call: Call) -> Answer:
    with on_behalf(call) as tenant:
        account_id = _account_id(call, tenant)
        call.require_confirmed(call.asked.account, "its tokens are refused at once")
        service_accounts.delete_service_account(
            tenant_id=tenant.id, account_id=account_id, principal=call.principal
        )
        return f"{call.asked.account} is deleted"


def _issue(call: Call) -> Answer:
    with on_behalf(call) as tenant:
        token, text = service_accounts.issue_token(
            tenant_id=tenant.id,
            account_id=_account_id(call, tenant),
            lifetime_seconds=round(call.asked.days * DAY_SECONDS),
            peppers=Peppers(settings.LICENSE_KEY_PEPPERS),
            principal=call.principal,
        )
        return {**_token(token), "token": text, "note": _SHOWN_ONCE}


def _rotate(call: Call) -> Answer:
    with on_behalf(call) as tenant:
        token, text = service_accounts.rotate_token(
            tenant_id=tenant.id,
            account_id=_account_id(call, tenant),
            lifetime_seconds=round(call.asked.days * DAY_SECONDS),
            overlap_seconds=round(call.asked.overlap_days * DAY_SECONDS),
            peppers=Peppers(settings.LICENSE_KEY_PEPPERS),
            principal=call.principal,
        )
        return {**_token(token), "token": text, "note": _SHOWN_ONCE}


def _list_tokens(call: Call) -> Answer:
    with on_behalf(call) as tenant:
        account_id = _account_id(call, tenant)
        rows = ApiToken.objects.filter(tenant_id=tenant.id, service_account_id=account_id)
        return [_token(token) for token in rows.order_by("created_at", "id")]


def _revoke(call: Call) -> Answer:
    token_id = as_id(call.asked.token)
    with on_behalf(call) as tenant:
        account_id = _account_id(call, tenant)
        if token_id is None:
            raise NotFound(f"{call.asked.token} is no id of a token")
        call.require_confirmed(token_id, "who shows the token is refused at once")
        service_accounts.revoke_token(
            tenant_id=tenant.id, account_id=account_id, token_id=token_id, principal=call.principal
        )
        return f"the token {token_id} is revoked"


def _account_id(call: Call, tenant: Tenant) -> UUID:
    """Return the id of the account that is named. Raises NotFound."""
    word = call.asked.account
    id_ = as_id(word)
    known = ServiceAccount.objects.filter(tenant_id=tenant.id)
    account = known.filter(name=word).first() if id_ is None else known.filter(id=id_).first()
    if account is None:
        raise NotFound(f"{tenant.slug} has no service account {word}")
    found: UUID = account.id
    return found


def _shown(account: ServiceAccount) -> Record:
    return {
        "id": account.id,
        "name": account.name,
        "role": account.role,
        "enabled": account.enabled,
        "last_seen_at": account.last_seen_at,
    }


def _token(token: ApiToken) -> Record:
    return {
        "id": token.id,
        "hint": token.hint,
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "revoked_at": token.revoked_at,
    }
