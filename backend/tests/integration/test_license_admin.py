"""The operator's tool: every deed, its record, its refusals, and what it must never show."""

import getpass
import io
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.core.management import call_command

from audit.models import AuditEvent
from foundation.clock import utc_now
from foundation.peppers import Peppers
from identity.claims import Claimed
from identity.errors import MissingTenant
from identity.register import DatabaseRegister
from identity.rules import Membership, Principal, PrincipalKind, Role
from leasing.errors import LicenseUnknown
from licenses import queries
from licenses.errors import LicenseRevoked, LicenseSuspended
from licenses.license_key import KeyHasher, is_well_formed
from licenses.models import License
from tenants.current import tenant_transaction
from tenants.models import Tenant
from tests.support.customer import Customer
from tests.support.operating import admin, answer
from tests.support.world import World

NOUNS = {
    "tenant": ["create", "list", "show", "rename", "suspend", "resume"],
    "product": ["create", "list", "show"],
    "license": [
        "create",
        "list",
        "find",
        "show",
        "suspend",
        "reinstate",
        "revoke",
        "resize",
        "change",
        "cap-persons",
        "renew",
        "rotate-key",
    ],
    "session": ["list", "show", "release"],
    "member": ["list", "invite", "set-role", "disable", "enable", "remove"],
    "service-account": ["create", "list", "disable", "enable", "delete"],
    "token": ["issue", "rotate", "list", "revoke"],
    "audit": ["list", "verify"],
    "privacy": [
        "retention",
        "set-retention",
        "export",
        "erase-person",
        "erase-tenant",
        "erasures",
    ],
    "key": ["list", "peppers"],
    "backup": ["create", "verify", "restore"],
}


@pytest.fixture
def acme(db: Path) -> dict[str, Any]:
    made: dict[str, Any] = answer("tenant", "create", "acme", "--name", "Acme Inc.")
    answer("product", "create", "studio", "--name", "Studio", "--tenant", "acme")
    return made


def make_license(*more: object) -> dict[str, Any]:
    words = ("--product", "studio", "--tier", "pro", "--seats", 3, "--days", 30, *more)
    made: dict[str, Any] = answer("license", "create", "--tenant", "acme", *words)
    return made


@pytest.fixture
def license_id(acme: dict[str, Any]) -> str:
    return str(make_license()["id"])


def sign_in(tenant: Tenant) -> Principal:
    """Let a program of the tenant in, as the door does once its token has been verified."""
    claimed = Claimed(
        issuer="https://issuer.example",
        row_id=1,
        kind=PrincipalKind.WORKLOAD,
        subject="a-program",
        tenant_id=tenant.id,
        tenant_name=None,
        role=Role.MEMBER,
        membership=Membership.NONE,
        email=None,
        is_staff=False,
    )
    peppers = Peppers(settings.LICENSE_KEY_PEPPERS)
    return DatabaseRegister(peppers).admit(claimed, now=utc_now())


def deed(verb: str, license_id: str, *more: object) -> Any:
    return answer("license", verb, license_id, "--tenant", "acme", *more)


def records(tenant_id: str) -> list[tuple[str, str]]:
    with tenant_transaction(UUID(tenant_id)):
        events = AuditEvent.objects.filter(tenant_id=tenant_id).order_by("at", "id")
        return list(events.values_list("action", "principal"))


def test_every_level_explains_itself(db: Path) -> None:
    top = admin("--help")
    assert top.status == 0
    for noun, verbs in NOUNS.items():
        assert f"\n    {noun}" in top.out
        second = admin(noun, "--help")
        assert second.status == 0
        for verb in verbs:
            assert f"\n    {verb}" in second.out, (noun, verb)
            third = admin(noun, verb, "--help")
            assert (third.status, third.out.startswith(f"usage: license-admin {noun} {verb}")) == (
                0,
                True,
            )


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("tenant",),
        ("tenant", "fly"),
        ("tenant", "create", "acme"),
        ("license", "create", "--tenant", "acme"),
        ("tenant", "create", "acme", "--nam", "abbreviated"),
        ("license", "renew", "x", "--tenant", "acme", "--until", "soon"),
        ("license", "renew", "x", "--tenant", "acme", "--until", "9999-12-31T23:59:59-14:00"),
        ("tenant", "create", "acme", "--name", "bytes that are no text: \udcff"),
    ],
)
def test_words_that_make_no_command_end_with_status_2(db: Path, words: tuple[str, ...]) -> None:
    ended = admin(*words)

    assert ended.status == 2
    assert ended.err.startswith("usage: license-admin")
    assert "Traceback" not in ended.err


