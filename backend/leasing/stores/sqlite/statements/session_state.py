"""What there is to read of one session."""

# Answers license, tier, slot, start, end, end reason, lease end and loan end of a session, also
# when over.
SESSION = """
SELECT n.license_id, l.tier, n.slot, n.started_at, n.ended_at, n.end_reason, s.lease_expires_at,
       n.borrowed_until
FROM license_session AS n
CROSS JOIN license AS l ON l.tenant_id = n.tenant_id AND l.id = n.license_id
LEFT JOIN seat AS s ON s.tenant_id = n.tenant_id AND s.license_id = n.license_id
    AND s.slot = n.slot AND s.session_id = n.id
WHERE n.tenant_id = :tenant AND n.id = :session"""

# Answers the instances of a session whose share of the lease still runs.
LIVE_INSTANCES = """
SELECT instance_id, lease_expires_at FROM seat_instance
WHERE tenant_id = :tenant AND session_id = :session AND lease_expires_at > :now
ORDER BY instance_id"""
