"""What extending leases reads and writes."""

from leasing.stores.sql.rows import SessionShares
from leasing.stores.sqlite.statements.forms import rows

# Answers the seats that follow one in the order of their key, held or not, with what their license
# says.
EXTENSION_PAGE = """
SELECT s.tenant_id, s.license_id, s.slot, s.session_id, s.lease_expires_at, s.unnamed_expires_at,
       l.status, l.expires_at, l.heartbeat_interval_seconds
FROM (SELECT * FROM seat WHERE (tenant_id, license_id, slot) > (:tenant, :license, :slot)
      ORDER BY tenant_id, license_id, slot LIMIT :most) AS s
CROSS JOIN license AS l ON l.tenant_id = s.tenant_id AND l.id = s.license_id
ORDER BY s.tenant_id, s.license_id, s.slot"""

# Moves the ends of the shares that run, and forgets the tokens signed for them.
EXTEND_INSTANCES = f"""
UPDATE seat_instance SET lease_expires_at = max(lease_expires_at, w.ends),
    token_issued_at = NULL, token_expires_at = NULL
FROM {rows(SessionShares)} AS w
WHERE seat_instance.tenant_id = w.tenant AND seat_instance.session_id = w.session
  AND seat_instance.lease_expires_at > :now"""

# Forgets when the last token was signed for calls without an instance, so that one is due.
FORGET_TOKENS = f"""
UPDATE seat SET token_issued_at = NULL, token_expires_at = NULL
FROM {rows(SessionShares)} AS w
WHERE seat.tenant_id = w.tenant AND seat.session_id = w.session"""
