"""AsymmetricSign and GetPublicKey: what a licence server asks of Cloud KMS."""

from typing import Final

from cryptography.hazmat.primitives.serialization import Encoding
from google.cloud import kms
from google_crc32c import value as crc32c

from local_kms import names
from local_kms.algorithms import SCHEMES, Scheme
from local_kms.callers import Caller
from local_kms.errors import invalid, precondition, unimplemented
from local_kms.iam import Policies
from local_kms.key_material import public_half
from local_kms.vault import Vault

Formats = kms.PublicKey.PublicKeyFormat

_MOST_DATA_BYTES: Final = 65_536
_ENCODINGS: Final = {Formats.PEM: Encoding.PEM, Formats.DER: Encoding.DER}


class SigningCalls:
    """The calls that use a key. Each checks the caller, then the name's version, then the rest."""

    def __init__(self, vault: Vault, policies: Policies) -> None:
        self._vault = vault
        self._policies = policies

    def sign(
        self, request: kms.AsymmetricSignRequest, caller: Caller
    ) -> kms.AsymmetricSignResponse:
        """Sign a digest or data. Raises Refusal."""
        name = names.version(request.name)
        # IAM names the key here, and the version where a public key is read.
        self._policies.require(
            caller, "cloudkms.cryptoKeyVersions.useToSign", names.parent_of(name)
        )
        version, scheme = self._signing_version(name)
        key = self._vault.usable_material(name)
        signature = scheme.sign(key, _to_be_signed(request, scheme))
        return kms.AsymmetricSignResponse(
            name=name,
            signature=signature,
            signature_crc32c=crc32c(signature),
            verified_digest_crc32c=request.digest_crc32c is not None,
            verified_data_crc32c=request.data_crc32c is not None,
            protection_level=version.protection_level,
        )

    def public_key(self, request: kms.GetPublicKeyRequest, caller: Caller) -> kms.PublicKey:
        """Return the public half, as ``pem``, or as ``public_key`` where a format is asked for.

        Refused for a version that is not enabled. Raises Refusal.
        """
        name = names.version(request.name)
        self._policies.require(caller, "cloudkms.cryptoKeyVersions.viewPublicKey", name)
        version, _ = self._signing_version(name)
        key = self._vault.usable_material(name)
        answer = kms.PublicKey(
            name=name, algorithm=version.algorithm, protection_level=version.protection_level
        )
        asked = request.public_key_format
        if asked == Formats.PUBLIC_KEY_FORMAT_UNSPECIFIED:
            answer.pem = public_half(key, Encoding.PEM).decode()
            answer.pem_crc32c = crc32c(answer.pem.encode())
            return answer
        if asked not in _ENCODINGS:
            raise unimplemented(f"the public key format {Formats(asked).name}.")
        data = public_half(key, _ENCODINGS[asked])
        answer.public_key_format = asked
        answer.public_key = kms.ChecksummedData(data=data, crc32c_checksum=crc32c(data))
        return answer

    def _signing_version(self, name: str) -> tuple[kms.CryptoKeyVersion, Scheme]:
        version = self._vault.version(name)
        if version.algorithm not in SCHEMES:
            raise precondition(
                f"{name} has the algorithm {version.algorithm.name}, which does not sign."
            )
        return version, SCHEMES[version.algorithm]


def _to_be_signed(request: kms.AsymmetricSignRequest, scheme: Scheme) -> bytes:
    """Return what the request wants signed, its checksums and lengths verified."""
    digest_field = _digest_field(request)
    if bool(request.data) == bool(digest_field):
        raise invalid("Exactly one of digest and data must be set.")
    if digest_field is None:
        _check(request.data, request.data_crc32c, "data")
        _refuse_stray(request.digest_crc32c, "digest")
        if len(request.data) > _MOST_DATA_BYTES:
            raise invalid(f"data is longer than {_MOST_DATA_BYTES} bytes.")
        return scheme.to_be_signed(request.data)
    _refuse_stray(request.data_crc32c, "data")
    return _checked_digest(request, digest_field, scheme)


def _checked_digest(request: kms.AsymmetricSignRequest, field: str, scheme: Scheme) -> bytes:
    if field != scheme.digest:
        raise invalid(f"The key takes {scheme.digest or 'data'}, not a digest of {field}.")
    digest = bytes(getattr(request.digest, field))
    if len(digest) != scheme.digest_size_bytes:
        raise invalid(f"The digest has {len(digest)} bytes, not {scheme.digest_size_bytes}.")
    _check(digest, request.digest_crc32c, "digest")
    return digest


def _digest_field(request: kms.AsymmetricSignRequest) -> str | None:
    """Return which digest is set: an unset member reads as empty bytes, so the wire is asked."""
    which: str | None = kms.AsymmetricSignRequest.pb(request).digest.WhichOneof("digest")
    return which


def _check(content: bytes, checksum: int | None, field: str) -> None:
    if checksum is not None and checksum != crc32c(content):  # 0 is a checksum too
        raise invalid(f"The checksum in field {field}_crc32c did not match the data in {field}.")


def _refuse_stray(checksum: int | None, field: str) -> None:
    if checksum is not None:
        raise invalid(f"{field}_crc32c is set without {field}.")
