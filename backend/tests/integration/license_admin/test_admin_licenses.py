"""The operator's tool on licenses and their keys."""

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings

from audit.models import AuditEvent
from leasing.errors import LicenseUnknown
from licenses import queries
from licenses.license_key import KeyHasher, is_well_formed
from tenants.current import tenant_transaction
from tests.support.operating import admin, answer, deed, make_license
from tests.support.world import World


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
        ("renew", "--days", 99),
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


def test_a_rotated_key_takes_the_place_of_the_old_one(db: Path) -> None:
    world = World(db)
    license_id = str(world.alice.license.id)

    answer("license", "rotate-key", license_id, "--tenant", "alice", "--confirm", license_id)

    with pytest.raises(LicenseUnknown):
        world.acquire("laptop")
    world.close()
