"""Every SQL statement of the SQLite store, each with one sentence.

Django makes the tables: ids are 32 hexadecimal digits and instants are UTC text without an
offset. Statements that read many values answer one JSON array, which is decoded into typed
values in one step: a row at a time would hand the interpreter lock over at each row. Those that
change many rows take them as JSON as well (rows.py).
"""

from msgspec import Struct

from leasing.stores.sql.rows import (
    Denials,
    End,
    Grant,
    Leaver,
    RaisedGen,
    Record,
    Renewal,
    SessionShares,
    Share,
    SignedToken,
)


def _wanted(*names: str) -> str:
    """Return what stands after FROM to read the rows of ``:wanted``, with names for their parts.

    ``->>`` would do the same, but builds each path anew: three times slower.
    """
    return _named("wanted", names)


def _rows(kind: type[Struct]) -> str:
    """Return what stands after FROM to read the rows of ``:rows``, by the names of their fields."""
    return _named("rows", kind.__struct_fields__)


def _named(parameter: str, names: tuple[str, ...]) -> str:
    parts = (f"json_extract(value, '$[{at}]') AS {name}" for at, name in enumerate(names))
    return f"(SELECT {', '.join(parts)} FROM json_each(:{parameter}))"


def _dashed(column: str) -> str:
    parts = ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))
    return "||'-'||".join(f"substr({column},{start},{length})" for start, length in parts)


_TERMS = f"""json_array(
    {_dashed("l.tenant_id")}, {_dashed("l.id")}, p.code, l.tier, json(l.entitlements),
    l.seats, l.overdraft_seats, l.status, l.expires_at || 'Z',
    l.ttl_seconds, l.heartbeat_interval_seconds,
    json(CASE WHEN l.key_auth THEN 'true' ELSE 'false' END))"""

_HOLDING = f"""json_array(
    {_dashed("s.session_id")}, s.slot, s.gen, s.device, s.lease_expires_at || 'Z',
    s.unnamed_expires_at || 'Z', n.seq,
    coalesce(i.token_issued_at, CASE WHEN i.instance_id IS NULL THEN n.token_issued_at END)
        || 'Z',
    coalesce(i.token_expires_at, CASE WHEN i.instance_id IS NULL THEN n.token_expires_at END)
        || 'Z')"""

# The record of a session names its seat, so the seat needs no index for sessions.
_SEAT_OF_SESSION = """
CROSS JOIN license_session AS n ON n.tenant_id = w.tenant AND n.id = w.session
CROSS JOIN seat AS s ON s.tenant_id = n.tenant_id AND s.license_id = n.license_id
    AND s.slot = n.slot AND s.session_id = n.id"""

# Answers, for each key HMAC wanted that a license has, its terms; in any tenant if none is named.
TERMS = f"""
SELECT json_group_array(json_array(w.place, {_TERMS}))
FROM {_wanted("place", "tenant", "hmac")} AS w
CROSS JOIN license AS l ON l.key_hmac = w.hmac AND (w.tenant IS NULL OR l.tenant_id = w.tenant)
CROSS JOIN product AS p ON p.tenant_id = l.tenant_id AND p.id = l.product_id"""

# Answers the terms of each license wanted.
TERMS_OF_LICENSES = f"""
SELECT json_group_array(json_array(w.place, {_TERMS}))
FROM {_wanted("place", "tenant", "license")} AS w
CROSS JOIN license AS l ON l.tenant_id = w.tenant AND l.id = w.license
CROSS JOIN product AS p ON p.tenant_id = l.tenant_id AND p.id = l.product_id"""

# Answers tenant, license and whether the key is a credential, for each key HMAC that is known.
LICENSES_OF_KEYS = """
SELECT l.key_hmac, l.tenant_id, l.id, l.key_auth FROM json_each(:hmacs) AS k
CROSS JOIN license AS l ON l.key_hmac = k.value"""

# Answers, for each session wanted that holds a seat, the terms and the holding, whether the
# instance is known and whether there are any.
HOLDINGS = f"""
SELECT json_group_array(json_array(
    w.place, {_TERMS}, {_HOLDING},
    json(CASE WHEN i.instance_id IS NULL THEN 'false' ELSE 'true' END),
    json(CASE WHEN EXISTS (SELECT 1 FROM seat_instance AS a
                           WHERE a.tenant_id = s.tenant_id AND a.session_id = s.session_id)
         THEN 'true' ELSE 'false' END)))
FROM {_wanted("place", "tenant", "session", "instance")} AS w{_SEAT_OF_SESSION}
CROSS JOIN license AS l ON l.tenant_id = s.tenant_id AND l.id = s.license_id
CROSS JOIN product AS p ON p.tenant_id = l.tenant_id AND p.id = l.product_id
LEFT JOIN seat_instance AS i ON i.tenant_id = s.tenant_id AND i.session_id = s.session_id
    AND i.instance_id = w.instance"""

