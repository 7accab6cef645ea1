"""Verifiers broken on purpose: each bug is one a hurried reader of the rules could make.

A bug replaces a piece of source by another, in a copy. The piece must stand there exactly once,
so that a bug whose place has changed shows instead of planting nothing.
"""

from typing import Final, NamedTuple


class Bug(NamedTuple):
    """What is done wrong, where, and by what text in place of which."""

    name: str
    file: str
    right: str
    wrong: str

    @property
    def judge(self) -> str:
        """The judge of `verifier_judge.py` that must notice."""
        return "identity" if "identity" in self.file else self.file.split("/", maxsplit=1)[0]

    def plant(self, text: str) -> str:
        """Give the source with the bug in it."""
        assert text.count(self.right) == 1, f"{self.file} has no longer once: {self.right}"
        return text.replace(self.right, self.wrong)


_T, _S, _I = (
    "token/src/coditect_license_token/",
    "sdk/src/coditect_license_sdk/",
    "backend/identity/",
)
_NEVER = "if False:"

BUGS: Final = (
    Bug("typ not compared", _T + "jws.py", 'if header["typ"] != typ:', _NEVER),
    Bug("alg not compared", _T + "jws.py", 'if header["alg"] != algorithm.value:', _NEVER),
    Bug(
        "further header members taken",
        _T + "jws.py",
        "_shape.require_members(header, _HEADER_MEMBERS)",
        "_shape.require_members(header.keys() & _HEADER_MEMBERS, _HEADER_MEMBERS)",
    ),
    Bug(
        "a fourth part ignored",
        _T + "jws.py",
        'parts = token.split(".")',
        'parts = token.split(".")[:3]',
    ),
    Bug(
        "an empty signature taken",
        _T + "algorithms.py",
        "    try:\n        if algorithm is Algorithm.RS256",
        "    if not signature:\n        return\n    try:\n        if algorithm is Algorithm.RS256",
    ),
    Bug(
        "a bad signature logged and taken",
        _T + "algorithms.py",
        'raise BadSignature("the signature does not verify") from error',
        "return",
    ),
    Bug(
        "RSA of other sizes taken", _T + "algorithms.py", "key_size != RSA_KEY_BITS", "key_size < 1"
    ),
    Bug(
        "RSA with other exponents taken",
        _T + "algorithms.py",
        "if public_key.public_numbers().e != RSA_PUBLIC_EXPONENT:",
        _NEVER,
    ),
    Bug("base64url not canonical", _T + "strict_base64.py", "if encode_url(data) != text:", _NEVER),
    Bug(
        "base64 not canonical", _T + "strict_base64.py", "if encode_standard(data) != text:", _NEVER
    ),
    Bug(
        "the last of equal members", _T + "strict_json.py", "if len(members) != len(pairs):", _NEVER
    ),
    Bug(
        "integers as Python reads them",
        _T + "strict_json.py",
        "parse_int=_integer",
        "parse_int=int",
    ),
    Bug("any depth", _T + "strict_json.py", "        _refuse_depth(text)\n", ""),
    Bug(
        "true is a number",
        _T + "_shape.py",
        "if type(value) is not int or",
        "if not isinstance(value, int) or",
    ),
    Bug(
        "any letter",
        _T + "_shape.py",
        "if not (value.isascii() and value.isprintable()):",
        'if "\\0" in value:',
    ),
    Bug("further members taken", _T + "_shape.py", "if not names <= required | optional:", _NEVER),
    Bug("the end included", _T + "_time.py", "if now >= ends:", "if now > ends:"),
    Bug("the end forgiven", _T + "_time.py", "if now >= ends:", "if now >= ends + leeway_seconds:"),
    Bug("the end not compared", _T + "_time.py", "if now >= ends:", _NEVER),
    Bug("the start not compared", _T + "_time.py", "if starts > now + leeway_seconds:", _NEVER),
    Bug(
        "any root for any key id",
        _T + "roots.py",
        "return self._by_id[key_id]",
        "return self._by_id.get(key_id) or next(iter(self._by_id.values()))",
    ),
    Bug(
        "the delegation's signature not verified",
        _T + "delegation.py",
        "    root.verify(parsed.signing_input, parsed.signature)\n",
        "",
    ),
    Bug(
        "the name of the delegated key not compared",
        _T + "delegation.py",
        'if payload["sub"] != key.key_id:',
        _NEVER,
    ),
    Bug(
        "a delegation of any length",
        _T + "delegation.py",
        "if life_seconds > MAX_DELEGATION_SECONDS:",
        _NEVER,
    ),
    Bug(
        "leases as long as the delegation",
        _T + "delegation.py",
        "max_lease_seconds <= life_seconds // 2",
        "max_lease_seconds <= life_seconds",
    ),
    Bug(
        "every tier delegated",
        _T + "delegation.py",
        "return tier in self.tiers or",
        "return bool(tier) or",
    ),
    Bug(
        "the token's signature not verified",
        _T + "license_token.py",
        "    delegation.key.verify(parsed.signing_input, parsed.signature)\n",
        "",
    ),
    Bug(
        "a token of another issuer than its delegation's",
        _T + "license_token.py",
        "    _require_expected(claims, issuer=delegation.issuer)\n",
        "",
    ),
    Bug(
        "a token that outlives its delegation",
        _T + "license_token.py",
        " or claims.expires > delegation.expires:",
        ":",
    ),
    Bug(
        "a lease longer than delegated",
        _T + "license_token.py",
        "if claims.expires - claims.issued_at > delegation.max_lease_seconds:",
        _NEVER,
    ),
    Bug(
        "the device not compared",
        _T + "license_token.py",
        "    _require_device(claims, hardware_id)\n",
        "",
    ),
    Bug(
        "an audience that begins alike",
        _T + "license_token.py",
        "getattr(claims, name) != value:",
        "not str(getattr(claims, name)).startswith(value):",
    ),
    Bug(
        "the key set's version not compared",
        _T + "keyset.py",
        "if keyset.version < lowest_version:",
        _NEVER,
    ),
    Bug(
        "revoked keys verify",
        _T + "keyset.py",
        "entry.status is not KeyStatus.REVOKED and not ended",
        "not ended",
    ),
    Bug(
        "labels of a key not compared",
        _T + "public_key.py",
        "if any(jwk[name] != expected[name] for name in jwk):",
        _NEVER,
    ),
    Bug(
        "the label of the signature not compared",
        _T + "license_data.py",
        'if members["signature_algorithm"] != RSA_SIGN_PKCS1_4096_SHA256:',
        _NEVER,
    ),
    Bug(
        "the lease's end included",
        _T + "license_data.py",
        "now >= data.lease_end:",
        "now > data.lease_end:",
    ),
    Bug(
        "license data of any device",
        _T + "license_data.py",
        "if hardware_id is not None and data.hardware_id != hardware_id:",
        _NEVER,
    ),
    Bug(
        "a kept token's time not compared",
        _S + "_verify.py",
        "            now=now,\n            audience=",
        "            now=None,\n            audience=",
    ),
    Bug(
        "the audience not expected",
        _S + "_verify.py",
        "audience=expected.audience,",
        "audience=None,",
    ),
    Bug("the nonce not expected", _S + "_verify.py", "            nonce=nonce,\n", ""),
    Bug(
        "a revoked root stays pinned",
        _S + "_trust.py",
        "for key in self.pinned if key.key_id not in self.revoked]",
        "for key in self.pinned if key.key_id]",
    ),
    Bug(
        "documents of ours as access tokens",
        _I + "bearer.py",
        'if header.get("typ", "JWT") not in ACCESS_TOKEN_TYPES:',
        _NEVER,
    ),
    Bug(
        "further header members of bearer tokens taken",
        _I + "bearer.py",
        "or not names <= _REQUIRED_MEMBERS | _OPTIONAL_MEMBERS:",
        ":",
    ),
    Bug(
        "bearer tokens without verification",
        _I + "jose.py",
        "        except JoseError:\n            return False\n",
        "        except JoseError:\n            return True\n",
    ),
    Bug(
        "expired bearer tokens taken", _I + "claims.py", "if now >= expires + SKEW_SECONDS:", _NEVER
    ),
    Bug(
        "bearer tokens of tomorrow taken",
        _I + "claims.py",
        "if max(issued_at, not_before) > now + SKEW_SECONDS:",
        _NEVER,
    ),
    Bug("tenants in any spelling", _I + "claims.py", "if str(tenant_id) != value:", _NEVER),
    Bug(
        "tokens remembered without their signature",
        _I + "verified_tokens.py",
        'hashlib.sha256(token.encode("utf-8", "replace"))',
        'hashlib.sha256(token.rpartition(".")[0].encode("utf-8", "replace"))',
    ),
)
