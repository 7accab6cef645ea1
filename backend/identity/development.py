"""The issuer of a machine of one's own: it signs the tokens that a laptop and the tests use."""

from datetime import timedelta
from pathlib import Path
from typing import Self
from uuid import UUID

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from django.db import transaction

from coditect_license_token import PublicKey
from foundation.clock import Clock
from foundation.private_files import kept
from identity.errors import UnsafeKeyFile
from identity.issuers import DEVELOPMENT_SUFFIX
from identity.jose import mint_token
from identity.models import TrustedIssuer
from identity.rules import PrincipalKind, Role
from soft_state.notices import BOARD, Topic


class DevelopmentIssuer:
    """Mints user tokens with an Ed25519 key kept in a file. The production profile refuses it.

    ``audience`` is the platform's own name (``LICENSE_ISSUER``); the issuer is that name followed
    by ``/development``.
    """

    def __init__(self, private_key: Ed25519PrivateKey, *, audience: str, clock: Clock) -> None:
        self._private_key = private_key
        self._public_key = PublicKey.from_cryptography(private_key.public_key())
        self._audience = audience
        self._clock = clock

    @classmethod
    def open(cls, path: Path, *, audience: str, clock: Clock) -> Self:
        """Return the issuer whose key is in the file, made with mode 0600 when it is missing.

        Raises UnsafeFile when others can touch the file, UnsafeKeyFile when it holds another key.
        """
        return cls(_private_key(path), audience=audience, clock=clock)

    @property
    def issuer(self) -> str:
        """The ``iss`` of every token this issuer mints."""
        return f"{self._audience}{DEVELOPMENT_SUFFIX}"

    @transaction.atomic
    def ensure_row(self) -> TrustedIssuer:
        """Make or renew the row that trusts this issuer, enabled, with the key of today.

        Rows of development issuers under other names (another port, another host) are deleted:
        they would go on trusting a key that nobody looks after.
        """
        row, _ = TrustedIssuer.objects.update_or_create(
            issuer=self.issuer,
            audience=self._audience,
            defaults={
                "kind": PrincipalKind.USER.value,
                "algorithms": [self._public_key.algorithm.value],
                "jwks": {"keys": [self._public_key.jwk()]},
                "enabled": True,
            },
        )
        others = TrustedIssuer.objects.filter(issuer__endswith=DEVELOPMENT_SUFFIX)
        others.exclude(pk=row.pk).delete()
        BOARD.announce(Topic.ISSUERS, about=str(row.pk))
        return row

    def mint(self, *, tenant_id: UUID, subject: str, role: Role, lifetime_seconds: int) -> str:
        """Return a bearer token for a person of a tenant. Does not check that the tenant exists."""
        issued_at = self._clock()
        claims = {
            "iss": self.issuer,
            "aud": self._audience,
            "sub": subject,
            "iat": int(issued_at.timestamp()),
            "exp": int((issued_at + timedelta(seconds=lifetime_seconds)).timestamp()),
            "tenant_id": str(tenant_id),
            "role": role.value,
        }
        return mint_token(claims, private_key=self._private_key, key_id=self._public_key.key_id)


def _new_key() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )


def _private_key(path: Path) -> Ed25519PrivateKey:
    pem = kept(path, _new_key)
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise UnsafeKeyFile(f"{path} holds no private key that can be read") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise UnsafeKeyFile(f"{path} holds no Ed25519 key")
    return key
