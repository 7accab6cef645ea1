"""Every SQL statement of the PostgreSQL store. What each is for is said at sqlite/statements.py.

Values go in and come out as there: ids as hexadecimal digits and instants as UTC text, or one JSON
array of arrays. Rows that a batch decides about are locked before they are read (``LOCKED_FIRST``),
so each statement reads what the last holder of the lock left.
"""

from msgspec import Struct

from leasing.stores.postgres.known import KeptChanges
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

_KINDS = {
    "uuid": {"tenant", "license", "session", "id"},
    "bigint": {"place", "slot", "gen", "seq", "cap", "count", "version"},
    "timestamptz": {
        "at",
        "ends",
        "unnamed_ends",
        "started_at",
        "ended_at",
        "issued_at",
        "token_issued_at",
        "token_ends",
        "hour",
    },
    "jsonb": {"metadata_json", "details_json"},
}
_KIND_OF = {name: kind for kind, names in _KINDS.items() for name in names}


def _wanted(*names: str) -> str:
    """Return what stands after FROM to read the rows of ``wanted``, with names for their parts."""
    return _named("wanted", names)


def _rows(kind: type[Struct]) -> str:
    """Return what stands after FROM to read the rows of ``rows``, by the names of their fields."""
    return _named("rows", kind.__struct_fields__)


def _named(parameter: str, names: tuple[str, ...]) -> str:
    parts = ", ".join(f"{_part(at, name)} AS {name}" for at, name in enumerate(names))
    return f"(SELECT {parts} FROM jsonb_array_elements(%({parameter})s::jsonb))"


def _part(at: int, name: str) -> str:
    kind = _KIND_OF.get(name, "text")
    if kind == "timestamptz":
        return f"(value ->> {at})::timestamp AT TIME ZONE 'UTC'"
    return f"(value ->> {at})::{kind}"


def _stored(column: str) -> str:
    return f"to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')"


def _hex(column: str) -> str:
    return f"replace({column}::text, '-', '')"


def _given(name: str) -> str:
    return f"%({name})s::timestamp AT TIME ZONE 'UTC'"


_TERMS = """json_build_array(
    l.tenant_id, l.id, p.code, l.tier, l.entitlements, l.seats, l.overdraft_seats, l.status,
    l.expires_at, l.ttl_seconds, l.heartbeat_interval_seconds, l.key_auth)"""


def _token_part(column: str) -> str:
    unnamed = f"CASE WHEN i.instance_id IS NULL THEN n.{column} END"
    return f"coalesce(i.{column}, {unnamed})"


_HOLDING = f"""json_build_array(
    s.session_id, s.slot, s.gen, s.device, s.lease_expires_at,
    s.unnamed_expires_at, n.seq,
    {_token_part("token_issued_at")}, {_token_part("token_expires_at")})"""

_SEAT_OF_SESSION = """
JOIN license_session AS n ON n.tenant_id = w.tenant AND n.id = w.session
JOIN seat AS s ON s.tenant_id = n.tenant_id AND s.license_id = n.license_id
    AND s.slot = n.slot AND s.session_id = n.id"""

# These are written so that one index alone can serve them: without good statistics the planner
# would as soon read all seats of a license, or all licenses of a tenant.
_SEAT_OF_DEVICE = """
JOIN seat AS s ON s.device = w.device AND s.device IS NOT NULL
    AND (s.tenant_id, s.license_id) IS NOT DISTINCT FROM (w.tenant, w.license)"""

_LICENSE_OF_SEAT = (
    """JOIN license AS l ON l.id = s.license_id AND l.tenant_id IS NOT DISTINCT FROM s.tenant_id"""
)

_PRODUCT_OF_LICENSE = (
    """JOIN product AS p ON p.id = l.product_id AND p.tenant_id IS NOT DISTINCT FROM l.tenant_id"""
)

_IN_KEY_ORDER = "ORDER BY s.tenant_id, s.license_id, s.slot FOR NO KEY UPDATE OF s"

