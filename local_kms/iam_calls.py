"""Reading and changing IAM policies, as the emergency stop of a signer does it."""

import re
from typing import Final

from google.iam.v1 import iam_policy_pb2, policy_pb2

from local_kms import names
from local_kms.callers import Caller
from local_kms.errors import invalid
from local_kms.iam import Policies
from local_kms.vault import Vault

_KEY: Final = re.compile(r".*/cryptoKeys/[^/]+")


class IamCalls:
    """google.iam.v1.IAMPolicy for key rings and keys."""

    def __init__(self, vault: Vault, policies: Policies) -> None:
        self._vault = vault
        self._policies = policies

    def get_policy(
        self, request: iam_policy_pb2.GetIamPolicyRequest, caller: Caller
    ) -> policy_pb2.Policy:
        """Return a resource's own policy."""
        kind = self._kind(request.resource)
        self._policies.require(caller, f"cloudkms.{kind}.getIamPolicy", request.resource)
        self._require_known(request.resource, kind)
        return self._policies.of(request.resource)

    def set_policy(
        self, request: iam_policy_pb2.SetIamPolicyRequest, caller: Caller
    ) -> policy_pb2.Policy:
        """Replace a resource's own policy; works at once (Cloud IAM takes seconds)."""
        kind = self._kind(request.resource)
        self._policies.require(caller, f"cloudkms.{kind}.setIamPolicy", request.resource)
        self._require_known(request.resource, kind)
        if any(binding.HasField("condition") for binding in request.policy.bindings):
            raise invalid("The local KMS knows no conditional bindings.")
        return self._policies.replace(request.resource, request.policy)

    def test_permissions(
        self, request: iam_policy_pb2.TestIamPermissionsRequest, caller: Caller
    ) -> iam_policy_pb2.TestIamPermissionsResponse:
        """Return which of some permissions the caller has; needs none itself."""
        self._kind(request.resource)
        held = [
            permission
            for permission in request.permissions
            if self._policies.allows(caller, permission, request.resource)
        ]
        return iam_policy_pb2.TestIamPermissionsResponse(permissions=held)

    def _kind(self, resource: str) -> str:
        if _KEY.fullmatch(resource):
            names.crypto_key(resource)
            return "cryptoKeys"
        names.key_ring(resource)
        return "keyRings"

    def _require_known(self, resource: str, kind: str) -> None:
        find = self._vault.crypto_key if kind == "cryptoKeys" else self._vault.key_ring
        find(resource)
