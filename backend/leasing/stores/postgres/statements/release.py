"""What a release reads and writes, and every end of a session."""

from leasing.stores.postgres.statements.forms import hex_of, rows, wanted
from leasing.stores.postgres.statements.joins import LICENSE_OF_SEAT, SEAT_OF_SESSION
from leasing.stores.sql.rows import End, Leaver

SEATS_OF_SESSIONS = f"""
SELECT coalesce(json_agg(json_build_array(
    w.place, {hex_of("s.license_id")}, s.slot, s.lease_expires_at,
    s.unnamed_expires_at, l.heartbeat_interval_seconds,
    (SELECT coalesce(json_agg(a.lease_expires_at), '[]') FROM seat_instance AS a
     WHERE a.tenant_id = s.tenant_id AND a.session_id = s.session_id
       AND a.instance_id <> w.instance), s.seq, n.borrowed_until)), '[]')::text
FROM {wanted("place", "tenant", "session", "instance")} AS w{SEAT_OF_SESSION}
JOIN license_session AS n ON n.tenant_id = s.tenant_id AND n.id = s.session_id
{LICENSE_OF_SEAT}"""

FORGET_INSTANCES = f"""
DELETE FROM seat_instance USING {rows(Leaver)} AS w
WHERE seat_instance.tenant_id = w.tenant AND seat_instance.session_id = w.session
  AND seat_instance.instance_id = w.instance"""

FREE_SEATS = f"""
UPDATE seat SET session_id = NULL, device = NULL, person = NULL, lease_expires_at = NULL,
                unnamed_expires_at = NULL, seq = 0, token_issued_at = NULL, token_expires_at = NULL,
                is_shared = false
FROM {rows(End)} AS w
WHERE seat.tenant_id = w.tenant AND seat.license_id = w.license AND seat.slot = w.slot
  AND seat.session_id = w.session"""

FORGET_ALL_INSTANCES = f"""
DELETE FROM seat_instance USING {rows(End)} AS w
WHERE seat_instance.tenant_id = w.tenant AND seat_instance.session_id = w.session"""

END_SESSIONS = f"""
UPDATE license_session SET ended_at = w.ended_at, end_reason = w.reason
FROM {rows(End)} AS w
WHERE license_session.tenant_id = w.tenant AND license_session.id = w.session"""