# Answers, for each device wanted that holds a seat, the holding and how many other instances
# share the seat.
HOLDINGS_OF_DEVICES = f"""
SELECT json_group_array(json_array(
    w.place, {_HOLDING},
    (SELECT count(*) FROM seat_instance AS a
     WHERE a.tenant_id = s.tenant_id AND a.session_id = s.session_id
       AND a.instance_id <> w.instance)))
FROM {_wanted("place", "tenant", "license", "device", "instance")} AS w
CROSS JOIN seat AS s ON s.tenant_id = w.tenant AND s.license_id = w.license
    AND s.device = w.device
CROSS JOIN license_session AS n ON n.tenant_id = s.tenant_id AND n.id = s.session_id
LEFT JOIN seat_instance AS i ON i.tenant_id = s.tenant_id AND i.session_id = s.session_id
    AND i.instance_id = w.instance"""

# Answers license, tier, slot, start, end, end reason and lease end of a session, also when over.
SESSION = """
SELECT n.license_id, l.tier, n.slot, n.started_at, n.ended_at, n.end_reason, s.lease_expires_at
FROM license_session AS n
CROSS JOIN license AS l ON l.tenant_id = n.tenant_id AND l.id = n.license_id
LEFT JOIN seat AS s ON s.tenant_id = n.tenant_id AND s.license_id = n.license_id
    AND s.slot = n.slot AND s.session_id = n.id
WHERE n.tenant_id = :tenant AND n.id = :session"""

# Answers terms, device, gen, end, seq and the last token of a session that runs without a seat.
HONORED = f"""
SELECT json_array({_TERMS}, n.device, n.gen, n.ended_at || 'Z', n.seq,
                  n.token_issued_at || 'Z', n.token_expires_at || 'Z')
FROM license_session AS n
CROSS JOIN license AS l ON l.tenant_id = n.tenant_id AND l.id = n.license_id
CROSS JOIN product AS p ON p.tenant_id = l.tenant_id AND p.id = l.product_id
WHERE n.tenant_id = :tenant AND n.id = :session AND n.slot IS NULL AND n.ended_at > :now"""

# Begins a session without a seat, or moves its end on.
HONOR = """
INSERT INTO license_session (tenant_id, license_id, id, device, gen, principal, metadata,
                             started_at, ended_at, end_reason, seq)
VALUES (:tenant, :license, :session, :device, :gen, :principal, '{}',
        :since, :ends, 'taken_over', :seq)
ON CONFLICT (tenant_id, id) DO UPDATE SET ended_at = max(ended_at, excluded.ended_at)
WHERE license_session.slot IS NULL"""

# Ends a session that runs without a seat; answers its license.
END_HONORED = """
UPDATE license_session SET ended_at = :now, end_reason = 'released'
WHERE tenant_id = :tenant AND id = :session AND slot IS NULL AND ended_at > :now
RETURNING license_id"""

# Moves the ends of leases.
RENEW_SEATS = f"""
UPDATE seat SET lease_expires_at = w.ends, unnamed_expires_at = w.unnamed_ends
FROM {_rows(Renewal)} AS w
WHERE seat.tenant_id = w.tenant AND seat.license_id = w.license AND seat.slot = w.slot"""

# Raises the gens of seats.
RAISE_SEATS = f"""
UPDATE seat SET gen = w.gen FROM {_rows(RaisedGen)} AS w
WHERE seat.tenant_id = w.tenant AND seat.license_id = w.license AND seat.slot = w.slot
  AND seat.session_id = w.session AND seat.gen < w.gen"""

# Raises the gens of the sessions that hold them.
RAISE_SESSIONS = f"""
UPDATE license_session SET gen = w.gen FROM {_rows(RaisedGen)} AS w
WHERE license_session.tenant_id = w.tenant AND license_session.id = w.session"""

