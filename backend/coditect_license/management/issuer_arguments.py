"""What ``manage.py trusted_issuer`` can be asked, and the rows that its words describe."""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from identity import issuer_rows
from identity.models import TrustedIssuer
from identity.rules import Membership, PrincipalKind, Role
from tenants.models import Tenant

_ROLES: Final = [role.value for role in Role]


def add_words(parser: CommandParser) -> None:
    """Declare the subcommands."""
    words = parser.add_subparsers(dest="word", required=True, metavar="WORD")
    _add_add(words.add_parser("add", help="trust an issuer"))
    words.add_parser("list", help="print every issuer with its admissions")
    for word, text in (("enable", "believe it again"), ("disable", "believe it no more")):
        _add_id(words.add_parser(word, help=text))
    test = words.add_parser("test", help="fetch its keys now; with a token, say what it proves")
    _add_id(test)
    test.add_argument("--token-file", type=Path, metavar="FILE", help="a token to judge")
    admit = words.add_parser("admit", help="admit more tokens, for one tenant")
    _add_id(admit)
    _add_conditions(admit)
    _add_whose(admit, required=True)
    withdraw = words.add_parser("withdraw", help="take an admission back")
    _add_id(withdraw)
    withdraw.add_argument("place", type=int, metavar="PLACE", help="its number, as list prints it")
    for word, text in (
        ("map-tenant", "have its name of a tenant mean one of ours"),
        ("unmap-tenant", "have that name mean nothing"),
    ):
        mapping = words.add_parser(word, help=text)
        _add_id(mapping)
        mapping.add_argument("name", metavar="NAME", help="what the issuer calls the tenant")
        if word == "map-tenant":
            mapping.add_argument("--tenant", required=True, metavar="SLUG")


def described_row(options: dict[str, Any]) -> TrustedIssuer:
    """Return the row that the words of ``add`` describe. Raises CommandError."""
    row = _PRESETS[options["preset"]](options)
    if options["jwks_uri"]:
        row.jwks_uri, row.discovery = options["jwks_uri"], False
    conditions = conditions_of(options)
    if options["tenant"]:
        row.admissions = [described_admission(options, conditions)]
    elif conditions:
        raise CommandError("conditions admit tokens for a tenant: --tenant SLUG")
    return row


def described_admission(options: dict[str, Any], conditions: dict[str, Any]) -> dict[str, Any]:
    """Return the admission that conditions, tenant and role describe. Raises CommandError."""
    role = Role(options["role"]) if options["role"] else None
    tenant = tenant_of(options["tenant"])
    return issuer_rows.admission(claims=conditions, tenant_id=tenant.id, role=role)


def conditions_of(options: dict[str, Any]) -> dict[str, Any]:
    """Return the claims that ``--repository`` and its like, and ``--claim``, compare."""
    named = {name: options[name] for name in ("repository", "ref", "environment", "sub", "email")}
    given = {name: value for name, value in named.items() if value}
    return _without_patterns({**given, **dict(options["claim"] or [])})


def _without_patterns(claims: dict[str, Any]) -> dict[str, Any]:
    """Return claims as they are. Raises CommandError for what somebody takes for a pattern.

    It would be compared as it stands and let nobody in. No repository, ref, account or address
    has such a sign in it.
    """
    for name, value in claims.items():
        said = value if isinstance(value, list) else [value]
        if any(isinstance(one, str) and "*" in one for one in said):
            raise CommandError(
                f"{name}: values are compared exactly and * is no pattern; name each one, in a "
                f'list (--claim \'{name}=["…", "…"]\') or by `trusted_issuer admit`'
            )
    return claims


def tenant_of(slug: str) -> Tenant:
    """Return a tenant by its slug. Raises CommandError."""
    tenant = Tenant.objects.filter(slug=slug).first()
    if tenant is None:
        raise CommandError(f"there is no tenant {slug}")
    return tenant


def _add_add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--preset", required=True, choices=sorted(_PRESETS))
    parser.add_argument("--dry-run", action="store_true", help="check and print, change nothing")
    parser.add_argument("--audience", help="aud of its tokens (workloads: LICENSE_ISSUER)")
    parser.add_argument("--jwks-uri", default="", metavar="URL", help="fetch its keys here")
    parser.add_argument("--membership", choices=[one.value for one in Membership])
    parser.add_argument("--staff-claim", default="", metavar="CLAIM", help="true in it makes staff")
    _add_oidc(parser.add_argument_group("oidc"))
    _add_conditions(parser)
    _add_whose(parser, required=False)


