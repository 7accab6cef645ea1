"""Project Wycheproof at the door of identity tokens: the strict reading in front of the library."""

from support.wycheproof import Group, Vector, each, groups, public_jwk

from coditect_license_token import TokenError, jws
from identity.errors import UnusableIssuer
from identity.issuers import issuer_keys


def _accepts(group: Group, vector: Vector) -> bool:
    """Read, find the key by id and verify, as the bearer verifier does between header and claims.

    The vectors carry no claims and no type, so those two checks are left out.
    """
    jwk = public_jwk(group)
    try:
        keys = issuer_keys({"keys": jwk.get("keys", [jwk])}, ["RS256", "Ed25519"])
        header = jws.parse(vector["jws"]).header
    except (TokenError, UnusableIssuer):
        return False
    key = keys.get(str(header.get("kid", jwk.get("kid"))))
    return key is not None and header.get("alg") == key.algorithm and key.has_signed(vector["jws"])


def _accepted(name: str) -> list[tuple[str, str]]:
    return [
        (vector["result"], group["comment"])
        for group, vector in each(groups(name))
        if _accepts(group, vector)
    ]


def test_all_8_valid_and_none_of_355_invalid_signatures_are_accepted() -> None:
    accepted = _accepted("json_web_signature_test.json")

    rs256 = [("valid", "rs256")] * 6
    assert accepted == [*rs256, ("valid", "rfc7520"), ("valid", "rfc7520WithKeyOps")]


def test_of_the_key_sets_only_the_one_valid_with_rs256_is_used() -> None:
    assert _accepted("json_web_key_test.json") == [("valid", "rs256")]
