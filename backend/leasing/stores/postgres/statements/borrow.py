"""What loans read and write. The seat is locked before."""

from leasing.stores.postgres.statements.forms import given, stored

LOAN = f"""
SELECT l.offline_seconds, {stored("n.borrowed_until")}
FROM license_session AS n
JOIN license AS l ON l.tenant_id = n.tenant_id AND l.id = n.license_id
WHERE n.tenant_id = %(tenant)s::uuid AND n.id = %(session)s::uuid"""

LEND = f"""
UPDATE license_session SET borrowed_until = {given("until")}
WHERE tenant_id = %(tenant)s::uuid AND id = %(session)s::uuid"""
