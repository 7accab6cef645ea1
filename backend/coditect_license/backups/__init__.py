"""Backups of the ledger: made beside running servers, verified, restored whole or not at all."""
