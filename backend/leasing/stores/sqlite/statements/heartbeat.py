"""What heartbeats read and write; an acquire that comes back to its seat writes the same."""

from leasing.stores.sql.rows import RaisedGen, Renewal, SessionShares, Share, SignedToken
from leasing.stores.sqlite.statements.forms import rows, wanted
from leasing.stores.sqlite.statements.joins import HOLDING, SEAT_OF_SESSION, TERMS_OF_LICENSE

# Answers, for each session wanted that holds a seat, the terms and the holding, whether the
# instance is known and whether there are any.
HOLDINGS = f"""
SELECT json_group_array(json_array(
    w.place, {TERMS_OF_LICENSE}, {HOLDING},
    json(CASE WHEN i.instance_id IS NULL THEN 'false' ELSE 'true' END),
    json(CASE WHEN s.is_shared AND EXISTS (SELECT 1 FROM seat_instance AS a
                           WHERE a.tenant_id = s.tenant_id AND a.session_id = s.session_id)
         THEN 'true' ELSE 'false' END)))
FROM {wanted("place", "tenant", "session", "instance")} AS w{SEAT_OF_SESSION}
CROSS JOIN license AS l ON l.tenant_id = s.tenant_id AND l.id = s.license_id
CROSS JOIN product AS p ON p.tenant_id = l.tenant_id AND p.id = l.product_id
LEFT JOIN seat_instance AS i ON i.tenant_id = s.tenant_id AND i.session_id = s.session_id
    AND i.instance_id = w.instance"""

# Moves the ends of leases, and counts tokens; without a token, what was noted before stays.
RENEW_SEATS = f"""
UPDATE seat SET lease_expires_at = w.ends, unnamed_expires_at = w.unnamed_ends,
    seq = coalesce(w.seq, seat.seq),
    token_issued_at = coalesce(w.token_issued_at, seat.token_issued_at),
    token_expires_at = coalesce(w.token_ends, seat.token_expires_at),
    is_shared = coalesce(w.is_shared, seat.is_shared)
FROM {rows(Renewal)} AS w
WHERE seat.tenant_id = w.tenant AND seat.license_id = w.license AND seat.slot = w.slot"""

# Raises the gens of seats.
RAISE_SEATS = f"""
UPDATE seat SET gen = w.gen FROM {rows(RaisedGen)} AS w
WHERE seat.tenant_id = w.tenant AND seat.license_id = w.license AND seat.slot = w.slot
  AND seat.session_id = w.session AND seat.gen < w.gen"""

# Raises the gens of the sessions that hold them.
RAISE_SESSIONS = f"""
UPDATE license_session SET gen = w.gen FROM {rows(RaisedGen)} AS w
WHERE license_session.tenant_id = w.tenant AND license_session.id = w.session"""

# Notes tokens signed for sessions without a seat.
NOTE_TOKENS = f"""
UPDATE license_session SET seq = w.seq, token_issued_at = w.issued_at, token_expires_at = w.ends
FROM {rows(SignedToken)} AS w
WHERE license_session.tenant_id = w.tenant AND license_session.id = w.session
  AND license_session.slot IS NULL"""

# Moves the ends of every instance of sessions.
RENEW_ALL_INSTANCES = f"""
UPDATE seat_instance SET lease_expires_at = max(lease_expires_at, w.ends)
FROM {rows(SessionShares)} AS w
WHERE seat_instance.tenant_id = w.tenant AND seat_instance.session_id = w.session"""

# Moves the ends of instances, made when missing, and notes their tokens if there are any.
PUT_INSTANCES = f"""
INSERT INTO seat_instance (tenant_id, session_id, instance_id, lease_expires_at,
                           token_issued_at, token_expires_at)
SELECT tenant, session, instance, ends, token_issued_at, token_ends
FROM {rows(Share)} WHERE true
ON CONFLICT (tenant_id, session_id, instance_id) DO UPDATE SET
    lease_expires_at = max(lease_expires_at, excluded.lease_expires_at),
    token_issued_at = coalesce(excluded.token_issued_at, token_issued_at),
    token_expires_at = coalesce(excluded.token_expires_at, token_expires_at)"""
