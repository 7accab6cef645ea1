"""The chain of a tenant's audit, on real databases: what is done to it is noticed.

Each attack is done as whoever owns the database would: with every right there, and without the
key of the checkpoints.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from audit.models import AuditCheckpoint
from audit.operations import Signed, count_signatures, forget_subject, record_counts
from audit.queries import event, newest_checkpoint
from coditect_license_token.audit_export import verify_export
from coditect_license_token.checkpoint import open_checkpoint
from foundation.ids import new_id
from tenants.current import tenant_transaction
from tests.support.audited import Audit, a_notary, key_of, tamper
from tests.support.clock import START


@pytest.fixture(params=["db", "postgres_db"], autouse=True)
def ledger(request: pytest.FixtureRequest) -> None:
    request.getfixturevalue(request.param)


@pytest.fixture
def audit() -> Audit:
    """Nine events of two persons in three checkpoints."""
    made = Audit()
    made.happen("license.issued", "license.suspended", "license.reinstated")
    made.seal()
    made.happen("license.resized", "member.invited", principal="user:bob", email="carol@x.example")
    made.happen("license.renewed", principal="system:demo")
    made.seal()
    made.happen("license.suspended", "license.reinstated", "license.revoked", before=3, seats=5)
    made.seal()
    return made


def test_what_nobody_touched_is_good(audit: Audit) -> None:
    audited, exported = audit.verify(), audit.verify_export()

    assert audited.findings == []
    assert exported.findings == []
    assert (exported.first, exported.last, exported.unsigned) == (1, 9, 0)
    assert exported.checkpoints == 6  # three in the export, and the same three kept


def test_entries_are_in_the_order_of_their_instants(audit: Audit) -> None:
    assert [row.event_id for row in audit.entries()] == [row.id for row in audit.events()]


def test_a_checkpoint_says_the_length_and_the_last_hash(audit: Audit) -> None:
    with tenant_transaction(audit.tenant.id):
        newest = newest_checkpoint()

    assert newest is not None
    checkpoint = open_checkpoint(newest.note, keys=audit.notary.keys)
    assert checkpoint.origin == f"licenses.example.com/audit/{audit.tenant.id}"
    assert (checkpoint.size, checkpoint.hash.hex()) == (9, audit.entries()[-1].hash)


def test_a_sealed_event_has_its_position(audit: Audit) -> None:
    with tenant_transaction(audit.tenant.id):
        seen = event(audit.events()[4].id)

    assert seen is not None
    assert seen.position == 5


class TestAnEdit:
    def test_of_an_event(self, audit: Audit) -> None:
        tamper("UPDATE audit_event SET action = 'license.renewed' WHERE action = 'license.revoked'")

        assert audit.codes() == {"edited"}

    @pytest.mark.parametrize(
        "change",
        ["principal = 'user:mallory'", "principal = 'system:demo'", "details = '{\"seats\": 50}'"],
    )
    def test_of_who_did_it_and_what(self, audit: Audit, change: str) -> None:
        tamper(f"UPDATE audit_event SET {change} WHERE action = 'license.revoked'")

        assert audit.codes() <= {"edited", "opening", "forgotten"}
        assert "edited" in audit.codes()

    def test_of_when(self, audit: Audit) -> None:
        first = audit.events()[0]
        earlier = connection.ops.adapt_datetimefield_value(first.at - timedelta(microseconds=1))
        tamper("UPDATE audit_event SET at = %s WHERE id = %s", earlier, key_of(first.id))

        assert audit.codes() == {"edited"}

    def test_of_a_persons_name_shows_to_the_customer_too(self, audit: Audit) -> None:
        tamper("UPDATE audit_event SET principal = 'user:mallory' WHERE principal = 'user:bob'")

        assert {finding.code for finding in audit.verify_export().findings} == {"opening"}

    def test_of_an_entry(self, audit: Audit) -> None:
        tamper("UPDATE audit_entry SET entry = replace(entry, 'revoked', 'renewed')")

        assert audit.codes() == {"hash", "edited"}

    def test_of_event_and_entries_chained_anew(self, audit: Audit) -> None:
        tamper("UPDATE audit_event SET action = 'license.renewed' WHERE action = 'license.revoked'")
        audit.rewrite(
            lambda entries: [
                {**e, "action": e["action"].replace("revoked", "renewed")} for e in entries
            ]
        )

        assert audit.codes() == {"fork"}
        assert {finding.code for finding in audit.verify_export().findings} == {"fork"}

    def test_of_the_head(self, audit: Audit) -> None:
        tamper("UPDATE audit_head SET size = 8")

        assert audit.codes() == {"head"}


class TestADeletion:
    def test_of_an_event(self, audit: Audit) -> None:
        tamper("DELETE FROM audit_event WHERE id = %s", key_of(audit.events()[3].id))

        assert "deleted" in audit.codes()

    def test_of_an_entry_with_its_event(self, audit: Audit) -> None:
        tamper("DELETE FROM audit_event WHERE id = %s", key_of(audit.events()[3].id))
        tamper("DELETE FROM audit_entry WHERE position = 4")

        assert {"position", "hash"} <= audit.codes()

    def test_chained_anew(self, audit: Audit) -> None:
        tamper("DELETE FROM audit_event WHERE id = %s", key_of(audit.events()[3].id))
        audit.rewrite(lambda entries: entries[:3] + entries[4:])

        assert audit.codes() == {"fork", "truncated"}


class TestAnInsertion:
    def test_of_an_event(self, audit: Audit) -> None:
        audit.put_in(audit.events()[3].at)

        assert audit.codes() == {"unsealed"}

    def test_chained_anew(self, audit: Audit) -> None:
        forged = audit.put_in(audit.events()[3].at)
        audit.rewrite(
            lambda entries: [*entries[:3], {**entries[3], "id": str(forged.id)}, *entries[3:]]
        )

        assert "fork" in audit.codes()

    def test_of_the_same_event_again(self, audit: Audit) -> None:
        lines = audit.export()
        verdict = verify_export([*lines[:3], *lines[2:]], keys=audit.notary.keys)

        assert {"position", "hash", "twice"} <= {finding.code for finding in verdict.findings}


class TestAnotherOrder:
    def test_of_entries(self, audit: Audit) -> None:
        tamper("UPDATE audit_entry SET position = -1 WHERE position = 3")
        tamper("UPDATE audit_entry SET position = 3 WHERE position = 4")
        tamper("UPDATE audit_entry SET position = 4 WHERE position = -1")

        assert {"position", "hash"} <= audit.codes()

    def test_chained_anew(self, audit: Audit) -> None:
        audit.rewrite(lambda entries: [*entries[:3], entries[4], entries[3], *entries[5:]])

        assert "fork" in audit.codes()


class TestACut:
    def cut(self, audit: Audit) -> None:
        """Take away the last three with every trace of them."""
        for row in audit.entries()[6:]:
            tamper("DELETE FROM audit_event WHERE id = %s", key_of(row.event_id))
        tamper("DELETE FROM audit_entry WHERE position > 6")
        tamper("DELETE FROM audit_checkpoint WHERE size > 6")
        tamper(
            "UPDATE audit_head SET size = 6, hash = %s, checkpoint_size = 6",
            audit.entries()[5].hash,
        )

    def test_shows_against_what_the_customer_kept(self, audit: Audit) -> None:
        self.cut(audit)

        assert {finding.code for finding in audit.verify_export().findings} == {"truncated"}
        assert audit.codes() == {"truncated"}

    def test_shows_in_no_other_way(self, audit: Audit) -> None:
        self.cut(audit)

        assert audit.codes(with_kept=False) == set()

    def test_with_the_checkpoint_left_shows_at_once(self, audit: Audit) -> None:
        tamper("DELETE FROM audit_entry WHERE position > 6")

        assert {"truncated", "head", "unsealed"} <= audit.codes(with_kept=False)


class TestARestoredBackup:
    def test_shows_at_once(self, audit: Audit) -> None:
        backup = audit.copy()
        audit.happen("license.issued")
        audit.seal()

        audit.restore(backup)

        assert audit.codes() == {"truncated"}

    def test_shows_when_the_chain_has_grown_again(self, audit: Audit) -> None:
        backup = audit.copy()
        audit.happen("license.issued")
        audit.seal()
        audit.restore(backup)
        audit.happen("license.suspended", "license.reinstated")
        kept = list(audit.kept)
        audit.seal()

        audit.kept = kept
        assert audit.codes() == {"fork"}


class TestAFork:
    def test_two_chains_shown_to_two_people_are_proof(self, audit: Audit) -> None:
        backup = audit.copy()
        audit.happen("license.issued")
        audit.seal()
        shown_to_one = audit.export()
        audit.restore(backup)
        audit.happen("license.suspended")
        audit.seal()

        verdict = verify_export(shown_to_one, keys=audit.notary.keys, kept=audit.kept)

        (finding,) = {f for f in verdict.findings if "two chains were shown" in f.text}
        assert (finding.code, finding.position) == ("fork", 10)


class TestACheckpoint:
    def test_signed_by_somebody_else_counts_nothing(self, audit: Audit) -> None:
        row = audit.entries()[-1]
        forged = a_notary().sign(audit.tenant.id, size=9, hash_hex=row.hash)
        tamper("UPDATE audit_checkpoint SET note = %s WHERE size = 9", forged)

        assert audit.codes() == {"checkpoint"}

    def test_of_another_tenant_does_not_fit(self, audit: Audit) -> None:
        bob = Audit("bob")
        bob.notary, bob.sealer, bob.clock = audit.notary, audit.sealer, audit.clock
        bob.happen(*(["license.issued"] * 9))
        bob.seal()
        assert open_checkpoint(bob.kept[0], keys=audit.notary.keys).size == 9
        audit.kept += bob.kept

        assert audit.codes() == {"origin"}

    def test_without_any_nothing_is_vouched_for(self, audit: Audit) -> None:
        tamper("DELETE FROM audit_checkpoint")

        assert audit.codes(with_kept=False) == {"unsigned"}

    def test_is_made_after_a_minute_or_a_thousand_entries(self, audit: Audit) -> None:
        audit.happen("license.issued")
        assert audit.sealer.round().checkpoints == 0
        audit.happen(*(["license.issued"] * 999), seconds=0)
        assert audit.sealer.round().checkpoints == 1
        audit.clock.advance(3_600)
        assert audit.sealer.round().checkpoints == 0


class TestAPart:
    def test_from_a_kept_checkpoint_on_is_verified_alone(self, audit: Audit) -> None:
        verdict = audit.verify_export(first=7)

        assert verdict.findings == []
        assert (verdict.first, verdict.last) == (7, 9)

    def test_that_no_checkpoint_stands_before_hangs_in_the_air(self, audit: Audit) -> None:
        assert {finding.code for finding in audit.verify_export(first=6).findings} == {"anchor"}

    def test_leaves_out_what_is_wrong_elsewhere(self, audit: Audit) -> None:
        tamper("UPDATE audit_event SET action = 'x.y' WHERE action = 'license.issued'")

        assert audit.codes(first=4) == set()
        assert audit.codes(first=1, last=1) == {"edited"}

    def test_that_is_not_there_is_refused(self, audit: Audit) -> None:
        with pytest.raises(ValueError, match="no entry at 10"):
            audit.verify(first=11)


class TestThePersonWhoIsForgotten:
    def forget(self, audit: Audit, *subjects: str) -> int:
        return forget_subject(tenant_id=audit.tenant.id, subjects=subjects, principal="user:owner")

    def everything(self, audit: Audit) -> str:
        return repr([vars(row) for rows in audit.copy().values() for row in rows]) + repr(
            audit.export()
        )

    def test_is_nowhere_any_more_and_the_chain_verifies(self, audit: Audit) -> None:
        assert "bob" in self.everything(audit)
        assert "carol@x.example" in self.everything(audit)

        assert self.forget(audit, "user:bob", "email:carol@x.example") == 2
        audit.seal()

        assert "bob" not in self.everything(audit)
        assert "carol" not in self.everything(audit)
        assert audit.codes() == set()
        verdict = audit.verify_export()
        assert verdict.findings == []
        assert verdict.forgotten == 4

    def test_is_forgotten_and_the_chain_verifies_at_once(self, audit: Audit) -> None:
        self.forget(audit, "user:bob")

        assert audit.codes() == set()
        assert audit.verify_export().findings == []

    def test_leaves_the_others_as_they_are(self, audit: Audit) -> None:
        self.forget(audit, "email:carol@x.example")

        assert {row.principal for row in audit.events()} >= {"user:alice", "user:bob"}
        assert "email" not in {name for row in audit.events() for name in row.details}

    def test_is_forgotten_with_a_record(self, audit: Audit) -> None:
        self.forget(audit, "user:bob")
        audit.seal()

        (told,) = [row for row in audit.events() if row.action == "subject.forgotten"]
        assert told.principal == "user:owner"

    def test_cannot_be_forgotten_in_silence(self, audit: Audit) -> None:
        tamper("DELETE FROM audit_subject WHERE subject = 'user:bob'")
        tamper("UPDATE audit_event SET principal = 'user:' WHERE principal = 'user:bob'")

        assert audit.codes() == {"forgotten"}

    def test_is_somebody_new_when_he_comes_again(self, audit: Audit) -> None:
        self.forget(audit, "user:bob")
        audit.happen("license.resized", principal="user:bob")
        audit.seal()

        assert audit.codes() == set()
        assert [row.principal for row in audit.events()].count("user:bob") == 1

    def test_whom_nobody_knows_leaves_no_record(self, audit: Audit) -> None:
        before = len(audit.events())

        assert self.forget(audit, "user:nobody") == 0
        assert len(audit.events()) == before

    def test_is_forgotten_though_nothing_was_sealed_yet(self) -> None:
        audit = Audit("late")
        audit.happen("license.issued", principal="user:bob")

        assert self.forget(audit, "user:bob") == 1
        audit.seal()
        assert "user:bob" not in self.everything(audit)
        assert audit.codes() == set()


class TestCounts:
    SIGNED = Signed("license_token", "k" * 43, "r" * 43)

    def count(self, audit: Audit, number: int) -> None:
        with tenant_transaction(audit.tenant.id):
            count_signatures({self.SIGNED: number}, now=audit.clock())

    def recorded(self, audit: Audit) -> list[dict[str, Any]]:
        return [row.details for row in audit.events() if row.action == "signatures.counted"]

    def test_of_signatures_are_recorded_when_the_hour_is_over(self, audit: Audit) -> None:
        self.count(audit, 3)
        self.count(audit, 4)
        with tenant_transaction(audit.tenant.id):
            assert record_counts(now=audit.clock()) == 0
        audit.clock.advance(3_900)
        audit.seal()
        audit.seal()

        assert self.recorded(audit) == [
            {
                "document": "license_token",
                "key_id": "k" * 43,
                "root_key_id": "r" * 43,
                "hour": "2030-01-01T12:00:00.000000+00:00",
                "count": 7,
            }
        ]

    def test_that_come_late_are_recorded_as_well(self, audit: Audit) -> None:
        self.count(audit, 3)
        audit.clock.advance(3_900)
        audit.seal()
        audit.clock.advance(-3_900)
        self.count(audit, 2)
        audit.clock.advance(7_500)
        audit.seal()

        assert {details["count"] for details in self.recorded(audit)} == {3, 2}

    @pytest.mark.parametrize("reason", ["seats_exhausted", "license_expired"])
    def test_of_denials_are_recorded_by_license_and_reason(self, audit: Audit, reason: str) -> None:
        license_id = new_id()
        row = [key_of(audit.tenant.id), key_of(license_id), reason]
        hour = connection.ops.adapt_datetimefield_value(START)
        tamper(
            "INSERT INTO denial_count (tenant_id, license_id, reason, hour, count)"
            " VALUES (%s, %s, %s, %s, 5)",
            *row,
            hour,
        )
        audit.clock.advance(3_900)
        audit.seal()

        (denied,) = [row for row in audit.events() if row.action == "denials.counted"]
        assert (denied.license_id, denied.details["reason"]) == (license_id, reason)
        assert denied.details["count"] == 5
        assert audit.codes() == set()

    def test_the_first_signature_of_a_delegated_key_is_a_record(self, audit: Audit) -> None:
        self.count(audit, 1)
        self.count(audit, 1)

        (started,) = [row for row in audit.events() if row.action == "delegation.started"]
        assert started.details == {"key_id": "k" * 43, "root_key_id": "r" * 43}


def test_what_was_there_before_the_sealer_is_sealed_at_its_first_round() -> None:
    audit = Audit()
    audit.happen(*(["license.issued"] * 1_203))
    tamper("UPDATE audit_event SET at = %s", connection.ops.adapt_datetimefield_value(START))

    assert audit.seal().sealed == 1_203
    assert audit.codes() == set()
    assert audit.seal().sealed == 0


def test_an_event_that_commits_late_is_sealed_by_the_next_sweep(audit: Audit) -> None:
    late = audit.put_in(START - timedelta(days=1))
    assert audit.seal().sealed == 0

    audit.clock.advance(3_600)

    assert audit.seal().sealed == 1
    assert audit.entries()[-1].event_id == late.id
    assert audit.codes() == set()


def test_every_page_of_an_export_and_a_verification_is_read() -> None:
    audit = Audit()
    audit.happen(*(["license.issued"] * 1_001))
    audit.seal()

    assert audit.verify_export().last == 1_001
    tamper("UPDATE audit_event SET action = 'x.y' WHERE id = %s", key_of(audit.events()[-1].id))
    assert [finding.position for finding in audit.verify().findings] == [1_001]


def test_checkpoints_do_not_move_once_made(audit: Audit) -> None:
    with tenant_transaction(audit.tenant.id):
        notes = list(AuditCheckpoint.objects.order_by("size").values_list("note", flat=True))

    assert notes == audit.kept