def test_what_is_not_there_ends_with_status_3(acme: dict[str, Any]) -> None:
    nobody = "00000000-0000-4000-8000-000000000000"
    for words in (
        ("tenant", "show", "nobody"),
        ("tenant", "show", nobody),
        ("product", "show", "nothing", "--tenant", "acme"),
        ("license", "show", nobody, "--tenant", "acme"),
        ("license", "show", "no-id", "--tenant", "acme"),
        ("license", "list", "--tenant", "nobody"),
        ("license", "find"),
    ):
        ended = admin(*words, stdin="\udcff\n" if "find" in words else "")
        assert (ended.status, ended.out) == (3, ""), words
        assert len(ended.err.splitlines()) == 1


def test_s11_a_license_is_found_under_its_own_tenant_alone(license_id: str) -> None:
    answer("tenant", "create", "other", "--name", "Other")

    assert admin("license", "show", license_id, "--tenant", "other").status == 3
    assert admin("license", "suspend", license_id, "--tenant", "other").status == 3
    assert deed("show", license_id)["status"] == "active"


def test_a_key_is_shown_once_and_is_the_right_one(acme: dict[str, Any]) -> None:
    made = make_license()

    key = made["license_key"]
    assert is_well_formed(key)
    assert answer("license", "find", stdin=f"{key}\n")["id"] == made["id"]
    for words in (("list",), ("show", made["id"])):
        assert key not in admin("license", *words, "--tenant", "acme").out
    with tenant_transaction(UUID(acme["id"])):
        found = queries.license_by_key(key, hasher=KeyHasher(settings.LICENSE_KEY_PEPPERS))
        told = AuditEvent.objects.filter(tenant_id=acme["id"]).values_list("details", flat=True)
        assert found is not None
        assert key not in str(list(told))


def test_every_deed_is_recorded_under_the_operators_own_login(
    acme: dict[str, Any], license_id: str
) -> None:
    deed("suspend", license_id)
    deed("reinstate", license_id)
    deed("resize", license_id, "--seats", 5)
    deed("renew", license_id, "--until", "2999-12-31")
    deed("rotate-key", license_id, "--confirm", license_id)
    deed("revoke", license_id, "--confirm", license_id)
    answer("tenant", "rename", "acme", "--name", "Acme GmbH")

    told = records(acme["id"])
    assert [action for action, _ in told] == [
        "tenant.created",
        "product.created",
        "license.issued",
        "license.suspended",
        "license.reinstated",
        "license.resized",
        "license.expiry_moved",
        "license.key_rotated",
        "license.revoked",
        "tenant.renamed",
    ]
    assert {principal for _, principal in told} == {f"operator:{getpass.getuser()}"}


def test_what_a_deed_did_is_what_the_ledger_says(license_id: str) -> None:
    assert deed("resize", license_id, "--seats", 7)["seats"] == 7
    assert deed("renew", license_id, "--until", "2999-12-31")["expires_at"] == (
        "2999-12-31T00:00:00.000000+00:00"
    )
    assert deed("suspend", license_id)["status"] == "suspended"
    shown = deed("show", license_id)
    assert (shown["seats"], shown["status"]) == (7, "suspended")


