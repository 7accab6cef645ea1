"""Every SQL statement of the SQLite store, each with one sentence.

Django makes the tables: ids are 32 hexadecimal digits and instants are UTC text without an
offset. Statements that read many values answer one JSON array, which is decoded into typed
values in one step: a row at a time would hand the interpreter lock over at each row.
"""


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

# Answers the terms of the license with one of these key HMACs, in any tenant.
TERMS_BY_KEY = f"""
SELECT {_TERMS} FROM json_each(:hmacs) AS k
CROSS JOIN license AS l ON l.key_hmac = k.value
CROSS JOIN product AS p ON p.tenant_id = l.tenant_id AND p.id = l.product_id
LIMIT 1"""

# Answers tenant, license and whether the key is a credential, for each key HMAC that is known.
LICENSES_OF_KEYS = """
SELECT l.key_hmac, l.tenant_id, l.id, l.key_auth FROM json_each(:hmacs) AS k
CROSS JOIN license AS l ON l.key_hmac = k.value"""

# Answers the terms of the license of one tenant with one of these key HMACs.
TERMS_BY_KEY_IN_TENANT = f"""
SELECT {_TERMS} FROM json_each(:hmacs) AS k
CROSS JOIN license AS l ON l.tenant_id = :tenant AND l.key_hmac = k.value
CROSS JOIN product AS p ON p.tenant_id = l.tenant_id AND p.id = l.product_id
LIMIT 1"""

# Answers, for each [position, tenant, session, instance] wanted, the terms and the holding of a
# session that holds a seat, whether the instance is known and whether there are any.
HOLDINGS = f"""
SELECT json_group_array(json_array(
    w.value ->> 0, {_TERMS}, {_HOLDING},
    json(CASE WHEN i.instance_id IS NULL THEN 'false' ELSE 'true' END),
    json(CASE WHEN EXISTS (SELECT 1 FROM seat_instance AS a
                           WHERE a.tenant_id = s.tenant_id AND a.session_id = s.session_id)
         THEN 'true' ELSE 'false' END)))
FROM json_each(:wanted) AS w
CROSS JOIN seat AS s ON s.tenant_id = w.value ->> 1 AND s.session_id = w.value ->> 2
CROSS JOIN license AS l ON l.tenant_id = s.tenant_id AND l.id = s.license_id
CROSS JOIN product AS p ON p.tenant_id = l.tenant_id AND p.id = l.product_id
CROSS JOIN license_session AS n ON n.tenant_id = s.tenant_id AND n.id = s.session_id
LEFT JOIN seat_instance AS i ON i.tenant_id = s.tenant_id AND i.session_id = s.session_id
    AND i.instance_id = w.value ->> 3"""

# Answers the holding of one device, if it holds a seat of the license.
HOLDING_OF_DEVICE = f"""
SELECT {_HOLDING} FROM seat AS s
CROSS JOIN license_session AS n ON n.tenant_id = s.tenant_id AND n.id = s.session_id
LEFT JOIN seat_instance AS i ON i.tenant_id = s.tenant_id AND i.session_id = s.session_id
    AND i.instance_id = :instance
WHERE s.tenant_id = :tenant AND s.license_id = :license AND s.device = :device"""

# Answers license, tier, slot, start, end, end reason and lease end of a session, also when over.
SESSION = """
SELECT n.license_id, l.tier, n.slot, n.started_at, n.ended_at, n.end_reason, s.lease_expires_at
FROM license_session AS n
CROSS JOIN license AS l ON l.tenant_id = n.tenant_id AND l.id = n.license_id
LEFT JOIN seat AS s ON s.tenant_id = n.tenant_id AND s.session_id = n.id
WHERE n.tenant_id = :tenant AND n.id = :session"""

# Moves the ends of many leases; renewals are [tenant, license, slot, end, unnamed end].
RENEW_SEATS = """
UPDATE seat SET lease_expires_at = w.ends, unnamed_expires_at = w.unnamed_ends
FROM (SELECT value ->> 0 AS tenant, value ->> 1 AS license, value ->> 2 AS slot,
             value ->> 3 AS ends, value ->> 4 AS unnamed_ends FROM json_each(:renewals)) AS w
WHERE seat.tenant_id = w.tenant AND seat.license_id = w.license AND seat.slot = w.slot"""

