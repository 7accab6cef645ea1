"""What heartbeats read and write; an acquire that comes back to its seat writes the same."""

from leasing.stores.postgres.rows import RenewalAt
from leasing.stores.postgres.statements.forms import rows, wanted
from leasing.stores.postgres.statements.joins import (
    HOLDING,
    IN_KEY_ORDER,
    LICENSE_OF_SEAT,
    PRODUCT_OF_LICENSE,
    SEAT_OF_SESSION,
    TERMS_OF_LICENSE,
)
from leasing.stores.sql.rows import RaisedGen, Renewal, SessionShares, Share, SignedToken

# A call without an instance is only asked whether there are any, one with it only for its own: each
# looks into the index of instances once, and not at all where there never were any.
_INSTANCE = """
LEFT JOIN seat_instance AS i ON i.tenant_id = s.tenant_id AND i.instance_id = w.instance
    AND i.session_id = CASE WHEN s.is_shared AND w.instance <> '' THEN s.session_id END"""
_INSTANCES = """i.instance_id IS NOT NULL,
    w.instance = '' AND s.is_shared AND EXISTS (SELECT 1 FROM seat_instance AS a
            WHERE a.tenant_id = s.tenant_id AND a.session_id = s.session_id)"""

HOLDINGS = f"""
SELECT coalesce(json_agg(json_build_array(
    w.place, {TERMS_OF_LICENSE}, {HOLDING}, {_INSTANCES})), '[]')::text
FROM {wanted("place", "tenant", "session", "instance")} AS w{SEAT_OF_SESSION}
{LICENSE_OF_SEAT}
{PRODUCT_OF_LICENSE}{_INSTANCE}"""

# The same for heartbeats: the version of the license in place of its terms, which are known by
# heart, and where the seat's row lies. Nothing but a change of the license makes another version:
# the code of its product never changes.
HELD = f"""
SELECT coalesce(json_agg(json_build_array(
    w.place, l.id, l.xmin::text, {HOLDING}, {_INSTANCES}, s.ctid::text)), '[]')::text
FROM {wanted("place", "tenant", "session", "instance")} AS w{SEAT_OF_SESSION}
{LICENSE_OF_SEAT}{_INSTANCE}"""

# Locks the seats that sessions hold, in the order of their key.
LOCK_SEATS_OF_SESSIONS = f"""
SELECT 1 FROM {wanted("place", "tenant", "session", "instance")} AS w{SEAT_OF_SESSION}
{IN_KEY_ORDER}"""

RENEW_SEATS = f"""
UPDATE seat SET lease_expires_at = w.ends, unnamed_expires_at = w.unnamed_ends,
    seq = coalesce(w.seq, seat.seq),
    token_issued_at = coalesce(w.token_issued_at, seat.token_issued_at),
    token_expires_at = coalesce(w.token_ends, seat.token_expires_at),
    is_shared = coalesce(w.is_shared, seat.is_shared)
FROM {rows(Renewal)} AS w
WHERE seat.tenant_id = w.tenant AND seat.license_id = w.license AND seat.slot = w.slot"""

# The same for rows that were read in this transaction and lie where they lay then: their index is
# not gone through again. A row that was changed since has no version there that is seen.
RENEW_SEATS_AT = f"""
UPDATE seat SET lease_expires_at = w.ends, unnamed_expires_at = w.unnamed_ends,
    seq = coalesce(w.seq, seat.seq),
    token_issued_at = coalesce(w.token_issued_at, seat.token_issued_at),
    token_expires_at = coalesce(w.token_ends, seat.token_expires_at),
    is_shared = coalesce(w.is_shared, seat.is_shared)
FROM {rows(RenewalAt)} AS w
WHERE seat.ctid = w.seat_at AND seat.tenant_id = w.tenant"""

RAISE_SEATS = f"""
UPDATE seat SET gen = w.gen FROM {rows(RaisedGen)} AS w
WHERE seat.tenant_id = w.tenant AND seat.license_id = w.license AND seat.slot = w.slot
  AND seat.session_id = w.session AND seat.gen < w.gen"""

RAISE_SESSIONS = f"""
UPDATE license_session SET gen = w.gen FROM {rows(RaisedGen)} AS w
WHERE license_session.tenant_id = w.tenant AND license_session.id = w.session"""

NOTE_TOKENS = f"""
UPDATE license_session SET seq = w.seq, token_issued_at = w.issued_at, token_expires_at = w.ends
FROM {rows(SignedToken)} AS w
WHERE license_session.tenant_id = w.tenant AND license_session.id = w.session
  AND license_session.slot IS NULL"""

RENEW_ALL_INSTANCES = f"""
UPDATE seat_instance SET lease_expires_at = greatest(lease_expires_at, w.ends)
FROM {rows(SessionShares)} AS w
WHERE seat_instance.tenant_id = w.tenant AND seat_instance.session_id = w.session"""

PUT_INSTANCES = f"""
INSERT INTO seat_instance (tenant_id, session_id, instance_id, lease_expires_at,
                           token_issued_at, token_expires_at)
SELECT tenant, session, instance, ends, token_issued_at, token_ends FROM {rows(Share)} AS w
ON CONFLICT (tenant_id, session_id, instance_id) DO UPDATE SET
    lease_expires_at = greatest(seat_instance.lease_expires_at, excluded.lease_expires_at),
    token_issued_at = coalesce(excluded.token_issued_at, seat_instance.token_issued_at),
    token_expires_at = coalesce(excluded.token_expires_at, seat_instance.token_expires_at)"""