def test_what_a_license_says_is_changed_and_nothing_else(license_id: str) -> None:
    before = deed("show", license_id)
    said = ("--overdraft-seats", 2, "--key-auth", "on", "--entitlement", "a", "--entitlement", "b")
    expected = {"overdraft_seats": 2, "key_auth": True, "entitlements": ["a", "b"], "tier": "team"}

    dry = deed("change", license_id, *said, "--tier", "team", "--dry-run")
    assert deed("show", license_id) == before
    changed = deed("change", license_id, *said, "--tier", "team")

    assert dry == changed == {**before, **expected}
    (row,) = answer("audit", "list", "--tenant", "acme", "--action", "license.changed")
    assert set(row["details"]["after"]) == set(expected)


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ((), 1),
        (("--tier", "nothing"), 3),
        (("--name", "x" * 201), 1),
        (("--ttl-seconds", 5), 1),
        (("--heartbeat-seconds", 121), 1),
        (("--overdraft-seats", -1), 1),
        (("--offline-seconds", 10**9), 1),
        (("--entitlement", "a", "--entitlement", "a"), 1),
        (("--key-auth", "maybe"), 2),
    ],
)
def test_a_change_that_cannot_be_changes_nothing(
    license_id: str, more: tuple[object, ...], status: int
) -> None:
    before = deed("show", license_id)

    ended = admin("license", "change", license_id, "--tenant", "acme", *more)

    assert (ended.status, ended.out) == (status, "")
    assert deed("show", license_id) == before


def test_a_personal_cap_is_set_and_left_to_the_installation_again(acme: dict[str, Any]) -> None:
    made = make_license("--seats-per-person", 2)
    plain = make_license()

    def cap(word: object, *more: str) -> Any:
        return deed("cap-persons", made["id"], "--seats-per-person", word, *more)

    assert (made["seats_per_person"], plain["seats_per_person"]) == (2, None)
    assert cap(9, "--dry-run")["seats_per_person"] == 9
    assert deed("show", made["id"])["seats_per_person"] == 2
    assert cap(0)["seats_per_person"] == 0
    assert cap("default")["seats_per_person"] is None
    (row, _) = answer("audit", "list", "--tenant", "acme", "--action", "license.personal_cap_set")
    assert row["details"] == {"before": 0, "seats": None}


@pytest.mark.parametrize(("word", "status"), [("-1", 1), (10**7, 1), ("many", 2), ("1.5", 2)])
def test_a_personal_cap_that_cannot_be_is_refused(
    license_id: str, word: object, status: int
) -> None:
    words = ("cap-persons", license_id, "--tenant", "acme", f"--seats-per-person={word}")

    ended = admin("license", *words)

    assert (ended.status, ended.out) == (status, "")
    assert deed("show", license_id)["seats_per_person"] is None


def test_a_revoked_license_stays_as_it_is(license_id: str) -> None:
    deed("revoke", license_id, "--confirm", license_id)
    before = deed("show", license_id)

    for words in (
        ("resize", "--seats", 9),
        ("renew", "--days", 9),
        ("cap-persons", "--seats-per-person", 1),
        ("change", "--overdraft-seats", 1),
        ("reinstate",),
        ("suspend",),
        ("rotate-key", "--confirm", license_id),
    ):
        verb, *more = words
        ended = admin("license", verb, license_id, "--tenant", "acme", *more)
        assert (ended.status, ended.err) == (1, "error: a revoked license stays as it is\n")

    assert deed("show", license_id) == before


def test_a_dry_run_shows_what_would_be_and_changes_nothing(
    acme: dict[str, Any], license_id: str
) -> None:
    before = records(acme["id"])
    for verb, more in (
        ("suspend", ()),
        ("resize", ("--seats", 9)),
        ("renew", ("--days", 9)),
        ("revoke", ("--confirm", license_id)),
    ):
        ended = admin("license", verb, license_id, "--tenant", "acme", *more, "--dry-run", "--json")
        assert ended.answer != deed("show", license_id)
        assert ended.err == "dry run: nothing was changed\n"
    assert admin("tenant", "suspend", "acme", "--dry-run").status == 0

    assert records(acme["id"]) == before
    assert deed("show", license_id)["status"] == "active"


@pytest.mark.parametrize("verb", ["revoke", "rotate-key"])
def test_what_cannot_be_undone_must_be_named_again(
    acme: dict[str, Any], license_id: str, verb: str
) -> None:
    before = records(acme["id"])

    for more in ((), ("--confirm", "acme"), ("--confirm", "")):
        ended = admin("license", verb, license_id, "--tenant", "acme", *more)
        assert ended.status == 4
        assert f"--confirm {license_id}" in ended.err

    assert records(acme["id"]) == before


