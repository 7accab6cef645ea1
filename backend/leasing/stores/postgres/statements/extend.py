"""What extending leases reads and writes."""

from leasing.stores.postgres.statements.forms import given, hex_of, rows, stored
from leasing.stores.postgres.statements.joins import LICENSE_OF_SEAT
from leasing.stores.sql.rows import SessionShares

# Locks the page in the order of the key, as everybody does. What a row says is what the last holder
# of its lock left.
EXTENSION_PAGE = f"""
SELECT {hex_of("s.tenant_id")}, {hex_of("s.license_id")}, s.slot, {hex_of("s.session_id")},
       {stored("s.lease_expires_at")}, {stored("s.unnamed_expires_at")},
       l.status, {stored("l.expires_at")}, l.heartbeat_interval_seconds
FROM seat AS s {LICENSE_OF_SEAT}
WHERE (s.tenant_id, s.license_id, s.slot)
      > (%(tenant)s::uuid, %(license)s::uuid, %(slot)s::bigint)
ORDER BY s.tenant_id, s.license_id, s.slot LIMIT %(most)s
FOR NO KEY UPDATE OF s"""

EXTEND_INSTANCES = f"""
UPDATE seat_instance SET lease_expires_at = greatest(lease_expires_at, w.ends),
    token_issued_at = NULL, token_expires_at = NULL
FROM {rows(SessionShares)} AS w
WHERE seat_instance.tenant_id = w.tenant AND seat_instance.session_id = w.session
  AND seat_instance.lease_expires_at > {given("now")}"""

FORGET_TOKENS = f"""
UPDATE seat SET token_issued_at = NULL, token_expires_at = NULL
FROM {rows(SessionShares)} AS w
WHERE seat.tenant_id = w.tenant AND seat.session_id = w.session"""