TERMS = f"""
SELECT coalesce(json_agg(json_build_array(w.place, {_TERMS})), '[]')::text
FROM {_wanted("place", "tenant", "hmac")} AS w
JOIN license AS l ON l.key_hmac = w.hmac AND (w.tenant IS NULL OR l.tenant_id = w.tenant)
{_PRODUCT_OF_LICENSE}"""

# Locks the licenses that acquires ask for: grants of one license come one after the other.
_LOCK_LICENSES = f"""
SELECT 1 FROM {_wanted("place", "tenant", "hmac")} AS w
JOIN license AS l ON l.key_hmac = w.hmac AND (w.tenant IS NULL OR l.tenant_id = w.tenant)
ORDER BY l.tenant_id, l.id FOR NO KEY UPDATE OF l"""

TERMS_OF_LICENSES = f"""
SELECT coalesce(json_agg(json_build_array(w.place, {_TERMS})), '[]')::text
FROM {_wanted("place", "tenant", "license")} AS w
JOIN license AS l ON l.tenant_id = w.tenant AND l.id = w.license
JOIN product AS p ON p.tenant_id = l.tenant_id AND p.id = l.product_id"""

# Locks the licenses of sessions that may come back, as an acquire does.
_LOCK_LICENSES_BY_ID = f"""
SELECT 1 FROM {_wanted("place", "tenant", "license")} AS w
JOIN license AS l ON l.tenant_id = w.tenant AND l.id = w.license
ORDER BY l.tenant_id, l.id FOR NO KEY UPDATE OF l"""

LICENSES_OF_KEYS = f"""
SELECT l.key_hmac, {_hex("l.tenant_id")}, {_hex("l.id")}, l.key_auth
FROM jsonb_array_elements_text(%(hmacs)s::jsonb) AS k
JOIN license AS l ON l.key_hmac = k.value"""

HOLDINGS = f"""
SELECT coalesce(json_agg(json_build_array(
    w.place, {_TERMS}, {_HOLDING}, i.instance_id IS NOT NULL,
    EXISTS (SELECT 1 FROM seat_instance AS a
            WHERE a.tenant_id = s.tenant_id AND a.session_id = s.session_id))), '[]')::text
FROM {_wanted("place", "tenant", "session", "instance")} AS w{_SEAT_OF_SESSION}
{_LICENSE_OF_SEAT}
{_PRODUCT_OF_LICENSE}
LEFT JOIN seat_instance AS i ON i.tenant_id = s.tenant_id AND i.session_id = s.session_id
    AND i.instance_id = w.instance"""

# Locks the seats that sessions hold, in the order of their key.
_LOCK_SEATS_OF_SESSIONS = f"""
SELECT 1 FROM {_wanted("place", "tenant", "session", "instance")} AS w{_SEAT_OF_SESSION}
{_IN_KEY_ORDER}"""

HOLDINGS_OF_DEVICES = f"""
SELECT coalesce(json_agg(json_build_array(
    w.place, {_HOLDING},
    (SELECT count(*) FROM seat_instance AS a
     WHERE a.tenant_id = s.tenant_id AND a.session_id = s.session_id
       AND a.instance_id <> w.instance))), '[]')::text
FROM {_wanted("place", "tenant", "license", "device", "instance")} AS w{_SEAT_OF_DEVICE}
JOIN license_session AS n ON n.tenant_id = s.tenant_id AND n.id = s.session_id
LEFT JOIN seat_instance AS i ON i.tenant_id = s.tenant_id AND i.session_id = s.session_id
    AND i.instance_id = w.instance"""

# Locks the seats that devices hold, in the order of their key.
_LOCK_SEATS_OF_DEVICES = f"""
SELECT 1 FROM {_wanted("place", "tenant", "license", "device", "instance")} AS w{_SEAT_OF_DEVICE}
{_IN_KEY_ORDER}"""

SEATS_OF_SESSIONS = f"""
SELECT coalesce(json_agg(json_build_array(
    w.place, {_hex("s.license_id")}, s.slot, s.lease_expires_at,
    s.unnamed_expires_at, l.heartbeat_interval_seconds,
    (SELECT coalesce(json_agg(a.lease_expires_at), '[]') FROM seat_instance AS a
     WHERE a.tenant_id = s.tenant_id AND a.session_id = s.session_id
       AND a.instance_id <> w.instance), n.seq)), '[]')::text
FROM {_wanted("place", "tenant", "session", "instance")} AS w{_SEAT_OF_SESSION}
{_LICENSE_OF_SEAT}"""