@pytest.mark.parametrize(
    "words",
    [
        ("tenant", "create", "acme", "--name", "Twice"),
        ("tenant", "create", "not a slug", "--name", "x"),
        ("tenant", "create", "long", "--name", "x" * 201),
        ("tenant", "create", "empty", "--name", ""),
        ("product", "create", "studio", "--name", "Twice", "--tenant", "acme"),
        ("product", "create", "no slug", "--name", "x", "--tenant", "acme"),
    ],
)
def test_bad_values_are_refused_in_one_line(acme: dict[str, Any], words: tuple[str, ...]) -> None:
    ended = admin(*words)

    assert (ended.status, ended.out) == (1, "")
    assert ended.err.startswith("error: ")
    assert len(ended.err.splitlines()) == 1


@pytest.mark.parametrize(
    "more",
    [
        ("--seats", -1),
        ("--seats", 10_000_000),
        ("--ttl-seconds", 5),
        ("--heartbeat-seconds", 300),
        ("--days", 0),
        ("--days", 10**9),
    ],
)
def test_a_license_out_of_bounds_is_refused(acme: dict[str, Any], more: tuple[object, ...]) -> None:
    words = ("--product", "studio", "--tier", "pro", "--seats", 3, "--days", 30, *more)

    ended = admin("license", "create", "--tenant", "acme", *words)

    assert (ended.status, ended.out) == (1, "")
    assert len(ended.err.splitlines()) == 1
    assert answer("license", "list", "--tenant", "acme") == []


@pytest.mark.parametrize("tier", ["nothing", "", "Pro", "p" * 41])
def test_of_a_tier_that_is_not_on_sale_nothing_is_sold(acme: dict[str, Any], tier: str) -> None:
    words = ("--product", "studio", "--tier", tier, "--seats", 3, "--days", 30)

    ended = admin("license", "create", "--tenant", "acme", *words)

    assert (ended.status, ended.err) == (3, f"error: acme has no tier {tier} on sale\n")
    assert answer("license", "list", "--tenant", "acme") == []


def test_a_suspended_tenant_is_shut_out_and_comes_back_as_it_was(db: Path) -> None:
    world = World(db)
    tenant = world.alice.tenant
    asleep = Customer("alice-too", seats=1, tenant=tenant)
    asleep.suspend()
    lease = world.acquire("laptop")

    answer("tenant", "suspend", "alice")
    answer("tenant", "suspend", "alice")
    with pytest.raises(MissingTenant):
        sign_in(tenant)
    with pytest.raises(LicenseSuspended):
        world.acquire("desktop")
    with pytest.raises(LicenseSuspended):
        world.heartbeat(lease)
    assert (
        "alice is suspended"
        in admin(
            *("license", "create", "--tenant", "alice", "--product", "alice-studio"),
            *("--tier", "pro", "--seats", 1, "--days", 1),
        ).err
    )

    answer("tenant", "resume", "alice")
    assert sign_in(tenant).tenant_id == tenant.id
    assert world.heartbeat(lease).session_id == lease.session_id
    with tenant_transaction(tenant.id):
        assert License.objects.get(id=asleep.license.id).status == "suspended"
    world.close()


def test_a_license_revoked_while_its_tenant_slept_stays_so(db: Path) -> None:
    world = World(db)
    answer("tenant", "suspend", "alice")
    world.alice.revoke()

    answer("tenant", "resume", "alice")

    with pytest.raises(LicenseRevoked):
        world.acquire("laptop")
    world.close()


def test_a_rotated_key_takes_the_place_of_the_old_one(db: Path) -> None:
    world = World(db)
    license_id = str(world.alice.license.id)

    answer("license", "rotate-key", license_id, "--tenant", "alice", "--confirm", license_id)

    with pytest.raises(LicenseUnknown):
        world.acquire("laptop")
    world.close()


