"""What the control plane's role may do to the audit in PostgreSQL, within the walls of a tenant."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection

from audit.operations import Signed, count_signatures, forget_subject
from audit.sealer import Sealer
from tenants.current import tenant_transaction
from tests.support.audited import Audit
from tests.support.postgres import as_control, django_on


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_event SET action = 'x.y'",
        "UPDATE audit_event SET at = now()",
        "UPDATE audit_event SET principal = 'user:mallory'",
        "UPDATE audit_event SET principal = 'system:demo'",
        "UPDATE audit_event SET details = '{\"seats\": 50}'",
        "DELETE FROM audit_event",
        "UPDATE audit_entry SET entry = ''",
        "DELETE FROM audit_entry",
        "UPDATE audit_checkpoint SET note = ''",
        "DELETE FROM audit_checkpoint",
        "DELETE FROM audit_head",
        "UPDATE audit_subject SET salt = ''",
        "UPDATE denial_count SET count = 0",
        "TRUNCATE audit_event",
    ],
)
def test_nothing_of_what_happened_is_changed(postgres_db: str, statement: str) -> None:
    audit = Audit()
    audit.happen("license.issued", "license.resized", seats=3)
    audit.seal()
    before = audit.export()

    with (
        pytest.raises(DatabaseError),
        tenant_transaction(audit.tenant.id),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)

    assert audit.export() == before
    assert audit.codes() == set()


def test_a_server_that_is_not_the_owner_seals_signs_verifies_and_forgets(postgres_db: str) -> None:
    audit = Audit()
    audit.happen("license.issued", "license.resized", seats=3)
    audit.clock.advance(60)

    with django_on(as_control(postgres_db)):
        assert audit.sealer.take_turn()
        done = audit.sealer.round()
        assert (done.sealed, done.checkpoints) == (2, 1)
        assert audit.codes() == set()
        forgotten = forget_subject(
            tenant_id=audit.tenant.id, subjects=["user:alice"], principal="system:test"
        )
        assert forgotten == 2
        assert {row.principal for row in audit.events()} == {"user:", "system:test"}
        with tenant_transaction(audit.tenant.id):
            count_signatures({Signed("license_token", "k" * 43, "r" * 43): 1}, now=audit.clock())
        audit.clock.advance(7_200)
        assert Sealer(audit.notary, clock=audit.clock).round().counts == 1
        audit.sealer.lay_down()
