"""Whether an answer of Cloud KMS came whole, and is the answer to what was asked.

Source: Cloud KMS, "Data integrity guidelines". Each function returns the reason for which the
answer must not be used, or None. The words are those of :data:`signing.rules.MISMATCHES`.
"""

import google_crc32c

from coditect_license_token import BadSignature, PublicKey


def checksum(data: bytes) -> int:
    """Return the CRC32C of some bytes (RFC 3720, section 12.1)."""
    return int(google_crc32c.value(data))


def why_not_this_signature(
    *,
    asked_name: str,
    answered_name: str,
    digest_was_verified: bool,
    signature: bytes,
    signature_checksum: int | None,
    message: bytes,
    public_key: PublicKey,
) -> str | None:
    """Judge a signature: the key's name, both checksums, and the signature itself (70 µs).

    The last needs none of the others, and they say what went wrong on the way.
    """
    if answered_name != asked_name:
        return "another_key"
    if not digest_was_verified:
        return "digest_not_verified"
    if signature_checksum is None or checksum(signature) != signature_checksum:
        return "signature_damaged"
    try:
        public_key.verify(message, signature)
    except BadSignature:
        return "signature_wrong"
    return None


def why_not_this_pem(
    *, asked_name: str, answered_name: str, pem: str, pem_checksum: int | None
) -> str | None:
    """Judge the PEM of a public key: the key's name and the checksum."""
    if answered_name != asked_name:
        return "another_key"
    if pem_checksum is None or checksum(pem.encode()) != pem_checksum:
        return "public_key_damaged"
    return None