def test_names_of_others_cannot_command_the_terminal(db: Path) -> None:
    answer("tenant", "create", "evil", "--name", "\x1b[2J\x07owned\u202e")

    shown = admin("tenant", "list").out

    assert "\x1b" not in shown
    assert "\x07" not in shown
    assert "\u202e" not in shown
    assert r"\x1b[2J\x07owned\u202e" in shown


def test_tables_are_for_people(acme: dict[str, Any]) -> None:
    head, row = admin("tenant", "list").out.splitlines()

    assert head.split() == ["id", "slug", "name", "suspended_at", "created_at"]
    assert row.split()[:2] == [acme["id"], "acme"]
    assert admin("license", "list", "--tenant", "acme").out == "none\n"


def test_what_happened_is_listed_and_verified(license_id: str) -> None:
    deed("suspend", license_id)
    call_command("seal_audit", stdout=io.StringIO())

    (row,) = answer("audit", "list", "--tenant", "acme", "--action", "license.suspended")
    assert (row["license_id"], row["principal"]) == (license_id, f"operator:{getpass.getuser()}")
    assert len(answer("audit", "list", "--tenant", "acme", "--most", 2)) == 2
    assert answer("audit", "list", "--tenant", "acme", "--since", "2999-01-01") == []
    assert admin("audit", "list", "--tenant", "acme", "--most", 0).status == 1
    assert "acme: good" in answer("audit", "verify", "--tenant", "acme")["result"]
    AuditEvent.across_tenants.filter(action="license.suspended").update(action="license.renamed")
    failed = admin("audit", "verify", "--tenant", "acme")
    assert failed.status == 1
    assert "error: the audit of acme is not what it was" in failed.err


def test_retention_is_shown_chosen_and_bounded(acme: dict[str, Any]) -> None:
    rows = answer("privacy", "retention", "--tenant", "acme")
    assert {row["category"]: row["days"] for row in rows} == {
        "session_details": 30,
        "device_records": 396,
        "member_addresses": 30,
        "kept_answers": 1,
        "outbox_messages": 90,
    }

    words = ("privacy", "set-retention", "session_details", "--tenant", "acme", "--days")
    assert answer(*words, 7)[0]["days"] == 7
    assert admin(*words, 0).status == 1
    assert admin("privacy", "set-retention", "moods", "--tenant", "acme", "--days", 1).status == 2
    assert answer("privacy", "retention", "--tenant", "acme")[0]["days"] == 7


def test_peppers_that_keys_need_are_counted_and_never_shown(license_id: str) -> None:
    ended = admin("key", "peppers", "--json")

    assert [(row["version"], row["is_here"], row["licenses"]) for row in ended.answer] == [
        (1, True, 1)
    ]
    pepper = settings.LICENSE_KEY_PEPPERS[1]
    assert pepper.hex() not in ended.out
    assert admin("key", "list").status == 0


def test_backups_are_made_verified_and_confirmed_by_words(license_id: str, tmp_path: Path) -> None:
    folder = tmp_path / "backup"
    made = admin("backup", "create", folder, "--json")
    assert made.answer["folder"] == str(folder)
    assert "copied " in made.err
    deed("suspend", license_id)

    assert admin("backup", "create", folder).status == 1
    assert answer("backup", "verify", folder)["verdict"] == "whole, and can be restored here"
    assert admin("backup", "restore", folder).status == 4
    assert admin("backup", "restore", folder, "--confirm", "license.sqlite3").status == 0
    assert deed("show", license_id)["status"] == "active"
    assert admin("backup", "verify", tmp_path).status == 1


def test_the_same_words_do_the_same_on_postgresql(postgres_db: str) -> None:
    answer("tenant", "create", "acme", "--name", "Acme Inc.")
    answer("product", "create", "studio", "--name", "Studio", "--tenant", "acme")
    made = make_license()

    deed("resize", made["id"], "--seats", 8)
    answer("tenant", "suspend", "acme")
    answer("tenant", "resume", "acme")

    shown = deed("show", made["id"])
    assert (shown["seats"], shown["status"]) == (8, "active")
    assert answer("license", "find", stdin=made["license_key"])["tenant"] == "acme"
    assert answer("key", "peppers")[0]["licenses"] == 1
    assert admin("tenant", "create", "acme", "--name", "Twice").status == 1
