"""What a release reads and writes, and every end of a session."""

from leasing.stores.sql.rows import End, Leaver
from leasing.stores.sqlite.statements.forms import rows, wanted
from leasing.stores.sqlite.statements.joins import SEAT_OF_SESSION

# Answers, for each session wanted that holds a seat, the license, the slot, the ends of the seat,
# how often holders of the license beat, the ends of the shares of the other instances, also of
# those that lapsed, the seq and the end of the loan.
SEATS_OF_SESSIONS = f"""
SELECT json_group_array(json_array(
    w.place, s.license_id, s.slot, s.lease_expires_at || 'Z', s.unnamed_expires_at || 'Z',
    l.heartbeat_interval_seconds,
    json((SELECT json_group_array(a.lease_expires_at || 'Z') FROM seat_instance AS a
          WHERE a.tenant_id = s.tenant_id AND a.session_id = s.session_id
            AND a.instance_id <> w.instance)),
    s.seq, n.borrowed_until || 'Z'))
FROM {wanted("place", "tenant", "session", "instance")} AS w{SEAT_OF_SESSION}
CROSS JOIN license_session AS n ON n.tenant_id = s.tenant_id AND n.id = s.session_id
CROSS JOIN license AS l ON l.tenant_id = s.tenant_id AND l.id = s.license_id"""

# Forgets instances.
FORGET_INSTANCES = f"""
DELETE FROM seat_instance WHERE (tenant_id, session_id, instance_id) IN (
    SELECT tenant, session, instance FROM {rows(Leaver)})"""

# Frees the seats of sessions; the gen stays, so the next holder's is higher (S6).
FREE_SEATS = f"""
UPDATE seat SET session_id = NULL, device = NULL, person = NULL, lease_expires_at = NULL,
                unnamed_expires_at = NULL, seq = 0, token_issued_at = NULL, token_expires_at = NULL,
                is_shared = 0
FROM {rows(End)} AS w
WHERE seat.tenant_id = w.tenant AND seat.license_id = w.license AND seat.slot = w.slot
  AND seat.session_id = w.session"""

# Forgets every instance of sessions that end.
FORGET_ALL_INSTANCES = f"""
DELETE FROM seat_instance WHERE (tenant_id, session_id) IN (
    SELECT tenant, session FROM {rows(End)})"""

# Ends the records of sessions.
END_SESSIONS = f"""
UPDATE license_session SET ended_at = w.ended_at, end_reason = w.reason
FROM {rows(End)} AS w
WHERE license_session.tenant_id = w.tenant AND license_session.id = w.session"""
