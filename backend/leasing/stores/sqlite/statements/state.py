"""The state of the ledger itself."""

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
