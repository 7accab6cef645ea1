"""What is kept of what happened: audit records, counts of denials."""

from leasing.stores.sql.rows import Denials, Record
from leasing.stores.sqlite.statements.forms import rows

# Writes audit records.
RECORDS = f"""
INSERT INTO audit_event (tenant_id, id, at, action, principal, license_id, session_id, details)
SELECT tenant, id, at, action, principal, license, session, details_json
FROM {rows(Record)}"""

# Counts denials of a license for one reason within one hour.
DENIALS = f"""
INSERT INTO denial_count (tenant_id, license_id, reason, hour, count)
SELECT tenant, license, reason, hour, count FROM {rows(Denials)} WHERE true
ON CONFLICT (tenant_id, license_id, reason, hour) DO UPDATE SET count = count + excluded.count"""
