"""Where the ledger is kept. Every store passes one conformance suite."""
