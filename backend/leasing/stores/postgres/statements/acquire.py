"""What an acquire reads and writes: the device's seat, free seats, new holders."""

from leasing.stores.postgres.statements.forms import given, hex_of, rows, stored, wanted
from leasing.stores.postgres.statements.joins import HOLDING, IN_KEY_ORDER
from leasing.stores.sql.rows import Grant

# These are written so that one index alone can serve them: without good statistics the planner
# would as soon read all seats of a license, or all licenses of a tenant.
_SEAT_OF_DEVICE = """
JOIN seat AS s ON s.device = w.device AND s.device IS NOT NULL
    AND (s.tenant_id, s.license_id) IS NOT DISTINCT FROM (w.tenant, w.license)"""

HOLDINGS_OF_DEVICES = f"""
SELECT coalesce(json_agg(json_build_array(
    w.place, {HOLDING},
    (SELECT count(*) FROM seat_instance AS a
     WHERE a.tenant_id = s.tenant_id AND a.session_id = s.session_id
       AND a.instance_id <> w.instance))), '[]')::text
FROM {wanted("place", "tenant", "license", "device", "instance")} AS w{_SEAT_OF_DEVICE}
LEFT JOIN seat_instance AS i ON i.tenant_id = s.tenant_id AND i.session_id = s.session_id
    AND i.instance_id = w.instance"""

# Locks the seats that devices hold, in the order of their key.
LOCK_SEATS_OF_DEVICES = f"""
SELECT 1 FROM {wanted("place", "tenant", "license", "device", "instance")} AS w{_SEAT_OF_DEVICE}
{IN_KEY_ORDER}"""

RELEASED_SEATS = f"""
SELECT coalesce(json_agg(json_build_array({hex_of("w.license")}, (
    SELECT coalesce(json_agg(json_build_array(f.slot, f.gen) ORDER BY f.slot), '[]') FROM (
        SELECT s.slot, s.gen FROM seat AS s
        WHERE s.tenant_id = w.tenant AND s.license_id = w.license
          AND s.session_id IS NULL AND s.slot < w.cap
        ORDER BY s.slot LIMIT %(most)s) AS f))), '[]')::text
FROM {wanted("tenant", "license", "cap")} AS w"""

SEAT = f"""
SELECT {hex_of("session_id")}, device, gen, {stored("lease_expires_at")} FROM seat
WHERE tenant_id = %(tenant)s::uuid AND license_id = %(license)s::uuid AND slot = %(slot)s
FOR NO KEY UPDATE"""

COUNT_SEATS_OF_PERSON = f"""
SELECT count(*) FROM seat
WHERE tenant_id = %(tenant)s::uuid AND license_id = %(license)s::uuid AND person = %(person)s
  AND lease_expires_at > {given("now")}"""

COUNT_OTHER_INSTANCES = """
SELECT count(*) FROM seat_instance
WHERE tenant_id = %(tenant)s::uuid AND session_id = %(session)s::uuid
  AND instance_id <> %(instance)s"""

FORGET_LAPSED_INSTANCES = f"""
DELETE FROM seat_instance
WHERE tenant_id = %(tenant)s::uuid AND session_id = %(session)s::uuid
  AND lease_expires_at <= {given("now")}"""

PUT_HOLDERS = f"""
INSERT INTO seat (tenant_id, license_id, slot, session_id, device, person, gen,
                  lease_expires_at, unnamed_expires_at, seq, token_issued_at, token_expires_at,
                  is_shared)
SELECT tenant, license, slot, session, device, person, gen, ends, unnamed_ends,
       seq, token_issued_at, token_ends, is_shared
FROM {rows(Grant)} AS w
ON CONFLICT (tenant_id, license_id, slot) DO UPDATE SET
    session_id = excluded.session_id, device = excluded.device, person = excluded.person,
    gen = excluded.gen,
    lease_expires_at = excluded.lease_expires_at,
    unnamed_expires_at = excluded.unnamed_expires_at, seq = excluded.seq,
    token_issued_at = excluded.token_issued_at, token_expires_at = excluded.token_expires_at,
    is_shared = excluded.is_shared
WHERE seat.session_id IS NULL AND seat.gen < excluded.gen"""

BEGIN_SESSIONS = f"""
INSERT INTO license_session (tenant_id, license_id, slot, id, device, gen, principal, metadata,
                             started_at, end_reason, seq)
SELECT tenant, license, slot, session, device, gen, principal, metadata_json,
       started_at, '', 0
FROM {rows(Grant)} AS w"""
