"""Cases of the license data."""

import base64
import hashlib
import json
from collections.abc import Iterator
from typing import Any

from . import json_attacks, signature_attacks
from .documents import (
    DELEGATION,
    DELEGATION_HEADER,
    HARDWARE_ID,
    LICENSE_DATA,
    LICENSE_TOKEN,
    LICENSE_TOKEN_HEADER,
)
from .forge import (
    BAD_SIGNATURE,
    MALFORMED,
    NOT_IN_FORCE,
    OTHER_ROOT,
    ROOT,
    SIGNER,
    UNKNOWN_KEY,
    VALID,
    WRONG_PURPOSE,
    Case,
    Sign,
    changed,
    compact,
    hmac_with,
    text_of,
)

_ALGORITHM = "RSA_SIGN_PKCS1_4096_SHA256"
_USUAL = {"roots": ["root"]}


def document() -> dict[str, Any]:
    """Give the whole vector file."""
    return {
        "description": (
            "License data. `document` is the JSON text as received (`document_base64` where it is "
            "not text). `signed_bytes` are the canonical bytes that a valid signature covers."
        ),
        "cases": [{"parameters": _USUAL, **case} for case in _cases()],
    }


def _cases() -> Iterator[Case]:
    yield from _valid()
    yield from _moments_and_devices()
    yield from _signatures()
    yield from _labels()
    yield from _mix_ups()
    for name, value in bad_signatures(LICENSE_DATA):
        fits = len(base64.b64decode(value["signature"])) == 512
        yield _case(name, BAD_SIGNATURE if fits else MALFORMED, value)
    for name, text in bad_documents(signed(LICENSE_DATA)):
        yield _case(name, MALFORMED, text)


def signed(members: dict[str, Any], sign: Sign = ROOT.sign) -> dict[str, Any]:
    """Sign the members' canonical bytes and attach the signature."""
    signature = base64.b64encode(sign(text_of(members))).decode("ascii")
    return {**members, "signature": signature, "signature_algorithm": _ALGORITHM}


def _case(name: str, expect: str, value: object, **parameters: object) -> Case:
    data = text_of(value)
    case: Case = {"name": name, "expect": expect, "parameters": {**_USUAL, **parameters}}
    try:
        return {**case, "document": data.decode("utf-8")}
    except UnicodeDecodeError:
        return {**case, "document_base64": base64.b64encode(data).decode("ascii")}


def _valid() -> Iterator[Case]:
    plain = _case("plain", VALID, signed(LICENSE_DATA))
    yield {**plain, "signed_bytes": text_of(LICENSE_DATA).decode("ascii")}
    spaced = json.dumps(dict(reversed(signed(LICENSE_DATA).items())), indent=2)
    yield _case("in another order, with spaces", VALID, spaced.encode())
    escaped = text_of(signed(LICENSE_DATA)).replace(b"enterprise", b"\\u0065nterprise")
    yield _case("with an escaped letter", VALID, escaped)
    punctuation = "".join(chr(code) for code in range(0x20, 0x7F))
    odd = {**LICENSE_DATA, "tier": punctuation}
    case = _case("every printable character", VALID, signed(odd))
    yield {**case, "signed_bytes": text_of(odd).decode("ascii")}
    yield _case("among two roots", VALID, signed(LICENSE_DATA), roots=["other-root", "root"])


def _moments_and_devices() -> Iterator[Case]:
    good = signed(LICENSE_DATA)
    last = "2025-12-29T09:25:59.999999+00:00"
    yield _case("in the last microsecond", VALID, good, now=last)
    yield _case("in the last microsecond, other zone", VALID, good, now="2025-12-29T10:25:59+01:00")
    end = "2025-12-29T09:26:00.000000+00:00"
    yield _case("at the end of the lease", NOT_IN_FORCE, good, now=end)
    yield _case("a year later", NOT_IN_FORCE, good, now="2026-12-29T01:04:59+00:00")
    yield _case("on its device", VALID, good, hardware_id=HARDWARE_ID)
    for what, value in {"another": "another", "a prefix": HARDWARE_ID[:-1], "no": ""}.items():
        yield _case(f"on {what} device", WRONG_PURPOSE, good, hardware_id=value)
    beyond = {"now": end, "hardware_id": "another"}
    yield _case("on another device and ended", WRONG_PURPOSE, good, **beyond)