# Moves the ends of every instance of many sessions; renewals are [tenant, session, end].
RENEW_ALL_INSTANCES = """
UPDATE seat_instance SET lease_expires_at = max(lease_expires_at, w.ends)
FROM (SELECT value ->> 0 AS tenant, value ->> 1 AS session, value ->> 2 AS ends
      FROM json_each(:renewals)) AS w
WHERE seat_instance.tenant_id = w.tenant AND seat_instance.session_id = w.session"""

# Notes tokens signed; renewals are [tenant, session, seq, from, to], the last two only for
# calls without an instance.
NOTE_TOKENS = """
UPDATE license_session SET seq = w.seq,
    token_issued_at = coalesce(w.issued, license_session.token_issued_at),
    token_expires_at = coalesce(w.ends, license_session.token_expires_at)
FROM (SELECT value ->> 0 AS tenant, value ->> 1 AS session, value ->> 2 AS seq,
             value ->> 3 AS issued, value ->> 4 AS ends FROM json_each(:renewals)) AS w
WHERE license_session.tenant_id = w.tenant AND license_session.id = w.session"""

# Moves the ends of many instances; renewals are [tenant, session, instance, end, from, to], the
# last two only where a token was signed.
RENEW_INSTANCES = """
UPDATE seat_instance SET lease_expires_at = max(lease_expires_at, w.ends),
    token_issued_at = coalesce(w.issued, seat_instance.token_issued_at),
    token_expires_at = coalesce(w.token_ends, seat_instance.token_expires_at)
FROM (SELECT value ->> 0 AS tenant, value ->> 1 AS session, value ->> 2 AS instance,
             value ->> 3 AS ends, value ->> 4 AS issued, value ->> 5 AS token_ends
      FROM json_each(:renewals)) AS w
WHERE seat_instance.tenant_id = w.tenant AND seat_instance.session_id = w.session
  AND seat_instance.instance_id = w.instance"""

# Moves the end of one instance of a session, made when missing, and notes its token if any.
PUT_INSTANCE = """
INSERT INTO seat_instance (tenant_id, session_id, instance_id, lease_expires_at,
                           token_issued_at, token_expires_at)
VALUES (:tenant, :session, :instance, :ends, :issued, :token_ends)
ON CONFLICT (tenant_id, session_id, instance_id) DO UPDATE SET
    lease_expires_at = max(lease_expires_at, excluded.lease_expires_at),
    token_issued_at = coalesce(excluded.token_issued_at, token_issued_at),
    token_expires_at = coalesce(excluded.token_expires_at, token_expires_at)"""

# Notes that a token was signed for calls without an instance.
NOTE_UNNAMED_SEQ = """
UPDATE license_session SET seq = :seq, token_issued_at = :issued, token_expires_at = :token_ends
WHERE tenant_id = :tenant AND id = :session"""

# Notes that a token was signed for a named instance.
NOTE_SEQ = """
UPDATE license_session SET seq = :seq WHERE tenant_id = :tenant AND id = :session"""

# Answers the instances of a session whose share of the lease still runs.
LIVE_INSTANCES = """
SELECT instance_id, lease_expires_at FROM seat_instance
WHERE tenant_id = :tenant AND session_id = :session AND lease_expires_at > :now
ORDER BY instance_id"""

# Answers the ends of the shares of a session's instances, also of those that lapsed.
INSTANCE_ENDS = """
SELECT lease_expires_at FROM seat_instance
WHERE tenant_id = :tenant AND session_id = :session"""

# Counts the instances of a session but for one.
COUNT_OTHER_INSTANCES = """
SELECT count(*) FROM seat_instance
WHERE tenant_id = :tenant AND session_id = :session AND instance_id <> :instance"""

