"""What is kept of what happened: audit records, counts of denials."""

from leasing.stores.postgres.statements.forms import rows
from leasing.stores.sql.rows import Denials, Record

RECORDS = f"""
INSERT INTO audit_event (tenant_id, id, at, action, principal, license_id, session_id, details)
SELECT tenant, id, at, action, principal, license, session, details_json
FROM {rows(Record)} AS w"""

DENIALS = f"""
INSERT INTO denial_count (tenant_id, license_id, reason, hour, count)
SELECT tenant, license, reason, hour, count FROM {rows(Denials)} AS w
ON CONFLICT (tenant_id, license_id, reason, hour)
    DO UPDATE SET count = denial_count.count + excluded.count"""
