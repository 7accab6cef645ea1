"""What the reaper looks for."""

# Answers lapsed seats of any license, for the reaper, with their heartbeat interval.
LAPSED_ANYWHERE = """
SELECT s.tenant_id, s.license_id, s.slot, s.session_id, s.lease_expires_at,
       l.heartbeat_interval_seconds
FROM seat AS s CROSS JOIN license AS l ON l.tenant_id = s.tenant_id AND l.id = s.license_id
WHERE s.session_id IS NOT NULL AND s.lease_expires_at <= :now LIMIT :most"""
