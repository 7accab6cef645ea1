"""Answers as they are kept: sealed, so that a license key shown once lies nowhere in clear.

The key of the seal comes from the installation's secret and from the ``Idempotency-Key`` itself,
of which only a hash is stored. A stolen database opens none of them; the secret alone opens none
either where callers take random keys, as they are told to.
"""

import json
import os
from typing import Any, Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from msgspec import Struct

_NONCE_BYTES: Final = 12
_KEY_BYTES: Final = 32
_PURPOSE: Final = b"coditect-license kept answer v1"


class Answer(Struct, frozen=True):
    """A status, a body of JSON and the headers that belong to it."""

    status: int
    data: Any
    headers: dict[str, str]


class AnswerSeal:
    """Seals and opens the answer of one row: of that call, by that idempotency key."""

    def __init__(self, *, secret: str, idempotency_key: str, row_id: UUID) -> None:
        derivation = HKDF(SHA256(), _KEY_BYTES, salt=idempotency_key.encode(), info=_PURPOSE)
        self._cipher = AESGCM(derivation.derive(secret.encode()))
        self._row = row_id.bytes

    def seal(self, answer: Answer) -> bytes:
        """Return an answer as it is stored."""
        text = json.dumps([answer.status, answer.data, answer.headers]).encode()
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, text, self._row)

    def open(self, sealed: bytes) -> Answer | None:
        """Return the answer, or None when it was sealed under another secret."""
        nonce, text = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        try:
            return Answer(*json.loads(self._cipher.decrypt(nonce, text, self._row)))
        except InvalidTag:
            return None