# Forgets the instances of a session whose share of the lease has lapsed.
FORGET_LAPSED_INSTANCES = """
DELETE FROM seat_instance
WHERE tenant_id = :tenant AND session_id = :session AND lease_expires_at <= :now"""

# Forgets one instance of a session.
FORGET_INSTANCE = """
DELETE FROM seat_instance
WHERE tenant_id = :tenant AND session_id = :session AND instance_id = :instance"""

# Forgets every instance of a session.
FORGET_INSTANCES = """
DELETE FROM seat_instance WHERE tenant_id = :tenant AND session_id = :session"""

# Answers the lowest free slot under the cap.
FREE_SLOT = """
SELECT slot FROM seat
WHERE tenant_id = :tenant AND license_id = :license AND session_id IS NULL AND slot < :cap
ORDER BY slot LIMIT 1"""

# Puts a holder on a free seat; the primary key and ``session_id IS NULL`` are the guard (S1).
TAKE_SEAT = """
UPDATE seat SET session_id = :session, device = :device, gen = gen + 1,
                lease_expires_at = :ends, unnamed_expires_at = :unnamed_ends
WHERE tenant_id = :tenant AND license_id = :license AND slot = :slot AND session_id IS NULL
RETURNING gen"""

# Makes a slot that was never used, with its holder.
MAKE_SEAT = """
INSERT INTO seat (tenant_id, license_id, slot, session_id, device, gen,
                  lease_expires_at, unnamed_expires_at)
VALUES (:tenant, :license, :slot, :session, :device, 1, :ends, :unnamed_ends)
RETURNING gen"""

# Frees the seat of a session; its gen stays, so the next holder's is higher (S6).
FREE_SEAT = """
UPDATE seat SET session_id = NULL, device = NULL, lease_expires_at = NULL,
                unnamed_expires_at = NULL
WHERE tenant_id = :tenant AND license_id = :license AND slot = :slot AND session_id = :session"""

# Begins the record of a session.
BEGIN_SESSION = """
INSERT INTO license_session (tenant_id, id, license_id, slot, gen, device, principal, metadata,
                             started_at, end_reason, seq, token_issued_at, token_expires_at)
VALUES (:tenant, :session, :license, :slot, :gen, :device, :principal, :metadata, :now, '',
        :seq, :issued, :token_ends)"""

# Ends the record of a session.
END_SESSION = """
UPDATE license_session SET ended_at = :ended_at, end_reason = :reason
WHERE tenant_id = :tenant AND id = :session"""

# Answers the license, the slot and the ends of the seat that a session holds, and how often
# holders of the license beat.
SEAT_OF_SESSION = """
SELECT s.license_id, s.slot, s.lease_expires_at, s.unnamed_expires_at,
       l.heartbeat_interval_seconds
FROM seat AS s CROSS JOIN license AS l ON l.tenant_id = s.tenant_id AND l.id = s.license_id
WHERE s.tenant_id = :tenant AND s.session_id = :session"""

# Answers the holder of a slot and the end of its lease.
SEAT = """
SELECT session_id, lease_expires_at FROM seat
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

# Writes one audit record.
RECORD = """
INSERT INTO audit_event (tenant_id, id, at, action, principal, license_id, session_id, details)
VALUES (:tenant, :id, :at, :action, :principal, :license, :session, :details)"""

# Counts denials of one license for one reason within one hour.
COUNT_DENIALS = """
INSERT INTO denial_count (tenant_id, license_id, reason, hour, count)
VALUES (:tenant, :license, :reason, :hour, :count)
ON CONFLICT (tenant_id, license_id, reason, hour) DO UPDATE SET count = count + excluded.count"""

# Answers when the ledger was last alive and since when reclaims are held.
READ_STATE = "SELECT last_alive_at, hold_since FROM ledger_state WHERE id = 1"

# Notes when the ledger was last alive and since when reclaims are held.
WRITE_STATE = """
INSERT INTO ledger_state (id, last_alive_at, hold_since) VALUES (1, :alive, :hold)
ON CONFLICT (id) DO UPDATE SET last_alive_at = excluded.last_alive_at,
                               hold_since = excluded.hold_since"""
