"""What is read of the whole ledger, for figures about it."""

# Answers the seats that follow one in the order of their key, counted by license.
CENSUS_PAGE = """
WITH page AS MATERIALIZED (
    SELECT tenant_id, license_id, slot, session_id, lease_expires_at FROM seat
    WHERE (tenant_id, license_id, slot) > (:tenant, :license, :slot)
    ORDER BY tenant_id, license_id, slot LIMIT :most)
SELECT p.tenant_id, p.license_id, p.live, p.lapsed, p.last_slot,
       coalesce(l.seats, 0), coalesce(l.seats + l.overdraft_seats, 0)
FROM (SELECT tenant_id, license_id,
             count(*) FILTER (WHERE session_id IS NOT NULL AND lease_expires_at > :now) AS live,
             count(*) FILTER (WHERE session_id IS NOT NULL AND lease_expires_at <= :now) AS lapsed,
             max(slot) AS last_slot
      FROM page GROUP BY tenant_id, license_id) AS p
LEFT JOIN license AS l ON l.tenant_id = p.tenant_id AND l.id = p.license_id
ORDER BY p.tenant_id, p.license_id"""
