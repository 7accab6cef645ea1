"""The RPCs that are served: their names on the wire, their messages, and who answers them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from google.cloud import kms
from google.iam.v1 import iam_policy_pb2

from local_kms.administration_calls import AdministrationCalls
from local_kms.callers import Caller
from local_kms.iam import Policies
from local_kms.iam_calls import IamCalls
from local_kms.signing_calls import SigningCalls
from local_kms.vault import Vault

KMS: Final = "google.cloud.kms.v1.KeyManagementService"
IAM: Final = "google.iam.v1.IAMPolicy"


@dataclass(frozen=True, slots=True)
class Rpc:
    """One method of a service. ``resource`` reads from a request what it is about."""

    service: str
    name: str
    parse: Callable[[bytes], Any]
    answer: Callable[[Any, Caller], Any]
    serialize: Callable[[Any], bytes]
    resource: Callable[[Any], str]


def rpcs(vault: Vault, policies: Policies) -> Iterator[Rpc]:
    """Yield every RPC this server answers; all others are UNIMPLEMENTED."""
    signing, administration = SigningCalls(vault, policies), AdministrationCalls(vault, policies)
    yield _kms("AsymmetricSign", kms.AsymmetricSignRequest, signing.sign)
    yield _kms("GetPublicKey", kms.GetPublicKeyRequest, signing.public_key)
    yield _kms("CreateKeyRing", kms.CreateKeyRingRequest, administration.create_key_ring)
    yield _kms("GetKeyRing", kms.GetKeyRingRequest, administration.get_key_ring)
    yield _kms("ListKeyRings", kms.ListKeyRingsRequest, administration.list_key_rings)
    yield _kms("CreateCryptoKey", kms.CreateCryptoKeyRequest, administration.create_crypto_key)
    yield _kms("GetCryptoKey", kms.GetCryptoKeyRequest, administration.get_crypto_key)
    yield _kms("ListCryptoKeys", kms.ListCryptoKeysRequest, administration.list_crypto_keys)
    yield _kms("UpdateCryptoKey", kms.UpdateCryptoKeyRequest, administration.update_crypto_key)
    yield from _version_rpcs(administration)
    yield from _iam_rpcs(IamCalls(vault, policies))


def _version_rpcs(calls: AdministrationCalls) -> Iterator[Rpc]:
    yield _kms("CreateCryptoKeyVersion", kms.CreateCryptoKeyVersionRequest, calls.create_version)
    yield _kms("GetCryptoKeyVersion", kms.GetCryptoKeyVersionRequest, calls.get_version)
    yield _kms("ListCryptoKeyVersions", kms.ListCryptoKeyVersionsRequest, calls.list_versions)
    yield _kms("UpdateCryptoKeyVersion", kms.UpdateCryptoKeyVersionRequest, calls.update_version)
    yield _kms("DestroyCryptoKeyVersion", kms.DestroyCryptoKeyVersionRequest, calls.destroy_version)
    yield _kms("RestoreCryptoKeyVersion", kms.RestoreCryptoKeyVersionRequest, calls.restore_version)


def _iam_rpcs(calls: IamCalls) -> Iterator[Rpc]:
    yield _iam("GetIamPolicy", iam_policy_pb2.GetIamPolicyRequest, calls.get_policy)
    yield _iam("SetIamPolicy", iam_policy_pb2.SetIamPolicyRequest, calls.set_policy)
    yield _iam(
        "TestIamPermissions", iam_policy_pb2.TestIamPermissionsRequest, calls.test_permissions
    )


def _kms(name: str, request: Any, answer: Callable[[Any, Caller], Any]) -> Rpc:
    """Describe a method whose messages are proto-plus."""
    return Rpc(KMS, name, request.deserialize, answer, _proto_plus_bytes, _kms_resource)


def _iam(name: str, request: Any, answer: Callable[[Any, Caller], Any]) -> Rpc:
    """Describe a method whose messages are plain protobuf."""
    return Rpc(IAM, name, request.FromString, answer, _protobuf_bytes, _iam_resource)


def _proto_plus_bytes(message: Any) -> bytes:
    return bytes(type(message).serialize(message))


def _protobuf_bytes(message: Any) -> bytes:
    return bytes(message.SerializeToString())


def _kms_resource(request: Any) -> str:
    for field in ("name", "parent"):
        if field in type(request).meta.fields:
            return str(getattr(request, field))
    changed = "crypto_key_version" if "Version" in type(request).__name__ else "crypto_key"
    return str(getattr(request, changed).name)


def _iam_resource(request: Any) -> str:
    return str(request.resource)
