"""What the control plane's role may do to the audit in PostgreSQL, within the walls of a tenant."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection

from tenants.current import tenant_transaction
from tests.support.audited import Audit


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