RELEASED_SEATS = f"""
SELECT coalesce(json_agg(json_build_array({_hex("w.license")}, (
    SELECT coalesce(json_agg(json_build_array(f.slot, f.gen) ORDER BY f.slot), '[]') FROM (
        SELECT s.slot, s.gen FROM seat AS s
        WHERE s.tenant_id = w.tenant AND s.license_id = w.license
          AND s.session_id IS NULL AND s.slot < w.cap
        ORDER BY s.slot LIMIT %(most)s) AS f))), '[]')::text
FROM {_wanted("tenant", "license", "cap")} AS w"""

SESSION = f"""
SELECT {_hex("n.license_id")}, l.tier, n.slot, {_stored("n.started_at")}, {_stored("n.ended_at")},
       n.end_reason, {_stored("s.lease_expires_at")}
FROM license_session AS n
JOIN license AS l ON l.tenant_id = n.tenant_id AND l.id = n.license_id
LEFT JOIN seat AS s ON s.tenant_id = n.tenant_id AND s.license_id = n.license_id
    AND s.slot = n.slot AND s.session_id = n.id
WHERE n.tenant_id = %(tenant)s::uuid AND n.id = %(session)s::uuid"""

_OF_SESSION = "tenant_id = %(tenant)s::uuid AND id = %(session)s::uuid"

HONORED = f"""
SELECT json_build_array({_TERMS}, n.device, n.gen, n.ended_at, n.seq, n.token_issued_at,
                        n.token_expires_at)::text
FROM license_session AS n
JOIN license AS l ON l.tenant_id = n.tenant_id AND l.id = n.license_id
JOIN product AS p ON p.tenant_id = l.tenant_id AND p.id = l.product_id
WHERE n.tenant_id = %(tenant)s::uuid AND n.id = %(session)s::uuid
  AND n.slot IS NULL AND n.ended_at > {_given("now")}
FOR NO KEY UPDATE OF n"""

HONOR = f"""
INSERT INTO license_session (tenant_id, license_id, id, device, gen, principal, metadata,
                             started_at, ended_at, end_reason, seq)
VALUES (%(tenant)s::uuid, %(license)s::uuid, %(session)s::uuid, %(device)s, %(gen)s,
        %(principal)s, '{{}}', {_given("since")}, {_given("ends")}, 'taken_over', %(seq)s)
ON CONFLICT (tenant_id, id) DO UPDATE
SET ended_at = greatest(license_session.ended_at, excluded.ended_at)
WHERE license_session.slot IS NULL"""

END_HONORED = f"""
UPDATE license_session SET ended_at = {_given("now")}, end_reason = 'released'
WHERE {_OF_SESSION} AND slot IS NULL AND ended_at > {_given("now")}
RETURNING {_hex("license_id")}"""

SEAT = f"""
SELECT {_hex("session_id")}, device, gen, {_stored("lease_expires_at")} FROM seat
WHERE tenant_id = %(tenant)s::uuid AND license_id = %(license)s::uuid AND slot = %(slot)s
FOR NO KEY UPDATE"""

LIVE_INSTANCES = f"""
SELECT instance_id, {_stored("lease_expires_at")} FROM seat_instance
WHERE tenant_id = %(tenant)s::uuid AND session_id = %(session)s::uuid
  AND lease_expires_at > {_given("now")}
ORDER BY instance_id COLLATE "C" """

COUNT_OTHER_INSTANCES = """
SELECT count(*) FROM seat_instance
WHERE tenant_id = %(tenant)s::uuid AND session_id = %(session)s::uuid
  AND instance_id <> %(instance)s"""

_SEATS_OF_LICENSE = """
FROM seat WHERE tenant_id = %(tenant)s::uuid AND license_id = %(license)s::uuid"""

COUNT_SEATS = f"""
SELECT count(*) FILTER (WHERE session_id IS NOT NULL AND lease_expires_at > {_given("now")}),
       count(*){_SEATS_OF_LICENSE}"""

