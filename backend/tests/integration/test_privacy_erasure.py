"""Erasure: afterwards nothing here knows the person, the audit verifies, and a restore forgets too.

Canaries are values that occur nowhere else; every table is read as text and searched for them.
"""

import io
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import pytest
from django.apps import apps
from django.conf import settings as present_settings
from django.core.management import call_command
from django.db import connection
from django.test import override_settings

from audit.models import AuditEvent
from audit.operations import record
from audit.verification import verify_tenant
from coditect_license.notary import notary_from_settings
from foundation.clock import utc_now
from identity.membership import invite_member
from identity.models import Member
from identity.rules import Role
from leasing.errors import LeasingError
from leasing.models import LicenseSession
from leasing.queries import SessionFilter, sessions
from leasing.store import Caller, Lease
from licenses.customers import suspend_tenant
from privacy.erasing import erase_tenant
from privacy.errors import NobodyKnown, TenantNotSuspended
from privacy.inventory import SECRET_COLUMNS, tenant_models
from privacy.persons import find_person
from privacy.retention import apply_retention
from privacy.showing import WITHHELD, person_lines
from tenants.current import tenant_transaction
from tests.support.customer import VENDOR, Customer
from tests.support.operating import admin, answer
from tests.support.world import World, open_postgres

SUBJECT: Final = "canary-subject-5f1c"
EMAIL: Final = "canary-address-77aa@example.org"
HARDWARE: Final = "canary-hardware-9d20"
INSTANCE: Final = "canary-instance-31ef"
METADATA: Final = "canary-metadata-c4b8"
CANARIES: Final = (SUBJECT, EMAIL, HARDWARE, INSTANCE, METADATA)
LABEL: Final = f"user:{SUBJECT}"


