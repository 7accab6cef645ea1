"""What there is to read of one session."""

from leasing.stores.postgres.statements.forms import given, hex_of, stored

SESSION = f"""
SELECT {hex_of("n.license_id")}, l.tier, n.slot, {stored("n.started_at")}, {stored("n.ended_at")},
       n.end_reason, {stored("s.lease_expires_at")}, {stored("n.borrowed_until")}
FROM license_session AS n
JOIN license AS l ON l.tenant_id = n.tenant_id AND l.id = n.license_id
LEFT JOIN seat AS s ON s.tenant_id = n.tenant_id AND s.license_id = n.license_id
    AND s.slot = n.slot AND s.session_id = n.id
WHERE n.tenant_id = %(tenant)s::uuid AND n.id = %(session)s::uuid"""

LIVE_INSTANCES = f"""
SELECT instance_id, {stored("lease_expires_at")} FROM seat_instance
WHERE tenant_id = %(tenant)s::uuid AND session_id = %(session)s::uuid
  AND lease_expires_at > {given("now")}
ORDER BY instance_id COLLATE "C" """
