"""What an acquire reads and writes: the device's seat, free seats, new holders."""

from leasing.stores.sql.rows import Grant
from leasing.stores.sqlite.statements.forms import rows, wanted
from leasing.stores.sqlite.statements.joins import HOLDING

# Answers, for each device wanted that holds a seat, the holding and how many other instances
# share the seat.
HOLDINGS_OF_DEVICES = f"""
SELECT json_group_array(json_array(
    w.place, {HOLDING},
    (SELECT count(*) FROM seat_instance AS a
     WHERE a.tenant_id = s.tenant_id AND a.session_id = s.session_id
       AND a.instance_id <> w.instance)))
FROM {wanted("place", "tenant", "license", "device", "instance")} AS w
CROSS JOIN seat AS s ON s.tenant_id = w.tenant AND s.license_id = w.license
    AND s.device = w.device
LEFT JOIN seat_instance AS i ON i.tenant_id = s.tenant_id AND i.session_id = s.session_id
    AND i.instance_id = w.instance"""

# Answers, for each license wanted, its lowest free slots under the cap, each with the gen of its
# last holder.
RELEASED_SEATS = f"""
SELECT json_group_array(json_array(w.license, json((
    SELECT json_group_array(json_array(f.slot, f.gen)) FROM (
        SELECT s.slot, s.gen FROM seat AS s
        WHERE s.tenant_id = w.tenant AND s.license_id = w.license
          AND s.session_id IS NULL AND s.slot < w.cap
        ORDER BY s.slot LIMIT :most) AS f))))
FROM {wanted("tenant", "license", "cap")} AS w"""

# Answers the holder of a slot, its device, its gen and the end of its lease.
SEAT = """
SELECT session_id, device, gen, lease_expires_at FROM seat
WHERE tenant_id = :tenant AND license_id = :license AND slot = :slot"""

# Counts the seats of a license that a person took and that still count.
COUNT_SEATS_OF_PERSON = """
SELECT count(*) FROM seat
WHERE tenant_id = :tenant AND license_id = :license AND person = :person
  AND lease_expires_at > :now"""

# Counts the instances of a session but for one.
COUNT_OTHER_INSTANCES = """
SELECT count(*) FROM seat_instance
WHERE tenant_id = :tenant AND session_id = :session AND instance_id <> :instance"""

# Forgets the instances of a session whose share of the lease has lapsed.
FORGET_LAPSED_INSTANCES = """
DELETE FROM seat_instance
WHERE tenant_id = :tenant AND session_id = :session AND lease_expires_at <= :now"""

# Puts holders on free seats, made when a slot was never used. Primary key, ``session_id IS NULL``
# and the gen are the guard (S1, S6).
PUT_HOLDERS = f"""
INSERT INTO seat (tenant_id, license_id, slot, session_id, device, person, gen,
                  lease_expires_at, unnamed_expires_at, seq, token_issued_at, token_expires_at,
                  is_shared)
SELECT tenant, license, slot, session, device, person, gen, ends, unnamed_ends,
       seq, token_issued_at, token_ends, is_shared
FROM {rows(Grant)} WHERE true
ON CONFLICT (tenant_id, license_id, slot) DO UPDATE SET
    session_id = excluded.session_id, device = excluded.device, person = excluded.person,
    gen = excluded.gen,
    lease_expires_at = excluded.lease_expires_at,
    unnamed_expires_at = excluded.unnamed_expires_at, seq = excluded.seq,
    token_issued_at = excluded.token_issued_at, token_expires_at = excluded.token_expires_at,
    is_shared = excluded.is_shared
WHERE seat.session_id IS NULL AND seat.gen < excluded.gen"""

# Begins the records of sessions; a token of a named instance is noted with its share.
BEGIN_SESSIONS = f"""
INSERT INTO license_session (tenant_id, license_id, slot, id, device, gen, principal, metadata,
                             started_at, end_reason, seq)
SELECT tenant, license, slot, session, device, gen, principal, metadata_json,
       started_at, '', 0
FROM {rows(Grant)}"""
