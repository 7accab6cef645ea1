"""The state of the ledger itself, and what every transaction begins with."""

from typing import Final

from leasing.stores.postgres.statements.forms import given, stored

# Answers the database's clock, its timeline and the one noted, when the ledger was last alive,
# since when reclaims are held and since when it was silent before. A standby that is promoted, or
# a backup recovered to a point in time, begins a timeline: the first eight digits of a WAL file's
# name (PostgreSQL 16, sections 9.28.3 and 26.3.6).
READ_STATE = f"""
SELECT {stored("clock_timestamp()")}, left(pg_walfile_name(pg_current_wal_lsn()), 8), timeline,
       {stored("last_alive_at")}, {stored("hold_since")}, {stored("silent_since")}
FROM (SELECT 1) AS one LEFT JOIN ledger_state ON id = 1"""

_SETTINGS: Final = {
    "role": "leasing",
    "statement_timeout": "4000",
    "lock_timeout": "2000",
    "idle_in_transaction_session_timeout": "5000",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "enable_material": "off",
    "join_collapse_limit": "1",
    "timezone": "UTC",
}
"""What holds within a transaction: it acts in the leasing role, waits for no lock, runs no
statement for long, and is ended when its process falls silent: a machine that lost its power must
not keep a license locked. Its tables are joined in the order in which a statement names them, by
their keys, whatever the statistics of a table that has just grown say."""


def _set(*, is_local: bool) -> str:
    last = str(is_local).lower()
    return "SELECT " + ", ".join(f"set_config('{n}', '{v}', {last})" for n, v in _SETTINGS.items())


WITHIN_TRANSACTION = _set(is_local=True)

# The same for as long as a connection lasts, which is nobody else's.
WITHIN_SESSION = _set(is_local=False)

# Begins a transaction whose statements each see what was committed before them.
BEGIN = "BEGIN"

# Begins one whose statements all see the same instant. It locks nothing before it reads, and fails
# when a row that it changes was changed by somebody else since.
BEGIN_SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ"

COMMIT = "COMMIT"

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
