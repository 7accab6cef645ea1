"""The test vectors of C2SP/wycheproof, which lie beside the project or in `WYCHEPROOF_DIR`."""

import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest

_PROJECT: Final = Path(__file__).resolve().parents[2]
_BESIDE_THE_PROJECT: Final = _PROJECT.parent / "shared" / "vectors" / "wycheproof"
Group = dict[str, Any]
Vector = dict[str, Any]

COUNTS: Final[dict[str, dict[str, int]]] = {
    "rsa_signature_4096_sha256_test.json": {"valid": 7, "invalid": 250, "acceptable": 1},
    "ed25519_test.json": {"valid": 88, "invalid": 63},
    "json_web_signature_test.json": {"valid": 46, "invalid": 355},
    "json_web_key_test.json": {"valid": 5, "invalid": 21},
}
"""How many vectors each file has by stated result: with fewer, less would be tested silently."""


def groups(name: str) -> list[Group]:
    """Read the groups of a file; skip the test, loudly, where the vectors are not."""
    folder = Path(os.environ.get("WYCHEPROOF_DIR", _BESIDE_THE_PROJECT))
    path = folder / name
    if not path.exists():
        pytest.skip(f"WYCHEPROOF VECTORS NOT FOUND: {path}; set WYCHEPROOF_DIR to run this test")
    found: list[Group] = json.loads(path.read_text(encoding="utf-8"))["testGroups"]
    assert results(each(found)) == COUNTS[name], f"{path} is not the file these tests know"
    return found


def each(of: Iterable[Group]) -> Iterator[tuple[Group, Vector]]:
    """Give every vector with its group."""
    for group in of:
        for vector in group["tests"]:
            yield group, vector


def results(pairs: Iterable[tuple[Group, Vector]]) -> dict[str, int]:
    """Count vectors by their stated result."""
    return dict(Counter(vector["result"] for _, vector in pairs))


def unexpected(of: Iterable[Group], accepts: Callable[[Group, Vector], bool]) -> list[str]:
    """Name the vectors whose outcome is not the stated one; only "valid" may be accepted."""
    return [
        f"{vector['tcId']} {vector['comment']}"
        for group, vector in each(of)
        if accepts(group, vector) is not (vector["result"] == "valid")
    ]


def public_jwk(group: Group) -> dict[str, Any]:
    """Give a group's key as its verifier has it: the public one, where there is one."""
    jwk: dict[str, Any] = group["public"] if "public" in group else group["private"]
    return jwk
