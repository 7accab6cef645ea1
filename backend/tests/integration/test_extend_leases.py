"""``manage.py extend_leases`` beside a server that answers heartbeats."""

import json
from datetime import datetime
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from audit.models import AuditEvent
from coditect_license.license_admin.login import operator
from foundation.clock import rfc3339
from leasing.models import Seat
from tests.support.customer import Customer
from tests.support.plane import Plane, as_key


def run(*words: str) -> str:
    said = StringIO()
    call_command("extend_leases", "--incident", "i-1", *words, stdout=said)
    return said.getvalue().strip()


def test_s2_the_next_heartbeat_after_it_brings_a_token_for_the_whole_time(
    plane: Plane, alice: Customer
) -> None:
    held = plane.acquire(alice, "laptop-7").json()

    done = json.loads(run("--json", "--seconds", "7200"))
    body = plane.heartbeat(held["session_id"], as_key(alice.key)).json()

    assert (done["leases"], done["tenants"]) == (1, 1)
    assert done["longest_heartbeat_interval_seconds"] == 120
    assert body["lease_expires_at"] == done["until"]
    until = int(datetime.fromisoformat(done["until"]).timestamp())
    assert plane.claims(body, hardware_id="laptop-7").expires == until
    assert body["next_heartbeat_in_seconds"] <= 120


def test_it_says_in_words_what_it_did_and_the_audit_who(plane: Plane, alice: Customer) -> None:
    plane.acquire(alice, "laptop-7")

    said = run()

    until = Seat.across_tenants.get().lease_expires_at
    assert until is not None
    assert said.startswith(f"1 leases of 1 tenants run until {rfc3339(until)} or")
    assert "within 120 s" in said
    record = AuditEvent.across_tenants.get(action="lease.extended")
    assert (record.principal, record.details["incident"]) == (operator(), "i-1")


def test_a_spared_tenant_is_named_by_its_slug(plane: Plane, alice: Customer) -> None:
    plane.acquire(alice, "laptop-7")
    before = Seat.across_tenants.get().lease_expires_at

    assert run("--except", "alice") == (
        "no lease is live that would end earlier: nothing was extended"
    )
    assert Seat.across_tenants.get().lease_expires_at == before


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (("--except", "mallory"), "no tenant is called mallory"),
        (("--seconds", "14401"), "60 to 14400"),
        (("--page", "0"), "--page is 1 to 5000"),
    ],
)
def test_what_makes_no_sense_extends_nothing(
    plane: Plane, alice: Customer, words: tuple[str, ...], refusal: str
) -> None:
    plane.acquire(alice, "laptop-7")
    before = Seat.across_tenants.get().lease_expires_at

    with pytest.raises(CommandError, match=refusal):
        run(*words)

    assert Seat.across_tenants.get().lease_expires_at == before


def test_pages_are_small_enough_that_heartbeats_pass_between(plane: Plane, alice: Customer) -> None:
    for device in ("a", "b", "c"):
        plane.acquire(alice, device)

    done = json.loads(run("--json", "--page", "1"))

    assert done["leases"] == 3
    assert AuditEvent.across_tenants.filter(action="lease.extended").count() == 3