SEATS_ENDING = f"""
SELECT {_stored("lease_expires_at")}, slot{_SEATS_OF_LICENSE} AND session_id IS NOT NULL
  AND lease_expires_at > {_given("now")} AND lease_expires_at < {_given("horizon")}
ORDER BY lease_expires_at LIMIT %(most)s"""

SEATS_LAPSED = f"""
SELECT slot{_SEATS_OF_LICENSE} AND session_id IS NOT NULL
  AND lease_expires_at <= {_given("now")} AND slot < %(cap)s
ORDER BY slot LIMIT %(most)s"""

LAPSED_ANYWHERE = f"""
SELECT {_hex("s.tenant_id")}, {_hex("s.license_id")}, s.slot, {_hex("s.session_id")},
       {_stored("s.lease_expires_at")}, l.heartbeat_interval_seconds
FROM {_wanted("tenant", "license", "slot")} AS w
JOIN seat AS s ON s.tenant_id = w.tenant AND s.license_id = w.license AND s.slot = w.slot
{_LICENSE_OF_SEAT}
WHERE s.session_id IS NOT NULL AND s.lease_expires_at <= {_given("now")}
LIMIT %(most)s FOR NO KEY UPDATE OF s SKIP LOCKED"""

# Walks over the seats that follow one, in the order of their key; answers which of them have
# lapsed, the last one seen and how many were.
WALK = f"""
WITH seen AS MATERIALIZED (
    SELECT tenant_id, license_id, slot, session_id, lease_expires_at FROM seat
    WHERE (tenant_id, license_id, slot) > (%(tenant)s::uuid, %(license)s::uuid, %(slot)s::bigint)
    ORDER BY tenant_id, license_id, slot LIMIT %(seats)s)
SELECT (SELECT coalesce(json_agg(json_build_array(tenant_id, license_id, slot)), '[]')::text
        FROM (SELECT tenant_id, license_id, slot FROM seen
              WHERE session_id IS NOT NULL AND lease_expires_at <= {_given("now")}
              LIMIT %(most)s) AS lapsed),
       (SELECT json_build_array(tenant_id, license_id, slot)::text FROM seen
        OFFSET greatest((SELECT count(*) FROM seen) - 1, 0)),
       (SELECT count(*) FROM seen)"""

FORGET_LAPSED_INSTANCES = f"""
DELETE FROM seat_instance
WHERE tenant_id = %(tenant)s::uuid AND session_id = %(session)s::uuid
  AND lease_expires_at <= {_given("now")}"""

FREE_SEATS = f"""
UPDATE seat SET session_id = NULL, device = NULL, lease_expires_at = NULL,
                unnamed_expires_at = NULL
FROM {_rows(End)} AS w
WHERE seat.tenant_id = w.tenant AND seat.license_id = w.license AND seat.slot = w.slot
  AND seat.session_id = w.session"""

FORGET_ALL_INSTANCES = f"""
DELETE FROM seat_instance USING {_rows(End)} AS w
WHERE seat_instance.tenant_id = w.tenant AND seat_instance.session_id = w.session"""

END_SESSIONS = f"""
UPDATE license_session SET ended_at = w.ended_at, end_reason = w.reason
FROM {_rows(End)} AS w
WHERE license_session.tenant_id = w.tenant AND license_session.id = w.session"""

PUT_HOLDERS = f"""
INSERT INTO seat (tenant_id, license_id, slot, session_id, device, gen,
                  lease_expires_at, unnamed_expires_at)
SELECT tenant, license, slot, session, device, gen, ends, unnamed_ends FROM {_rows(Grant)} AS w
ON CONFLICT (tenant_id, license_id, slot) DO UPDATE SET
    session_id = excluded.session_id, device = excluded.device, gen = excluded.gen,
    lease_expires_at = excluded.lease_expires_at,
    unnamed_expires_at = excluded.unnamed_expires_at
WHERE seat.session_id IS NULL AND seat.gen < excluded.gen"""

BEGIN_SESSIONS = f"""
INSERT INTO license_session (tenant_id, license_id, slot, id, device, gen, principal, metadata,
                             started_at, end_reason, seq, token_issued_at, token_expires_at)
SELECT tenant, license, slot, session, device, gen, principal, metadata_json,
       started_at, '', seq, token_issued_at, token_ends
FROM {_rows(Grant)} AS w"""

