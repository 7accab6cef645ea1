"""Cases of public keys, as JWK and as PEM."""

import base64
from collections.abc import Iterator
from typing import Any

from .forge import KEYS, MALFORMED, OTHER_ROOT, ROOT, SIGNER, VALID, Case, encode, without


def document() -> dict[str, Any]:
    """Give the whole vector file."""
    return {
        "description": (
            "Public keys, each as `jwk` or as `pem`. `key_id` is the RFC 7638 thumbprint of a "
            "valid one."
        ),
        "cases": [*_jwks(), *_pems()],
    }


def _jwks() -> Iterator[Case]:
    for what, key in {"RSA-4096": ROOT, "Ed25519": SIGNER}.items():
        jwk: dict[str, Any] = dict(key.public_key.jwk())
        good = {"expect": VALID, "key_id": key.key_id}
        bare = {name: value for name, value in jwk.items() if name not in ("kid", "alg", "use")}
        yield {"name": f"{what} with labels", "jwk": jwk, **good}
        yield {"name": f"{what} bare", "jwk": bare, **good}
        operations = {**bare, "key_ops": ["verify"]}
        yield {"name": f"{what} with key_ops", "jwk": operations, **good}
        for name, spoiled in _spoiled(jwk):
            yield {"name": f"{what} {name}", "jwk": spoiled, "expect": MALFORMED}
    for name, spoiled in _spoiled_rsa(ROOT.public_key.jwk()):
        yield {"name": f"RSA {name}", "jwk": spoiled, "expect": MALFORMED}
    x = SIGNER.public_key.jwk()["x"]
    for crv in ("Ed448", "X25519", "P-256", "", None):
        jwk = {"kty": "OKP", "crv": crv, "x": x}
        yield {"name": f"crv {crv!r}", "jwk": jwk, "expect": MALFORMED}
    for kty in ("EC", "oct", "rsa", "", None, 7, ["RSA"]):
        jwk = {**ROOT.public_key.jwk(), "kty": kty}
        yield {"name": f"kty {kty!r}", "jwk": jwk, "expect": MALFORMED}
    yield {"name": "no members", "jwk": {}, "expect": MALFORMED}


def _spoiled(jwk: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    value = "n" if jwk["kty"] == "RSA" else "x"
    for name in ("kty", value):
        yield f"without {name}", without(jwk, name)
    labels: dict[str, tuple[object, ...]] = {
        "kid": ("", "none", OTHER_ROOT.key_id, None),
        "alg": ("none", "EdDSA", "HS256", "PS256", None),
        "use": ("enc", "SIG", "", None, ["sig"]),
        "key_ops": (["sign"], ["verify", "sign"], [], "verify", None),
        "d": ("AAAA",),
        "k": ("AAAA",),
        "x5c": (["MIIB"],),
        "x5u": ("https://evil.test",),
        "ext": (True,),
        value: ("", "A", f"{jwk[value]}=", f" {jwk[value]}", f"{jwk[value]}AAAA", None, 7),
    }
    for name, values in labels.items():
        for spoiled in values:
            what = str(spoiled)
            short = what if len(what) < 32 else f"{what[:8]}...{what[-8:]}"
            yield f"with {name} {short!r}", {**jwk, name: spoiled}


def _spoiled_rsa(jwk: dict[str, str]) -> Iterator[tuple[str, dict[str, Any]]]:
    modulus = base64.urlsafe_b64decode(jwk["n"] + "=")
    values: dict[str, dict[str, object]] = {
        "with a zero in front of n": {"n": encode(b"\x00" + modulus)},
        "with a zero in front of e": {"e": "AAEAAQ"},
        "with exponent 1": {"e": "AQ"},
        "with exponent 3": {"e": "Aw"},
        "with an even exponent": {"e": "AQAA"},
        "with an empty exponent": {"e": ""},
        "with an endless exponent": {"e": "A" * 4096},
        "with 4095 bits": {"n": encode(bytes([modulus[0] & 0x7F | 0x40]) + modulus[1:])},
        "with 2048 bits": {"n": encode(modulus[:256])},
        "with 8 bits": {"n": "_w"},
    }
    for what, value in values.items():
        yield what, {**without(dict(jwk), "kid"), **value}


def _pems() -> Iterator[Case]:
    for what, key in {"RSA-4096": ROOT, "Ed25519": SIGNER}.items():
        good = {"pem": key.public_key.pem(), "expect": VALID, "key_id": key.key_id}
        yield {"name": f"{what} in PEM", **good}
    pem = ROOT.public_key.pem()
    spoiled = {
        "of a private key": (KEYS / "root.test-key.pem").read_text(encoding="ascii"),
        "of RSA-2048": (KEYS / "rsa-2048.pub.pem").read_text(encoding="ascii"),
        "of exponent 3": (KEYS / "rsa-exponent-3.pub.pem").read_text(encoding="ascii"),
        "of P-256": (KEYS / "p-256.pub.pem").read_text(encoding="ascii"),
        "of PKCS#1": pem.replace("BEGIN PUBLIC", "BEGIN RSA PUBLIC"),
        "of a certificate": pem.replace("PUBLIC KEY", "CERTIFICATE"),
        "twice": pem + pem,
        "cut short": pem[:-60],
        "with a broken line": pem.replace("M", "!", 1),
        "empty": "",
        "without its frame": "".join(pem.splitlines()[1:-1]),
    }
    for what, text in spoiled.items():
        yield {"name": f"PEM {what}", "pem": text, "expect": MALFORMED}
