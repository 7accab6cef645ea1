"""The root keys a verifier trusts."""

import re
from collections.abc import Collection, Iterable, Iterator

from coditect_license_token.algorithms import Algorithm
from coditect_license_token.errors import MalformedDocument, UnknownKey
from coditect_license_token.public_key import PublicKey

_PEM_BLOCK = re.compile(
    rb"-----BEGIN PUBLIC KEY-----[A-Za-z0-9+/=\r\n]+-----END PUBLIC KEY-----\r?\n?"
)
_COMMENT = re.compile(rb"\s*|#.*")


class Roots(Collection[PublicKey]):
    """An immutable set of trusted RSA-4096 root keys, found by key id; true when not empty."""

    __slots__ = ("_by_id",)

    def __init__(self, keys: Iterable[PublicKey] = ()) -> None:
        self._by_id = {key.key_id: key for key in keys}
        if any(key.algorithm is not Algorithm.RS256 for key in self._by_id.values()):
            raise MalformedDocument("a root key that is not RSA-4096")

    @classmethod
    def from_pem(cls, pem: bytes) -> "Roots":
        """Read one or more PEM blocks of the type PUBLIC KEY.

        Between blocks only blank lines and lines that start with `#` may stand: a block that
        cannot be read is an error, never a root silently missing. Raises MalformedDocument.
        """
        blocks = _PEM_BLOCK.findall(pem)
        between = _PEM_BLOCK.sub(b"", pem).splitlines()
        if not blocks or not all(_COMMENT.fullmatch(line) for line in between):
            raise MalformedDocument("not a list of PEM blocks of the type PUBLIC KEY")
        return cls(PublicKey.from_pem(block) for block in blocks)

    def find(self, key_id: str) -> PublicKey:
        """Return the root of that id, or raise UnknownKey."""
        try:
            return self._by_id[key_id]
        except KeyError:
            raise UnknownKey("no trusted root has this key id") from None

    def __iter__(self) -> Iterator[PublicKey]:
        return iter(self._by_id.values())

    def __len__(self) -> int:
        return len(self._by_id)

    def __contains__(self, key: object) -> bool:
        return key in self._by_id.values()

    def __repr__(self) -> str:
        return f"Roots({list(self._by_id)})"
