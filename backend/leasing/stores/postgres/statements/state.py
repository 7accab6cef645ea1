"""The state of the ledger itself."""

from leasing.stores.postgres.statements.forms import given, stored

# Answers the database's clock, its timeline and the one noted, when the ledger was last alive,
# since when reclaims are held and since when it was silent before. A standby that is promoted, or
# a backup recovered to a point in time, begins a timeline: the first eight digits of a WAL file's
# name (PostgreSQL 16, sections 9.28.3 and 26.3.6).
READ_STATE = f"""
SELECT {stored("clock_timestamp()")}, left(pg_walfile_name(pg_current_wal_lsn()), 8), timeline,
       {stored("last_alive_at")}, {stored("hold_since")}, {stored("silent_since")}
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
VALUES (1, {given("alive")}, %(timeline)s)
ON CONFLICT (id) DO UPDATE SET
    last_alive_at = excluded.last_alive_at, timeline = excluded.timeline"""

HOLD = f"""
UPDATE ledger_state
SET hold_since = {given("hold_since")}, silent_since = {given("silent_since")}
WHERE id = 1"""
