"""What a caller may do: the roles of Cloud KMS, bound to members on a project, ring or key.

Source of the roles: Cloud KMS, "Permissions and roles". A role on a resource holds for all that
lies in it.
"""

import hashlib
import threading
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import grpc
from google.iam.v1 import policy_pb2
from google.protobuf import json_format

from local_kms import names
from local_kms.callers import Caller
from local_kms.errors import Refusal, denied, invalid
from local_kms.folder import DataFolder

_FILE: Final = "iam_policy.json"
_SIGN: Final = "cloudkms.cryptoKeyVersions.useToSign"
_VIEW: Final = "cloudkms.cryptoKeyVersions.viewPublicKey"
_READ: Final = frozenset(
    f"cloudkms.{kind}.{deed}"
    for kind in ("keyRings", "cryptoKeys", "cryptoKeyVersions")
    for deed in ("get", "list")
)
_ADMINISTER: Final = _READ | {
    f"cloudkms.{kind}.{deed}"
    for kind in ("keyRings", "cryptoKeys", "cryptoKeyVersions")
    for deed in ("create", "update", "destroy", "restore", "getIamPolicy", "setIamPolicy")
}
ROLES: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "roles/cloudkms.signer": frozenset({_SIGN}),
        "roles/cloudkms.publicKeyViewer": frozenset({_VIEW}),
        "roles/cloudkms.signerVerifier": frozenset({_SIGN, _VIEW}),
        "roles/cloudkms.viewer": _READ,
        "roles/cloudkms.admin": frozenset(_ADMINISTER),
    }
)
"""Each role's permissions here. Administration carries no use: an admin neither signs nor reads
public keys."""


class Policies:
    """The IAM policies of a data folder. Effective at once. Safe for threads."""

    def __init__(self, folder: DataFolder) -> None:
        self._folder = folder
        self._lock = threading.RLock()
        self._policies: dict[str, policy_pb2.Policy] = {}
        for name, content in folder.every(_FILE, under="projects"):
            self._policies[name] = json_format.Parse(content, policy_pb2.Policy())

    def require(self, caller: Caller, permission: str, resource: str) -> None:
        """Let a caller pass, or raise Refusal (PERMISSION_DENIED) as IAM words it."""
        if not self.allows(caller, permission, resource):
            raise denied(permission, resource)

    def allows(self, caller: Caller, permission: str, resource: str) -> bool:
        """Return whether a binding on the resource, or on what it lies in, grants this."""
        with self._lock:
            return any(
                caller.member in binding.members and permission in ROLES[binding.role]
                for name in names.lineage(resource)
                for binding in self.of(name).bindings
            )

    def of(self, resource: str) -> policy_pb2.Policy:
        """Return a resource's own policy with its etag."""
        with self._lock:
            policy = policy_pb2.Policy()
            policy.CopyFrom(self._policies.get(resource, policy))
            policy.etag = b""
            policy.etag = hashlib.sha256(policy.SerializeToString(deterministic=True)).digest()[:8]
            return policy

    def replace(self, resource: str, policy: policy_pb2.Policy) -> policy_pb2.Policy:
        """Put a policy in place of a resource's own. Raises Refusal.

        ABORTED when the policy names an etag that is not the present one's.
        """
        unknown = sorted({binding.role for binding in policy.bindings} - set(ROLES))
        if unknown:
            raise invalid(f"Role {unknown[0]} is not supported for this resource.")
        with self._lock:
            if policy.etag and policy.etag != self.of(resource).etag:
                raise Refusal(
                    grpc.StatusCode.ABORTED,
                    "There were concurrent policy changes. Please retry the whole "
                    "read-modify-write with exponential backoff.",
                )
            self._policies[resource] = policy
            self._folder.write(f"{resource}/{_FILE}", json_format.MessageToJson(policy).encode())
            return self.of(resource)

    def grant(self, role: str, *, on: str, to: str) -> None:
        """Add one member to one role on a resource."""
        with self._lock:
            policy = self.of(on)
            if any(held.role == role and to in held.members for held in policy.bindings):
                return
            policy.bindings.add(role=role, members=[to])
            self.replace(on, policy)

    def withdraw(self, role: str, *, on: str, of: str) -> None:
        """Take one member from one role on a resource."""
        with self._lock:
            policy = self.of(on)
            for binding in policy.bindings:
                if binding.role == role and of in binding.members:
                    binding.members.remove(of)
            self.replace(on, policy)
