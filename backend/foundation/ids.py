"""Identifiers that nobody can guess."""

import secrets
import uuid


def new_id() -> uuid.UUID:
    """Return a random identifier (UUID version 4, 122 random bits)."""
    return uuid.uuid4()


def new_request_id() -> str:
    """Return an identifier for one HTTP request: 16 hexadecimal characters."""
    return secrets.token_hex(8)