@pytest.fixture(params=["sqlite", "postgres"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    if request.param == "sqlite":
        made = World(request.getfixturevalue("db"))
    else:
        address = request.getfixturevalue("postgres_db")
        made = World(address, open_store=open_postgres)
    made.clock.now = utc_now()
    yield made
    made.close()


@pytest.fixture
def live(world: World, settings: Any) -> Lease:
    """The person as a member, with a seat that is held, one that was, a call and records."""
    if not isinstance(world.database, Path):
        settings.LICENSE_BACKUP_DATABASE_URL = settings.LICENSE_LEASING_DATABASE_URL = (
            world.database
        )
    tenant_id = world.alice.tenant.id
    member = invite_member(tenant_id=tenant_id, email=EMAIL, role=Role.ADMIN, principal=LABEL)
    with tenant_transaction(tenant_id):
        Member.objects.filter(id=member.id).update(subject=SUBJECT, status="active")
        record("license.renamed", tenant_id=tenant_id, principal=LABEL, email=EMAIL, subject=LABEL)
    invite_member(tenant_id=tenant_id, email="bob@example.org", role=Role.OWNER, principal=LABEL)
    past = hold(world, "other-hardware")
    world.apply(world.alice.release(past.session_id))
    return hold(world, HARDWARE)


@pytest.fixture
def settings() -> Iterator[Any]:
    """The settings, put back at the end."""
    with override_settings():
        yield present_settings


def hold(world: World, device: str) -> Lease:
    who = Caller(principal=LABEL, tenant_id=str(world.alice.tenant.id))
    call = world.alice.acquire(
        device, INSTANCE, caller=who, metadata_json=json.dumps({"host": METADATA})
    )
    (lease,) = world.apply(call)
    assert isinstance(lease, Lease)
    return lease


def everything() -> str:
    """Return every value of every table as text, as the database's owner sees it."""
    values = []
    with connection.cursor() as cursor:
        for model in apps.get_models():
            cursor.execute(f"SELECT * FROM {model._meta.db_table}")
            values += [str(row) for row in cursor.fetchall()]
    return "\n".join(values)


def canaries_in(text: str) -> list[str]:
    return [canary for canary in CANARIES if canary in text]


def is_audit_good(tenant_id: UUID) -> bool:
    """Have the chain sealed to its end, and verify it with every row."""
    call_command("seal_audit", stdout=io.StringIO())
    audited = verify_tenant(tenant_id, notary=notary_from_settings(), now=utc_now())
    assert audited.findings == []
    return audited.is_good


def erase() -> dict[str, int]:
    counts: dict[str, int] = answer(
        "privacy", "erase-person", EMAIL, "--tenant", "alice", "--confirm", EMAIL
    )
    return counts


def test_the_canaries_are_there_before(world: World, live: Lease) -> None:
    found = canaries_in(everything())

    assert set(found) == set(CANARIES) - {HARDWARE}  # which is never stored, not even before
    assert live.session_id


def test_after_an_erasure_no_table_export_or_search_knows_the_person(
    world: World, live: Lease, tmp_path: Path
) -> None:
    tenant_id = world.alice.tenant.id

    counts = erase()

    assert (counts["license_session"], counts["member"]) == (2, 2)
    assert canaries_in(everything()) == []
    answer("privacy", "export", "--tenant", "alice", "--to", tmp_path / "all.jsonl")
    assert canaries_in((tmp_path / "all.jsonl").read_text()) == []
    for name in (EMAIL, LABEL, SUBJECT):
        with pytest.raises(NobodyKnown):
            find_person(tenant_id=tenant_id, name=name)
    with tenant_transaction(tenant_id):
        page = sessions(SessionFilter(principal=LABEL), after=None, most=10, now=utc_now())
        assert page.sessions == []
    assert is_audit_good(tenant_id)


def test_a_seat_the_person_held_is_free_and_its_program_is_told(world: World, live: Lease) -> None:
    erase()

    with pytest.raises(LeasingError):
        world.heartbeat(live)
    assert world.acquire(HARDWARE).is_new


def test_a_device_is_forgotten_also_when_retention_took_the_name_of_its_holder(
    world: World, live: Lease
) -> None:
    """The audit still says whose session it was: an erasure finds it, an export shows it."""
    tenant_id = world.alice.tenant.id
    world.apply(world.alice.release(live.session_id))
    stays = world.acquire("laptop-of-somebody-else")
    apply_retention(tenant_id=tenant_id, now=world.now + timedelta(days=31))
    person = find_person(tenant_id=tenant_id, name=EMAIL)
    shown = [line["row"]["id"] for line in person_lines(person) if "gen" in line["row"]]

    assert live.session_id in shown
    assert stays.session_id not in shown
    assert erase()["license_session"] == 2
    with tenant_transaction(tenant_id):
        devices = dict(LicenseSession.objects.values_list("id", "device"))
    assert devices[UUID(live.session_id)] == ""
    assert devices[UUID(stays.session_id)] != ""


def test_s11_nobody_else_is_touched(world: World, live: Lease) -> None:
    bob = Customer("bob", seats=1)
    theirs = world.acquire("laptop", customer=bob)
    mine = world.acquire("tablet")

    erase()

    assert world.heartbeat(theirs, customer=bob).session_id == theirs.session_id
    assert world.heartbeat(mine).session_id == mine.session_id
    with tenant_transaction(world.alice.tenant.id):
        rest = Member.objects.filter(tenant_id=world.alice.tenant.id)
        assert [(row.email, row.invited_by) for row in rest] == [("bob@example.org", "")]


def test_an_erasure_can_be_repeated_and_finds_nobody(world: World, live: Lease) -> None:
    erase()

    again = admin("privacy", "erase-person", EMAIL, "--tenant", "alice", "--confirm", EMAIL)

    assert (again.status, again.err) == (3, f"error: nothing here is about {EMAIL}\n")


def test_an_erasure_must_be_confirmed_by_the_name(world: World, live: Lease) -> None:
    before = everything()

    for more in ((), ("--confirm", LABEL)):
        assert admin("privacy", "erase-person", EMAIL, "--tenant", "alice", *more).status == 4

    assert everything() == before


def test_an_export_of_a_person_has_all_and_no_secret(
    world: World, live: Lease, tmp_path: Path
) -> None:
    file = tmp_path / "person.jsonl"

    answer("privacy", "export", "--tenant", "alice", "--person", EMAIL, "--to", file)

    lines = [json.loads(line) for line in file.read_text().splitlines()]
    tables = {line["table"] for line in lines}
    assert tables == {
        "member",
        "license_session",
        "audit_event",
        "seat",
        "seat_instance",
    }
    assert set(canaries_in(file.read_text())) == set(CANARIES) - {HARDWARE}
    assert not any(SECRET_COLUMNS & set(line["row"]) for line in lines)
    assert file.stat().st_mode & 0o777 == 0o600
    assert admin("privacy", "export", "--tenant", "alice", "--to", file).status == 1


def test_an_export_of_a_person_withholds_what_is_about_others(world: World, live: Lease) -> None:
    tenant_id = world.alice.tenant.id
    bob = invite_member(
        tenant_id=tenant_id, email="eve@example.org", role=Role.VIEWER, principal="user:boss-1"
    )
    with tenant_transaction(tenant_id):
        own = Member.objects.get(email=EMAIL)
        Member.objects.filter(id=own.id).update(invited_by="user:boss-1")
        record(
            "member.role_changed",
            tenant_id=tenant_id,
            principal="user:boss-1",
            member_id=str(own.id),
        )
        record(
            "license.renamed",
            tenant_id=tenant_id,
            principal=LABEL,
            email="eve@example.org",
            subject="user:boss-1",
            device="a-hash",
        )
        record(
            "member.removed", tenant_id=tenant_id, principal="user:boss-1", member_id=str(bob.id)
        )

    lines = list(person_lines(find_person(tenant_id=tenant_id, name=EMAIL)))

    text = json.dumps(lines)
    assert [one for one in ("bob@example.org", "eve@example.org", "boss-1") if one in text] == []
    assert EMAIL in text
    assert LABEL in text
    members = {line["row"]["email"] for line in lines if line["table"] == "member"}
    assert members == {EMAIL, WITHHELD}
    acts = [line["row"] for line in lines if line["table"] == "audit_event"]
    assert [row["principal"] for row in acts if row["action"] == "member.role_changed"] == [
        WITHHELD
    ]
    written = [row["details"] for row in acts if row["action"] == "license.renamed"]
    assert [details["email"] for details in written] == [EMAIL, WITHHELD]
    assert [details["subject"] for details in written] == [LABEL, WITHHELD]
    assert not any(row["action"] == "member.removed" for row in acts)
    assert written[1]["device"] == "a-hash"


def test_an_export_of_a_tenant_has_every_table_and_nothing_of_others(
    world: World, live: Lease, tmp_path: Path
) -> None:
    bob = Customer("bob", seats=1)
    file = tmp_path / "tenant.jsonl"

    answer("privacy", "export", "--tenant", "alice", "--to", file)

    text = file.read_text()
    tables = {json.loads(line)["table"] for line in text.splitlines()}
    assert tables >= {"tenant", "product", "license", "license_session", "member", "audit_event"}
    assert str(bob.tenant.id) not in text
    assert world.alice.license.key_hmac not in text


def test_a_tenant_that_is_at_work_is_not_erased(world: World, live: Lease) -> None:
    with pytest.raises(TenantNotSuspended):
        erase_tenant(tenant_id=world.alice.tenant.id, principal=VENDOR, now=utc_now())

    assert world.heartbeat(live).session_id == live.session_id


def test_after_an_erasure_of_a_tenant_no_row_is_left_but_the_note_of_it(
    world: World, live: Lease
) -> None:
    bob = Customer("bob", seats=1)
    theirs = world.acquire("laptop", customer=bob)
    tenant_id = world.alice.tenant.id
    suspend_tenant(tenant_id=tenant_id, principal=VENDOR)
    assert admin("privacy", "erase-tenant", "--tenant", "alice").status == 4

    counts = answer("privacy", "erase-tenant", "--tenant", "alice", "--confirm", "alice")

    assert counts["tenant"] == counts["license"] == 1
    assert counts["license_session"] == 2
    text = everything()
    assert canaries_in(text) == []
    mentions = [line for line in text.splitlines() if tenant_id.hex in line.replace("-", "")]
    assert len(mentions) == 1
    assert world.heartbeat(theirs, customer=bob).session_id == theirs.session_id
    assert is_audit_good(bob.tenant.id)
    (note,) = answer("privacy", "erasures")
    assert (note["tenant_id"], note["person_hmac"]) == (str(tenant_id), "")


def test_no_byte_of_a_later_backup_knows_who_was_erased(db: Path, tmp_path: Path) -> None:
    world = World(db)
    world.clock.now = utc_now()
    invite_member(tenant_id=world.alice.tenant.id, email=EMAIL, role=Role.ADMIN, principal=VENDOR)
    hold(world, HARDWARE)
    answer("backup", "create", tmp_path / "before")
    erase()
    answer("privacy", "erase-person", LABEL, "--tenant", "alice", "--confirm", LABEL)

    answer("backup", "create", tmp_path / "after")

    held = (tmp_path / "before/ledger.sqlite3").read_bytes().decode("latin-1")
    assert set(canaries_in(held)) == set(CANARIES) - {HARDWARE}
    left = (tmp_path / "after/ledger.sqlite3").read_bytes().decode("latin-1")
    assert canaries_in(left) == []
    world.close()


def test_the_ledger_of_erasures_names_nobody(world: World, live: Lease) -> None:
    erase()

    ended = admin("privacy", "erasures", "--json")

    assert len(ended.answer) == 2  # the label and the address
    assert canaries_in(ended.out) == []


def test_every_table_with_a_tenant_is_known_to_the_eraser(world: World) -> None:
    tables = [model._meta.db_table for model in tenant_models()]

    assert tables.index("license") < tables.index("product")
    assert tables.index("api_token") < tables.index("service_account")
    assert {"seat", "seat_instance", "license_session", "audit_event"} <= set(tables)


@pytest.mark.parametrize("is_lost", [False, True])
def test_who_was_erased_after_a_backup_is_erased_again_by_its_restore(
    db: Path, tmp_path: Path, is_lost: bool
) -> None:
    world = World(db)
    world.clock.now = utc_now()
    tenant_id = world.alice.tenant.id
    carol = Customer("carol", seats=1)
    invite_member(tenant_id=tenant_id, email=EMAIL, role=Role.ADMIN, principal=VENDOR)
    hold(world, HARDWARE)
    world.close()
    answer("backup", "create", tmp_path / "backup")
    erase()
    answer("privacy", "erase-person", LABEL, "--tenant", "alice", "--confirm", LABEL)
    suspend_tenant(tenant_id=carol.tenant.id, principal=VENDOR)
    answer("privacy", "erase-tenant", "--tenant", "carol", "--confirm", "carol")
    kept = tmp_path / "erasures.json"
    kept.write_text(admin("privacy", "erasures", "--json").out)
    if is_lost:
        db.write_bytes(b"lost" * 1_000)

    more = ("--erasures", kept) if is_lost else ()
    done = answer("backup", "restore", tmp_path / "backup", "--confirm", "license.sqlite3", *more)

    assert done["erased_again"] == 3
    assert canaries_in(everything()) == []
    assert [row["slug"] for row in answer("tenant", "list")] == ["alice"]
    assert is_audit_good(tenant_id)
    assert len(answer("privacy", "erasures")) == 3
    assert AuditEvent.across_tenants.filter(tenant_id=carol.tenant.id).count() == 0