RENEW_SEATS = f"""
UPDATE seat SET lease_expires_at = w.ends, unnamed_expires_at = w.unnamed_ends
FROM {_rows(Renewal)} AS w
WHERE seat.tenant_id = w.tenant AND seat.license_id = w.license AND seat.slot = w.slot"""

RAISE_SEATS = f"""
UPDATE seat SET gen = w.gen FROM {_rows(RaisedGen)} AS w
WHERE seat.tenant_id = w.tenant AND seat.license_id = w.license AND seat.slot = w.slot
  AND seat.session_id = w.session AND seat.gen < w.gen"""

RAISE_SESSIONS = f"""
UPDATE license_session SET gen = w.gen FROM {_rows(RaisedGen)} AS w
WHERE license_session.tenant_id = w.tenant AND license_session.id = w.session"""

NOTE_TOKENS = f"""
UPDATE license_session SET seq = w.seq,
    token_issued_at = coalesce(w.issued_at, license_session.token_issued_at),
    token_expires_at = coalesce(w.ends, license_session.token_expires_at)
FROM {_rows(SignedToken)} AS w
WHERE license_session.tenant_id = w.tenant AND license_session.id = w.session"""

RENEW_ALL_INSTANCES = f"""
UPDATE seat_instance SET lease_expires_at = greatest(lease_expires_at, w.ends)
FROM {_rows(SessionShares)} AS w
WHERE seat_instance.tenant_id = w.tenant AND seat_instance.session_id = w.session"""

FORGET_INSTANCES = f"""
DELETE FROM seat_instance USING {_rows(Leaver)} AS w
WHERE seat_instance.tenant_id = w.tenant AND seat_instance.session_id = w.session
  AND seat_instance.instance_id = w.instance"""

PUT_INSTANCES = f"""
INSERT INTO seat_instance (tenant_id, session_id, instance_id, lease_expires_at,
                           token_issued_at, token_expires_at)
SELECT tenant, session, instance, ends, token_issued_at, token_ends FROM {_rows(Share)} AS w
ON CONFLICT (tenant_id, session_id, instance_id) DO UPDATE SET
    lease_expires_at = greatest(seat_instance.lease_expires_at, excluded.lease_expires_at),
    token_issued_at = coalesce(excluded.token_issued_at, seat_instance.token_issued_at),
    token_expires_at = coalesce(excluded.token_expires_at, seat_instance.token_expires_at)"""

RECORDS = f"""
INSERT INTO audit_event (tenant_id, id, at, action, principal, license_id, session_id, details)
SELECT tenant, id, at, action, principal, license, session, details_json
FROM {_rows(Record)} AS w"""

DENIALS = f"""
INSERT INTO denial_count (tenant_id, license_id, reason, hour, count)
SELECT tenant, license, reason, hour, count FROM {_rows(Denials)} AS w
ON CONFLICT (tenant_id, license_id, reason, hour)
    DO UPDATE SET count = denial_count.count + excluded.count"""

# Answers what a look at every seat of a license finds, and the version that it found them at: all
# of one instant, so that no change is counted twice or not at all.
SEATS_AT_A_VERSION = f"""
SELECT (SELECT json_build_array(c.live, c.made)::text FROM ({COUNT_SEATS}) AS c (live, made)),
       (SELECT coalesce(json_agg(json_build_array(e.ends, e.slot)), '[]')::text
        FROM ({SEATS_ENDING}) AS e (ends, slot)),
       (SELECT coalesce(json_agg(e.slot), '[]')::text FROM ({SEATS_LAPSED}) AS e),
       coalesce((SELECT version FROM seats_version
                 WHERE tenant_id = %(tenant)s::uuid AND license_id = %(license)s::uuid), 0)"""