# Moves the ends of every instance of sessions.
RENEW_ALL_INSTANCES = f"""
UPDATE seat_instance SET lease_expires_at = max(lease_expires_at, w.ends)
FROM {_rows(SessionShares)} AS w
WHERE seat_instance.tenant_id = w.tenant AND seat_instance.session_id = w.session"""

# Notes tokens signed; without instants, those noted before stay.
NOTE_TOKENS = f"""
UPDATE license_session SET seq = w.seq,
    token_issued_at = coalesce(w.issued_at, license_session.token_issued_at),
    token_expires_at = coalesce(w.ends, license_session.token_expires_at)
FROM {_rows(SignedToken)} AS w
WHERE license_session.tenant_id = w.tenant AND license_session.id = w.session"""

# Moves the ends of instances, made when missing, and notes their tokens if there are any.
PUT_INSTANCES = f"""
INSERT INTO seat_instance (tenant_id, session_id, instance_id, lease_expires_at,
                           token_issued_at, token_expires_at)
SELECT tenant, session, instance, ends, token_issued_at, token_ends
FROM {_rows(Share)} WHERE true
ON CONFLICT (tenant_id, session_id, instance_id) DO UPDATE SET
    lease_expires_at = max(lease_expires_at, excluded.lease_expires_at),
    token_issued_at = coalesce(excluded.token_issued_at, token_issued_at),
    token_expires_at = coalesce(excluded.token_expires_at, token_expires_at)"""

# Answers the instances of a session whose share of the lease still runs.
LIVE_INSTANCES = """
SELECT instance_id, lease_expires_at FROM seat_instance
WHERE tenant_id = :tenant AND session_id = :session AND lease_expires_at > :now
ORDER BY instance_id"""

# Counts the instances of a session but for one.
COUNT_OTHER_INSTANCES = """
SELECT count(*) FROM seat_instance
WHERE tenant_id = :tenant AND session_id = :session AND instance_id <> :instance"""

# Forgets the instances of a session whose share of the lease has lapsed.
FORGET_LAPSED_INSTANCES = """
DELETE FROM seat_instance
WHERE tenant_id = :tenant AND session_id = :session AND lease_expires_at <= :now"""

# Forgets instances.
FORGET_INSTANCES = f"""
DELETE FROM seat_instance WHERE (tenant_id, session_id, instance_id) IN (
    SELECT tenant, session, instance FROM {_rows(Leaver)})"""

# Forgets every instance of sessions that end.
FORGET_ALL_INSTANCES = f"""
DELETE FROM seat_instance WHERE (tenant_id, session_id) IN (
    SELECT tenant, session FROM {_rows(End)})"""

# Answers, for each license wanted, its lowest free slots under the cap, each with the gen of its
# last holder.
RELEASED_SEATS = f"""
SELECT json_group_array(json_array(w.license, json((
    SELECT json_group_array(json_array(f.slot, f.gen)) FROM (
        SELECT s.slot, s.gen FROM seat AS s
        WHERE s.tenant_id = w.tenant AND s.license_id = w.license
          AND s.session_id IS NULL AND s.slot < w.cap
        ORDER BY s.slot LIMIT :most) AS f))))
FROM {_wanted("tenant", "license", "cap")} AS w"""

# Puts holders on free seats, made when a slot was never used. Primary key, ``session_id IS NULL``
# and the gen are the guard (S1, S6).
PUT_HOLDERS = f"""
INSERT INTO seat (tenant_id, license_id, slot, session_id, device, gen,
                  lease_expires_at, unnamed_expires_at)
SELECT tenant, license, slot, session, device, gen, ends, unnamed_ends
FROM {_rows(Grant)} WHERE true
ON CONFLICT (tenant_id, license_id, slot) DO UPDATE SET
    session_id = excluded.session_id, device = excluded.device, gen = excluded.gen,
    lease_expires_at = excluded.lease_expires_at,
    unnamed_expires_at = excluded.unnamed_expires_at
WHERE seat.session_id IS NULL AND seat.gen < excluded.gen"""

# Frees the seats of sessions; the gen stays, so the next holder's is higher (S6).
FREE_SEATS = f"""
UPDATE seat SET session_id = NULL, device = NULL, lease_expires_at = NULL,
                unnamed_expires_at = NULL
FROM {_rows(End)} AS w
WHERE seat.tenant_id = w.tenant AND seat.license_id = w.license AND seat.slot = w.slot
  AND seat.session_id = w.session"""

