"""Base64 with one spelling for every value (RFC 4648, section 3.5).

Decoders that ignore stray characters or spare bits give one signature many spellings. Encoding
the decoded bytes again and comparing leaves exactly one.
"""

import base64
import binascii

from coditect_license_token.errors import MalformedDocument


def encode_url(data: bytes) -> str:
    """Encode bytes as base64url without padding (RFC 7515, section 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def decode_url(text: str) -> bytes:
    """Decode canonical base64url without padding.

    Raises MalformedDocument for padding, whitespace, foreign characters and spare bits.
    """
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError) as error:
        raise MalformedDocument("not base64url") from error
    if encode_url(data) != text:
        raise MalformedDocument("base64url in a spelling that is not canonical")
    return data


def encode_standard(data: bytes) -> str:
    """Encode bytes as base64 with padding."""
    return base64.b64encode(data).decode("ascii")


def decode_standard(text: str) -> bytes:
    """Decode canonical base64 with padding.

    Raises MalformedDocument for missing padding, whitespace, foreign characters and spare bits.
    """
    try:
        data = base64.b64decode(text)
    except (binascii.Error, ValueError) as error:
        raise MalformedDocument("not base64") from error
    if encode_standard(data) != text:
        raise MalformedDocument("base64 in a spelling that is not canonical")
    return data
