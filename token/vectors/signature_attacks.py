"""Signatures that careless verifiers take: of other bytes, of other kinds, of other shapes."""

import hashlib
from collections.abc import Iterator

from coditect_license_token.testing import InMemorySigner

from .forge import ROOT, ROOT_NUMBERS, Sign, encode

_ED25519_ORDER = 2**252 + 27742317777372353535851937790883648493
_SHA256_PREFIX = bytes.fromhex("3031300d060960864801650304020105000420")
_WITHOUT_NULL = bytes.fromhex("302f300b0609608648016503040201" + "0420")
_SHA512_PREFIX = bytes.fromhex("3051300d060960864801650304020305000440")


def forged(signed: bytes, key: InMemorySigner) -> Iterator[tuple[str, bytes]]:
    """Give signatures that are not the key's of the signed bytes, each with what is wrong.

    The key is Ed25519, or the root of `keys/`.
    """
    yield from _shapes(key.sign(signed)).items()
    yield from _of_other_bytes(signed, key.sign)
    good = key.sign(signed)
    yield from _ed25519(signed, good, key.sign) if len(good) == 64 else _rsa(signed, good)
    if key.key_id == ROOT.key_id:
        yield from _forged_padding(signed)


def _shapes(good: bytes) -> dict[str, bytes]:
    return {
        "empty": b"",
        "one byte short": good[:-1],
        "one byte long": good + b"\x00",
        "without its first byte": good[1:],
        "with one bit flipped": bytes([good[0] ^ 1]) + good[1:],
        "with its last bit flipped": good[:-1] + bytes([good[-1] ^ 1]),
        "all zero": bytes(len(good)),
        "all ones": b"\xff" * len(good),
        "the number one": bytes(len(good) - 1) + b"\x01",
        "twice": good + good,
        "with a zero byte in front": b"\x00" + good,
        "backwards": good[::-1],
        "in hexadecimal": good.hex().encode(),
        "in base64 once more": encode(good).encode(),
    }


def _of_other_bytes(signed: bytes, sign: Sign) -> Iterator[tuple[str, bytes]]:
    header, _, payload = signed.partition(b".")
    yield "of another document", sign(b"another document")
    yield "of nothing", sign(b"")
    yield "of the payload alone", sign(payload)
    yield "of the header alone", sign(header)
    yield "of the signed bytes and a dot", sign(signed + b".")
    yield "of the digest", sign(hashlib.sha256(signed).digest())


def _ed25519(signed: bytes, good: bytes, sign: Sign) -> Iterator[tuple[str, bytes]]:
    scalar = int.from_bytes(good[32:], "little")
    for times in (1, 2, 8):
        more = (scalar + times * _ED25519_ORDER).to_bytes(32, "little")
        yield f"with S plus {times} times the group order", good[:32] + more
    yield "of a point of small order and zero", b"\x01" + bytes(63)
    yield "with its halves swapped", good[32:] + good[:32]
    yield "with the sign of R changed", good[:31] + bytes([good[31] ^ 0x80]) + good[32:]
    yield "of the prehash, as Ed25519ph", sign(hashlib.sha512(signed).digest())


def _rsa(signed: bytes, good: bytes) -> Iterator[tuple[str, bytes]]:
    modulus = ROOT_NUMBERS.public_numbers.n
    number = int.from_bytes(good, "big")
    yield "plus the modulus", (number + modulus).to_bytes(513, "big").removeprefix(b"\x00")
    yield "subtracted from the modulus", ((modulus - number) % modulus).to_bytes(512, "big")
    yield "the modulus itself", modulus.to_bytes(512, "big")
    del signed


def _forged_padding(signed: bytes) -> Iterator[tuple[str, bytes]]:
    """Give what the private key makes of blocks that are not those of RSASSA-PKCS1-v1_5."""
    digest = hashlib.sha256(signed).digest()
    true = _SHA256_PREFIX + digest
    tail = b"\x00" + true
    blocks = {
        "with SHA-512": _padded(_SHA512_PREFIX + hashlib.sha512(signed).digest()),
        "without the NULL of its algorithm": _padded(_WITHOUT_NULL + digest),
        "of the bare digest": _padded(digest),
        "of the signed bytes unhashed": _padded(signed[:400]),
        "of padding type 2": b"\x00\x02" + b"\xff" * (510 - len(tail)) + tail,
        "of padding type 0": bytes(512 - len(true)) + true,
        "with eight bytes of padding and a rest": (b"\x00\x01" + b"\xff" * 8 + tail).ljust(
            512, b"\x00"
        ),
        "with a rest behind the digest": b"\x00\x01" + b"\xff" * (509 - len(tail)) + tail + b"\x00",
        "with another byte in its padding": b"\x00\x01\xfe" + b"\xff" * (509 - len(tail)) + tail,
        "without the zero before the digest": b"\x00\x01" + b"\xff" * (510 - len(true)) + true,
    }
    for what, block in blocks.items():
        yield what, _raw_rsa(block)


def _padded(content: bytes) -> bytes:
    return b"\x00\x01" + b"\xff" * (509 - len(content)) + b"\x00" + content


def _raw_rsa(block: bytes) -> bytes:
    """Apply the root's private key to a block of 512 bytes, whatever it holds (RFC 8017, 5.2.1)."""
    key, number = ROOT_NUMBERS, int.from_bytes(block, "big")
    by_p, by_q = pow(number, key.dmp1, key.p), pow(number, key.dmq1, key.q)
    return (by_q + key.q * ((by_p - by_q) * key.iqmp % key.p)).to_bytes(512, "big")