def _signatures() -> Iterator[Case]:
    good = signed(LICENSE_DATA)
    for name in sorted(LICENSE_DATA):
        changed = {**good, name: _other_value(name, good[name])}
        expect = UNKNOWN_KEY if name == "key_id" else BAD_SIGNATURE
        yield _case(f"{name} changed after signing", expect, changed)
    yield _case("signed by another root", BAD_SIGNATURE, signed(LICENSE_DATA, OTHER_ROOT.sign))
    other = {**LICENSE_DATA, "key_id": OTHER_ROOT.key_id}
    yield _case("another root under its own id", UNKNOWN_KEY, signed(other, OTHER_ROOT.sign))
    stolen = {**LICENSE_DATA, "key_id": OTHER_ROOT.key_id}
    both = ["root", "other-root"]
    yield _case("the key id of another root", BAD_SIGNATURE, signed(stolen), roots=both)
    yield _case("all zero", BAD_SIGNATURE, signed(LICENSE_DATA, lambda _: bytes(512)))
    yield _case("over a digest", BAD_SIGNATURE, signed(LICENSE_DATA, _sign_digest))
    secret = hmac_with(ROOT.public_key.pem().encode())
    hashed = signed(LICENSE_DATA, lambda message: secret(message) * 16)
    yield _case("an HMAC with the public key as secret", BAD_SIGNATURE, hashed)
    everything = signed({**LICENSE_DATA}, lambda _: ROOT.sign(text_of(good)))
    yield _case("over the signature too", BAD_SIGNATURE, everything)


def _sign_digest(message: bytes) -> bytes:
    return ROOT.sign(hashlib.sha256(message).digest())


def _other_value(name: str, value: str) -> str:
    if name.endswith("_at"):
        return value.replace("202", "209", 1)
    return value + "2"


def _labels() -> Iterator[Case]:
    good = signed(LICENSE_DATA)
    labels = ("none", "NONE", "", "RS256", "RSA_SIGN_PKCS1_4096_SHA512", "EC_SIGN_P256_SHA256")
    for label in labels:
        relabeled = {**good, "signature_algorithm": label}
        yield _case(f"signature_algorithm {label!r}", BAD_SIGNATURE, relabeled)
    lower = {**good, "signature_algorithm": _ALGORITHM.lower()}
    yield _case("signature_algorithm in small letters", BAD_SIGNATURE, lower)
    for value in (None, 7, [_ALGORITHM]):
        relabeled = {**good, "signature_algorithm": value}
        yield _case(f"signature_algorithm {value!r}", BAD_SIGNATURE, relabeled)


def _mix_ups() -> Iterator[Case]:
    token = compact(LICENSE_TOKEN_HEADER, LICENSE_TOKEN, SIGNER.sign)
    delegation = compact(DELEGATION_HEADER, DELEGATION, ROOT.sign)
    yield _case("a license token as license data", MALFORMED, token.encode())
    yield _case("a delegation as license data", MALFORMED, delegation.encode())
    yield _case("a token's claims as license data", MALFORMED, signed(LICENSE_TOKEN))
    answer = {"license_data": signed(LICENSE_DATA)}
    yield _case("the answer around the license data", MALFORMED, answer)


def bad_signatures(members: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give documents whose signature is not the root's of their members."""
    for what, signature in signature_attacks.forged(text_of(members), ROOT):
        encoded = base64.b64encode(signature).decode("ascii")
        yield f"signed bytes: {what}", {**signed(members), "signature": encoded}


def bad_documents(good: dict[str, Any]) -> Iterator[tuple[str, bytes]]:
    """Give documents of which nothing may come out, though the root signed some of them."""
    data = {name: good[name] for name in LICENSE_DATA}
    yield from json_attacks.members(good)
    yield from json_attacks.texts_of_json(good)
    for name in ("tier", "license_key", "key_id"):
        yield from _resigned(json_attacks.texts(data, name))
    for name in ("expires_at", "signed_at", "lease_expires_at"):
        yield from _resigned(json_attacks.times(data, name))
    for name in ("session_id", "hardware_id"):
        spoiled: tuple[object, ...] = ("", 7, None, True, 1.5, [], {})
        for value in spoiled:
            yield f"{name} {value!r}", text_of(signed({**data, name: value}))
    yield from changed(good, "signature", _spelled_badly(good["signature"]))
    yield "unsigned", text_of(data)
    yield "9,000 spaces behind it", text_of(good) + b" " * 9000


def _resigned(spoiled: Iterator[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
    """Sign what the attack made, so that only its shape is wrong."""
    for name, text in spoiled:
        yield name, text_of(signed(json.loads(text)))


def _spelled_badly(good: str) -> dict[str, object]:
    return {
        "empty": "",
        "null": None,
        "a number": 7,
        "none": "none",
        "without padding": good.rstrip("="),
        "with more padding": good + "=",
        "in the URL alphabet": "-_" + good[2:],
        "with a line break": good[:76] + "\n" + good[77:],
        "with a space for a letter": " " + good[1:],
        "with spare bits": good[:-2] + ("B" if good[-2] != "B" else "C") + "=",
        "a letter beyond ASCII": "\u00e9" + good[1:],
        "of 511 bytes": base64.b64encode(bytes(511)).decode(),
        "of 513 bytes": base64.b64encode(bytes(513)).decode(),
        "in hexadecimal": "00" * 342,
        "all padding": "=" * 684,
    }
