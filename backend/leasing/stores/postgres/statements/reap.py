"""What the reaper looks for."""

from leasing.stores.postgres.statements.forms import given, hex_of, stored, wanted
from leasing.stores.postgres.statements.joins import LICENSE_OF_SEAT

LAPSED_ANYWHERE = f"""
SELECT {hex_of("s.tenant_id")}, {hex_of("s.license_id")}, s.slot, {hex_of("s.session_id")},
       {stored("s.lease_expires_at")}, l.heartbeat_interval_seconds
FROM {wanted("tenant", "license", "slot")} AS w
JOIN seat AS s ON s.tenant_id = w.tenant AND s.license_id = w.license AND s.slot = w.slot
{LICENSE_OF_SEAT}
WHERE s.session_id IS NOT NULL AND s.lease_expires_at <= {given("now")}
LIMIT %(most)s FOR NO KEY UPDATE OF s SKIP LOCKED"""

# Walks over the seats that follow one, in the order of their key; answers which of them have
# lapsed, the last one seen and how many were.
WALK = f"""
WITH seen AS MATERIALIZED (
    SELECT tenant_id, license_id, slot, session_id, lease_expires_at FROM seat
    WHERE (tenant_id, license_id, slot) > (%(tenant)s::uuid, %(license)s::uuid, %(slot)s::bigint)
    ORDER BY tenant_id, license_id, slot LIMIT %(seats)s)
SELECT (SELECT coalesce(json_agg(json_build_array(tenant_id, license_id, slot)), '[]')::text
        FROM (SELECT tenant_id, license_id, slot FROM seen
              WHERE session_id IS NOT NULL AND lease_expires_at <= {given("now")}
              LIMIT %(most)s) AS lapsed),
       (SELECT json_build_array(tenant_id, license_id, slot)::text FROM seen
        OFFSET greatest((SELECT count(*) FROM seen) - 1, 0)),
       (SELECT count(*) FROM seen)"""