def _add_oidc(group: Any) -> None:
    group.add_argument("--issuer", metavar="URL", help="iss of its tokens")
    group.add_argument("--kind", choices=["user", "workload"], default="user")
    group.add_argument("--jwks-file", type=Path, metavar="FILE", help="its keys, kept in the row")
    group.add_argument("--tenant-claim", metavar="CLAIM", help="holds the id of our tenant")
    group.add_argument("--maps-tenant-names", action="store_true", help="it holds its own name")
    group.add_argument("--role-claim", default="role", metavar="CLAIM")
    group.add_argument("--default-role", choices=_ROLES, default="")
    group.add_argument(
        "--require", action="append", type=_condition, metavar="CLAIM=VALUE", help="of every token"
    )


def _add_conditions(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("conditions: all must hold, compared exactly")
    for name, text in (
        ("repository", "GitHub: owner/name"),
        ("ref", "GitHub: refs/heads/main"),
        ("environment", "GitHub: the job's environment"),
        ("sub", "Google: the account's number"),
        ("email", "Google: the account's address"),
    ):
        group.add_argument(f"--{name}", help=text)
    group.add_argument("--claim", action="append", type=_condition, metavar="CLAIM=VALUE")


def _add_whose(parser: argparse.ArgumentParser, *, required: bool) -> None:
    parser.add_argument("--tenant", required=required, metavar="SLUG", help="whose tokens they are")
    parser.add_argument("--role", choices=_ROLES, help="what they may do there")


def _add_id(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", type=int, metavar="ID", help="as list prints it")


def _condition(text: str) -> tuple[str, Any]:
    """Read CLAIM=VALUE; a value that is JSON is that, anything else is its text."""
    name, is_given, value = text.partition("=")
    if not name or not is_given:
        raise argparse.ArgumentTypeError("CLAIM=VALUE")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def _identity_platform(options: dict[str, Any]) -> TrustedIssuer:
    project = settings.GOOGLE_PROJECT_ID
    if not project:
        raise CommandError("GOOGLE_PROJECT_ID must be set: the project of Identity Platform")
    if options["audience"] not in {None, project}:
        raise CommandError(f"the audience of Identity Platform is the project, {project}")
    return issuer_rows.identity_platform(
        project=project,
        membership=Membership(options["membership"] or Membership.REQUIRED.value),
        staff_claim=options["staff_claim"],
    )


def _google(options: dict[str, Any]) -> TrustedIssuer:
    _require_no_people(options)
    return issuer_rows.google_service_accounts(audience=_own_audience(options))


def _github(options: dict[str, Any]) -> TrustedIssuer:
    _require_no_people(options)
    return issuer_rows.github_actions(audience=_own_audience(options))


def _oidc(options: dict[str, Any]) -> TrustedIssuer:
    if not options["issuer"] or not options["audience"]:
        raise CommandError("--preset oidc needs --issuer and --audience")
    if bool(options["tenant"]) is bool(options["tenant_claim"]):
        raise CommandError(
            "say whose its tokens are: --tenant SLUG for an issuer of one tenant, or "
            "--tenant-claim CLAIM for one that is trusted to speak for every tenant"
        )
    is_user = options["kind"] == PrincipalKind.USER.value
    usual = Membership.REQUIRED if is_user else Membership.NONE
    return issuer_rows.oidc(
        issuer=options["issuer"],
        audience=options["audience"],
        kind=PrincipalKind(options["kind"]),
        jwks_uri=options["jwks_uri"],
        jwks=_jwks(options["jwks_file"]),
        tenant_claim=options["tenant_claim"] or "",
        maps_tenant_names=options["maps_tenant_names"],
        role_claim=options["role_claim"],
        default_role=options["default_role"],
        membership=options["membership"] or usual.value,
        staff_claim=options["staff_claim"],
        required_claims=_without_patterns(dict(options["require"] or [])),
    )


def _jwks(path: Path | None) -> Any:
    if path is None:
        return {}
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CommandError(f"--jwks-file: {path} holds no JSON that can be read") from error


def _own_audience(options: dict[str, Any]) -> str:
    return str(options["audience"] or settings.LICENSE_ISSUER)


def _require_no_people(options: dict[str, Any]) -> None:
    if options["membership"] or options["staff_claim"]:
        raise CommandError("its callers are programs: neither members nor staff")


_PRESETS: Final[dict[str, Callable[[dict[str, Any]], TrustedIssuer]]] = {
    "identity-platform": _identity_platform,
    "google-service-account": _google,
    "github-actions": _github,
    "oidc": _oidc,
}
