"""The valid documents that all cases start from, as JSON objects."""

from typing import Any

from .forge import OTHER_ROOT, ROOT, SIGNER, encode, hmac_with

NOW = 1_767_000_000
ISSUER = "https://licenses.example.test"
AUDIENCE = "example-studio"
HARDWARE_ID = "sha256:5f0c9b9a3a6e4c1d8a57"
LICENSE_ID = "0b9f5c7e-93a5-4c7b-8d0e-6f2a41d7c350"
TENANT_ID = "6d1f3f62-0c5f-4b8e-9a3f-1e0d6f0c2b11"

LICENSE_TOKEN_HEADER = {"alg": "Ed25519", "kid": SIGNER.key_id, "typ": "lic+jwt"}
DELEGATION_HEADER = {"alg": "RS256", "kid": ROOT.key_id, "typ": "lic-deleg+jwt"}
KEY_SET_HEADER = {"alg": "RS256", "kid": ROOT.key_id, "typ": "lic-keys+jwt"}
REVOCATIONS_HEADER = {"alg": "RS256", "kid": ROOT.key_id, "typ": "lic-revoked+jwt"}

DELEGATION: dict[str, Any] = {
    "iss": ISSUER,
    "sub": SIGNER.key_id,
    "jwk": SIGNER.public_key.jwk(),
    "nbf": NOW - 3600,
    "exp": NOW - 3600 + 86_400,
    "max_lease_s": 43_200,
    "tiers": ["*"],
    "fmt": ["lic+jwt"],
}
LIMITED_DELEGATION: dict[str, Any] = {
    **DELEGATION,
    "nbf": NOW,
    "exp": NOW + 7200,
    "max_lease_s": 360,
    "tiers": ["basic", "pro"],
}
LICENSE_TOKEN: dict[str, Any] = {
    "iss": ISSUER,
    "aud": AUDIENCE,
    "iat": NOW,
    "exp": NOW + 360,
    "jti": "d9cbb7fa-19cb-47f8-8ce1-52e3747a008d",
    "tenant_id": TENANT_ID,
    "license_id": LICENSE_ID,
    "tier": "enterprise",
    "entitlements": ["export", "render"],
    "hwb": encode(hmac_with(LICENSE_ID.encode())(HARDWARE_ID.encode())[:16]),
    "gen": 1,
    "seq": 1,
    "expires_at": "2026-12-29T01:04:59.214025+00:00",
}
LICENSE_DATA: dict[str, Any] = {
    "license_key": "TEST-LICENSE-001",
    "session_id": "d9cbb7fa-19cb-47f8-8ce1-52e3747a008d",
    "tier": "enterprise",
    "expires_at": "2026-12-29T01:04:59.214025+00:00",
    "signed_at": "2025-12-29T09:20:00.407120+00:00",
    "hardware_id": HARDWARE_ID,
    "lease_expires_at": "2025-12-29T09:26:00.000000+00:00",
    "key_id": ROOT.key_id,
}
KEY_SET: dict[str, Any] = {
    "iss": ISSUER,
    "iat": NOW,
    "exp": NOW + 86_400,
    "version": 3,
    "min_profile": 1,
    "keys": [
        {**ROOT.public_key.jwk(), "status": "active", "nbf": NOW - 86_400},
        {
            **OTHER_ROOT.public_key.jwk(),
            "status": "next",
            "nbf": NOW + 86_400,
            "exp": NOW + 31_536_000,
        },
    ],
}
BEARER: dict[str, Any] = {
    "iss": f"{ISSUER}/development",
    "aud": ISSUER,
    "sub": "alice",
    "iat": NOW,
    "exp": NOW + 3600,
    "tenant_id": TENANT_ID,
    "role": "member",
}
REVOCATIONS: dict[str, Any] = {
    "iss": ISSUER,
    "iat": NOW,
    "exp": NOW + 86_400,
    "version": 3,
    "keys": [OTHER_ROOT.key_id, SIGNER.key_id],
    "sessions": ["d9cbb7fa-19cb-47f8-8ce1-52e3747a008d"],
}
