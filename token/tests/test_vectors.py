"""Every vector case comes out as it says, and the committed files are what the script makes."""

import base64
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from coditect_license_token import (
    Delegation,
    KeySet,
    LicenseData,
    LicenseToken,
    PublicKey,
    Revocations,
    Roots,
    TokenError,
    hardware_binding,
    open_delegation,
    open_keyset,
    open_license_data,
    open_license_token,
    open_revocations,
    seal_delegation,
    seal_keyset,
    seal_license_token,
    seal_revocations,
)
from coditect_license_token.testing import InMemorySigner

Case = dict[str, Any]
TOKEN_FOLDER = Path(__file__).parents[1]
VECTORS = TOKEN_FOLDER / "vectors"


def _load(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((VECTORS / name).read_text(encoding="ascii"))
    return loaded


LICENSE_TOKEN = _load("license_token.json")
DELEGATION = _load("delegation.json")
KEY_SET = _load("keyset.json")
REVOCATIONS = _load("revocations.json")
LICENSE_DATA = _load("license_data.json")
PUBLIC_KEY = _load("public_key.json")
HARDWARE_BINDING = _load("hardware_binding.json")
ROOTS_BY_NAME = {
    name: PublicKey.from_pem(key["pem"])
    for name, key in LICENSE_TOKEN["keys"].items()
    if name.endswith("root")
}
OPENED_DELEGATIONS = {
    name: open_delegation(token, roots=Roots([ROOTS_BY_NAME["root"]]), now=None)
    for name, token in LICENSE_TOKEN["delegations"].items()
}


def _parameters(case: Case) -> dict[str, Any]:
    """Exchange the names of roots and delegations for the objects."""
    parameters = dict(case["parameters"])
    if "roots" in parameters:
        parameters["roots"] = Roots(ROOTS_BY_NAME[name] for name in parameters["roots"])
    if "delegation" in parameters:
        parameters["delegation"] = OPENED_DELEGATIONS[parameters["delegation"]]
    return parameters


def _document(case: Case) -> bytes:
    if "document_base64" in case:
        return base64.b64decode(case["document_base64"])
    text: str = case["document"]
    return text.encode("utf-8")


def _open_token(case: Case) -> LicenseToken:
    return open_license_token(case["token"], **_parameters(case))


def _open_delegation(case: Case) -> Delegation:
    return open_delegation(case["token"], **_parameters(case))


def _open_keyset(case: Case) -> KeySet:
    return open_keyset(case["token"], **_parameters(case))


def _open_revocations(case: Case) -> Revocations:
    return open_revocations(case["token"], **_parameters(case))


def _open_data(case: Case) -> LicenseData:
    parameters = _parameters(case)
    if "now" in parameters:
        parameters["now"] = datetime.fromisoformat(parameters["now"])
    return open_license_data(_document(case), **parameters)


def _load_key(case: Case) -> PublicKey:
    return PublicKey.from_jwk(case["jwk"]) if "jwk" in case else PublicKey.from_pem(case["pem"])


def _bind(case: Case) -> str:
    return hardware_binding(case["license_id"], case["hardware_id"])


OPENERS: dict[str, tuple[dict[str, Any], Callable[[Case], object]]] = {
    "license_token": (LICENSE_TOKEN, _open_token),
    "delegation": (DELEGATION, _open_delegation),
    "keyset": (KEY_SET, _open_keyset),
    "revocations": (REVOCATIONS, _open_revocations),
    "license_data": (LICENSE_DATA, _open_data),
    "public_key": (PUBLIC_KEY, _load_key),
    "hardware_binding": (HARDWARE_BINDING, _bind),
}


def _outcome(open_it: Callable[[Case], object], case: Case) -> str:
    """Open, and name the exact class of the error: a subclass or a sibling will not do."""
    try:
        open_it(case)
    except TokenError as error:
        return type(error).__name__
    return "valid"


@pytest.mark.parametrize(
    ("open_it", "case"),
    [
        pytest.param(open_it, case, id=f"{kind}: {case['name']!a}")
        for kind, (document, open_it) in OPENERS.items()
        for case in document["cases"]
    ],
)
def test_every_case_comes_out_as_it_says(open_it: Callable[[Case], object], case: Case) -> None:
    assert _outcome(open_it, case) == case["expect"]


def _valid(document: dict[str, Any]) -> pytest.MarkDecorator:
    cases = [case for case in document["cases"] if case["expect"] == "valid"]
    return pytest.mark.parametrize("case", cases, ids=[ascii(case["name"]) for case in cases])


@_valid(HARDWARE_BINDING)
def test_a_valid_binding_is_the_stated_one(case: Case) -> None:
    assert _bind(case) == case["hwb"]


@_valid(PUBLIC_KEY)
def test_a_valid_key_has_the_stated_thumbprint(case: Case) -> None:
    assert _load_key(case).key_id == case["key_id"]


def _respelled(case: Case) -> bool:
    return case["name"] in {
        "payload with spaces",
        "header in another order",
        "a key without labels",
    }


@_valid(LICENSE_TOKEN)
def test_sealing_a_valid_license_token_gives_the_vector(case: Case, signer: InMemorySigner) -> None:
    resealed = seal_license_token(_open_token(case), signer=signer)
    assert (resealed == case["token"]) is not _respelled(case)


@_valid(DELEGATION)
def test_sealing_a_valid_delegation_gives_the_vector(case: Case, root: InMemorySigner) -> None:
    resealed = seal_delegation(_open_delegation(case), root=root)
    assert (resealed == case["token"]) is not _respelled(case)


@_valid(KEY_SET)
def test_sealing_a_valid_keyset_gives_the_vector(case: Case, root: InMemorySigner) -> None:
    opened = _open_keyset(case)
    assert seal_keyset(opened, root=root) == case["token"]
    assert sorted(key.key_id for key in opened.roots()) == case["verifying"]


@_valid(REVOCATIONS)
def test_sealing_a_valid_revocation_list_gives_the_vector(case: Case, root: InMemorySigner) -> None:
    resealed = seal_revocations(_open_revocations(case), root=root)
    assert (resealed == case["token"]) is not _respelled(case)


@_valid(LICENSE_DATA)
def test_signed_bytes_of_valid_license_data_are_the_vector(
    case: Case, root: InMemorySigner
) -> None:
    data = _open_data(case)
    assert data.signed_bytes().decode("ascii") == case.get(
        "signed_bytes", data.signed_bytes().decode("ascii")
    )
    assert data.with_signature(root.sign(data.signed_bytes())) == json.loads(_document(case))


def test_every_kind_of_error_has_cases() -> None:
    documents = (LICENSE_TOKEN, DELEGATION, KEY_SET, REVOCATIONS, LICENSE_DATA)
    expected = {case["expect"] for document in documents for case in document["cases"]}
    assert expected == {
        "valid",
        "MalformedDocument",
        "UnknownKey",
        "BadSignature",
        "WrongPurpose",
        "NotInForce",
    }


@pytest.mark.parametrize("kind", OPENERS)
def test_case_names_are_unique(kind: str) -> None:
    names = [case["name"] for case in OPENERS[kind][0]["cases"]]
    assert len(set(names)) == len(names)


def test_committed_vectors_are_what_the_script_makes() -> None:
    checked = subprocess.run(
        [sys.executable, "-m", "vectors.generate", "--check"],
        cwd=TOKEN_FOLDER,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")
