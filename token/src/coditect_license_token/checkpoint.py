"""Checkpoints: signed notes that say how long a chain was, and which hash it had then.

The form is that of C2SP signed-note and tlog-checkpoint (c2sp.org), with Ed25519. The third line is
the hash of the chain, not of a Merkle tree: docs/audit.md says why.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Self

from coditect_license_token import strict_base64
from coditect_license_token.algorithms import Algorithm
from coditect_license_token.errors import BadSignature, MalformedDocument, UnknownKey
from coditect_license_token.public_key import PublicKey
from coditect_license_token.signer import Signer, require_algorithm

_ED25519: Final = b"\x01"
_DASH: Final = "\N{EM DASH} "
_HASH_BYTES: Final = 32
_HASH_TEXT_CHARACTERS: Final = 44
_KEY_HASH_BYTES: Final = 4
_MOST_SIGNATURES: Final = 16
_MOST_DIGITS: Final = 19


@dataclass(frozen=True, slots=True)
class NoteKey:
    """A public key under a name, as notes know it. Raises MalformedDocument for a bad name."""

    name: str
    key: PublicKey

    def __post_init__(self) -> None:
        if not self.name or "+" in self.name or any(letter.isspace() for letter in self.name):
            raise MalformedDocument("the name of a note's key is empty, or has a space or a plus")
        if self.key.algorithm is not Algorithm.ED25519:
            raise MalformedDocument("notes are signed with Ed25519 only")

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read ``name+hash+key`` (C2SP signed-note, "vkey"). Raises MalformedDocument."""
        name, _, rest = text.strip().partition("+")
        stated, _, encoded = rest.partition("+")
        data = strict_base64.decode_standard(encoded)
        if data[:1] != _ED25519:
            raise MalformedDocument("a note's key that is not Ed25519")
        jwk = {"kty": "OKP", "crv": "Ed25519", "x": strict_base64.encode_url(data[1:])}
        found = cls(name, PublicKey.from_jwk(jwk))
        if stated != found.hash.hex():
            raise MalformedDocument("a note's key whose hash is another")
        return found

    def text(self) -> str:
        """Return the key as ``name+hash+key``: what verifiers pin."""
        return f"{self.name}+{self.hash.hex()}+{strict_base64.encode_standard(self._typed)}"

    @property
    def hash(self) -> bytes:
        """The four bytes that say in a note which key signed it; a hint, not a proof."""
        return hashlib.sha256(self.name.encode() + b"\n" + self._typed).digest()[:_KEY_HASH_BYTES]

    @property
    def _typed(self) -> bytes:
        return _ED25519 + strict_base64.decode_url(self.key.jwk()["x"])


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A chain of ``size`` entries had this hash. ``origin`` names the chain."""

    origin: str
    size: int
    hash: bytes

    def text(self) -> str:
        """Return the text that is signed."""
        return f"{self.origin}\n{self.size}\n{strict_base64.encode_standard(self.hash)}\n"


def seal_checkpoint(checkpoint: Checkpoint, *, key: NoteKey, signer: Signer) -> str:
    """Return the signed note. ``key`` is the signer's public half; that is not checked.

    Raises UnknownKey for a signer that is not Ed25519.
    """
    require_algorithm(signer, Algorithm.ED25519)
    text = checkpoint.text()
    signature = key.hash + signer.sign(text.encode())
    return f"{text}\n{_DASH}{key.name} {strict_base64.encode_standard(signature)}\n"


def open_checkpoint(note: str, *, keys: Iterable[NoteKey]) -> Checkpoint:
    """Return what a note says, once a signature of one of the keys on it verifies.

    Signatures of other keys are ignored. Raises MalformedDocument; UnknownKey when none of the keys
    signed it; BadSignature when one is named that did not.
    """
    text, split, signatures = note.partition("\n\n")
    lines = signatures.split("\n")
    if not split or lines[-1] or not 1 < len(lines) <= _MOST_SIGNATURES + 1:
        raise MalformedDocument("not a signed note")
    text += "\n"
    trusted = {(key.name, key.hash): key for key in keys}
    found = [_signature(line) for line in lines[:-1]]
    known = [
        (trusted[name, hint], signature)
        for name, hint, signature in found
        if (name, hint) in trusted
    ]
    if not known:
        raise UnknownKey("no trusted key signed the note")
    for key, signature in known:
        if len(signature) != Algorithm.ED25519.signature_bytes:
            raise BadSignature("a signature of another length")
        key.key.verify(text.encode(), signature)
    return _read(text)


def _signature(line: str) -> tuple[str, bytes, bytes]:
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not name:
        raise MalformedDocument("a line of a note that is no signature")
    data = strict_base64.decode_standard(encoded)
    return name, data[:_KEY_HASH_BYTES], data[_KEY_HASH_BYTES:]


def _read(text: str) -> Checkpoint:
    lines = text.split("\n")
    if len(lines) != 4 or not lines[0] or len(lines[2]) != _HASH_TEXT_CHARACTERS:
        raise MalformedDocument("a note that is no checkpoint")
    origin, size, encoded, _ = lines
    digits = size.isascii() and size.isdigit() and len(size) <= _MOST_DIGITS
    if not digits or str(int(size)) != size:
        raise MalformedDocument("a checkpoint whose size is no plain number")
    hash_ = strict_base64.decode_standard(encoded)
    if len(hash_) != _HASH_BYTES:
        raise MalformedDocument("a checkpoint whose hash has another length")
    return Checkpoint(origin, int(size), hash_)