# Answers the version of the seats of each license, 0 without one, and the changes since the one
# that is known, as far as they are kept.
CHANGES_SINCE = f"""
SELECT coalesce(json_agg(json_build_array({_hex("w.license")}, coalesce(v.version, 0), (
    SELECT coalesce(json_agg(json_build_array(c.version, c.changes::json)), '[]')
    FROM seats_change AS c
    WHERE c.tenant_id = w.tenant AND c.license_id = w.license AND c.version > w.version))),
    '[]')::text
FROM {_wanted("tenant", "license", "version")} AS w
LEFT JOIN seats_version AS v ON v.tenant_id = w.tenant AND v.license_id = w.license"""

# Counts one change of the seats of each [tenant, license]; answers the versions that led to.
COUNT_VERSIONS = f"""
WITH counted AS (
    INSERT INTO seats_version (tenant_id, license_id, version)
    SELECT tenant, license, 1 FROM {_named("rows", ("tenant", "license"))} AS w
    ON CONFLICT (tenant_id, license_id) DO UPDATE SET version = seats_version.version + 1
    RETURNING license_id, version)
SELECT json_agg(json_build_array({_hex("license_id")}, version))::text FROM counted"""

# Keeps what led to a version, in the place of what led to one long before.
KEEP_CHANGES = f"""
INSERT INTO seats_change (tenant_id, license_id, place, version, changes)
SELECT tenant, license, place, version, changes FROM {_rows(KeptChanges)} AS w
ON CONFLICT (tenant_id, license_id, place) DO UPDATE SET
    version = excluded.version, changes = excluded.changes"""

LOCKED_FIRST = {
    TERMS: _LOCK_LICENSES,
    TERMS_OF_LICENSES: _LOCK_LICENSES_BY_ID,
    HOLDINGS: _LOCK_SEATS_OF_SESSIONS,
    HOLDINGS_OF_DEVICES: _LOCK_SEATS_OF_DEVICES,
    SEATS_OF_SESSIONS: _LOCK_SEATS_OF_SESSIONS,
}
"""What locks the rows that a statement answers; run before it with the same values."""

# Answers the database's clock, its timeline and the one noted, when the ledger was last alive,
# since when reclaims are held and since when it was silent before. A standby that is promoted, or
# a backup recovered to a point in time, begins a timeline: the first eight digits of a WAL file's
# name (PostgreSQL 16, sections 9.28.3 and 26.3.6).
READ_STATE = f"""
SELECT {_stored("clock_timestamp()")}, left(pg_walfile_name(pg_current_wal_lsn()), 8), timeline,
       {_stored("last_alive_at")}, {_stored("hold_since")}, {_stored("silent_since")}
FROM (SELECT 1) AS one LEFT JOIN ledger_state ON id = 1"""

# What holds within one transaction: it acts in the leasing role, waits for no lock, runs no
# statement for long, and is ended when its process falls silent: a machine that lost its power must
# not keep a license locked. Its tables are joined in the order in which a statement names them, by
# their keys, whatever the statistics of a table that has just grown say.
_WITHIN = """SET LOCAL ROLE leasing; SET LOCAL statement_timeout = 4000;
SET LOCAL lock_timeout = 2000; SET LOCAL idle_in_transaction_session_timeout = 5000;
SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off;
SET LOCAL enable_material = off; SET LOCAL join_collapse_limit = 1; SET LOCAL timezone = 'UTC'"""

# Begins a transaction whose statements each see what was committed before them, and answers the
# state: every way to the database and back is a wait.
BEGIN = f"BEGIN; {_WITHIN}; {READ_STATE}"

# Begins one whose statements all see the same instant, and answers the state. It locks nothing
# before it reads, and fails when a row that it changes was changed by somebody else since.
BEGIN_SNAPSHOT = f"BEGIN ISOLATION LEVEL REPEATABLE READ; {_WITHIN}; {READ_STATE}"

# Notes that the ledger is alive, and on which timeline.
STAMP = f"""
INSERT INTO ledger_state (id, last_alive_at, timeline)
VALUES (1, {_given("alive")}, %(timeline)s)
ON CONFLICT (id) DO UPDATE SET
    last_alive_at = excluded.last_alive_at, timeline = excluded.timeline"""

HOLD = f"""
UPDATE ledger_state
SET hold_since = {_given("hold_since")}, silent_since = {_given("silent_since")}
WHERE id = 1"""
