"""The ledger book: one record for each change of state, in that change's own transaction."""