# Begins the records of sessions; a token of a named instance is noted with its share.
BEGIN_SESSIONS = f"""
INSERT INTO license_session (tenant_id, license_id, slot, id, device, gen, principal, metadata,
                             started_at, end_reason, seq, token_issued_at, token_expires_at)
SELECT tenant, license, slot, session, device, gen, principal, metadata_json,
       started_at, '', seq, token_issued_at, token_ends
FROM {_rows(Grant)}"""

# Ends the records of sessions.
END_SESSIONS = f"""
UPDATE license_session SET ended_at = w.ended_at, end_reason = w.reason
FROM {_rows(End)} AS w
WHERE license_session.tenant_id = w.tenant AND license_session.id = w.session"""

# Answers, for each session wanted that holds a seat, the license, the slot, the ends of the seat,
# how often holders of the license beat, the ends of the shares of the other instances, also of
# those that lapsed, and the seq.
SEATS_OF_SESSIONS = f"""
SELECT json_group_array(json_array(
    w.place, s.license_id, s.slot, s.lease_expires_at || 'Z', s.unnamed_expires_at || 'Z',
    l.heartbeat_interval_seconds,
    json((SELECT json_group_array(a.lease_expires_at || 'Z') FROM seat_instance AS a
          WHERE a.tenant_id = s.tenant_id AND a.session_id = s.session_id
            AND a.instance_id <> w.instance)),
    n.seq))
FROM {_wanted("place", "tenant", "session", "instance")} AS w{_SEAT_OF_SESSION}
CROSS JOIN license AS l ON l.tenant_id = s.tenant_id AND l.id = s.license_id"""

# Answers the holder of a slot, its device, its gen and the end of its lease.
SEAT = """
SELECT session_id, device, gen, lease_expires_at FROM seat
WHERE tenant_id = :tenant AND license_id = :license AND slot = :slot"""

# Counts the live seats of a license, and its rows.
COUNT_SEATS = """
SELECT count(*) FILTER (WHERE session_id IS NOT NULL AND lease_expires_at > :now), count(*)
FROM seat WHERE tenant_id = :tenant AND license_id = :license"""

# Answers held seats that end before the horizon, live ones first to last, then lapsed ones.
SEATS_ENDING = """
SELECT lease_expires_at, slot FROM seat
WHERE tenant_id = :tenant AND license_id = :license AND session_id IS NOT NULL
  AND lease_expires_at > :now AND lease_expires_at < :horizon
ORDER BY lease_expires_at LIMIT :most"""

# Answers held seats under the cap whose lease has lapsed.
SEATS_LAPSED = """
SELECT slot FROM seat
WHERE tenant_id = :tenant AND license_id = :license AND session_id IS NOT NULL
  AND lease_expires_at <= :now AND slot < :cap
ORDER BY slot LIMIT :most"""

# Answers lapsed seats of any license, for the reaper, with their heartbeat interval.
LAPSED_ANYWHERE = """
SELECT s.tenant_id, s.license_id, s.slot, s.session_id, s.lease_expires_at,
       l.heartbeat_interval_seconds
FROM seat AS s CROSS JOIN license AS l ON l.tenant_id = s.tenant_id AND l.id = s.license_id
WHERE s.session_id IS NOT NULL AND s.lease_expires_at <= :now LIMIT :most"""

# Writes audit records.
RECORDS = f"""
INSERT INTO audit_event (tenant_id, id, at, action, principal, license_id, session_id, details)
SELECT tenant, id, at, action, principal, license, session, details_json
FROM {_rows(Record)}"""

# Counts denials of a license for one reason within one hour.
DENIALS = f"""
INSERT INTO denial_count (tenant_id, license_id, reason, hour, count)
SELECT tenant, license, reason, hour, count FROM {_rows(Denials)} WHERE true
ON CONFLICT (tenant_id, license_id, reason, hour) DO UPDATE SET count = count + excluded.count"""

# Answers when the ledger was last alive, since when reclaims are held and since when it was silent
# before.
READ_STATE = "SELECT last_alive_at, hold_since, silent_since FROM ledger_state WHERE id = 1"

# Notes that the ledger is alive.
STAMP = """
INSERT INTO ledger_state (id, last_alive_at) VALUES (1, :alive)
ON CONFLICT (id) DO UPDATE SET last_alive_at = excluded.last_alive_at"""

# Notes a hold of reclaims, in a ledger that has noted that it is alive.
HOLD = """
UPDATE ledger_state SET hold_since = :hold_since, silent_since = :silent_since WHERE id = 1"""
